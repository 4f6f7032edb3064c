"""Formulas of the rules against brute force: what leaks into false dates, what a dummy's moments give back."""

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.audit.paper import Moments
from resilience_pipeline.audit.placebo import leak
from resilience_pipeline.audit.printed import Printed
from resilience_pipeline.audit.significance import p_value, ratios
from resilience_pipeline.audit.treated_rows import by_mean, by_mean_and_sd
from resilience_pipeline.econometrics.kernel import fit_arrays

#: A handful of sums and one solve.
TOLERANCE = 1e-10


@pytest.mark.parametrize("false", [2011, 2013, 2014, 2016, 2019])
def test_a_false_date_of_the_real_units_shows_this_much_of_the_effect(false):
    cities, years, first, start, effect = 12, 10, 2010, 2015, 0.8
    city, year = np.repeat(np.arange(cities), years), np.tile(np.arange(first, first + years), cities)
    y = effect * ((city < 4) & (year >= start)) + 0.3 * city + 0.1 * year
    x = ((city < 4) & (year >= false)).astype(float)[:, None]
    found = fit_arrays(y, x, effects=[city, year - first], clusters=[city]).coefficients[0]
    assert leak(effect, start, false, first, first + years - 1) == pytest.approx(found, abs=TOLERANCE)


@pytest.mark.parametrize("treated", [40, 41, 97])
def test_the_moments_of_a_dummy_give_back_its_count(treated):
    dummy = pl.Series([1.0] * treated + [0.0] * (600 - treated))
    row = Moments("d", 600, Printed(f"{dummy.mean():.4f}"), Printed(f"{dummy.std():.4f}"), Printed("0"), Printed("1"))
    assert by_mean_and_sd(row) == list(by_mean(row)) == [treated]


def test_an_estimate_that_rounds_to_either_sign_may_be_zero():
    assert ratios(Printed("0.00"), Printed("0.01")).low == 0


def test_p_values_are_two_sided():
    assert p_value(1.959964) == pytest.approx(0.05, abs=1e-6)
    assert p_value(2.228139, dof=10) == pytest.approx(0.05, abs=1e-6)
