"""The coefficients of an event study with their covariance matrix: as arrays for tests, and as rows of a table.

An `Estimate` keeps standard errors; whoever asks about several years at once needs the covariances too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Codes, Floats
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.printed_errors import term_covariance
from resilience_pipeline.econometrics.specification import Specification

#: One row per pair of terms, both orders; `term_clusters` have a row in which the term is not zero (null without
#: one-way clusters).
COVARIANCE = pl.Schema(
    {"term": pl.String(), "other": pl.String(), "covariance": pl.Float64(), "term_clusters": pl.Int64()}
)


@dataclass(frozen=True)
class YearEffects:
    """Effects by year against the base year, leads first.

    Parameters
    ----------
    years : shape (K,), in order, without the base year. base : the year that is left out.
    estimates, covariance : shapes (K,) and (K, K).
    dof : degrees of freedom of t; None = the normal law.
    treated_clusters : that have treated rows, the fewest of any year; None where errors are not clustered one way.
    """

    years: tuple[int, ...]
    base: int
    estimates: Floats
    covariance: Floats
    dof: float | None = None
    treated_clusters: int | None = None

    @property
    def std_errors(self) -> Floats:
        """Shape (K,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def horizons(self) -> Floats:
        """Years since the base year, shape (K,); negative ones are leads."""
        return np.array(self.years, dtype=np.float64) - self.base

    @property
    def leads(self) -> Codes:
        """Places of the years before the base year."""
        return np.flatnonzero(self.horizons < 0)

    @property
    def lags(self) -> Codes:
        """Places of the years after the base year."""
        return np.flatnonzero(self.horizons > 0)

    @property
    def without_gaps(self) -> bool:
        """Whether the years and the base year follow one another."""
        span = sorted((*self.years, self.base))
        return span == list(range(span[0], span[-1] + 1))


@dataclass(frozen=True)
class JointTest:
    """statistic : F. numerator, denominator : its degrees of freedom, None for chi2(q) / q. p_value : of that law."""

    statistic: float
    numerator: int
    denominator: float | None
    p_value: float

    @property
    def law(self) -> str:
        """`F(5, 280)`."""
        return (
            f"chi2({self.numerator}) / {self.numerator}"
            if self.denominator is None
            else f"F({self.numerator}, {self.denominator:g})"
        )


def covariance_table(specification: Specification, frame: pl.DataFrame, terms: tuple[str, ...]) -> pl.DataFrame:
    """Covariances of the terms that are in the model, schema `COVARIANCE`, the error rule's factor in them.

    Parameters
    ----------
    terms : regressors of the specification; those that were dropped as collinear have no row.

    Raises
    ------
    NotEstimableError, AbsorptionError : as `model.model_of`.
    MomentMismatchError : as `moments.MomentTable.fit`.
    """
    model = model_of(specification, frame)
    covariance = term_covariance(model, model.fit("kernel"))
    clusters = model.design.clusters
    counts = [len(np.unique(clusters[0][x != 0])) if len(clusters) == 1 else None for x in model.design.X.T]
    kept = [(name, model.terms.index(name)) for name in terms if name in model.terms]
    rows = [(term, other, float(covariance[i, j]), counts[i]) for term, i in kept for other, j in kept]
    return pl.DataFrame(rows, schema=COVARIANCE, orient="row")


def year_effects(record: pl.DataFrame, covariance: pl.DataFrame, years: Mapping[str, int], base: int) -> YearEffects:
    """The year effects of an estimated record.

    Parameters
    ----------
    record : tidy estimate, one row per term (`tidy.ESTIMATES`).
    covariance : `COVARIANCE`, of the same estimate.
    years : dummy -> calendar year.
    """
    estimates = {row["term"]: row["estimate"] for row in record.to_dicts() if row["term"] in years}
    pairs = {(row["term"], row["other"]): row["covariance"] for row in covariance.to_dicts()}
    terms = sorted(estimates, key=years.__getitem__)
    treated = covariance["term_clusters"].drop_nulls().to_list()
    return YearEffects(
        years=tuple(years[term] for term in terms),
        base=base,
        estimates=np.array([estimates[term] for term in terms]),
        covariance=np.array([[pairs[term, other] for other in terms] for term in terms]),
        dof=record["dof"][0],
        treated_clusters=min(treated, default=None),
    )


def joint_test(estimates: Floats, covariance: Floats, dof: float | None) -> JointTest:
    """Wald test that all are zero, as F(q, dof); under clusters dof is G - 1, as in reghdfe and `test` after it.

        F = b' V^-1 b / q

    Parameters
    ----------
    estimates, covariance : shapes (q,) and (q, q).

    Raises
    ------
    ArithmeticError : there is nothing to test, or the covariance matrix is singular (fewer clusters than coefficients)
        or none (spatial errors can give such).
    """
    from scipy.special import chdtrc, fdtrc

    q = len(estimates)
    if not q:
        raise ArithmeticError("there is nothing to test")
    demand_definite(covariance)
    F = float(estimates @ np.linalg.solve(covariance, estimates)) / q
    p = float(chdtrc(q, q * F) if dof is None else fdtrc(q, dof, F))
    return JointTest(F, q, dof, p)


def hotelling(test: JointTest, treated_clusters: int) -> JointTest:
    """The same statistic under Hotelling's law, which knows how few treated clusters there are.

        F (n - q + 1) / n ~ F(q, n - q + 1),   n = treated clusters - 1

    The year effects are means over the treated clusters, so V rests on that many vectors, however many controls there
    are; F(q, G - 1) then rejects too often (Pustejovsky and Tipton 2018, Journal of Business and Economic Statistics
    36, who estimate n; we take the count).

    Raises
    ------
    ArithmeticError : there are no more treated clusters than coefficients.
    """
    from scipy.special import fdtrc

    n, q = treated_clusters - 1, test.numerator
    if n < q:
        raise ArithmeticError(f"{treated_clusters} treated clusters are too few to test {q} coefficients")
    F = test.statistic * (n - q + 1) / n
    return JointTest(F, q, float(n - q + 1), float(fdtrc(q, n - q + 1, F)))


def demand_definite(covariance: Floats) -> None:
    """Raise ArithmeticError where the matrix is singular, or has a negative eigenvalue."""
    values = np.linalg.eigvalsh(covariance)
    if values[0] <= values[-1] * len(values) * np.finfo(np.float64).eps:
        raise ArithmeticError("the covariance matrix is singular or no covariance")


def combination(effects: YearEffects, weights: Floats) -> tuple[float, float]:
    """Estimate and standard error of weights' b; weights of shape (K,)."""
    return float(weights @ effects.estimates), float(np.sqrt(weights @ effects.covariance @ weights))


def average_lag(effects: YearEffects) -> Floats:
    """Weights of the mean of all lags, shape (K,)."""
    weights = np.zeros(len(effects.years))
    weights[effects.lags] = 1 / len(effects.lags)
    return weights
