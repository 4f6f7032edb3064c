"""What an index table declares: its columns, what they rest on, and the step that makes it. No data, no formulas."""

from collections.abc import Callable
from dataclasses import dataclass

from resilience_pipeline.options import Options
from resilience_pipeline.step import Step
from resilience_pipeline.study.study import Study


@dataclass(frozen=True)
class IndexTable:
    """One table of the indices layer, ("indices", study, name).

    A study gets it where a formula of one of its variables names one of the columns, or a table that it gets needs it.

    Parameters
    ----------
    name : last part of its key.
    columns : what formulas of variables may name; by city and year. Empty for a table that only other tables read.
    rests_on : (column, options) -> names behind it: canonical indicators, `price_level` or other index columns, under
        the options, or under every reading where options is None. What rests on no series returns ().
    step : the step that makes the table for a study.
    needs : names of other index tables that the step reads.
    brings : names of index tables that a study gets along with this one, though no formula names a column of theirs.
    options : names of options that choose what the columns rest on.
    sources : staged tables, apart from observations, that the step reads (lists, documents).
    weighs : it holds the weights and bounds of an index.
    """

    name: str
    columns: tuple[str, ...]
    rests_on: Callable[[str, Options | None], tuple[str, ...]]
    step: Callable[[Study], Step]
    needs: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    weighs: bool = False


def nothing(column: str, options: Options | None) -> tuple[str, ...]:
    """`rests_on` of a column that no series stands behind."""
    return ()
