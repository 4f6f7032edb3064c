"""Estimator "bacon": the two-by-two comparisons behind a two-way estimate, and their weights (Goodman-Bacon).

On a balanced panel without controls the two-way coefficient is the weighted mean of one difference in differences for
each pair of cohorts. With n the cohorts' shares of the units and D the share of periods in which they are treated,
the weight of a pair is proportional to

    treated k, never treated u:     n_k n_u D_k (1 - D_k)
    k treated before l, k treated:  n_k n_l (1 - D_l)^2 ((D_k - D_l) / (1 - D_l)) ((1 - D_k) / (1 - D_l))
    k treated before l, l treated:  n_k n_l D_k^2 (D_l / D_k) ((D_k - D_l) / D_k)

(n_k n_u is (n_k + n_u)^2 n_ku (1 - n_ku) of the paper). Units treated in every period serve as a comparison alone.

References
----------
Goodman-Bacon (2021), Journal of Econometrics 225(2), 254-277: Theorem 1, equations (10).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.estimators.adoption import NEVER, Adoption, adoption
from resilience_pipeline.econometrics.estimators.effects import Effect, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator, Option, refuse
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

DETAIL = Option(
    "detail", "pairs", "kinds: one line for each kind of comparison; pairs: and each pair", ("kinds", "pairs")
)
KINDS = ("treated_vs_never", "earlier_vs_later", "later_vs_earlier", "later_vs_always")


@dataclass(frozen=True)
class Comparison:
    """One two-by-two difference in differences: its kind, the cohorts' first periods, its effect and raw weight."""

    kind: str
    treated: float
    compared: float
    effect: float
    weight: float


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Terms: the two-way coefficient under the treatment's name, effects and weights by kind, then by pair.

    Only the two-way coefficient has an error.
    """
    if spec.controls:
        raise refuse(spec, "the decomposition is of an estimate without controls", "leave the controls out")
    found = adoption(spec, frame, balanced=True, always_treated=True)
    inner = replace(found.sample.specification, cluster=spec.cluster or (found.unit,), vcov=spec.vcov)
    two_way = estimate(inner, found.sample.frame, engines=("kernel",))
    if two_way.status != "estimated":
        raise NotEstimableError(str(two_way.reason), two_way.status)
    pairs = comparisons(found)
    total = sum(pair.weight for pair in pairs)
    effects = []
    for kind in KINDS:
        of_kind = [pair for pair in pairs if pair.kind == kind]
        weight = sum(pair.weight for pair in of_kind)
        if of_kind:
            effects.append(Effect(kind, sum(pair.weight * pair.effect for pair in of_kind) / weight))
            effects.append(Effect(f"weight_{kind}", weight / total))
    for pair in pairs if options["detail"] == "pairs" else ():
        name = f"{pair.treated:g}_vs_{'never' if pair.compared == NEVER else format(pair.compared, 'g')}"
        effects += [Effect(f"att_{name}", pair.effect), Effect(f"weight_{name}", pair.weight / total)]
    parts = record(spec, found, effects, options=options, vcov=two_way.vcov)
    return replace(
        two_way,
        specification=spec,
        spec_hash=spec.hash,
        options=dict(options),
        warnings=parts.warnings,
        terms=(two_way.terms[0], *parts.terms),
    )


def comparisons(found: Adoption) -> list[Comparison]:
    """Every pair of cohorts that differ in treatment, in order of the treated cohort's first period."""
    y, periods, start = found.wide(found.outcome), found.periods, found.periods[0]
    cohorts = np.unique(found.first)
    size = {g: float((found.first == g).mean()) for g in cohorts}
    mean = {g: y[found.first == g].mean(axis=0) for g in cohorts}
    share = {g: float((periods >= g).mean()) for g in cohorts}

    def change(g: float, after: Floats, before: Floats) -> float:
        return float(mean[g][after].mean() - mean[g][before].mean())

    pairs = []
    for k in cohorts[(cohorts < NEVER) & (cohorts > start)]:
        for other in cohorts[cohorts != k]:
            n, D, E = size[k] * size[other], share[k], share[other]
            if other in (NEVER, start):
                after, before, weight = periods >= k, periods < k, n * D * (1 - D)
                kind = "treated_vs_never" if other == NEVER else "later_vs_always"
            elif other > k:
                after, before = (periods >= k) & (periods < other), periods < k
                weight, kind = n * (D - E) * (1 - D), "earlier_vs_later"
            else:
                after, before = periods >= k, (periods >= other) & (periods < k)
                weight, kind = n * D * (E - D), "later_vs_earlier"
            effect = change(k, after, before) - change(other, after, before)
            pairs.append(Comparison(kind, float(k), float(other), effect, weight))
    return pairs


ESTIMATOR = Estimator("bacon", "decomposition of the two-way estimate (Goodman-Bacon 2021)", run, (DETAIL,))
