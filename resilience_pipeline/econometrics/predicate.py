"""The sample filter of a specification: one SQL condition on a row, and nothing more than that.

A condition sees the row's own columns. Subqueries, table functions, aggregates and windows are refused: the first two
could read what the specification does not name, the last two would make a row's place depend on other rows.
"""

import re

import polars as pl

from resilience_pipeline.errors import SpecificationError

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_REFUSED = re.compile(r"\b(select|from|with|values|table|over)\b|;|--|/\*|'|\"", re.IGNORECASE)
_CALL = re.compile(r"\b(\w+)\s*\(")
# Before a bracket: words of the language, and functions whose value on a row depends on that row alone.
_WORDS = {"and", "or", "not", "in", "between", "like", "ilike", "is", "when", "then", "else", "any"}
_SCALAR = {
    *("abs", "cast", "ceil", "coalesce", "concat", "ends_with", "exp", "floor", "greatest", "ifnull", "least", "left"),
    *("length", "ln", "log", "log10", "lower", "ltrim", "mod", "nullif", "pow", "power", "regexp_like", "replace"),
    *("right", "round", "rtrim", "sign", "sqrt", "starts_with", "strpos", "substr", "trim", "upper"),
}
_REMEDY = "write one condition on the columns of a row, such as \"year < 2020 and region <> 'west'\""


def parse_predicate(text: str) -> pl.Expr:
    """The condition as a polars expression.

    Raises
    ------
    SpecificationError : the text is not SQL, or asks for more than the row's own columns.
    """
    bare = _QUOTED.sub("q", text)
    refused = _REFUSED.search(bare)
    if refused:
        raise _error(text, f"{refused.group()!r} has no place in a sample filter")
    unknown = [name for name in _CALL.findall(bare) if name.lower() not in _WORDS | _SCALAR]
    if unknown:
        raise _error(text, f"{unknown[0]}() is not among the functions of a row's own values")
    try:
        return pl.sql_expr(text)
    except (pl.exceptions.PolarsError, ValueError, TypeError) as error:
        raise _error(text, str(error).splitlines()[0]) from None


def predicate_columns(text: str) -> tuple[str, ...]:
    """Columns that the condition reads, each once, in order of first use."""
    return tuple(dict.fromkeys(parse_predicate(text).meta.root_names()))


def keep_rows(frame: pl.DataFrame, text: str) -> pl.DataFrame:
    """Rows on which the condition is true; a null is not true.

    Raises
    ------
    SpecificationError : the condition does not fit the columns' types, or is not a yes or no.
    """
    predicate = parse_predicate(text)
    try:
        return frame.filter(predicate)
    except pl.exceptions.PolarsError as error:
        raise _error(text, str(error).splitlines()[0]) from None


def _error(text: str, found: str) -> SpecificationError:
    return SpecificationError(what=f"the sample filter {text!r} cannot be used", found=found, remedy=_REMEDY)
