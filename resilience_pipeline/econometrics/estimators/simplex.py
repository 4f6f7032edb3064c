"""Least squares with weights that are not negative and sum to one: min_x |A x - b|^2 / n + zeta^2 |x|^2, n rows.

`least_squares` finds the minimum, `frank_wolfe` the place where the R package synthdid stops.
"""

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats

_FIRST_STEPS, _MORE_STEPS = 100, 10_000


def least_squares(A: Floats, b: Floats, zeta: float) -> Floats:
    """The minimum, shape (k,).

    On the simplex A x - b = (A - b 1') x, so the minimum is the point of least norm in the convex hull of the columns
    of P = [A - b 1'; zeta sqrt(n) I]. min_{v >= 0} |P v|^2 + (1'v - 1)^2 has its minimum in the same direction: along
    v = s x it is |P x|^2 / (1 + |P x|^2) at the best s, which grows with |P x|.
    """
    from scipy.optimize import nnls

    n, k = A.shape
    P = np.vstack([A - b[:, None], zeta * np.sqrt(n) * np.eye(k)]) if zeta else A - b[:, None]
    scale = np.linalg.norm(P) / np.sqrt(k)
    if scale == 0:
        return np.full(k, 1 / k)
    v, _ = nnls(np.vstack([P / scale, np.ones(k)]), np.append(np.zeros(len(P)), 1.0))
    return v / v.sum()


def frank_wolfe(A: Floats, b: Floats, zeta: float, least_decrease: float) -> Floats:
    """Where synthdid stops, shape (k,): a first run, weights up to a quarter of the largest set to zero, a second run.

    least_decrease : a step that lowers the objective by less than its square is the last.
    """
    k = A.shape[1]
    x = _steps(A, b, zeta, np.full(k, 1 / k), least_decrease, _FIRST_STEPS)
    x = np.where(x <= x.max() / 4, 0.0, x)
    return _steps(A, b, zeta, x / x.sum(), least_decrease, _MORE_STEPS)


def _steps(A: Floats, b: Floats, zeta: float, x: Floats, least_decrease: float, steps: int) -> Floats:
    n, eta, last = len(b), len(b) * zeta**2, float("inf")
    residual = A @ x - b
    for step in range(steps):
        half_gradient = residual @ A + eta * x
        vertex = int(half_gradient.argmin())
        direction = -x
        direction[vertex] += 1
        moved = A[:, vertex] - (residual + b)
        curvature = moved @ moved + eta * (direction @ direction)
        if curvature > 0:
            length = min(1.0, max(0.0, float(-(half_gradient @ direction) / curvature)))
            x, residual = x + length * direction, residual + length * moved
        value = float(zeta**2 * (x @ x) + residual @ residual / n)
        if step > 0 and last - value <= least_decrease**2:
            break
        last = value
    return x
