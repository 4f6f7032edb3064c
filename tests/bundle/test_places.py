"""Digests of pooled rows and columns: they find the cell that differs and give no figure away."""

import itertools

import polars as pl
import pytest

from resilience_pipeline.bundle.places import FEWEST, PARTITIONS, Place, _pool_of, differing, digests
from resilience_pipeline.sources.source import CELLS

ROWS, COLUMNS = range(2, 402), range(1, 9)


def sheet(changed=(), left_out=(), rows=ROWS, columns=COLUMNS):
    """Cells of a sheet of four hundred rows and eight columns; `changed` maps (row, column) to other text."""
    changed = dict(changed)
    cells = [
        {"sheet": "Sheet1", "row": row, "column": column, "text": changed.get((row, column), str(row * column))}
        for row in rows
        for column in columns
        if row not in left_out
    ]
    return pl.DataFrame(cells, schema_overrides={"row": pl.Int32, "column": pl.Int32, "text": pl.String}).select(
        pl.col(name) if name in ("sheet", "row", "column", "text") else pl.lit(None, dtype).alias(name)
        for name, dtype in CELLS.items()
    )


def test_the_same_cells_in_another_order_do_not_differ():
    assert digests(sheet()) == digests(sheet().reverse())
    assert differing(digests(sheet()), sheet().reverse()) == []


@pytest.mark.parametrize("columns", [COLUMNS, range(4, 5)])
@pytest.mark.parametrize("row", [2, 7, 200, 401])
def test_one_changed_cell_is_found_by_its_row_and_column(columns, row):
    before = digests(sheet(columns=columns))
    assert differing(before, sheet({(row, 4): "x"}, columns=columns)) == [Place("Sheet1", row, 4)]
    assert str(Place("Sheet1", 7, 3)) == "sheet Sheet1, row 7, column 3"


def test_an_emptied_cell_differs_from_one_that_holds_the_word_none():
    assert differing(digests(sheet({(7, 3): None})), sheet({(7, 3): "None"})) == [Place("Sheet1", 7, 3)]


def test_two_changed_cells_name_every_crossing_of_their_rows_and_columns():
    found = differing(digests(sheet()), sheet({(7, 3): "1", (9, 5): "1"}))
    assert found == [Place("Sheet1", row, column) for row in (7, 9) for column in (3, 5)]


def test_a_row_that_is_gone_or_new_is_named_with_the_columns_that_it_touches():
    for one, other in itertools.permutations((sheet(), sheet(left_out=(401,)))):
        assert {place.row for place in differing(digests(one), other)} == {401}


def test_a_sheet_that_is_gone_is_named():
    assert differing(digests(sheet()), sheet().clear()) == [Place("Sheet1", None, None)]
    assert differing({}, sheet()) == [Place("Sheet1", None, None)]


def test_of_a_sheet_with_few_figures_no_pool_has_a_digest_and_only_the_sheet_is_named():
    few = sheet(rows=range(2, 5), columns=range(1, 6))
    assert digests(few)["Sheet1"].rows.digests == ()
    assert differing(digests(few), sheet({(3, 1): "x"}, rows=range(2, 5), columns=range(1, 6))) == [
        Place("Sheet1", None, None)
    ]


def test_no_digest_but_of_the_whole_is_of_fewer_figures_than_would_hide_each():
    """A column of four-digit indices: a digest of one row would be one of ten thousand."""
    for cells in (sheet(columns=range(4, 5)), sheet(rows=range(2, 30)), sheet({(row, 4): "n.a." for row in ROWS})):
        said = digests(cells)["Sheet1"]
        for axis, pools in (("row", said.rows), ("column", said.columns)):
            figures = cells.filter(pl.col("text").str.contains(r"\d")).group_by(axis).len().rows()
            for partition, own in enumerate(pools.digests):
                for pool, digest in enumerate(own):
                    held = sum(n for number, n in figures if _pool_of(partition, number, len(own)) == pool)
                    assert held >= FEWEST if digest else held < FEWEST
    assert len(digests(sheet())["Sheet1"].rows.digests) == PARTITIONS
