"""The propensity score: probit or logit by maximum likelihood, without a penalty.

An own Newton algorithm on standardised columns; a penalised fit (as machine-learning libraries do by default) shrinks
the score and moves the matched estimate. What the data do not allow, complete or partial separation above all, is a
`NotEstimableError` with the reason: software that goes on with a warning returns a score that depends on where it
stopped.

References
----------
Rosenbaum and Rubin (1983), Biometrika 70(1), 41-55. Albert and Anderson (1984), Biometrika 71(1), 1-10 (separation).
Konis (2007), "Linear programming algorithms for detecting separated data", DPhil thesis, Oxford.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.kernel import COLLINEAR
from resilience_pipeline.econometrics.sample import NotEstimableError

Model = Literal["probit", "logit"]

ITERATIONS = 50  # Newton needs below ten; only separated data need more
CONVERGED = 1e-12  # gain per unit in log likelihood of the last step, which is still taken: the next gains its square


@dataclass(frozen=True)
class Propensity:
    """A fitted score.

    probabilities : fitted P(treated), shape (n,). index : the linear index behind them, shape (n,).
    coefficients : of the k covariates and, last, the constant, shape (k + 1,).
    """

    model: Model
    probabilities: Floats
    index: Floats
    coefficients: Floats
    log_likelihood: float
    iterations: int


def fit_propensity(treated: Floats, X: Floats, model: Model = "probit", names: Sequence[str] = ()) -> Propensity:
    """P(treated | X) = F(X b + c), F the normal (probit) or the logistic (logit) distribution.

    Parameters
    ----------
    treated : 0 or 1, shape (n,).
    X : covariates without a constant, no value missing, shape (n, k).
    names : of the covariates, for messages.

    Raises
    ------
    NotEstimableError : one group is empty; a covariate does not vary or is collinear with the ones before it; the
        covariates separate the groups; Newton does not converge.
    """
    names = tuple(names) or tuple(f"covariate {j}" for j in range(1, X.shape[1] + 1))
    n, k = X.shape
    n_treated = int(treated.sum())
    if not np.isin(treated, (0.0, 1.0)).all():
        _refuse("the treatment of a propensity score is 0 or 1, and here it has other values")
    if n_treated in (0, n):
        _refuse(f"of {n} units {n_treated} are treated: without both groups there is no propensity score")
    if min(n_treated, n - n_treated) <= k:
        _refuse(f"{n_treated} treated and {n - n_treated} other units are too few for {k} covariates and a constant")
    means = X.mean(axis=0)
    Z, scales = _standardise(X, means, names)
    sign = 2 * treated - 1
    _demand_overlap(Z, sign, names)
    b, log_likelihood, iterations = _newton(Z, sign, model)
    slopes = b[:-1] / scales
    eta = Z @ b
    coefficients = np.append(slopes, b[-1] - means @ slopes)
    return Propensity(model, probability(eta, model), eta, coefficients, log_likelihood, iterations)


def probability(index: Floats, model: Model) -> Floats:
    """F(index), same shape."""
    from scipy.special import expit, ndtr

    return expit(index) if model == "logit" else ndtr(index)


def linear_index(p: Floats, model: Model) -> Floats:
    """F^-1(p), same shape: the inverse of `probability`; infinite where p is 0 or 1 to the last digit."""
    from scipy.special import logit, ndtri

    return logit(p) if model == "logit" else ndtri(p)


def _standardise(X: Floats, means: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Columns with mean zero and unit norm per row, a constant last; and their scales."""
    n = len(X)
    within = X - means
    scales = np.sqrt((within**2).mean(axis=0))
    still = scales <= COLLINEAR * np.abs(means)
    if still.any():
        _refuse(f"the covariate {names[int(np.argmax(still))]} does not vary")
    Z = within / scales
    left = np.abs(np.diag(np.linalg.qr(Z, mode="r"))) / np.sqrt(n)
    dependent = left <= COLLINEAR
    if dependent.any():
        _refuse(f"the covariate {names[int(np.argmax(dependent))]} is a linear combination of the ones before it")
    return np.column_stack([Z, np.ones(n)]), scales


def _demand_overlap(Z: Floats, sign: Floats, names: tuple[str, ...]) -> None:
    """Refuse separated data: a direction b with sign_i z_i'b >= 0 for all i and > 0 for some.

    Along it the likelihood grows without end, so no maximum exists. The linear programme max sum_i sign_i z_i'b under
    these inequalities and |b_j| <= 1 ends at b = 0 where the groups overlap, and at a b of largest element 1 where
    they do not (Konis 2007): nothing between can occur, so 1/2 tells them apart whatever the rounding.
    """
    from scipy.optimize import linprog

    A = sign[:, None] * Z
    found = linprog(-A.sum(axis=0), A_ub=-A, b_ub=np.zeros(len(A)), bounds=(-1, 1), method="highs")
    if found.status != 0:
        _refuse(f"whether the covariates separate the groups could not be decided: {found.message}")
    if np.abs(found.x).max() > 0.5:
        alone = [name for name, z in zip(names, Z.T, strict=False) if _separates(z[sign > 0], z[sign < 0])]
        at_fault = f"by {', '.join(alone)} alone" if alone else f"by {', '.join(names)} together"
        _refuse(
            f"the covariates separate treated from untreated units ({at_fault}), so the likelihood of the propensity "
            "score has no maximum; take a covariate out, or match on fewer"
        )


def _separates(treated: Floats, others: Floats) -> bool:
    """Whether no value of one group lies beyond a value of the other, on one side or the other."""
    return bool(treated.min() >= others.max() or treated.max() <= others.min())


def _newton(Z: Floats, sign: Floats, model: Model) -> tuple[Floats, float, int]:
    """Coefficients, log likelihood, steps. Both likelihoods are concave, and full steps from zero have not failed in
    thousands of draws with heavy tails; should they, the refusal says so."""
    b = np.zeros(Z.shape[1])
    for iteration in range(1, ITERATIONS + 1):
        value, residual, curvature = _likelihood(Z @ b, sign, model)
        score = Z.T @ residual
        step = np.linalg.solve(Z.T @ (curvature[:, None] * Z), score)
        b = b + step
        if score @ step < CONVERGED * len(Z):
            return b, value, iteration
    _refuse(f"the {model} of the propensity score did not converge in {ITERATIONS} Newton steps")


def _likelihood(eta: Floats, sign: Floats, model: Model) -> tuple[float, Floats, Floats]:
    """Log likelihood, its derivative and minus its second derivative by the linear index; shapes (), (n,), (n,)."""
    from scipy.special import expit, log_expit, log_ndtr

    q = sign * eta
    if model == "logit":
        p = expit(q)
        return float(log_expit(q).sum()), sign * (1 - p), p * (1 - p)
    log_p = log_ndtr(q)
    ratio = np.exp(-0.5 * q**2 - 0.5 * np.log(2 * np.pi) - log_p)  # the inverse Mills ratio, stable in the far tail
    return float(log_p.sum()), sign * ratio, ratio * (ratio + q)


def _refuse(reason: str) -> NoReturn:
    raise NotEstimableError(reason)
