"""Statistics of fake treatments, held to a regression of each by the kernel."""

import numpy as np
import pytest

from resilience_pipeline.econometrics.absorption import compact
from resilience_pipeline.econometrics.fake_treatments import FakeTreatments
from resilience_pipeline.econometrics.kernel import fit_arrays
from tests.econometrics.panels import panel

#: The same sums in another order, divided by what is left of a treatment; a wrong term shows in the second digit.
AGREEMENT = 1e-10

#: Absorbed effects, then the error rule.
DESIGNS = {
    "as printed": (("city", "year"), {"vcov": "cluster", "cluster": "city"}),
    "year before city": (("year", "city"), {"vcov": "cluster", "cluster": "city"}),
    "city effects only": (("city",), {"vcov": "cluster", "cluster": "city"}),
    "year effects only": (("year",), {"vcov": "cluster", "cluster": "city"}),
    "pooled": ((), {"vcov": "cluster", "cluster": "city"}),
    "clustered by province": (("city", "year"), {"vcov": "cluster", "cluster": "province"}),
    "region by year": (("city", "region^year"), {"vcov": "cluster", "cluster": "city"}),
    "classical errors": (("city", "year"), {"vcov": "iid"}),
    "classical errors, pooled": ((), {"vcov": "iid"}),
    "xtreg's rule": (("city", "year"), {"vcov": "cluster", "cluster": "city", "ssc": "xtreg"}),
    "linearmodels' rule": (("city", "year"), {"vcov": "cluster", "cluster": "city", "ssc": "linearmodels"}),
}


def arrays(seed, weighted):
    """A random unbalanced panel, rows in no order."""
    frame = panel(units=30, periods=7, lost=40, seed=seed).sample(fraction=1, shuffle=True, seed=seed)
    city, year = frame["city"].to_numpy(), frame["year"].to_numpy()
    codes = {
        "city": compact(city),
        "year": compact(year),
        "province": compact(city % 9),
        "region^year": compact(city % 3 * 10_000 + year),
    }
    controls = frame.select("gdp", "roads").to_numpy()
    return frame["y"].to_numpy(), controls, codes, year, frame["weight"].to_numpy() if weighted else None


def rules(design, codes):
    absorb, rule = DESIGNS[design]
    clusters = [codes[rule["cluster"]]] if "cluster" in rule else []
    return absorb, {"vcov": rule["vcov"], "ssc": rule.get("ssc", "reghdfe"), "clusters": clusters}


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("seed", range(3))
def test_coefficient_and_error_are_those_of_a_regression_on_the_fake_treatment(seed, design, weighted):
    y, controls, codes, year, weights = arrays(seed, weighted)
    absorb, rule = rules(design, codes)
    starts = sorted(set(year.tolist()))[1:]
    fakes = FakeTreatments(
        y,
        controls,
        codes["city"],
        year,
        starts,
        absorb_city="city" in absorb,
        effects=[codes[name] for name in absorb if name != "city"],
        weights=weights,
        **rule,
    )
    rng = np.random.default_rng(seed)
    cities = np.sort(np.argsort(rng.random((20, 30)), axis=1)[:, :9], axis=1)
    dates = rng.integers(0, len(starts), cities.shape)
    got = fakes.statistics(cities, dates)
    for row in range(len(cities)):
        first = dict(zip(cities[row], np.array(starts)[dates[row]], strict=True))
        treated = np.array([year[i] >= first.get(unit, 9999) for i, unit in enumerate(codes["city"])], dtype=float)
        expected = fit_arrays(
            y,
            np.column_stack([treated, controls]),
            effects=[codes[name] for name in absorb],
            weights=weights,
            **rule,
        )
        assert got.estimate[row] == pytest.approx(expected.coefficients[0], rel=AGREEMENT, abs=AGREEMENT)
        assert got.std_error[row] == pytest.approx(expected.std_errors[0], rel=AGREEMENT)
        assert fakes.dof == expected.dof


def two_way(y, controls, codes, year, starts=(2014, 2016)):
    return FakeTreatments(y, controls, codes["city"], year, starts, effects=[codes["year"]], clusters=[codes["city"]])


def test_without_controls_it_is_the_plain_two_way_regression():
    y, _, codes, year, _ = arrays(1, weighted=False)
    got = two_way(y, np.empty((len(y), 0)), codes, year).statistics(np.array([[2, 5, 7]]), np.array([[1, 1, 1]]))
    treated = (np.isin(codes["city"], (2, 5, 7)) & (year >= 2016)).astype(float)[:, None]
    expected = fit_arrays(y, treated, effects=(codes["city"], codes["year"]), clusters=(codes["city"],))
    assert got.estimate[0] == pytest.approx(expected.coefficients[0], rel=AGREEMENT)
    assert got.std_error[0] == pytest.approx(expected.std_errors[0], rel=AGREEMENT)


