"""Which tables of a lake the next run would compute, and why: read from pointers, without a run and without Dagster."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.options import Options
from resilience_pipeline.packages import differences, releases
from resilience_pipeline.staleness import why_stale
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

STALE = pl.Schema({"table": pl.String, "why": pl.String, "follows": pl.Boolean})


@dataclass(frozen=True)
class Standing:
    """The tables as they stand now, without pinning them for a run."""

    lake: Lake

    def current(self, key: TableKey) -> Pointer | None:
        """The current version; None where there is none, or what says so is damaged."""
        try:
            return self.lake.current(key)
        except LakeError:
            return None


def under_other_packages(lake: Lake, steps: Sequence[Step]) -> tuple[int, tuple[str, ...]]:
    """How many tables stand that other releases of packages computed, and which: "numpy 2.1.0 to 2.2.0".

    They are not stale for that. Of a table that an earlier version of this package wrote nothing is known.
    """
    found = [p.packages for step in steps if (p := Standing(lake).current(step.key)) is not None]
    older = [packages for packages in found if differences([(packages, releases())])]
    return len(older), differences((packages, releases()) for packages in older)


def stale_tables(lake: Lake, steps: Sequence[Step], options: Options | None = None) -> pl.DataFrame:
    """One row per table that is stale, or reads one that is.

    Parameters
    ----------
    steps : in an order in which they can run.
    options : None = the defaults.

    Returns
    -------
    table : name; why : in words; follows : whether it is computed only if what it reads comes out otherwise.
    """
    standing, options = Standing(lake), options or Options()
    touched: set[TableKey] = set()
    rows = []
    for step in steps:
        why = why_stale(step, standing, options)
        upstream = [".".join(key) for key in step.inputs if key in touched]
        if why is None and not upstream:
            continue
        touched.add(step.key)
        rows.append((".".join(step.key), why or f"reads {', '.join(upstream)}", why is None))
    return pl.DataFrame(rows, schema=STALE, orient="row")
