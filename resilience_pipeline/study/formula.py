"""Formulas of variables: SQL scalar expressions, which give a row's value from that row's inputs alone."""

import re
from functools import lru_cache

import polars as pl
from polars.exceptions import PolarsError

from resilience_pipeline.errors import SpecificationError

_NOT_SCALAR = re.compile(r"\b(select|from|over|table|values|with|columns)\b|;|--|/\*|\*\*|\bas\b(?!\s+\w+\s*\))", re.I)


@lru_cache(maxsize=1024)
def roots(formula: str) -> tuple[str, ...]:
    """Column names that a SQL scalar expression reads, in order, each once.

    Raises
    ------
    SpecificationError
        When the formula is not a SQL scalar expression.
    """
    try:
        return tuple(dict.fromkeys(pl.sql_expr(formula).meta.root_names()))
    except PolarsError as error:
        raise SpecificationError(
            what=f"formula {formula!r} is not a SQL scalar expression: {error}",
            remedy="write it with indicators, numbers, + - * / and functions such as ln, e.g. ln(loans_cny_10k)",
        ) from None


def formula_inputs(text: str) -> tuple[str, ...]:
    """Columns that the formula reads, each once, in order of first use.

    Raises
    ------
    ValueError : with the reason, where the text is no scalar expression of at least one column.
    """
    refused = _NOT_SCALAR.search(text)
    if refused:
        raise ValueError(f"{refused.group()!r} has no place in a formula")
    try:
        expression = pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    names = tuple(dict.fromkeys(expression.meta.root_names()))
    if not names:
        raise ValueError("it names no column")
    _try_out(expression, names)
    return names


def _try_out(expression: pl.Expr, names: tuple[str, ...]) -> None:
    """Three rows at once must give what each gives alone: an aggregate or a window does not."""
    rows = pl.DataFrame({name: [1.5 + i, 2.25 + 2 * i, 7.0 + 3 * i] for i, name in enumerate(names)})
    try:
        together = rows.select(value=expression)["value"]
        alone = [rows[i].select(value=expression)["value"].to_list() for i in range(rows.height)]
    except pl.exceptions.PolarsError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    if not (together.dtype.is_numeric() or together.dtype == pl.Boolean):
        raise ValueError(f"it gives {together.dtype}, not a number")
    if [[value] for value in together.to_list()] != alone:
        raise ValueError("it looks beyond the row: an aggregate or a window")
