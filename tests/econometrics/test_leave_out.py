"""Leaving out and derivatives, held to the plain way: estimate again without the rows, or with one value changed."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.leave_out import gradient, row_influence, without_groups
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.specification import Specification

EXACT = 1e-10  # two exact ways differ by rounding
SLOPE = 1e-6  # a central difference of step 1e-4 errs by its square and by rounding over it

PLAIN = Specification(
    "t.1", "y", "did", ("x",), absorb=("city", "year"), cluster=("city",), unit="city", time="year", singletons="keep"
)


def panel(seed: int = 3, cities: int = 12, years: int = 6) -> pl.DataFrame:
    """Unbalanced, half of the cities treated from the fourth year, two regions, weights that differ."""
    rng = np.random.default_rng(seed)
    city, year = (part.ravel() for part in np.meshgrid(np.arange(cities), np.arange(years), indexing="ij"))
    n = len(city)
    frame = pl.DataFrame(
        {
            "city": [f"c{c:02}" for c in city],
            "year": year,
            "region": [("north", "south")[c % 2] for c in city],
            "did": ((city % 3 == 0) & (year >= 3)).astype(float),
            "x": rng.normal(size=n),
            "w": rng.uniform(0.5, 2, size=n),
            **{f"d{t}": ((city % 3 == 0) & (year == t)).astype(float) for t in range(years)},
        }
    ).with_columns(y=0.3 * pl.col("did") + 0.5 * pl.col("x") + pl.Series(rng.standard_t(3, size=n)))
    return frame.filter(pl.Series(rng.uniform(size=n) > 0.1))


def coefficient(spec: Specification, frame: pl.DataFrame, term: str) -> float:
    terms = {found.term: found.estimate for found in estimate(spec, frame, engines=("kernel",)).terms}
    return terms.get(term, np.nan)


SPECIFICATIONS = {
    "two ways": PLAIN,
    "weighted": Specification(**(vars(PLAIN) | {"weights": "w"})),
    "region by year": Specification(**(vars(PLAIN) | {"absorb": ("city", "region^year")})),
    "pooled": Specification(**(vars(PLAIN) | {"absorb": ()})),
    "event study": Specification(
        **(vars(PLAIN) | {"treatment": None, "controls": ("d0", "d1", "d3", "d4", "d5", "x")})
    ),
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
@pytest.mark.parametrize("group", ["city", "year"])
def test_leaving_a_group_out_is_estimating_again_without_it(name, group):
    spec, frame = SPECIFICATIONS[name], panel()
    model = model_of(spec, frame)
    rows = model.sample.frame

    got = without_groups(model, model.sample.codes(group))

    labels = rows[group].unique().sort().to_list()
    base_year_left_out = {2} if name == "event study" and group == "year" else set()
    for label, row in zip(labels, got, strict=True):
        if label in base_year_left_out:
            assert np.isnan(row).all()  # the others would be measured from another year: another model
            continue
        expected = [coefficient(spec, frame.filter(pl.col(group) != label), term) for term in model.terms]
        np.testing.assert_allclose(row, expected, rtol=0, atol=EXACT)


def test_the_dummy_of_the_year_that_is_left_out_has_no_coefficient_and_the_others_do():
    model = model_of(SPECIFICATIONS["event study"], panel())

    got = without_groups(model, model.sample.codes("year"))

    place = model.terms.index("d4")
    assert np.isnan(got[4, place])
    assert not np.isnan(np.delete(got[4], place)).any()


@pytest.mark.parametrize("name", ["two ways", "weighted", "region by year", "pooled"])
def test_a_row_is_left_out_and_dfbetas_scaled_as_by_estimating_again(name):
    spec, frame = SPECIFICATIONS[name], panel()
    model = model_of(spec, frame)
    rows = model.sample.frame

    got = row_influence(model, "did")

    full = coefficient(spec, frame, "did")
    for place in range(0, rows.height, 5):
        rest = frame.join(rows[place].select("city", "year"), on=["city", "year"], how="anti")
        without = estimate(Specification(**(vars(spec) | {"vcov": "iid"})), rest, engines=("kernel",))
        term = without.terms[0]
        assert got.without[place] == pytest.approx(term.estimate, abs=EXACT)
        # iid errors are s(i) sqrt(A(i)); Belsley, Kuh and Welsch take A of all rows
        iid = estimate(Specification(**(vars(spec) | {"vcov": "iid"})), frame, engines=("kernel",))
        # weighted rows are scaled to mean one sample by sample, which moves s and A in opposite ways
        weight = mean_weight(spec, rest) / mean_weight(spec, frame)
        error = iid.terms[0].std_error / iid.rmse * without.rmse * np.sqrt(weight)
        assert got.dfbetas[place] == pytest.approx((full - term.estimate) / error, rel=1e-8)


def mean_weight(spec: Specification, frame: pl.DataFrame) -> float:
    return frame["w"].mean() if spec.weights else 1.0


def test_a_row_that_its_effects_fit_whatever_it_says_moves_nothing():
    alone = pl.DataFrame(
        {**dict.fromkeys(panel().columns, None), "city": ["zz"], "region": ["north"], "year": [1], "did": [0.0]}
        | {"x": [9.0], "w": [1.0], "y": [50.0]},
        schema_overrides=panel().schema,
    )
    model = model_of(PLAIN, pl.concat([panel(), alone]))
    here = model.sample.frame["city"].to_list().index("zz")

    got = row_influence(model, "did")

    assert got.leverage[here] == pytest.approx(1)
    assert got.without[here] == pytest.approx(coefficient(PLAIN, panel(), "did"), abs=EXACT)


@pytest.mark.parametrize("name", ["two ways", "weighted", "region by year", "pooled"])
def test_the_derivative_by_a_value_is_the_slope_of_estimates_around_it(name):
    spec, frame = SPECIFICATIONS[name], panel()
    model = model_of(spec, frame)
    rows, step = model.sample.frame, 1e-4

    got = gradient(model, "did")

    for place in range(0, rows.height, 9):
        here = (pl.col("city") == rows["city"][place]) & (pl.col("year") == rows["year"][place])
        for column, slope in (("y", got.outcome[place]), ("x", got.regressors[place, 1])):
            up, down = (
                coefficient(spec, frame.with_columns(pl.col(column) + pl.when(here).then(by).otherwise(0.0)), "did")
                for by in (step, -step)
            )
            assert slope == pytest.approx((up - down) / (2 * step), abs=SLOPE)
