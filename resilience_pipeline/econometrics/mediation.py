"""How much of a treatment's effect is consistent with running through mediators; associations, not proof of a channel.

On one sample, with outcome y, treatment D, mediators M_j, controls and effects x:

    y   = c D + x'g + e            c, the total
    M_j = a_j D + x'g_j + e_j      a_j
    y   = c' D + sum_j b_j M_j + x'h + u    c', the direct; b_j

and c = c' + sum_j a_j b_j holds exactly, whatever the data. A mediator may stand alone in the third equation, or all
together: alone, mediators that move together each claim the same part, and the shares a_j b_j / c need not add up.
The mediators come after the treatment and are nobody's experiment, so b_j is no effect without further assumptions
(Imai, Keele and Tingley 2010); what is estimated here is consistent with mediation, it does not verify it.

Errors of a_j b_j: Sobel's se^2 = a^2 V_b + b^2 V_a + 2 a b C_ab, all by cluster, C_ab from the clusters' pulls on both
coefficients; the textbook leaves it out, but where cities with a larger a_j have a larger b_j it is not zero. And the
pairs bootstrap of whole clusters, percentile and BCa intervals.

References
----------
Sobel (1982); MacKinnon, Lockwood and Williams (2004) on intervals for the product; Zhao, Lynch and Chen (2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.kernel import Fit
from resilience_pipeline.econometrics.model import Model, model_of
from resilience_pipeline.econometrics.moments import Moments, MomentTable, TooManyDummiesError, moment_table
from resilience_pipeline.econometrics.resampling import bootstrap
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

#: One row per draw and mediator of one system; null where the draw does not identify it. `direct` and `total` repeat.
DRAWS = pl.Schema(
    {
        "draw": pl.Int64(),
        "mediator": pl.String(),
        "total": pl.Float64(),
        "direct": pl.Float64(),
        "a": pl.Float64(),
        "b": pl.Float64(),
        "indirect": pl.Float64(),
        "share": pl.Float64(),
    }
)


@dataclass(frozen=True)
class Effects:
    """Coefficients of the three equations in B samples: total, direct of shape (B,); a, b of shape (B, mediators)."""

    total: Floats
    direct: Floats
    a: Floats
    b: Floats

    @property
    def indirect(self) -> Floats:
        """a_j b_j, shape (B, mediators)."""
        return self.a * self.b

    @property
    def share(self) -> Floats:
        """a_j b_j / c, shape (B, mediators)."""
        return self.indirect / self.total[:, None]

    @property
    def gap(self) -> float:
        """Largest |c - c' - sum a_j b_j| in the size of c or, where larger, of a product; zero but for rounding."""
        size = np.maximum(np.abs(self.total), np.abs(self.indirect).max(axis=1))
        return float(np.nanmax(np.abs(self.total - self.direct - self.indirect.sum(axis=1)) / size))


