"""Bounds relative to the changes before the policy: the tests' vertices are those of the linear programs they solve."""

import numpy as np
import pytest
from scipy.optimize import linprog

from resilience_pipeline.econometrics.relative_magnitudes import KAPPA, RelativeMagnitudes
from resilience_pipeline.econometrics.simultaneous import normal_draws

PROGRAM = 1e-9


def covariance(leads: int, lags: int) -> np.ndarray:
    horizons = np.array([*range(-leads, 0), *range(1, lags + 1)])
    spread = 0.1 * (1 + 0.2 * np.abs(horizons))
    return np.outer(spread, spread) * (0.5 + 0.5 * np.eye(leads + lags))


def model(estimates: list[float], leads: int, weights: list[float], draws: int = 5_000) -> RelativeMagnitudes:
    V = covariance(leads, len(weights))
    errors = normal_draws(V, draws, np.random.default_rng(1))
    return RelativeMagnitudes(np.array(estimates), V, leads, np.array(weights), errors)


def programs(m: RelativeMagnitudes, bound: float, theta: float) -> list[float]:
    """The largest standardised violation of each polyhedron at theta, by linear programming over the other effects.

    min eta over (eta, effects of the lags) with weights' effects = theta, A (b - effects) <= sd eta.
    """
    P, T = m.leads, len(m.weights)
    path = np.insert(np.eye(P + T), P, 0.0, axis=0)  # coefficients -> path with the base year's zero
    changes = np.diff(path, axis=0)
    found = []
    for place in range(P):
        for sign in (1, -1):
            A = np.vstack([changes[P:] - bound * sign * changes[place], -changes[P:] - bound * sign * changes[place]])
            sd = np.sqrt(np.diag(A @ m.covariance @ A.T))
            lp = linprog(
                c=[1, *[0] * T],
                A_ub=-np.column_stack([sd, A[:, P:]]),
                b_ub=-A @ m.estimates,
                A_eq=[[0, *m.weights]],
                b_eq=[theta],
                bounds=[(None, None)] * (T + 1),
            )
            assert lp.success
            found.append(lp.fun)
    return found


@pytest.mark.parametrize("weights", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.0, 1.0], [1.0]])
@pytest.mark.parametrize("theta", [-0.4, 0.0, 0.9])
def test_the_largest_violation_is_the_linear_programs(weights: list[float], theta: float) -> None:
    m = model([0.3, -0.1, 0.05, 0.02, *[0.8, 0.5, 0.7][: len(weights)]], 4, weights)
    ours = [float((p.statistics - p.slopes * theta).max()) for p in m.polyhedra(0.7)]
    assert ours == pytest.approx(programs(m, 0.7, theta), abs=PROGRAM)


def test_the_least_favourable_value_is_a_quantile_of_the_violation_of_noise() -> None:
    m = model([0.0] * 5, 3, [1.0, 0.0], draws=50_000)
    own = np.random.default_rng(5).multivariate_normal(np.zeros(5), m.covariance, 400)
    share = np.mean(
        [
            programs(RelativeMagnitudes(b, m.covariance, 3, m.weights, m.errors), 1.0, 0.0)[0]
            > m.polyhedra(1.0)[0].least_favourable
            for b in own
        ]
    )
    assert share == pytest.approx(KAPPA, abs=0.0125)  # 7 or fewer of 400 where 2 are expected


def test_the_interval_ends_where_acceptance_ends() -> None:
    m = model([0.1, -0.1, 0.05, 1.0, 0.9], 3, [1.0, 0.0])
    low, high = m.interval(1.0)
    for end, outwards in ((low, -1), (high, 1)):
        inside, outside = np.array([end - outwards * 1e-6]), np.array([end + outwards * 1e-6])
        assert any(p.accepts(inside)[0] for p in m.polyhedra(1.0))
        assert not any(p.accepts(outside)[0] for p in m.polyhedra(1.0))


