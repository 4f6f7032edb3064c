"""Every coefficient old and new; flips first; changes in units of the old error."""

import polars as pl
import pytest

from resilience_pipeline.drift.comparison import compared

TABLE = ("estimates", "table_4", "3")


def regression(*terms: tuple[str, float, float, float]) -> pl.DataFrame:
    """A column's rows: term, estimate, error, p value."""
    return pl.DataFrame(
        [
            {"name": "table_4.3", "label": "(3)", "outcome": "ctri", "term": term, "estimate": estimate,
             "std_error": error, "p_value": p_value}
            for term, estimate, error, p_value in terms
        ],
        schema={"name": pl.String, "label": pl.String, "outcome": pl.String, "term": pl.String,
                "estimate": pl.Float64, "std_error": pl.Float64, "p_value": pl.Float64},
    )  # fmt: skip


OLD = regression(
    ("stays", 1.0, 0.1, 0.001),
    ("moves_much", 1.0, 0.1, 0.001),
    ("moves_little", 1.0, 0.1, 0.001),
    ("loses_its_star", 0.20, 0.1, 0.04),
    ("turns", 0.30, 0.1, 0.003),
    ("leaves", 1.0, 0.1, 0.001),
)
NEW = regression(
    ("stays", 1.0, 0.1, 0.001),
    ("moves_much", 1.5, 0.2, 0.001),
    ("moves_little", 0.99, 0.1, 0.001),
    ("loses_its_star", 0.15, 0.1, 0.14),
    ("turns", -0.30, 0.1, 0.003),
    ("comes", 2.0, 0.5, 0.001),
)


def test_flips_come_first_then_what_came_and_went_then_the_largest_change():
    rows = compared({TABLE: OLD}, {TABLE: NEW})
    assert rows["term"].to_list() == ["turns", "loses_its_star", "comes", "leaves", "moves_much", "moves_little"]
    assert rows["flip"].to_list() == ["sign", "significance", None, None, None, None]
    assert rows["state"].to_list() == ["moved", "moved", "appeared", "vanished", "moved", "moved"]


def test_changes_are_in_units_of_the_old_error_and_stars_stand_on_both_sides():
    rows = {row["term"]: row for row in compared({TABLE: OLD}, {TABLE: NEW}).iter_rows(named=True)}
    assert rows["moves_much"]["change_in_errors"] == pytest.approx(5.0)
    assert rows["moves_little"]["change_in_errors"] == pytest.approx(-0.1)
    lost = rows["loses_its_star"]
    assert (lost["old_stars"], lost["new_stars"], lost["result"]) == ("**", "", "table_4_3")
    assert rows["comes"]["change"] is None


def test_what_did_not_move_is_not_listed_and_rounding_is_no_movement():
    assert compared({TABLE: OLD}, {TABLE: OLD}).is_empty()
    shaken = OLD.with_columns(pl.col("estimate") * (1 + 1e-14))
    assert compared({TABLE: OLD}, {TABLE: shaken}).is_empty()


def test_an_error_that_moves_alone_is_a_movement_and_may_flip():
    other = regression(("did", 0.2, 0.2, 0.32))
    (row,) = compared({TABLE: regression(("did", 0.2, 0.1, 0.04))}, {TABLE: other}).iter_rows(named=True)
    assert (row["flip"], row["change"], row["new_std_error"]) == ("significance", 0.0, 0.2)


def test_tests_are_known_by_subject_method_and_statistic_and_draws_are_left_out():
    key = ("estimates", "table_6_difference", "tests")
    test = pl.DataFrame(
        {"subject": ["did"] * 2, "method": ["wald", "permutation"], "statistic": ["difference"] * 2,
         "estimate": [0.3, 0.3], "std_error": [0.1, None], "p_value": [0.003, 0.01]}
    )  # fmt: skip
    draws = pl.DataFrame({"draw": [1, 2], "estimate": [0.1, 0.2], "std_error": [0.1, 0.1], "p_value": [0.3, 0.4]})
    rows = compared(
        {key: test, ("estimates", "figure_2", "draws"): draws},
        {key: test.with_columns(pl.col("estimate") + 0.2), ("estimates", "figure_2", "draws"): draws * 2},
    )
    assert rows["term"].to_list() == ["did, wald, difference", "did, permutation, difference"]
    assert rows["change_in_errors"].to_list() == [pytest.approx(2.0), None]


def test_a_table_that_came_anew_appears_term_by_term():
    rows = compared({}, {TABLE: OLD})
    assert set(rows["state"]) == {"appeared"}
    assert rows.height == OLD.height
