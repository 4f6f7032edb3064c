"""Estimator "sdid": synthetic difference in differences, with synthetic control and plain difference as its kin.

With one start, N0 controls and T0 periods before it, unit weights w and period weights l on the simplex:

    tau = (ybar_post,tr - l'y_pre,tr) - sum_j w_j (ybar_post,j - l'y_pre,j)

    w: min_{w0, w} |w0 + Y_pre' w - ybar_pre,tr|^2 / T0 + zeta^2 |w|^2,  zeta = (N1 T1)^(1/4) sd of first differences
    l: min_{l0, l} |l0 + Y_pre l - ybar_post|^2 / N0 + (1e-6 sd)^2 |l|^2

sc: no w0, no penalty, l = 0. did: both uniform.

Solvers: `synthdid` stops where the R package does (Frank-Wolfe from uniform weights, 100 steps, small weights set to
zero, at most 10,000 more), which gives its published numbers but not the minimum; `exact` is the minimum, as the point
of least norm of a polytope by non-negative least squares. Errors always re-estimate by `exact`, which is quick.

Errors: placebo draws N1 of the controls as treated, its variance being that of the fake effects; jackknife leaves one
unit out, its weights set to zero (needs two treated units). Normal law.

References
----------
Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), American Economic Review 111(12), 4088-4118: Algorithms 1, 3
and 4; their R package synthdid for the solver.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Floats
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimators.adoption import adoption
from resilience_pipeline.econometrics.estimators.effects import Effect, record
from resilience_pipeline.econometrics.estimators.estimator import Estimator, Option, refuse
from resilience_pipeline.econometrics.estimators.simplex import frank_wolfe, least_squares
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

DRAWS = 200
OPTIONS = (
    Option("weights", "sdid", "sdid, sc (synthetic control) or did (uniform weights)", ("sdid", "sc", "did")),
    Option("solver", "synthdid", "synthdid: stops as the R package does; exact: the minimum", ("synthdid", "exact")),
    Option("errors", "placebo", "placebo: fake treated units among the controls; jackknife", ("placebo", "jackknife")),
)


@dataclass(frozen=True)
class Panel:
    """Outcomes of controls, shape (N0, T), and of treated units, shape (N1, T); T0 periods are before the start."""

    controls: Floats
    treated: Floats
    T0: int

    @property
    def noise(self) -> float:
        """Standard deviation of the controls' first differences before the start."""
        return float(np.diff(self.controls[:, : self.T0], axis=1).std(ddof=1))

    def effect(self, w: Floats, lam: Floats) -> float:
        """tau, given w, shape (N0,), and l, shape (T0,)."""
        y, T0 = self.treated.mean(axis=0), self.T0
        own = y[T0:].mean() - lam @ y[:T0]
        return float(own - w @ (self.controls[:, T0:].mean(axis=1) - self.controls[:, :T0] @ lam))


def run(spec: Specification, frame: pl.DataFrame, options: Mapping[str, str]) -> Estimate:
    """Term att."""
    if spec.controls:
        raise refuse(spec, "controls do not enter the weights", "leave the controls out")
    found = adoption(spec, frame, balanced=True)
    if len(found.cohorts) > 1:
        raise NotEstimableError(f"units start in {len(found.cohorts)} periods; one start is needed here")
    y, treated = found.wide(found.outcome), np.isfinite(found.first)
    panel = Panel(y[~treated], y[treated], int((found.periods < found.cohorts[0]).sum()))
    N0, N1 = len(panel.controls), len(panel.treated)
    if N0 < 2 or (panel.T0 < 2 and options["weights"] == "sdid"):
        raise NotEstimableError(f"{N0} units never treated and {panel.T0} periods before the start are too few")
    w, lam = weights(panel, options["weights"], options["solver"])
    draws, seed = None, None
    if options["errors"] == "placebo":
        draws, seed = spec.draws or DRAWS, spec.bootstrap_seed
        error = _placebo(panel, options["weights"], draws, seed) if N0 > N1 else np.nan
        lacking = "" if N0 > N1 else "placebo errors need more controls than treated units: there is none"
    else:
        error = _jackknife(panel, w, lam) if N1 > 1 else np.nan
        lacking = "" if N1 > 1 else "the jackknife needs two treated units: there is no error"
    return record(
        spec,
        found,
        [Effect("att", panel.effect(w, lam), error)],
        options=options,
        vcov=options["errors"],
        draws=draws,
        seed=seed,
        warnings=(lacking,) if lacking else (),
    )


def weights(panel: Panel, kind: str, solver: str) -> tuple[Floats, Floats]:
    """Weights of the controls, shape (N0,), and of the periods before the start, shape (T0,)."""
    N0, T0, T1 = len(panel.controls), panel.T0, panel.controls.shape[1] - panel.T0
    if kind == "did":
        return np.full(N0, 1 / N0), np.full(T0, 1 / T0)
    before, target = panel.controls[:, :T0], panel.treated[:, :T0].mean(axis=0)
    noise = panel.noise
    zeta = (len(panel.treated) * T1) ** 0.25 * noise if kind == "sdid" else 0.0

    def solved(A: Floats, b: Floats, zeta: float, intercept: bool) -> Floats:
        if intercept:
            A, b = A - A.mean(axis=0), b - b.mean()
        return least_squares(A, b, zeta) if solver == "exact" else frank_wolfe(A, b, zeta, 1e-5 * noise)

    w = solved(before.T, target, zeta, kind == "sdid")
    if kind == "sc":
        return w, np.zeros(T0)
    return w, solved(before, panel.controls[:, T0:].mean(axis=1), 1e-6 * noise, True)


def _placebo(panel: Panel, kind: str, draws: int, seed: int) -> float:
    """Algorithm 4."""
    generator, N1, fakes = np.random.default_rng(seed), len(panel.treated), []
    for _ in range(draws):
        order = generator.permutation(len(panel.controls))
        fake = Panel(panel.controls[np.sort(order[N1:])], panel.controls[np.sort(order[:N1])], panel.T0)
        fakes.append(fake.effect(*weights(fake, kind, "exact")))
    return float(np.std(fakes))


def _jackknife(panel: Panel, w: Floats, lam: Floats) -> float:
    """Algorithm 3: the weights stay, those of a control that is left out are dealt to the others."""
    left: list[float] = []
    for j in range(len(w)):
        others = np.delete(w, j)
        if others.sum() == 0:
            return np.nan
        left.append(Panel(np.delete(panel.controls, j, 0), panel.treated, panel.T0).effect(others / others.sum(), lam))
    for i in range(len(panel.treated)):
        left.append(Panel(panel.controls, np.delete(panel.treated, i, 0), panel.T0).effect(w, lam))
    n, values = len(left), np.array(left)
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))


ESTIMATOR = Estimator(
    "sdid", "synthetic difference in differences (Arkhangelsky et al. 2021)", run, OPTIONS, draws=DRAWS
)
