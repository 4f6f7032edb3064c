"""What stands beside the coefficients under each error rule: errors, p values, intervals, and how they were made.

A model is first fitted under a plain rule (`error_rules.ErrorRule.plain`). Then

- cv3: errors by leaving out each cluster in turn, t with G - 1 degrees of freedom; no small-sample rule applies. The
  constant's is that of its refits, which other effects are in; CV1 takes the effects as they are;
- wcr: errors are the clustered ones (CV1) with their t, p values and intervals come from the wild cluster bootstrap of
  each coefficient. The constant, which is fitted to the other coefficients, has none;
- conley: errors are spatial, with the factor and t of errors clustered by unit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resilience_pipeline.econometrics import kernel
from resilience_pipeline.econometrics.absorption import Codes, Floats, level_sums
from resilience_pipeline.econometrics.conley import conley_covariance, places_of_units
from resilience_pipeline.econometrics.covariance import repaired
from resilience_pipeline.econometrics.error_rules import ErrorRule, error_rule
from resilience_pipeline.econometrics.kernel import Design, Fit
from resilience_pipeline.econometrics.moments import MomentTable, moment_table
from resilience_pipeline.econometrics.resampling import jackknife
from resilience_pipeline.econometrics.sample import NotEstimableError, Sample
from resilience_pipeline.econometrics.wild import wild_bootstrap

if TYPE_CHECKING:
    from resilience_pipeline.econometrics.model import Model

_MENDED = "the {} covariance had negative eigenvalues; they were set to zero"


@dataclass(frozen=True)
class PrintedErrors:
    """Errors, t, p values and 95 % intervals of k regressors and, last, the constant, each of shape (k + 1,).

    draws, undefined_draws, seed : of the bootstrap, None without one. warnings : what a reader should know.
    """

    std_errors: Floats
    t: Floats
    p_values: Floats
    low: Floats
    high: Floats
    draws: int | None = None
    undefined_draws: int | None = None
    seed: int | None = None
    warnings: tuple[str, ...] = ()


def printed_errors(model: "Model", fit: Fit) -> PrintedErrors:
    """The errors of a fitted model under its specification's rule.

    Raises
    ------
    NotEstimableError : the rule needs what the data do not give.
    """
    rule = error_rule(model.sample.specification.vcov)
    if rule.kind == "cv3":
        return by_t(fit, _cv3(model, fit))
    if rule.kind == "wcr":
        return _wild(model, fit, rule)
    if rule.kind == "conley":
        return by_t(fit, *_conley(model, fit, rule))
    covariance, mended = repaired(fit.covariance)
    return by_t(fit, np.sqrt(np.diag(covariance)), (_MENDED.format("two-way clustered"),) if mended else ())


def by_t(fit: Fit, std_errors: Floats, warnings: tuple[str, ...] = ()) -> PrintedErrors:
    """t, p values and intervals by the t law with the fit's degrees of freedom."""
    from scipy.special import stdtr, stdtrit  # the t distribution without the slow import of scipy.stats

    critical = float(stdtrit(fit.dof, 0.975))
    b = fit.coefficients
    with np.errstate(divide="ignore", invalid="ignore"):
        t = b / std_errors
    p = 2 * stdtr(fit.dof, -np.abs(t))
    return PrintedErrors(std_errors, t, p, b - critical * std_errors, b + critical * std_errors, warnings=warnings)


def cluster_table(model: "Model") -> MomentTable:
    """Moments of the model's outcome and terms, by the clusters of its errors."""
    design, outcome = model.design, model.sample.specification.outcome
    columns = {outcome: design.y} | {term: design.X[:, place] for place, term in enumerate(model.terms)}
    return moment_table(columns, clusters=design.clusters[0], effects=design.effects, weights=design.weights)


def _cv3(model: "Model", fit: Fit) -> Floats:
    """CV3 of the regressors and of the constant, mean(y) - mean(x)'b without each cluster, shape (k + 1,)."""
    design, spec = model.design, model.sample.specification
    table = cluster_table(model)
    table.fit(spec.outcome, model.terms, spec.ssc)
    left_out = jackknife(table, spec.outcome, model.terms)
    if left_out.undefined:
        missing = np.flatnonzero(np.isnan(left_out.coefficients).any(axis=1))
        raise NotEstimableError(
            f"CV3 needs the model without each cluster in turn, and without {left_out.undefined} of them, first "
            f"{_label(model.sample, int(missing[0]))}, it is not identified"
        )
    constants = _constants(design, design.clusters[0], left_out.coefficients) - fit.coefficients[-1]
    G = len(constants)
    return np.append(left_out.std_errors, np.sqrt((G - 1) / G * float(constants @ constants)))


