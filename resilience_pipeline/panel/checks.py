"""Rules that only the panel's tables know, each showing the rows that break it."""

from collections.abc import Sequence

import polars as pl

from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.panel.variables import awaiting
from resilience_pipeline.step import Check
from resilience_pipeline.table_checks import rule


def reasons_given(pilots: pl.DataFrame) -> Check:
    """Every name says why it counts as it does, and one that counts names its cities."""
    odd = pilots.filter(pl.col("reason").is_null() | (pl.col("counts") != (pl.col("treated_codes") != "")))
    return rule("reasons_given", odd, "a name has no reason, or its cities do not fit whether it counts")


def did_is_treat_times_post(table: pl.DataFrame) -> Check:
    """did is 1 exactly in treated cities from the start year on."""
    odd = table.filter(pl.col("did").ne_missing(pl.col("treat") * pl.col("post")))
    return rule("did_is_treat_times_post", odd, "did differs from treat x post")


def a_column_has_values(table: pl.DataFrame) -> Check:
    """At least one variable of the table has a value; else all of its sources are awaited."""
    names = [name for name in table.columns if name not in KEY]
    passed = table.is_empty() or len(awaiting(table)) < len(names)
    message = "a variable has values" if passed else f"no source delivered {', '.join(names)}"
    return Check("a_column_has_values", passed, message, blocking=False)


def a_status_for_every_value(table: pl.DataFrame, names: Sequence[str], rows: int) -> Check:
    """Each variable has a status in every city and year of the panel."""
    counts = table.group_by("variable").len().sort("variable")
    off = counts.filter(pl.col("variable").is_in(list(names)) & (pl.col("len") != rows))
    absent = pl.DataFrame({"variable": sorted(set(names) - set(counts["variable"]))}, schema={"variable": pl.String})
    if rows:
        off = pl.concat([off, absent], how="diagonal_relaxed")
    return rule("a_status_for_every_value", off, f"a variable has not {rows} statuses")


def absence_explained(table: pl.DataFrame) -> Check:
    """Missing and undefined values have a reason, and only they."""
    none = pl.col("value_after").is_null()
    odd = table.filter(
        (none != pl.col("reason").is_not_null()) | (none != pl.col("status").is_in(["missing", "undefined"]))
    )
    return rule("absence_explained", odd, "a value is absent without a reason, or has one though it is there")


def adds_up(table: pl.DataFrame) -> Check:
    """Each city-year is either complete or has a reason, never both and never neither."""
    odd = table.filter(pl.col("complete") == pl.col("reason").is_not_null())
    return rule("adds_up", odd, "a city-year is neither complete nor explained, or both")