def test_a_control_without_variation_of_its_own_leaves_and_is_no_parameter():
    y, controls, codes, year, _ = arrays(2, weighted=False)
    trend = (year - 2000.0)[:, None]
    more = np.hstack([controls, trend, controls @ [[2.0], [3.0]]])
    fakes = two_way(y, more, codes, year)
    assert fakes.controls_kept == [0, 1]
    one = (np.array([[1, 3, 8, 20]]), np.ones((1, 4), dtype=int))
    got, expected = fakes.statistics(*one), two_way(y, controls, codes, year).statistics(*one)
    assert got.std_error[0] == pytest.approx(expected.std_error[0], rel=AGREEMENT)


@pytest.mark.parametrize("seed", range(8))  # what is left is rounding, of either sign
def test_a_treatment_that_the_effects_or_a_control_absorb_has_no_statistic(seed):
    y, controls, codes, year, _ = arrays(seed, weighted=False)
    same = (np.isin(codes["city"], (2, 5, 7)) & (year >= 2016)).astype(float)[:, None]
    everyone, three = np.arange(30)[None, :], np.array([[2, 5, 7]])
    absorbed = two_way(y, controls, codes, year).statistics(everyone, np.ones_like(everyone))
    collinear = two_way(y, np.hstack([controls, same]), codes, year).statistics(three, np.ones_like(three))
    for got in (absorbed, collinear):
        assert np.isnan(got.estimate[0])
        assert np.isnan(got.std_error[0])


def test_the_order_of_rows_changes_nothing():
    y, controls, codes, year, _ = arrays(4, weighted=False)
    order = np.random.default_rng(0).permutation(len(y))
    moved = {name: levels[order] for name, levels in codes.items()}
    some = (np.array([[0, 4, 9], [3, 5, 6]]), np.array([[0, 1, 1], [0, 0, 0]]))
    expected = two_way(y, controls, codes, year).statistics(*some)
    got = two_way(y[order], controls[order], moved, year[order]).statistics(*some)
    np.testing.assert_array_equal(got.estimate, expected.estimate)
    np.testing.assert_array_equal(got.std_error, expected.std_error)


def test_other_labels_of_the_cities_give_the_same_for_the_same_cities():
    y, controls, codes, year, _ = arrays(5, weighted=False)
    new = np.random.default_rng(1).permutation(30)
    moved = codes | {"city": new[codes["city"]]}
    cities, dates = np.array([[0, 4, 9], [3, 5, 6]]), np.array([[1, 1, 1], [0, 0, 0]])
    expected = two_way(y, controls, codes, year).statistics(cities, dates)
    got = two_way(y, controls, moved, year).statistics(np.sort(new[cities], axis=1), dates)
    np.testing.assert_allclose(got.estimate, expected.estimate, rtol=AGREEMENT)
    np.testing.assert_allclose(got.std_error, expected.std_error, rtol=AGREEMENT)


def test_many_draws_at_once_are_the_draws_one_by_one(monkeypatch):
    y, controls, codes, year, _ = arrays(6, weighted=False)
    fakes = two_way(y, controls, codes, year)
    cities = np.sort(np.argsort(np.random.default_rng(2).random((50, 30)), axis=1)[:, :5], axis=1)
    together = fakes.statistics(cities, np.zeros_like(cities))
    monkeypatch.setattr("resilience_pipeline.econometrics.fake_treatments._CELLS_AT_ONCE", 1)
    alone = fakes.statistics(cities, np.zeros_like(cities))
    np.testing.assert_allclose(alone.estimate, together.estimate, rtol=AGREEMENT)
    np.testing.assert_allclose(alone.std_error, together.std_error, rtol=AGREEMENT)


@pytest.mark.parametrize(
    ("vcov", "clusters"), [("hc1", []), ("cluster", ["year"]), ("cluster", ["city", "year"])], ids=str
)
def test_an_error_rule_that_cuts_cities_apart_is_refused(vcov, clusters):
    y, controls, codes, year, _ = arrays(7, weighted=False)
    with pytest.raises(ValueError, match="what holds whole cities"):
        FakeTreatments(y, controls, codes["city"], year, [2014], vcov=vcov, clusters=[codes[name] for name in clusters])