def _constants(design: Design, clusters: Codes, without: Floats) -> Floats:
    """The constant without each cluster, shape (G,)."""
    weights = np.ones(len(design.y)) if design.weights is None else design.weights
    weighted = weights[:, None] * np.column_stack([np.ones(len(design.y)), design.y, design.X])
    sums = level_sums(weighted, clusters, int(clusters.max()) + 1)
    rest = sums.sum(axis=0) - sums
    means = rest[:, 1:] / rest[:, :1]
    constants: Floats = means[:, 0] - (means[:, 1:] * without).sum(axis=1)
    return constants


def _label(sample: Sample, cluster: int) -> str:
    (name,) = sample.specification.cluster
    row = int(np.flatnonzero(sample.codes(name) == cluster)[0])
    return f"{name} " + ", ".join(str(sample.frame[part][row]) for part in name.split("^"))


def _wild(model: "Model", fit: Fit, rule: ErrorRule) -> PrintedErrors:
    spec = model.sample.specification
    table = cluster_table(model)
    table.fit(spec.outcome, model.terms, spec.ssc)
    draws, seed = spec.bootstrap_draws, spec.bootstrap_seed
    tests = wild_bootstrap(
        table, fit, spec.outcome, model.terms, model.terms,
        draws=draws, rng=np.random.default_rng(seed), weights=rule.signs,
    )  # fmt: skip
    found = list(tests.values())
    low, high = np.array([*(test.interval() for test in found), (np.nan, np.nan)]).T
    warnings: tuple[str, ...] = ()
    if found[0].listed:
        warnings = (f"all {len(found[0]):,} sign vectors of {len(table.present)} clusters were taken, none was drawn",)
    return PrintedErrors(
        fit.std_errors,
        by_t(fit, fit.std_errors).t,
        np.array([*(test.p_value() for test in found), np.nan]),
        low,
        high,
        len(found[0]),
        max(test.undefined() for test in found),
        None if found[0].listed else seed,
        warnings,
    )


def _conley(model: "Model", fit: Fit, rule: ErrorRule) -> tuple[Floats, tuple[str, ...]]:
    """Spatial errors, and a warning where a variance was negative: near units whose errors cancel out."""
    covariance = _spatial(model, fit, rule)
    if (np.diag(covariance) > 0).all():
        return np.sqrt(np.diag(covariance)), ()
    return np.sqrt(np.diag(repaired(covariance)[0])), (_MENDED.format("spatial"),)


def term_covariance(model: "Model", fit: Fit) -> Floats:
    """Covariance of the regressors under the specification's rule, shape (k, k), for tests of several at once.

    The roots of its diagonal are the printed errors; under wcr it is the clustered one (CV1).

    Raises
    ------
    NotEstimableError : the rule needs what the data do not give.
    """
    rule = error_rule(model.sample.specification.vcov)
    if rule.kind == "cv3":
        return _jackknife(model)
    if rule.kind == "conley" and (np.diag(spatial := _spatial(model, fit, rule)) > 0).all():
        return spatial[:-1, :-1]
    whole = spatial if rule.kind == "conley" else fit.covariance
    return repaired(whole)[0][:-1, :-1]


def _jackknife(model: "Model") -> Floats:
    """CV3 of the regressors with their covariances, shape (k, k), of a model whose errors are CV3 already."""
    outcome = model.sample.specification.outcome
    table = cluster_table(model)
    full = table.fit(outcome, model.terms, model.sample.specification.ssc).coefficients[:-1]
    apart = jackknife(table, outcome, model.terms).coefficients - full
    if np.isnan(apart).any():
        raise NotEstimableError("without one of the clusters the model is not identified")
    G = len(apart)
    covariance: Floats = (G - 1) / G * apart.T @ apart
    return covariance


def _spatial(model: "Model", fit: Fit, rule: ErrorRule) -> Floats:
    """Spatial covariance, shape (k + 1, k + 1), as it comes: it need not be one.

    A covariance that is merely no covariance stays as acreg and fixest would print it.
    """
    sample, spec = model.sample, model.sample.specification
    units = model.design.clusters[0]
    if spec.time is None and len(units) > units.max() + 1:
        raise NotEstimableError("spatial errors need the column of time: units have several rows")
    coordinates = places_of_units(units, sample.column(str(spec.latitude)), sample.column(str(spec.longitude)))
    if coordinates is None:
        raise NotEstimableError(f"a {sample.unit} has several places in {spec.latitude}, {spec.longitude}")
    if (np.abs(coordinates) > np.array([90, 360])).any():
        raise NotEstimableError(f"{spec.latitude}, {spec.longitude} are no degrees of latitude and longitude")
    times = sample.codes(spec.time) if spec.time else np.zeros(len(units), dtype=np.intp)
    pull = kernel.pull(model.design, model.absorber)
    assert rule.kilometres is not None
    assert rule.kernel is not None
    return fit.factor * conley_covariance(pull, units, times, coordinates, rule.kilometres, rule.kernel)
