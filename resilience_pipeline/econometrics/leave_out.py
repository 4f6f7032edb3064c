"""What a coefficient becomes when cities, years or rows are left out, and how it answers to each value of its columns.

All of it is about one least-squares model on its sample: the rows that stay keep their values, weights and the choice
of controls. A column that is zero in all rows that stay (the dummy of the year that is left out) leaves the model,
since its coefficient has nothing to be about; where another column loses its variation, there is no coefficient.

References
----------
Belsley, Kuh and Welsch (1980), "Regression Diagnostics", chapter 2: deletion by leverage, DFBETAS.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats, compact, is_nested
from resilience_pipeline.econometrics.kernel import CollinearColumnsError, Design, fit_arrays
from resilience_pipeline.econometrics.model import Model
from resilience_pipeline.econometrics.moments import MomentMismatchError, TooManyDummiesError, moment_table
from resilience_pipeline.econometrics.partialling import effects_basis

_ALL = 1e-9  # what is left of a row's own weight in its fit below which the row fits itself


def without_groups(model: Model, groups: Codes) -> Floats:
    """Coefficients of the model's terms without each group of rows, shape (G, k).

    From the groups' cross-products (`moments`) or, where groups are few and large, by a fit for each.

    Parameters
    ----------
    groups : of each row, numbers 0..G-1, shape (N,).

    Returns
    -------
    nan in the rows of groups without which a term is not identified, and for a term that leaves the model.
    """
    design, outcome = model.design, model.sample.specification.outcome
    dummies = sum(int(codes.max()) + 1 for codes in design.effects if not is_nested(codes, groups))
    columns = {outcome: design.y} | {name: design.X[:, place] for place, name in enumerate(model.terms)}
    everyone = range(int(groups.max()) + 1)
    if dummies > len(everyone):  # years: eliminating all cities' dummies costs more than a fit for each year
        return np.array([_refitted(design, groups != group) for group in everyone])
    try:
        table = moment_table(columns, clusters=groups, effects=design.effects, weights=design.weights)
        table.fit(outcome, model.terms)
    except (TooManyDummiesError, MomentMismatchError):
        return np.array([_refitted(design, groups != group) for group in everyone])
    found = table.leaving_one_out().coefficients(outcome, model.terms)
    for group in np.flatnonzero(np.isnan(found).any(axis=1)):
        found[group] = _refitted(design, groups != group)
    return found


def _refitted(design: Design, stays: NDArray[np.bool_]) -> Floats:
    """Coefficients on the rows that stay, shape (k,), by the kernel; nan where there are none."""
    found = np.full(design.X.shape[1], np.nan)
    kept = np.flatnonzero(design.X[stays].any(axis=0))
    weights = None if design.weights is None else design.weights[stays]
    effects = [compact(codes[stays]) for codes in design.effects]
    if not stays.any() or not len(kept):
        return found
    try:
        fit = fit_arrays(design.y[stays], design.X[stays][:, kept], effects=effects, weights=weights, vcov="iid")
    except CollinearColumnsError:
        return found
    found[kept] = fit.coefficients[:-1]
    return found


@dataclass(frozen=True)
class RowInfluence:
    """What each row does to one coefficient.

    without : the coefficient without the row, shape (N,); nan where it is not identified. dfbetas : the change that
    the row makes over the classical error without it, shape (N,). leverage : of the row in its own fit, effects
    counted, 0 to 1, shape (N,).
    """

    without: Floats
    dfbetas: Floats
    leverage: Floats


def row_influence(model: Model, term: str) -> RowInfluence:
    """Each row left out in turn, exactly, without a refit.

    b - b(i) = A x_i e_i / (1 - h_i) with A = (X'X)^-1, X and e off all effects, h_i the leverage among regressors and
    effects together. DFBETAS_i = (b - b(i)) / (s(i) sqrt(A_tt)), s(i)^2 = (RSS - e_i^2 / (1 - h_i)) / (N - K - 1).
    Under weights, rows are multiplied by their roots.
    """
    parts = _parts(model, term)
    leverage = parts.own + _leverage_of_effects(model.design)
    left = 1 - leverage
    alone = left <= _ALL  # the effects fit the row whatever it says, or it alone identifies a regressor
    moved = np.zeros_like(left)
    np.divide(parts.pull * parts.residual, left, out=moved, where=~alone)
    moved[alone & (parts.own > _ALL)] = np.nan
    squares = np.zeros_like(left)
    np.divide(parts.residual**2, left, out=squares, where=~alone)
    degrees = len(left) - len(model.terms) - model.rank - 1
    scale = np.sqrt(np.maximum(parts.residual @ parts.residual - squares, 0) / max(degrees, 1) * parts.variance)
    dfbetas = np.divide(moved, scale, out=np.full_like(moved, np.nan), where=scale > 0)
    return RowInfluence(parts.estimate - moved, dfbetas, leverage)


@dataclass(frozen=True)
class Gradient:
    """How one coefficient answers to the values of its columns.

    outcome : by each row's outcome, shape (N,). regressors : by each row's value of each term, shape (N, k).
    """

    outcome: Floats
    regressors: Floats


def gradient(model: Model, term: str) -> Gradient:
    """Derivatives of a coefficient by each value, everything else as it is.

    b = A X'WMy with M the projection off the effects, so with u = W MX A_t and e the residuals

        db_t / dy_i = u_i,   db_t / dx_ij = A_tj w_i e_i - u_i b_j.
    """
    parts = _parts(model, term)
    u, e = parts.pull * parts.root, parts.residual * parts.root
    return Gradient(u, np.outer(e, parts.row_of_inverse) - np.outer(u, parts.coefficients))


@dataclass(frozen=True)
class _Parts:
    """Of a fit, rows times the roots of the weights.

    pull : x_i'A_t, shape (N,). own : x_i'A x_i. residual, root : shape (N,). row_of_inverse, coefficients : shape (k,).
    """

    pull: Floats
    own: Floats
    residual: Floats
    root: Floats
    row_of_inverse: Floats
    coefficients: Floats
    estimate: float
    variance: float


def _parts(model: Model, term: str) -> _Parts:
    design, at = model.design, model.terms.index(term)
    weights = np.ones(len(design.y)) if design.relative_weights is None else design.relative_weights
    columns = np.column_stack([design.y, design.X])
    off = columns - weights @ columns / len(columns) if model.absorber is None else model.absorber.residualise(columns)
    root = np.sqrt(weights)
    within = off * root[:, None]
    y, X = within[:, 0], within[:, 1:]
    Q, R = np.linalg.qr(X)
    b = np.linalg.solve(R, Q.T @ y)
    R_inverse = np.linalg.inv(R)
    inverse_row: Floats = R_inverse[at] @ R_inverse.T
    own: Floats = (Q**2).sum(axis=1)
    return _Parts(Q @ R_inverse[at], own, y - X @ b, root, inverse_row, b, float(b[at]), float(inverse_row[at]))


def _leverage_of_effects(design: Design) -> Floats:
    """Diagonal of the projection on the dummies of all effects (on the constant without any), shape (N,)."""
    n = len(design.y)
    weights = np.ones(n) if design.relative_weights is None else design.relative_weights
    if not design.effects:
        return weights / n
    levels = [int(codes.max()) + 1 for codes in design.effects]
    base = int(np.argmax(levels))
    first: Codes = design.effects[base]
    others: Sequence[Codes] = [codes for place, codes in enumerate(design.effects) if place != base]
    share: Floats = weights / np.bincount(first, weights, levels[base])[first]
    if not others:
        return share
    within = Absorber([first], weights).residualise
    basis = effects_basis(others, within, np.sqrt(weights)[:, None], constant=False)
    return share + (basis**2).sum(axis=1)
