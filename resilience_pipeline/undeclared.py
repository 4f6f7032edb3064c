"""Tables that no step of the project writes any more, because their study or result was taken out; their removal.

They are taken out of what stands, in the headline and in every variant. Their versions stay as long as a kept run names
them, so what a run left can still be read `--as-of` it.
"""

from dataclasses import dataclass

from resilience_pipeline.drift.refresh import KEY as DRIFT
from resilience_pipeline.living.variants import VARIANTS as LIVING
from resilience_pipeline.living.walk import living_key
from resilience_pipeline.plan import Plan
from resilience_pipeline.step import TableKey
from resilience_pipeline.variants import SHARED
from resilience_pipeline.warehouse.attempts import FILE as ATTEMPT
from resilience_pipeline.warehouse.lake import POINTER, Lake

#: Layers whose tables no study declares.
_OF_NO_STUDY = SHARED | {"lineage"}


@dataclass(frozen=True)
class Undeclared:
    """A table, and the variant that holds it; None = the headline."""

    key: TableKey
    variant: str | None

    @property
    def name(self) -> str:
        """ "report.mine", "report.mine (variant x)"."""
        return ".".join(self.key) + (f" (variant {self.variant})" if self.variant else "")


def undeclared_tables(lake: Lake, plan: Plan) -> list[Undeclared]:
    """Every table of the lake and its variants that no step of the plan writes, also where its pointer is damaged."""
    living = {living_key(study, variant) for study in plan.declared if study.living for variant in LIVING}
    written = {step.key for step in plan.steps} | living | {DRIFT}
    headline = lake.headline()
    return [
        Undeclared(key, home.variant_name)
        for home in (headline, *(headline.variant(name) for name in headline.variants()))
        for key in home.own_table_keys()
        if key not in written and key[0] not in _OF_NO_STUDY
    ]


def remove(lake: Lake, tables: list[Undeclared]) -> None:
    """Take the tables out of what stands; the caller holds the run lock. Killed, it can be called again."""
    for table in tables:
        home = lake.headline() if table.variant is None else lake.variant(table.variant)
        folder = home.home.joinpath(*table.key)
        for name in (ATTEMPT, POINTER):  # the pointer last: by it the table is found again
            (folder / name).unlink(missing_ok=True)
