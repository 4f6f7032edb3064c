"""What moves a coefficient: against estimating again without it, and against the whole chain walked by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.cell_influence import PLACE, strongest_cells, weigh
from resilience_pipeline.lineage.cell_screen import screen
from resilience_pipeline.lineage.influence import Subject, pulls, subject
from resilience_pipeline.panel.analysis import analysis_frame
from resilience_pipeline.study.columns import specification_columns
from resilience_pipeline.study.needs import weight_tables
from tests.lineage.world import STUDY

EXACT = 1e-10  # two exact ways differ by rounding
SLOPE = 1e-5  # of a central difference, relative: the square of its step, and rounding over it


def of(world, name: str) -> Subject:
    return subject(world.index, name, (STUDY,), world.steps)


def frame_of(asked: Subject) -> pl.DataFrame:
    tables = {key: asked.read(key) for key in asked.keys}
    return analysis_frame(tables, specification_columns(asked.specification))


def again(asked: Subject, frame: pl.DataFrame) -> float:
    terms = estimate(asked.specification, frame, engines=("kernel",)).terms
    return next(term.estimate for term in terms if term.term == asked.term)


@pytest.mark.parametrize("by", ["city", "year", "row"])
def test_each_city_year_and_row_is_left_out_as_by_estimating_again(world, by):
    asked = of(world, "table_4.3.did")
    frame = frame_of(asked)

    found = pulls(asked, by)

    assert len(found) == {"city": frame["city_code"].n_unique(), "year": 11, "row": asked.model.sample.frame.height}[by]
    strengths = [abs(pull.without.errors) for pull in found]
    assert strengths == sorted(strengths, reverse=True)
    for pull in [*found[:3], *found[3 :: max(1, len(found) // 6)]]:
        gone = [pl.col(name) == value for name in ("city_code", "year") if (value := getattr(pull, name)) is not None]
        expected = again(asked, frame.filter(~pl.all_horizontal(gone)))
        assert pull.without.coefficient == pytest.approx(expected, abs=EXACT)
        assert pull.without.errors == pytest.approx((expected - asked.estimate) / asked.std_error, abs=1e-8)


def test_the_derivative_by_a_cell_is_the_slope_through_the_whole_chain_with_weights_as_they_are(world):
    asked = of(world, "table_4.3.did")
    weights = set(weight_tables(STUDY))
    held = replace(asked, steps=tuple(step for step in asked.steps if step.key not in weights))
    cells = asked.read(("grid", STUDY.name, "cells"))
    screened = (
        screen(asked)
        .filter(pl.col("city_code") != "000000")
        .join(cells.select("city_code", "indicator", "year", "source", *PLACE), on=["city_code", "indicator", "year"])
    )
    strong = screened.filter(pl.col("derivative").abs() > 1e-5).sort("city_code", "indicator", "year")
    gaps = cells.filter(status="interpolated").select("city_code", "indicator", year="from_year")
    drawn = pl.concat([some(strong, 20), some(strong.join(gaps, on=["city_code", "indicator", "year"], how="semi"), 4)])

    step, slopes = 1e-3, []
    for cell in drawn.to_dicts():
        place = {name: cell[name] for name in PLACE}
        up, down = (held.under(STUDY.delivered(cell["source"]), place, float(np.exp(s))) for s in (step, -step))
        slopes.append((up.coefficient - down.coefficient) / (2 * step))

    apart = np.abs(np.array(slopes) / drawn["derivative"].to_numpy() - 1)
    percentile_moves = np.array([makes_a_percentile(asked, cell) for cell in drawn.to_dicts()])
    assert not percentile_moves.all()
    np.testing.assert_array_less(apart[~percentile_moves], SLOPE)


def some(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    return rows[np.random.default_rng(5).choice(rows.height, count, replace=False).tolist()]


def makes_a_percentile(asked: Subject, cell: dict) -> bool:
    """Whether a variable of the cell's city and year is one of the two outermost values, between which a bound lies."""
    frame = frame_of(asked).filter(year=cell["year"])
    names = [asked.specification.outcome, *asked.specification.controls]
    ranks = frame.select(
        "city_code", pl.col(names).rank("min"), pl.col(names).rank("min", descending=True).name.prefix("-")
    )
    return min(ranks.filter(city_code=cell["city_code"]).drop("city_code").row(0)) <= 2


