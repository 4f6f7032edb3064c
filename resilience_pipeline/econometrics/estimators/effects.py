"""From effects and their errors to the record: names of terms, p values, intervals, counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from resilience_pipeline.econometrics.absorption import Codes, Floats, level_sums
from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.estimators.adoption import Adoption
from resilience_pipeline.econometrics.inference import two_sided
from resilience_pipeline.econometrics.model import FEW_CLUSTERS
from resilience_pipeline.econometrics.specification import Specification

INFLUENCE = "influence"  # errors from sums of influence functions by cluster, no small-sample factor, normal law


@dataclass(frozen=True)
class Effect:
    """One number of an estimator; std_error nan where it has none (a weight)."""

    term: str
    estimate: float
    std_error: float = np.nan


def event_term(relative: float) -> str:
    """`lag_0` of the first treated period, `lead_1` of the period before it."""
    return f"lag_{relative:g}" if relative >= 0 else f"lead_{-relative:g}"


def clustered(influence: Floats, clusters: Codes) -> Floats:
    """Standard errors from each unit's or row's pull on the estimates, summed within clusters.

    Parameters
    ----------
    influence : shape (n, m); the estimates' deviations are sums of it. clusters : shape (n,).
    """
    sums = level_sums(influence, clusters, int(clusters.max()) + 1)
    return np.sqrt((sums**2).sum(axis=0))


def record(
    spec: Specification,
    found: Adoption,
    effects: Iterable[Effect],
    *,
    options: Mapping[str, str],
    vcov: str | None = INFLUENCE,
    ssc: str | None = None,
    dof: float | None = None,
    n_clusters: int | None = None,
    engine: str = "own",
    package: str | None = None,
    draws: int | None = None,
    seed: int | None = None,
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """The estimated record; effects without a number leave with a warning.

    Parameters
    ----------
    dof : degrees of freedom of t; None = the normal law.
    package : the library that made the numbers; its version is stored.
    """
    effects = list(effects)
    lost = [effect.term for effect in effects if not np.isfinite(effect.estimate)]
    if lost:
        warnings += (f"not identified and left out: {', '.join(lost)}",)
    if spec.vcov != "cluster" and vcov not in (spec.vcov, spec.error_rule.name):
        warnings += (f"the error rule {spec.vcov} is not of estimator {spec.estimator}; its own is used",)
    if n_clusters is not None and n_clusters < FEW_CLUSTERS and vcov == INFLUENCE:
        warnings += (f"only {n_clusters} clusters: clustered errors are unreliable",)
    terms = []
    for effect in effects:
        if effect.term not in lost:
            p, low, high = two_sided(effect.estimate, effect.std_error, dof)
            t = effect.estimate / effect.std_error if effect.std_error > 0 else np.nan
            numbers = (effect.estimate, effect.std_error, t, p, low, high)
            terms.append(Term(effect.term, *map(float, numbers)))
    return Estimate(
        specification=spec,
        status="estimated",
        terms=tuple(terms),
        vcov=vcov,
        ssc=ssc,
        dof=dof,
        n_obs=found.sample.frame.height,
        n_dropped_missing=found.sample.n_missing,
        n_units=len(found.first),
        n_periods=len(found.periods),
        n_clusters=n_clusters,
        n_treated_units=int(np.isfinite(found.first).sum()),
        engine=engine,
        spec_hash=spec.hash,
        data_hash=found.sample.data_hash,
        versions=versions(package),
        warnings=found.warnings + warnings,
        draws=draws,
        seed=seed,
        options=dict(options),
    )


def versions(package: str | None = None) -> dict[str, str]:
    """Versions of the packages behind the numbers."""
    return {name: version(name) for name in ("numpy", "polars", *([package] if package else []))}
