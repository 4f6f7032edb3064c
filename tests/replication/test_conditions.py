"""Sample filters in Stata and R: the same rows as SQL keeps, missing values included."""

import itertools
import re

import polars as pl
import pytest

from resilience_pipeline.econometrics.predicate import keep_rows
from resilience_pipeline.replication.conditions import NotTranslatedError, in_r, in_stata, parse_condition

NAMES = {name: name for name in ("year", "x", "y", "city_code", "region")}
TEXTS = frozenset({"region"})

CONDITIONS = (
    "year < 2020",
    "x <> 1",
    "not x = 1",
    "not (x > 1 and y < 1)",
    "not (x > 1 or not y < 1)",
    "x = 1 or y = 1",
    "x is null",
    "x is not null and y >= 1",
    "not x is null",
    "year between 2013 and 2015",
    "year not between 2013 and 2015",
    "x in (0, 2)",
    "x not in (0, 2)",
    "(x + y) * 2 > 3 and x - y <> 0",
    "(x) > -1",
    "region = '东部'",
    "region <> '东部' and x > 0",
    "(x = 1 and y = 1) or (x = 0 and (y = 0 or region in ('东部', '西部')))",
)

GRID = pl.DataFrame(
    list(itertools.product((2012, 2014, 2021), (None, 0.0, 1.0, 2.0), (None, 0.0, 1.0), (None, "东部", "西部"))),
    schema={"year": pl.Int32, "x": pl.Float64, "y": pl.Float64, "region": pl.String},
    orient="row",
)
STATA_MISSING = 8.99e307


def stata(condition, row):
    """The rows that Stata keeps: a missing number is the largest of all, a missing text is empty."""
    text = in_stata(parse_condition(condition), NAMES, TEXTS)
    text = re.sub(r"!(?!=)", " not ", text).replace("&", " and ").replace("|", " or ")

    def missing(*values):
        return any(value in (STATA_MISSING, "") for value in values)

    empty = {"region": ""}
    values = {name: empty.get(name, STATA_MISSING) if value is None else value for name, value in row.items()}
    return bool(eval(text, {"missing": missing}, values))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_stata_keeps_the_rows_that_sql_keeps(condition):
    kept = keep_rows(GRID.with_row_index(), condition)["index"].to_list()
    assert [place for place, row in enumerate(GRID.to_dicts()) if stata(condition, row)] == kept


class Logical:
    """R's TRUE, FALSE and NA."""

    def __init__(self, value):
        self.value = value

    def __and__(self, other):
        if False in (self.value, other.value):
            return Logical(False)
        return Logical(None if None in (self.value, other.value) else True)

    def __or__(self, other):
        if True in (self.value, other.value):
            return Logical(True)
        return Logical(None if None in (self.value, other.value) else False)

    def __invert__(self):
        return Logical(None if self.value is None else not self.value)


class Number:
    """A value of R, NA included."""

    def __init__(self, value):
        self.value = value

    def _with(self, other, what, result):
        other = other if isinstance(other, Number) else Number(other)
        return result(None if None in (self.value, other.value) else what(self.value, other.value))

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b, Number)

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b, Number)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b, Number)

    def __lt__(self, other):
        return self._with(other, lambda a, b: a < b, Logical)

    def __le__(self, other):
        return self._with(other, lambda a, b: a <= b, Logical)

    def __gt__(self, other):
        return self._with(other, lambda a, b: a > b, Logical)

    def __ge__(self, other):
        return self._with(other, lambda a, b: a >= b, Logical)

    def __eq__(self, other):
        return self._with(other, lambda a, b: a == b, Logical)

    def __ne__(self, other):
        return self._with(other, lambda a, b: a != b, Logical)

    __hash__ = None


@pytest.mark.parametrize("condition", CONDITIONS)
def test_r_keeps_the_rows_that_sql_keeps(condition):
    text = in_r(parse_condition(condition), NAMES, TEXTS).replace("!is.na", "~is.na").replace("is.na", "is_na")
    kept = keep_rows(GRID.with_row_index(), condition)["index"].to_list()
    found = []
    for place, row in enumerate(GRID.to_dicts()):
        values = {name: Number(value) for name, value in row.items()}
        result = eval(text, {"is_na": lambda number: Logical(number.value is None)}, values)
        found += [place] if result.value is True else []
    assert found == kept


def test_a_code_that_the_data_hold_as_a_number_is_compared_as_one():
    condition = parse_condition("city_code <> '030100'")
    assert in_stata(condition, NAMES, TEXTS) == "(city_code != 30100 & !missing(city_code))"
    assert in_r(condition, NAMES, TEXTS) == "(city_code != 30100)"


def test_variables_carry_the_names_of_the_file():
    names = {"x": "v_x"}
    assert in_stata(parse_condition("x > 1"), names, frozenset()) == "(v_x > 1 & !missing(v_x))"


@pytest.mark.parametrize(
    "condition",
    ["ln(x) > 0", "region like '东%'", "x = 1 and case when y = 1 then true else false end", "x ** 2 > 1", "x"],
)
def test_what_has_no_plain_counterpart_is_said_not_to_be_translated(condition):
    with pytest.raises(NotTranslatedError):
        parse_condition(condition)


@pytest.mark.parametrize("text", ['a"b', "`shell`", "$x", "a\\b"])
def test_a_text_that_stata_or_r_would_act_on_is_not_translated(text):
    with pytest.raises(NotTranslatedError):
        in_stata(parse_condition(f"region = '{text}'"), NAMES, TEXTS)
