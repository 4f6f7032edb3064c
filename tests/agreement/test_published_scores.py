"""Propensity scores on public data: Stata's own coefficients, and published effects that rest on the score."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from resilience_pipeline.econometrics.propensity import fit_propensity

COVARIATES = ("mmarried_", "mage", "mage2", "fbaby_", "medu")

#: Stata [TE] teffects ipw: the probit of smoking, in the order of COVARIATES, the constant last (N 4,642).
PROBIT = (-0.64848213804682, 0.17443269674281, -0.00325591262232, -0.2175961616731, -0.08636308703575, -1.5582552629264)


@pytest.fixture
def births(real_data: Path) -> pl.DataFrame:
    return pl.read_csv(real_data / "validation" / "cataneo2.csv")


def arrays(births: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X = births.select(pl.col(COVARIATES).cast(pl.Float64)).to_numpy()
    return births["mbsmoke_"].cast(pl.Float64).to_numpy(), X, births["bweight"].cast(pl.Float64).to_numpy()


@pytest.mark.real_data
def test_smoking_gives_the_probit_coefficients_of_stata(births: pl.DataFrame) -> None:
    smokes, X, _ = arrays(births)
    assert len(smokes) == 4642
    np.testing.assert_allclose(fit_propensity(smokes, X, "probit").coefficients, PROBIT, rtol=1e-10)


@pytest.mark.real_data
def test_inverse_probability_weights_give_the_effects_of_stata(births: pl.DataFrame) -> None:
    """teffects ipw: ATE -230.68864, ATET -225.17726."""
    smokes, X, weight = arrays(births)
    p = fit_propensity(smokes, X, "probit").probabilities

    def mean(w: np.ndarray) -> float:
        return float(w @ weight / w.sum())

    assert mean(smokes / p) - mean((1 - smokes) / (1 - p)) == pytest.approx(-230.68863779526, abs=1e-8)
    assert mean(smokes) - mean((1 - smokes) * p / (1 - p)) == pytest.approx(-225.17726054799, abs=1e-8)


@pytest.mark.real_data
def test_nearest_neighbours_on_the_logit_score_give_the_effect_of_stata(births: pl.DataFrame) -> None:
    """teffects psmatch, one neighbour, ties kept: ATET -236.785. Wrong in any digit of the score's order, it moves."""
    smokes, X, weight = arrays(births)
    p = fit_propensity(smokes, X, "logit").probabilities
    treated = smokes == 1
    distance = np.abs(p[treated][:, None] - p[~treated][None, :])
    nearest = (
        distance <= distance.min(axis=1, keepdims=True) + 1e-9
    )  # equal covariates give equal scores but for rounding
    counterfactual = nearest @ weight[~treated] / nearest.sum(axis=1)
    assert (weight[treated] - counterfactual).mean() == pytest.approx(-236.785, abs=5e-4)
