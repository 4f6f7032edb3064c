"""Event study and honest intervals of the Medicaid expansion: published values, and moderndid on the same numbers."""

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.relative_magnitudes import RelativeMagnitudes
from resilience_pipeline.econometrics.simultaneous import normal_draws
from resilience_pipeline.econometrics.smoothness import Smoothness
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.econometrics.year_effects import YearEffects, covariance_table, year_effects
from tests.agreement.test_published import stata

YEARS = {f"treat_{year}": year for year in range(2008, 2016) if year != 2013}
#: The README's ends are points of a grid, 3.7e-4 to 4e-4 apart, printed to 1e-4, its critical values drawn 1,000 times.
GRID = 5e-4
#: Ends without a grid, printed to 1e-4 from a numerical optimum.
PRINTED = 3e-4
SPECIFICATION = Specification(
    "medicaid", "dins", None, tuple(YEARS), absorb=("stfips", "year"), cluster=("stfips",), unit="stfips", time="year"
)


@cache
def medicaid(folder: Path) -> YearEffects:
    """States that expanded in 2014 against those that had not by 2015, years before 2016, base 2013."""
    frame = stata(folder / "validation" / "ehec.dta").filter(
        pl.col("year") < 2016, pl.col("yexp2").is_null() | (pl.col("yexp2") != 2015)
    )
    treat = (pl.col("yexp2") == 2014).fill_null(False)
    frame = frame.with_columns(
        **{name: (treat & (pl.col("year") == year)).cast(pl.Int32) for name, year in YEARS.items()}
    )
    record = to_frame([estimate(SPECIFICATION, frame)])
    return year_effects(record, covariance_table(SPECIFICATION, frame, tuple(YEARS)), YEARS, 2013)


def relative(effects: YearEffects, weights: list[float], draws: int = 10_000) -> RelativeMagnitudes:
    errors = normal_draws(effects.covariance, draws, np.random.default_rng(20181016))
    return RelativeMagnitudes(effects.estimates, effects.covariance, len(effects.leads), np.array(weights), errors)


def smooth(effects: YearEffects, weights: list[float]) -> Smoothness:
    return Smoothness(effects.estimates, effects.covariance, len(effects.leads), np.array(weights))


@pytest.mark.real_data
def test_the_event_study_is_that_of_the_honestdid_readme(real_data: Path) -> None:
    """github.com/asheshrambachan/HonestDiD, README: fixest on the 2014 cohort, clustered by state."""
    effects = medicaid(real_data)
    printed = {2014: (0.04645, 0.00915), 2015: (0.06921, 0.01035)}
    for year, figures in printed.items():
        place = effects.years.index(year)
        assert (effects.estimates[place], effects.std_errors[place]) == pytest.approx(figures, abs=6e-6)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("bound", "printed"), [(0.0, (0.0259, 0.0607)), (0.01, (0.0132, 0.0787)), (0.03, (-0.0071, 0.101))]
)
def test_smoothness_gives_the_intervals_of_the_honestdid_readme(
    real_data: Path, bound: float, printed: tuple[float, float]
) -> None:
    assert smooth(medicaid(real_data), [1.0, 0.0]).interval(bound) == pytest.approx(printed, abs=PRINTED)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("bound", "printed"),
    [(0.5, (0.0241, 0.0673)), (1.0, (0.0171, 0.0720)), (1.5, (0.0086, 0.0796)), (2.0, (-0.0011, 0.0883))],
)
def test_relative_magnitudes_give_the_intervals_of_the_honestdid_readme(
    real_data: Path, bound: float, printed: tuple[float, float]
) -> None:
    assert relative(medicaid(real_data), [1.0, 0.0]).interval(bound) == pytest.approx(printed, abs=GRID)


@pytest.mark.real_data
def test_breakdown_values_lie_where_the_readme_has_zero_come_in(real_data: Path) -> None:
    """Its intervals exclude zero at Mbar = 1.5 and M = 0.01, and hold it at Mbar = 2 and M = 0.03."""
    effects = medicaid(real_data)
    assert 1.5 < relative(effects, [1.0, 0.0]).breakdown() < 2.0
    assert 0.01 < smooth(effects, [1.0, 0.0]).breakdown() < 0.03


@pytest.mark.real_data
@pytest.mark.parametrize("weights", [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
def test_smoothness_agrees_with_moderndid(real_data: Path, weights: list[float]) -> None:
    honest = pytest.importorskip("moderndid.didhonest")
    effects = medicaid(real_data)
    theirs = honest.create_sensitivity_results_sm(
        effects.estimates, effects.covariance, 5, 2, m_vec=[0.0, 0.02], l_vec=np.array(weights)
    )
    for row in theirs.to_dicts():
        ours = smooth(effects, weights).interval(row["m"])
        assert ours == pytest.approx((row["lb"], row["ub"]), abs=1e-5)  # their optimum's own tolerance


@pytest.mark.real_data
@pytest.mark.slow
def test_relative_magnitudes_agree_with_moderndid_where_the_earliest_change_is_not_the_largest(
    real_data: Path,
) -> None:
    """moderndid 0.2.0 does not try the change between the first two leads; here another one is larger."""
    honest = pytest.importorskip("moderndid.didhonest")
    effects = medicaid(real_data)
    assert np.abs(np.diff(effects.estimates[:5])).argmax() != 0
    (theirs,) = honest.create_sensitivity_results_rm(
        effects.estimates, effects.covariance, 5, 2, m_bar_vec=[1.0], l_vec=np.array([0.5, 0.5]), grid_points=1000
    ).to_dicts()
    ours = relative(effects, [0.5, 0.5]).interval(1.0)
    assert ours == pytest.approx((theirs["lb"], theirs["ub"]), abs=6e-4)  # their grid is 4e-4 to 5e-4 wide
