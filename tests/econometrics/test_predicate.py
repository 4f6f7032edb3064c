"""The sample filter takes a condition on a row and refuses all else."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.predicate import keep_rows, predicate_columns
from resilience_pipeline.errors import SpecificationError

FRAME = pl.DataFrame({"year": [2012, 2020, None], "region": ["east", "west; select", "east"], "from": [1, 2, 3]})


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("year < 2020", 1),
        ("year between 2012 and 2020 and region <> 'east'", 1),
        ("region in ('east')", 2),
        ("region = 'west; select'", 1),
        ('"from" > 1', 2),
        ("year is null", 1),
        ("case when year = 2012 then true else false end", 1),
    ],
)
def test_a_condition_keeps_the_rows_on_which_it_is_true(condition: str, rows: int) -> None:
    assert keep_rows(FRAME, condition).height == rows


def test_the_columns_of_a_condition_are_known() -> None:
    assert predicate_columns("year < 2020 or year > 2021 and region = 'east'") == ("year", "region")


@pytest.mark.parametrize(
    "attempt",
    [
        "year in (select 1)",
        "exists (SELECT * FROM read_csv('/etc/passwd'))",
        "year = (select count(*) from read_parquet('x.parquet'))",
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd') = 'x'",
        "1 = 1; drop table panel",
        "year < 2020 -- and more",
        "year < 2020 /* and more */",
        "year > (values (1))",
        "year > avg(year)",
        "count(*) > 1",
        "row_number() over (order by year) > 1",
        "'unclosed",
        "year <",
        "",
        "*",
        "year",
        "region < 3",
        "nonsense(year) > 1",
    ],
)
def test_whatever_is_not_a_condition_on_a_row_is_refused_with_a_remedy(attempt: str) -> None:
    with pytest.raises(SpecificationError, match="remedy"):
        keep_rows(FRAME, attempt)