@dataclass(frozen=True)
class System:
    """The three equations on one sample.

    Parameters
    ----------
    model : of the third equation, which has all columns. mediators : in printed order.
    table : moments of all its columns. fits : of the equations of c, of each a_j, and of c' and b.
    """

    model: Model
    mediators: tuple[str, ...]
    table: MomentTable
    total: Fit
    paths: tuple[Fit, ...]
    direct: Fit

    @property
    def treatment(self) -> str:
        """The treatment."""
        return self.model.terms[0]

    @property
    def short(self) -> tuple[str, ...]:
        """Regressors of c and a_j."""
        return tuple(name for name in self.model.terms if name not in self.mediators)

    @property
    def effects(self) -> Effects:
        """As estimated, B = 1."""
        place = [self.model.terms.index(name) for name in self.mediators]
        return Effects(
            total=self.total.coefficients[:1],
            direct=self.direct.coefficients[:1],
            a=np.array([[fit.coefficients[0] for fit in self.paths]]),
            b=self.direct.coefficients[None, place],
        )

    def in_samples(self, moments: Moments) -> Effects:
        """The same of weighted samples; nan where an equation of a sample is not identified."""
        outcome = self.model.sample.specification.outcome
        long = moments.coefficients(outcome, self.model.terms)
        place = [self.model.terms.index(name) for name in self.mediators]
        return Effects(
            total=moments.coefficients(outcome, self.short)[:, 0],
            direct=long[:, 0],
            a=np.column_stack([moments.coefficients(name, self.short)[:, 0] for name in self.mediators]),
            b=long[:, place],
        )

    def leaving_one_out(self) -> Effects:
        """Without each cluster in turn."""
        return self.in_samples(self.table.leaving_one_out())

    def covariance(self, mediator: str) -> tuple[float, float, float]:
        """V_a, V_b with their equations' small-sample factors, and C_ab with the factors' geometric mean."""
        j, place = self.mediators.index(mediator), self.model.terms.index(mediator)
        outcome = self.model.sample.specification.outcome
        pull_a = self.table.influence(mediator, self.short)[:, 0]
        pull_b = self.table.influence(outcome, self.model.terms)[:, place]
        factors = self.paths[j].factor, self.direct.factor
        covariance = np.sqrt(factors[0] * factors[1]) * (pull_a @ pull_b)
        return self.paths[j].covariance[0, 0], self.direct.covariance[place, place], float(covariance)


def system_of(spec: Specification, mediators: Sequence[str], frame: pl.DataFrame) -> System:
    """Estimate the three equations on the rows that have every column of them.

    Parameters
    ----------
    spec : outcome, treatment, controls, effects; one column of clusters, in whose errors the coefficients come.
    mediators : columns, all in the third equation together.

    Raises
    ------
    NotEstimableError : the data do not allow the third equation, or leave a mediator no variation of its own.
    MomentMismatchError : see `MomentTable.fit`.
    """
    if spec.treatment is None or len(spec.cluster) != 1:
        raise NotEstimableError("mediation needs a treatment and one column of clusters")
    # Mediators stand last, so that what is collinear with a control is the mediator, which is then refused.
    model = model_of(replace(spec, controls=(*spec.controls, *mediators), vcov="cluster"), frame)
    lost = [name for name in mediators if name not in model.terms]
    if lost:
        raise NotEstimableError(f"{', '.join(lost)} is a linear combination of the controls, effects and mediators")
    columns = {name: model.sample.column(name) for name in (spec.outcome, *model.terms)}
    try:
        table = moment_table(
            columns,
            clusters=model.design.clusters[0],
            effects=model.design.effects,
            weights=model.design.weights,
        )
    except TooManyDummiesError as refusal:
        raise NotEstimableError(str(refusal)) from None
    short = tuple(name for name in model.terms if name not in mediators)
    return System(
        model,
        tuple(mediators),
        table,
        total=table.fit(spec.outcome, short, spec.ssc),
        paths=tuple(table.fit(name, short, spec.ssc) for name in mediators),
        direct=table.fit(spec.outcome, model.terms, spec.ssc),
    )


def bootstrapped(system: System, draws: int, seed: int) -> pl.DataFrame:
    """The system in `draws` samples of whole clusters, schema `DRAWS`, mediators in order within a draw."""
    effects = system.in_samples(bootstrap(system.table, np.random.default_rng(seed), draws))
    k = len(system.mediators)
    frame = pl.DataFrame(
        {
            "draw": np.repeat(np.arange(1, draws + 1), k),
            "mediator": pl.Series(list(system.mediators) * draws, dtype=pl.String),
            "total": np.repeat(effects.total, k),
            "direct": np.repeat(effects.direct, k),
            "a": effects.a.ravel(),
            "b": effects.b.ravel(),
            "indirect": effects.indirect.ravel(),
            "share": effects.share.ravel(),
        }
    )
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None)).cast(DRAWS)  # type: ignore[arg-type]