def test_without_it_a_cell_is_as_if_it_had_not_been_delivered_and_the_chain_is_walked_whole(world):
    asked = of(world, "table_4.3.did")
    fact = interior(world, "loans_cny_10k")

    found = weigh(asked, f"{fact['city_code']}/loans_cny_10k/{fact['year']}")

    key = STUDY.delivered(fact["source"])
    staged = world.tables[key]
    gone = staged.filter(~((pl.col("file") == fact["file"]) & (pl.col("row") == fact["row"])))
    after = world.after({key: gone}, [("estimates", "table_4", "3")])
    row = after.tables["estimates", "table_4", "3"].row(by_predicate=pl.col("term") == "did", named=True)
    without = found.trials["without it"]
    assert without.coefficient == pytest.approx(row["estimate"], abs=EXACT)
    assert without.n_obs == row["n_obs"]
    assert without.errors == pytest.approx((row["estimate"] - asked.estimate) / asked.std_error, abs=1e-8)
    more = world.after(world.with_cell(fact, 1.1), [("estimates", "table_4", "3")])
    row = more.tables["estimates", "table_4", "3"].row(by_predicate=pl.col("term") == "did", named=True)
    assert found.trials["+10 %"].coefficient == pytest.approx(row["estimate"], abs=EXACT)


def interior(world, indicator: str, treated: bool = True) -> dict:
    """A delivered fact of a pilot, with delivered neighbours."""
    pilots = world.tables["panel", STUDY.name, "treatment"].filter(treat=1)["city_code"].unique().to_list()
    kept = world.tables["grid", STUDY.name, "cities"].filter("kept")["city_code"].to_list()
    facts = world.facts(indicator).filter(pl.col("city_code").is_in(kept), pl.col("city_code").is_in(pilots) == treated)
    whole = facts.group_by("city_code").len().filter(len=11)["city_code"].sort()
    return facts.filter(city_code=whole[0], year=2019).row(0, named=True)


def planted(world, asked: Subject, fact: dict, factor: float) -> Subject:
    """The coefficient as it would be had the fact been delivered multiplied by the factor."""
    changed = world.with_cell(fact, factor)
    tables = {**changed, **world.after(changed, list(asked.keys)).tables}
    names = {"/".join(key): table for key, table in tables.items()}
    kept = {(name, world.index.by_table[name]["data_version"]): table for name, table in names.items()}
    wrong = replace(asked, index=replace(world.index, _kept=kept))
    terms = estimate(wrong.specification, frame_of(wrong), engines=("kernel",)).terms
    term = next(term for term in terms if term.term == asked.term)
    return replace(wrong, estimate=term.estimate, std_error=term.std_error)


@pytest.mark.parametrize("indicator", ["patents_granted_count", "exports_cny_10k"])
def test_a_planted_outlier_comes_out_on_top_with_the_figure_of_a_panel_without_it(world, indicator):
    asked = of(world, "table_4.1.did")
    fact = interior(world, indicator)
    wrong = planted(world, asked, fact, 100.0)

    first, *others = strongest_cells(wrong, 3)

    assert (first.indicator, first.city_code, first.year) == (indicator, fact["city_code"], fact["year"])
    assert all(abs(first.without.errors) > abs(other.without.errors) for other in others)
    # All but what its two neighbours say in its place: 1 % of the harm, where the true value had said something else.
    assert abs(first.without.coefficient - asked.estimate) < 0.01 * abs(wrong.estimate - asked.estimate)
    assert first.without.errors == pytest.approx((first.without.coefficient - wrong.estimate) / wrong.std_error)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("table_3.ctri", "no influence measure"),
        ("table_4.3.const", "no influence measure"),
        ("balance", "no influence measure"),
        ("table_4.3", "stands for"),
    ],
)
def test_what_is_no_coefficient_of_least_squares_says_so(world, name, said):
    with pytest.raises(LakeError, match=said):
        of(world, name)


def test_a_coefficient_whose_panel_has_changed_since_is_not_weighed(world):
    asked = of(world, "table_4.1.did")
    wrong = planted(world, asked, interior(world, "exports_cny_10k"), 100.0)

    with pytest.raises(LakeError, match="not estimated on the panel as it stands"):
        subject(wrong.index, "table_4.1.did", (STUDY,), world.steps)


def test_a_cell_that_the_coefficient_does_not_rest_on_says_so(world):
    fact = interior(world, "freight_10k_tonnes")

    with pytest.raises(LakeError, match="does not rest on"):
        weigh(of(world, "table_4.1.did"), f"{fact['city_code']}/freight_10k_tonnes/{fact['year']}")
