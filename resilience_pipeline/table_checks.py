"""Rules that many tables share: unique keys, a balanced grid, finite numbers. Each shows the rows that break it.

Rules that only one table knows stand beside that table's step.
"""

from collections.abc import Sequence

import polars as pl
import polars.selectors as cs

from resilience_pipeline.step import Check
from resilience_pipeline.words import many


def rule(name: str, failures: pl.DataFrame, message: str, blocking: bool = True) -> Check:
    """A check that passes where `failures` is empty; else it shows them and says how many there are."""
    if failures.is_empty():
        return Check(name, True, "holds for every row", blocking)
    return Check(name, False, f"{many(failures.height, 'row')}: {message}", blocking, failures)


def key_unique(frame: pl.DataFrame, key: Sequence[str]) -> Check:
    """No two rows share a key."""
    if frame.select(key).n_unique() == frame.height:
        return rule("key_unique", frame.clear(), "")
    return rule("key_unique", frame.filter(pl.struct(key).is_duplicated()), f"{', '.join(key)} stands more than once")


def balanced(frame: pl.DataFrame, key: Sequence[str], rows: int) -> Check:
    """The table has as many rows as the balanced grid, so together with a unique key no row is missing."""
    if frame.height == rows:
        return rule("balanced", frame.clear(), "")
    counts = frame.group_by(key[0]).len().sort(key[0])
    return Check("balanced", False, f"{many(frame.height, 'row')} where the balanced grid has {rows}", True, counts)


def zero_or_one(frame: pl.DataFrame, column: str) -> Check:
    """A flag is 1 or 0, or null where it is unknown."""
    odd = frame.filter(~pl.col(column).is_in([0, 1]).fill_null(True))
    return rule("zero_or_one", odd, f"{column} is neither 0 nor 1")


def finite(frame: pl.DataFrame) -> Check:
    """No number is infinite or not a number; what is unknown is null."""
    broken = frame.filter(pl.any_horizontal(pl.lit(False), ~cs.float().is_finite().fill_null(True)))
    return rule("finite", broken, "a number is infinite or undefined; unknown values are null")
