"""A mediation system as rows: coefficients, products and shares, each by every method that gives it an error."""

from dataclasses import replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.inference import Inference, two_sided
from resilience_pipeline.econometrics.kernel import Fit
from resilience_pipeline.econometrics.mediation import System
from resilience_pipeline.econometrics.resampling import bca_interval, percentile_interval

LEAST_SQUARES = "least squares"
SOBEL = "Sobel, covariance of a and b by cluster"
TEXTBOOK = "Sobel, covariance of a and b taken as zero"
PERCENTILE = "bootstrap of cities, percentile"
BCA = "bootstrap of cities, BCa"

TOTAL, DIRECT, A, B, INDIRECT, SHARE = "total", "direct", "a", "b", "indirect", "share"

#: Subject of what is no single mediator's.
ALL = "all mediators"


def mediation_rows(system: System, draws: pl.DataFrame, seed: int) -> list[Inference]:
    """Rows of one system; with several mediators also those of their sum, c - c' = sum_j a_j b_j.

    Parameters
    ----------
    draws : `mediation.DRAWS` of the system. seed : theirs.
    """
    k, alone = len(system.mediators), len(system.mediators) == 1
    effects, without = system.effects, system.leaving_one_out()
    estimate, left_out = (_with_sum(part.indirect) for part in (effects, without))
    drawn, total = _with_sum(draws["indirect"].to_numpy().reshape(-1, k)), draws["total"].to_numpy()[::k]
    rows = [
        _coefficient(system, system.mediators[0] if alone else ALL, statistic, fit, 0)
        for statistic, fit in ((TOTAL, system.total), (DIRECT, system.direct))
    ]
    for j, subject in enumerate((*system.mediators, ALL)[: estimate.shape[1]]):
        if subject != ALL:
            rows.append(_coefficient(system, subject, A, system.paths[j], 0))
            rows.append(_coefficient(system, subject, B, system.direct, system.model.terms.index(subject)))
            rows += _sobel(system, subject)
        rows += _bootstrap(subject, INDIRECT, estimate[0, j], drawn[:, j], left_out[:, j], seed)
        share = estimate[0, j] / effects.total[0], drawn[:, j] / total, left_out[:, j] / without.total
        rows += _bootstrap(subject, SHARE, *share, seed)
    G = len(system.table.present)
    return [replace(row, n_obs=len(system.model.design.y), n_clusters=G) for row in rows]


def _with_sum(products: Floats) -> Floats:
    """The mediators' products and, where there are several, their sum; shape (B, k) or (B, k + 1)."""
    return products if products.shape[1] == 1 else np.column_stack([products, products.sum(axis=1)])


def _coefficient(system: System, subject: str, statistic: str, fit: Fit, place: int) -> Inference:
    spec = system.model.sample.specification
    b, se = float(fit.coefficients[place]), float(fit.std_errors[place])
    p, low, high = two_sided(b, se, fit.dof)
    note = f"clustered by {spec.cluster[0]}, {spec.ssc}, t with {fit.dof:.0f} degrees of freedom"
    return Inference(subject, LEAST_SQUARES, statistic, b, se, low, high, p, note=note)


def _sobel(system: System, mediator: str) -> list[Inference]:
    j = system.mediators.index(mediator)
    a, b = float(system.effects.a[0, j]), float(system.effects.b[0, j])
    V_a, V_b, C_ab = system.covariance(mediator)
    own, law = "each error with its equation's own factor", "normal law"
    notes = f"{own}, their covariance with the factors' geometric mean; {law}", f"{own}; {law}"
    rows = []
    for method, between, note in zip((SOBEL, TEXTBOOK), (C_ab, 0.0), notes, strict=True):
        # The stacked covariance is positive semi-definite, so only rounding could make this negative.
        se = float(np.sqrt(max(a**2 * V_b + b**2 * V_a + 2 * a * b * between, 0.0)))
        p, low, high = two_sided(a * b, se)
        rows.append(Inference(mediator, method, INDIRECT, a * b, se, low, high, p, note=note))
    return rows


def _bootstrap(
    subject: str, statistic: str, estimate: float, drawn: Floats, without: Floats, seed: int
) -> list[Inference]:
    defined = drawn[~np.isnan(drawn)]
    spread = float(defined.std(ddof=1)) if len(defined) > 1 and statistic == INDIRECT else None
    intervals = ((PERCENTILE, percentile_interval(drawn)), (BCA, bca_interval(drawn, estimate, without)))
    return [
        Inference(
            subject,
            method,
            statistic,
            float(estimate),
            spread,  # none for a share: a ratio has no finite variance
            low,
            high,
            draws=len(drawn),
            undefined_draws=len(drawn) - len(defined),
            seed=seed,
            note="whole cities drawn with replacement, all their years with them",
        )
        for method, (low, high) in intervals
    ]
