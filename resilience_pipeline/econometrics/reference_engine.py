"""The same regressions through linearmodels, whose numbers are printed wherever it can express the model.

Pooled models are `PooledOLS`. With absorbed effects, the one with most levels is the entity of a `PanelOLS` and the
others enter as dummies, those without a variation of their own left out; that form, not `PanelOLS` with two effects,
is the one whose clustered errors are Stata's. Columns are centred and scaled before and mapped back after, so that
the constant is mean(y) - mean(x)'b. linearmodels' own small-sample corrections are off: `covariance` applies the named
rule. Importing linearmodels takes over a second, so it is imported where it is used.
"""

from typing import Any

import numpy as np

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats, independent_levels
from resilience_pipeline.econometrics.kernel import Design, Solution

DENSE_CELLS = 20_000_000  # rows times columns of the dense design linearmodels is given: 160 MB


def can_express(design: Design) -> bool:
    """Whether the model's dense design, dummies of all effects but the largest, is small enough."""
    levels = sorted(int(codes.max()) + 1 for codes in design.effects)
    n, k = design.X.shape
    return n * (k + 1 + sum(levels[:-1])) <= DENSE_CELLS


def solve(design: Design) -> Solution:
    """Coefficients, constant last, and the plain sandwich, from linearmodels.

    Parameters
    ----------
    design : as for `kernel.solve`; regressors must be linearly independent once the effects are out.
    """
    import pandas as pd
    from linearmodels.panel import PanelOLS, PooledOLS

    n, k = design.X.shape
    levels = [int(codes.max()) + 1 for codes in design.effects]
    base = int(np.argmax(levels)) if levels else None
    entity = design.effects[base] if base is not None else np.arange(n)
    others = [codes for position, codes in enumerate(design.effects) if position != base]
    columns = np.column_stack([design.X, _dummies(others, entity)])
    y_mean, means, scales = _moments(design, columns)
    index = pd.MultiIndex.from_arrays([entity, _counter(entity)], names=["entity", "row"])
    names = [f"x{position}" for position in range(columns.shape[1])]
    exog = pd.DataFrame((columns - means) / scales, index=index, columns=names).assign(const=1.0)
    endog = pd.DataFrame({"y": design.y - y_mean}, index=index)
    weights = None if design.weights is None else pd.DataFrame({"w": design.relative_weights}, index=index)
    if base is None:
        result = PooledOLS(endog, exog, weights=weights, check_rank=False).fit(**_error_rule(design, index))
    else:
        model = PanelOLS(endog, exog, weights=weights, entity_effects=True, check_rank=False)
        result = model.fit(auto_df=False, count_effects=False, **_error_rule(design, index))
    terms = [*names[:k], "const"]
    back = np.diag(np.append(1 / scales[:k], 1.0))
    back[-1, :k] = -means[:k] / scales[:k]
    b = back @ result.params[terms].to_numpy()
    b[-1] += y_mean
    covariance = result.cov.loc[terms, terms].to_numpy()
    return Solution(b, back @ covariance @ back.T, float(result.resid_ss))


def _error_rule(design: Design, index: object) -> dict[str, Any]:
    import pandas as pd

    if design.vcov == "cluster":
        clusters = pd.DataFrame(np.column_stack(design.clusters), index=index)  # type: ignore[call-overload]
        return {"cov_type": "clustered", "clusters": clusters, "group_debias": False, "debiased": False}
    return {"cov_type": "robust" if design.vcov == "hc1" else "unadjusted", "debiased": False}


def _moments(design: Design, columns: Floats) -> tuple[float, Floats, Floats]:
    """Weighted mean of y, and means and scales of the columns; the constant of a column is given as is."""
    weights = np.ones(len(design.y)) if design.relative_weights is None else design.relative_weights
    means = weights @ columns / len(weights)
    scales = np.sqrt(((columns - means) ** 2).mean(axis=0))
    return float(weights @ design.y / len(weights)), means, scales


def _dummies(effects: list[Codes], entity: Codes) -> Floats:
    """Dummies of the effects, linearly independent of each other and of the entities; shape (N, L)."""
    if not effects:
        return np.empty((len(entity), 0))
    dummies = np.hstack([np.eye(int(codes.max()) + 1)[codes] for codes in effects])
    within = Absorber([entity]).residualise(dummies)
    return dummies[:, independent_levels(within.T @ within)]


def _counter(entity: Codes) -> Codes:
    """0, 1, 2, ... within each entity, so that entity and counter name a row; shape (N,)."""
    order = np.argsort(entity, kind="stable")
    counts = np.bincount(entity)
    counter = np.empty(len(entity), dtype=np.intp)
    counter[order] = np.arange(len(entity)) - np.repeat(np.cumsum(counts) - counts, counts)
    return counter
