"""Is the treatment's coefficient another one in the second subsample? Three answers to one question.

Let b1 and b2 be the coefficients of the two printed columns, d = b2 - b1.

- full interaction: one regression on both subsamples in which treatment, controls and every effect but the units' own
  have a second coefficient in the second subsample; the test is that of treatment x second. Where each city stays in
  one group its coefficient is d exactly; where cities change groups, their effects are common to both and it is not.
- stacked scores (suest): z = d / sqrt(V1 + V2 - 2 C12), C12 = sqrt(f1 f2) sum_c p1_c p2_c from the clusters' pulls p on
  both coefficients. V1 = f1 sum_c p1_c^2 and V2 are the printed errors' squares with their own small-sample factors f;
  C12 has the factors' geometric mean, so the variance is a sum of squares and never negative. It allows for cities that
  are in both groups. Normal law.
- permutation: the cities' groups are dealt out anew among the cities; see `permutation.py`.

References
----------
Weesie (1999), "Seemingly unrelated estimation and the cluster-adjusted sandwich estimator"; Gelman and Stern (2006),
"The difference between significant and not significant is not itself statistically significant".
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import is_nested
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.inference import Inference, two_sided
from resilience_pipeline.econometrics.model import Model, model_of
from resilience_pipeline.econometrics.moments import MomentTable, moment_table
from resilience_pipeline.econometrics.paths import FIRST, NEITHER, SECOND, Members
from resilience_pipeline.econometrics.predicate import keep_rows
from resilience_pipeline.econometrics.sample import NotEstimableError, level_codes
from resilience_pipeline.econometrics.specification import Specification

DIFFERENCE = "second less first"
INTERACTION = "full interaction"
STACKED = "stacked scores"

_SECOND = "second_subsample"


@dataclass(frozen=True)
class Split:
    """Two specifications that differ in their rows alone, on a frame of which each takes its part.

    first, second : both with treatment, `where` and one column of clusters.
    frame : one row per unit and time, also of those that lack a value.
    """

    first: Specification
    second: Specification
    frame: pl.DataFrame

    @property
    def treatment(self) -> str:
        """The treatment whose coefficients are compared."""
        return str(self.first.treatment)

    def members(self) -> Members:
        """FIRST, SECOND or NEITHER for each row of the frame, shape (rows,), by the two sample filters.

        Raises
        ------
        NotEstimableError : a row is in both.
        """
        numbered = self.frame.with_row_index("row")
        member = np.full(self.frame.height, NEITHER, dtype=np.int8)
        for side, spec in ((FIRST, self.first), (SECOND, self.second)):
            rows = (keep_rows(numbered, spec.where) if spec.where else numbered)["row"].to_numpy()
            if (member[rows] != NEITHER).any():
                raise NotEstimableError(f"{self.first.name} and {self.second.name} share rows: they are no two groups")
            member[rows] = side
        return member


@dataclass(frozen=True)
class Sides:
    """Both subsamples, clusters numbered alike: models, tables of moments, coefficients of the treatment."""

    models: tuple[Model, Model]
    tables: tuple[MomentTable, MomentTable]
    coefficients: tuple[float, float]
    std_errors: tuple[float, float]
    covariance: float

    @property
    def difference(self) -> float:
        """Second less first."""
        return self.coefficients[1] - self.coefficients[0]

    @property
    def n_obs(self) -> int:
        """Rows of both."""
        return sum(len(model.design.y) for model in self.models)

    @property
    def n_clusters(self) -> int:
        """Clusters in either."""
        return len(np.union1d(self.tables[0].present, self.tables[1].present))

    @property
    def n_shared(self) -> int:
        """Clusters in both."""
        return len(np.intersect1d(self.tables[0].present, self.tables[1].present))


def sides_of(split: Split) -> Sides:
    """Fit both subsamples.

    Raises
    ------
    NotEstimableError : one of the two cannot be estimated.
    MomentMismatchError : see `MomentTable.fit`.
    """
    models = model_of(split.first, split.frame), model_of(split.second, split.frame)
    cluster = split.first.cluster[0]
    labels = pl.concat([model.sample.frame[cluster] for model in models]).unique().sort()
    codes = [model.sample.frame[cluster].replace_strict(labels, np.arange(len(labels))).to_numpy() for model in models]
    fits, tables, pulls = [], [], []
    for model, clusters in zip(models, codes, strict=True):
        spec = model.sample.specification
        columns = {name: model.sample.column(name) for name in (spec.outcome, *model.terms)}
        table = moment_table(
            columns,
            clusters=clusters.astype(np.intp),
            effects=model.design.effects,
            weights=model.design.weights,
            n_clusters=len(labels),
        )
        tables.append(table)
        fits.append(table.fit(spec.outcome, model.terms, spec.ssc))
        pulls.append(table.influence(spec.outcome, model.terms)[:, model.terms.index(split.treatment)])
    place = [model.terms.index(split.treatment) for model in models]
    b1, b2 = (float(fit.coefficients[at]) for fit, at in zip(fits, place, strict=True))
    s1, s2 = (float(fit.std_errors[at]) for fit, at in zip(fits, place, strict=True))
    shared = float(np.sqrt(fits[0].factor * fits[1].factor) * (pulls[0] @ pulls[1]))
    return Sides((models[0], models[1]), (tables[0], tables[1]), (b1, b2), (s1, s2), shared)


def subsample_rows(split: Split, sides: Sides) -> list[Inference]:
    """The two coefficients with their clustered errors, as printed."""
    rows = []
    for place, (model, table) in enumerate(zip(sides.models, sides.tables, strict=True)):
        spec, G = model.sample.specification, len(table.present)
        b, se = sides.coefficients[place], sides.std_errors[place]
        p, low, high = two_sided(b, se, G - 1)
        note = f"{spec.label}; clustered by {spec.cluster[0]}, {spec.ssc}, t with {G - 1} degrees of freedom"
        rows.append(
            Inference(
                split.treatment,
                "least squares",
                spec.name,
                b,
                se,
                low,
                high,
                p,
                n_obs=len(model.design.y),
                n_clusters=G,
                note=note,
            )
        )
    return rows


def stacked(split: Split, sides: Sides) -> Inference:
    """The difference with the covariance of the two coefficients from stacked scores."""
    s1, s2 = sides.std_errors
    se = float(np.sqrt(max(s1**2 + s2**2 - 2 * sides.covariance, 0.0)))
    p, low, high = two_sided(sides.difference, se)
    return Inference(
        split.treatment,
        STACKED,
        DIFFERENCE,
        sides.difference,
        se,
        low,
        high,
        p,
        n_obs=sides.n_obs,
        n_clusters=sides.n_clusters,
        note=f"each error with its own factor ({split.first.ssc}), their covariance with the factors' geometric mean; "
        f"{sides.n_shared} clusters are in both subsamples; normal law",
    )


def interaction(split: Split) -> Inference:
    """The difference from one regression on both subsamples."""
    member = split.members()
    second = pl.Series(_SECOND, (member == SECOND).astype(np.float64))
    rows = split.frame.with_columns(second).filter(pl.Series(member != NEITHER))
    spec = split.first
    twice = {name: f"{name} x second" for name in spec.regressors}
    rows = rows.with_columns(
        (pl.col(name).cast(pl.Float64) * pl.col(_SECOND)).alias(new) for name, new in twice.items()
    )
    unit = split.first.unit or split.first.cluster[0]
    inside = tuple(effect for effect in spec.absorb if is_nested(level_codes(rows, effect), level_codes(rows, unit)))
    outer = tuple(f"{effect}^{_SECOND}" for effect in spec.absorb if effect not in inside) or (_SECOND,)
    joint = replace(
        spec,
        name=f"{spec.name} and {split.second.name}",
        treatment=twice[split.treatment],
        controls=(*spec.regressors, *(new for name, new in twice.items() if name != split.treatment)),
        absorb=(*inside, *outer),
        where=None,
    )
    result = estimate(joint, rows, engines=("kernel",))
    if result.status != "estimated":
        return Inference(
            split.treatment, INTERACTION, DIFFERENCE, status=result.status, reason=result.reason, n_obs=result.n_obs
        )
    term = result.terms[0]
    changes = any(len(set(group) - {NEITHER}) > 1 for group in _by_unit(split.frame[unit], member))
    common = "; cities change groups, their effects are common to both, so this is not the columns' difference"
    return Inference(
        split.treatment,
        INTERACTION,
        DIFFERENCE,
        term.estimate,
        term.std_error,
        term.ci_low,
        term.ci_high,
        term.p_value,
        n_obs=result.n_obs,
        n_clusters=result.n_clusters,
        note=f"errors clustered by {spec.cluster[0]}, {spec.ssc}, t with {result.dof:.0f} degrees of freedom"
        + (common if changes and inside else ""),
    )


def _by_unit(unit: pl.Series, member: Members) -> list[list[int]]:
    return pl.DataFrame({"unit": unit, "member": member}).group_by("unit").agg("member")["member"].to_list()
