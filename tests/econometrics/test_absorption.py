"""The within transform and the count of parameters, against dense dummies."""

import numpy as np
import pytest

from resilience_pipeline.econometrics import absorption
from resilience_pipeline.econometrics.absorption import Absorber, compact, is_nested, singletons


def dummies(effects: list[np.ndarray]) -> np.ndarray:
    return np.hstack([np.eye(codes.max() + 1)[codes] for codes in effects])


def draw(levels: list[int], rows: int = 300, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [compact(rng.integers(0, count, rows)) for count in levels]


SETS = {
    "one": draw([40]),
    "two": draw([40, 8]),
    "three": draw([40, 8, 25]),
    "two graphs that do not touch": [
        np.repeat(np.arange(40), 8),
        np.tile(np.arange(4), 80) + 4 * (np.arange(320) >= 160),
    ],
    "nested": [np.repeat(np.arange(40), 8), np.repeat(np.arange(5), 64)],
}


@pytest.mark.parametrize("iterate", [False, True], ids=["exact", "conjugate gradients"])
@pytest.mark.parametrize("effects", SETS.values(), ids=SETS)
def test_residuals_are_those_of_a_regression_on_all_dummies(
    effects: list[np.ndarray], iterate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if iterate:
        monkeypatch.setattr(absorption, "EXACT_LEVELS", 0)
    rng = np.random.default_rng(2)
    n = len(effects[0])
    Z, weights = rng.normal(size=(n, 3)), rng.uniform(0.2, 4, n)
    for w in (None, weights):
        root = np.ones((n, 1)) if w is None else np.sqrt(w)[:, None]
        D = dummies(effects)
        expected = Z - D @ np.linalg.lstsq(D * root, Z * root, rcond=1e-10)[0]
        np.testing.assert_allclose(Absorber(effects, w).residualise(Z), expected, atol=1e-10)


@pytest.mark.parametrize("effects", SETS.values(), ids=SETS)
def test_the_rank_is_that_of_all_dummies(effects: list[np.ndarray]) -> None:
    assert Absorber(effects).rank == np.linalg.matrix_rank(dummies(effects))


@pytest.mark.parametrize("name", ["one", "two", "two graphs that do not touch", "nested"])
def test_two_effects_are_counted_exactly_without_the_dense_system(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absorption, "EXACT_LEVELS", 0)
    assert Absorber(SETS[name]).rank == np.linalg.matrix_rank(dummies(SETS[name]))


def test_a_chain_of_singletons_unravels() -> None:
    unit, year = np.array([0, 0, 1, 1, 2, 2]), np.array([9, 0, 0, 1, 1, 2])
    assert singletons([unit, year]).tolist() == [True] * 6
    assert singletons([unit]).tolist() == [False] * 6


def test_cities_are_nested_in_provinces_and_not_the_other_way() -> None:
    city, province = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1])
    assert is_nested(city, province)
    assert not is_nested(province, city)


def test_an_iteration_that_does_not_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absorption, "EXACT_LEVELS", 0)
    monkeypatch.setattr(absorption, "_CG_STEPS", 1)
    with pytest.raises(absorption.AbsorptionError, match="did not converge in 1 steps"):
        Absorber(SETS["two"]).residualise(np.random.default_rng(0).normal(size=(300, 1)))