def test_a_larger_bound_gives_a_wider_interval_and_a_sure_effect_a_larger_breakdown() -> None:
    m = model([0.1, -0.1, 0.05, 1.0, 0.9], 3, [1.0, 0.0])
    ends = [m.interval(bound) for bound in (0.5, 1.0, 2.0)]
    assert ends[0][0] > ends[1][0] > ends[2][0]
    assert ends[0][1] < ends[1][1] < ends[2][1]
    surer = model([0.1, -0.1, 0.05, 2.0, 1.9], 3, [1.0, 0.0])
    assert surer.breakdown() > m.breakdown() > 0


def test_zero_is_rejected_below_the_breakdown_and_accepted_above() -> None:
    m = model([0.1, -0.1, 0.05, 1.0, 0.9], 3, [0.5, 0.5])
    found = m.breakdown()
    assert m.excludes_zero(found - 1e-3)
    assert not m.excludes_zero(found + 2e-3)
    assert m.interval(found - 2e-2)[0] > 0 > m.interval(found + 2e-2)[0]


def test_an_effect_that_chance_explains_has_a_breakdown_of_zero() -> None:
    assert model([0.1, -0.1, 0.05, 0.1, 0.1], 3, [1.0, 0.0]).breakdown() == 0.0


def test_the_earliest_change_counts_as_much_as_any_other() -> None:
    """The largest change lies between the first two leads: with Mbar = 1 the first lag may be all trend."""
    jump = model([-3.0, 0.0, 0.05, 1.0, 0.9], 3, [1.0, 0.0])
    calm = model([0.0, 0.0, 0.05, 1.0, 0.9], 3, [1.0, 0.0])
    assert jump.interval(1.0)[0] < -1.5
    assert calm.interval(1.0)[0] > 0


@pytest.mark.parametrize("weights", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
def test_without_sampling_error_the_interval_is_the_identified_set(weights: list[float]) -> None:
    """Largest change 0.4, between the first two leads: lag t may be off by 0.4 Mbar t in either direction."""
    estimates, V = np.array([-0.3, 0.1, -0.1, 1.0, 1.1, 1.2]), 1e-12 * covariance(3, 3)
    m = RelativeMagnitudes(estimates, V, 3, np.array(weights), normal_draws(V, 1_000, np.random.default_rng(1)))
    centre, reach = m.weights @ estimates[3:], 0.5 * 0.4 * (m.weights @ [1, 2, 3])
    assert m.interval(0.5) == pytest.approx((centre - reach, centre + reach), abs=1e-4)


def test_signs_turned_turn_the_interval() -> None:
    m, turned = (model([s * x for x in (0.1, -0.1, 0.05, 1.0, 0.9)], 3, [0.5, 0.5], 200_000) for s in (1, -1))
    low, high = m.interval(1.0)
    assert turned.interval(1.0) == pytest.approx((-high, -low), abs=0.01)


@pytest.mark.slow
def test_an_interval_holds_the_effect_in_95_of_100_samples_where_the_bound_binds() -> None:
    """The trend bends after the policy exactly Mbar = 1 times as much as before; of 300, below 275 has p < 0.01."""
    truth = np.array([0.4, 0.2, 0.0, 0.2, 0.4]) + np.array([0, 0, 0, 1.0, 1.0])
    V = covariance(3, 2)
    errors = normal_draws(V, 2_000, np.random.default_rng(1))
    drawn = truth + normal_draws(V, 300, np.random.default_rng(2))
    accepted = [
        any(p.accepts(np.array([1.0]))[0] for p in RelativeMagnitudes(b, V, 3, np.eye(2)[0], errors).polyhedra(1.0))
        for b in drawn
    ]
    assert sum(accepted) >= 275


def test_one_lead_has_no_change_to_compare_with() -> None:
    with pytest.raises(ValueError, match="two leads"):
        RelativeMagnitudes(np.zeros(2), np.eye(2), 1, np.ones(1), np.zeros((10, 2)))
