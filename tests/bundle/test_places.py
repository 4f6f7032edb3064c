"""Digests of rows and columns: they find the cell that differs and give no value away."""

import polars as pl

from resilience_pipeline.bundle.places import LENGTH, Place, differing, digests
from resilience_pipeline.sources.source import CELLS

ROWS, COLUMNS = range(2, 42), range(1, 9)


def sheet(changed=(), left_out=()):
    """Cells of a sheet of forty rows and eight columns; `changed` maps (row, column) to other text."""
    changed = dict(changed)
    rows = [
        {"sheet": "Sheet1", "row": row, "column": column, "text": changed.get((row, column), str(row * column))}
        for row in ROWS
        for column in COLUMNS
        if row not in left_out
    ]
    return pl.DataFrame(rows, schema_overrides={"row": pl.Int32, "column": pl.Int32}).select(
        pl.col(name) if name in ("sheet", "row", "column", "text") else pl.lit(None, dtype).alias(name)
        for name, dtype in CELLS.items()
    )


def test_the_same_cells_in_another_order_have_the_same_digests():
    assert digests(sheet()) == digests(sheet().reverse())


def test_one_changed_cell_is_found_by_its_row_and_column():
    assert differing(digests(sheet()), digests(sheet({(7, 3): "1"}))) == [Place("Sheet1", 7, 3)]
    assert str(Place("Sheet1", 7, 3)) == "sheet Sheet1, row 7, column 3"


def test_an_emptied_cell_differs_from_one_that_holds_the_word_none():
    assert differing(digests(sheet({(7, 3): None})), digests(sheet({(7, 3): "None"}))) == [Place("Sheet1", 7, 3)]


def test_two_changed_cells_name_every_crossing_of_their_rows_and_columns():
    found = differing(digests(sheet()), digests(sheet({(7, 3): "1", (9, 5): "1"})))
    assert found == [Place("Sheet1", row, column) for row in (7, 9) for column in (3, 5)]


def test_a_row_that_is_gone_is_named_with_the_columns_that_it_touches():
    found = differing(digests(sheet()), digests(sheet(left_out=(7,))))
    assert {place.row for place in found} == {7}


def test_a_sheet_that_is_gone_is_named():
    assert {place.sheet for place in differing(digests(sheet()), {})} == {"Sheet1"}


def test_a_digest_is_too_short_to_recover_a_value():
    (found,) = digests(sheet()).values()
    assert {len(text) for kind in found.values() for text in kind.values()} == {LENGTH}
    candidates = (sheet({(7, 3): str(value)}).filter(pl.col("row") == 7) for value in range(200_000, 200_040))
    assert LENGTH * 4 == 16  # bits: of 10 million values that a cell may hold, about 150 share each digest
    assert len({digests(cells)["Sheet1"]["rows"]["7"] for cells in candidates}) > 30
