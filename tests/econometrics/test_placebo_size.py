"""Whether randomisation p values reject a true null as often as they say, on simulated AR(1) panels.

Seeds are fixed. 0.001 is the share of seeds with which a right test would fail here by the binomial law.
"""

import numpy as np
import pytest
from scipy.stats import binomtest

from resilience_pipeline.econometrics.assignments import fake_cities
from resilience_pipeline.econometrics.fake_treatments import FakeTreatments
from resilience_pipeline.econometrics.randomisation import randomisation_p

LEVEL, BAD_LUCK = 0.05, 0.001
DRAWS = 199  # (1 + count) / 200 reaches 0.05 exactly


def autoregressive(rng, cities, years, rho=0.7):
    """Stationary AR(1) errors, shape (cities, years)."""
    e = rng.normal(size=(cities, years))
    e[:, 0] /= np.sqrt(1 - rho**2)
    for year in range(1, years):
        e[:, year] += rho * e[:, year - 1]
    return e


def rejections(panels, cities, years, treated, spread=1.0, seed=20181016):
    """How often the coefficient and t reject at 5 %; treated cities' errors are `spread` times as large."""
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(cities), years), np.tile(np.arange(years), cities)
    no_controls = np.empty((len(city), 0))
    counts = np.zeros(2, dtype=int)
    for _ in range(panels):
        y = autoregressive(rng, cities, years)
        y[:treated] *= spread
        fakes = FakeTreatments(y.ravel(), no_controls, city, year, [years // 2], effects=[year], clusters=[city])
        drawn = fake_cities(cities, treated, 0, DRAWS, rng)
        fake = fakes.statistics(drawn.cities, drawn.starts)
        true = fakes.statistics(np.arange(treated)[None, :], np.zeros((1, treated), dtype=int))
        counts += [
            randomisation_p(observed[0], among).p_value <= LEVEL
            for observed, among in ((true.estimate, fake.estimate), (true.t, fake.t))
        ]
    return counts.tolist()


def test_with_equal_variances_both_statistics_reject_as_often_as_they_say():
    panels = 1500
    for count in rejections(panels, cities=30, years=8, treated=6):
        assert binomtest(count, panels, LEVEL).pvalue > BAD_LUCK


def test_with_unequal_variances_the_coefficient_rejects_too_often_and_t_hardly():
    panels = 800
    coefficient, t = rejections(panels, cities=100, years=6, treated=20, spread=3.0)
    assert binomtest(coefficient, panels, 3 * LEVEL, alternative="less").pvalue > BAD_LUCK
    # With 20 treated cities t is right to about two points, not exactly (Wu and Ding 2021: asymptotically).
    assert binomtest(t, panels, LEVEL + 0.02, alternative="greater").pvalue > BAD_LUCK


@pytest.mark.parametrize("effect", [0.0, 2.0], ids=["none", "planted"])
def test_the_spread_of_fake_coefficients_is_the_clustered_error(effect):
    rng = np.random.default_rng(3)
    cities, years, treated = 120, 8, 30
    city, year = np.repeat(np.arange(cities), years), np.tile(np.arange(years), cities)
    y = autoregressive(rng, cities, years)
    y[:treated, 4:] += effect
    fakes = FakeTreatments(y.ravel(), np.empty((960, 0)), city, year, [4], effects=[year], clusters=[city])
    drawn = fake_cities(cities, treated, 0, 4000, rng)
    fake = fakes.statistics(drawn.cities, drawn.starts)
    # A real effect widens both alike: it is variance between cities whoever is called treated.
    assert fake.estimate.std() == pytest.approx(fake.std_error.mean(), rel=0.06)
