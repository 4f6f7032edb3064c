"""What an omitted variable would have to do to a treatment's coefficient, and what effect the design could detect.

All regressions are of columns off the absorbed effects, so R2 is the share of what the effects leave. With y, D and
the controls W off the effects, sample variances s2, b and R2 of the long regression (on D and W), b0 and R2_0 of the
short one (on D alone), tau = variance of D given W:

robustness value (Cinelli and Hazlett 2020). A confounder that explains the same share r of the residual variation of D
and of y moves the coefficient by r / sqrt(1 - r) s(y | D, W) / s(D | W). With f the distance to move in these units,
r = (sqrt(f^4 + 4 f^2) - f^2) / 2: to zero for f = |b| s(D | W) / s(y | D, W); to the edge of significance with
|b| - t_c se in place of |b|, the standard error held at the one named.

proportional selection (Oster 2019, proposition 3). The ratio delta of selection on unobservables to selection on
controls at which the effect is zero when all of them together would give R2_max:

    delta = C / (A (R2_max - R2) + B)
    A = b s2_y (s2_D - tau) + s2_y s2_D (b0 - b)
    B = b^3 (s2_D tau - tau^2) + b^2 s2_D tau (b0 - b)
    C = b s2_y tau (R2 - R2_0) + b s2_D tau (b0 - b)^2 + b^3 (s2_D tau - tau^2) + 2 b^2 s2_D tau (b0 - b)

minimum detectable effect (Bloom 1995): (t_{1 - alpha/2} + t_{power}) se, two-sided.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Absorber, Floats
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.model import Model, model_of
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification

ALPHA, POWER = 0.05, 0.80
#: Oster's own suggestion for R2_max over the long regression's R2.
R2_MAX_RATIO = 1.3


@dataclass(frozen=True)
class Residuals:
    """Outcome and treatment off the absorbed effects (or the mean), and off the controls; each of shape (N,).

    y, D : off the effects. y_left, D_left : off the controls, too.
    """

    y: Floats
    D: Floats
    y_left: Floats
    D_left: Floats

    @property
    def coefficient(self) -> float:
        """b of the long regression."""
        return float(self.D_left @ self.y_left / (self.D_left @ self.D_left))

    @property
    def short_coefficient(self) -> float:
        """b0, without the controls."""
        return float(self.D @ self.y / (self.D @ self.D))


def omitted_variable_rows(spec: Specification, frame: pl.DataFrame) -> list[Inference]:
    """Robustness values, proportional selection, partial R2 of treatment and strongest control, detectable effect.

    Parameters
    ----------
    spec : a linear model with a treatment, unweighted.

    Raises
    ------
    NotEstimableError : the data do not allow the specification, or it is weighted or has no treatment.
    """
    if spec.treatment is None or spec.weights is not None:
        raise NotEstimableError("bounds on omitted variables need a treatment and no weights")
    model = model_of(spec, frame)
    found = residuals(model)
    printed = estimate(spec, frame, engines=("kernel",))  # its error is that of the rule, CV1 or another
    if printed.status != "estimated":
        raise NotEstimableError(str(printed.reason), printed.status)
    rows = [*robustness_rows(model, found, printed), *selection_rows(model, found), detectable_effect(printed)]
    N, G = len(model.design.y), len(np.unique(model.design.clusters[0])) if model.design.clusters else None
    return [Inference(spec.treatment, **row, n_obs=N, n_clusters=G) for row in rows]  # type: ignore[arg-type]


def residuals(model: Model) -> Residuals:
    """The model's residuals; the treatment is its first term."""
    columns = np.column_stack([model.design.y, model.design.X])
    absorber: Absorber | None = model.absorber
    within = columns - columns.mean(axis=0) if absorber is None else absorber.residualise(columns)
    y, D, W = within[:, 0], within[:, 1], within[:, 2:]
    if W.shape[1] == 0:
        return Residuals(y, D, y, D)
    Q, _ = np.linalg.qr(W)
    return Residuals(y, D, y - Q @ (Q.T @ y), D - Q @ (Q.T @ D))


def robustness_value(f: float) -> float:
    """Share r of both residual variations at which a confounder moves the coefficient by f s(y | D, W) / s(D | W)."""
    return 0.0 if f <= 0 else float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2)


def robustness_rows(model: Model, found: Residuals, printed: Estimate) -> list[dict]:
    """Partial R2 of the treatment, of the strongest control, and the robustness values under the printed error."""
    from scipy.special import stdtrit

    b, e = found.coefficient, found.y_left - found.coefficient * found.D_left
    unit = float(np.sqrt((e @ e) / (found.D_left @ found.D_left)))  # s(y | D, W) / s(D | W)
    partial = float(1 - (e @ e) / (found.y_left @ found.y_left))
    std_error = printed.terms[0].std_error
    edge = abs(b) - float(stdtrit(printed.dof, 1 - ALPHA / 2)) * std_error
    rule = f"{printed.vcov} error {std_error:.4g} held as it is"
    rows = [
        _row("partial R2", "of the treatment with the outcome", partial, "share of what effects and controls leave"),
        _row("robustness value", "to bring the effect to zero", robustness_value(abs(b) / unit), "Cinelli, Hazlett"),
        _row("robustness value", "to bring it to the edge of 5 %", robustness_value(edge / unit), rule),
    ]
    name, with_y, with_D = _strongest_control(model)
    if name is not None:
        rows.append(_row("partial R2", f"of {name}, the strongest control, with the outcome", with_y, "for scale"))
        rows.append(_row("partial R2", f"of {name}, the strongest control, with the treatment", with_D, "for scale"))
    return rows


def selection_rows(model: Model, found: Residuals) -> list[dict]:
    """Oster's delta for R2_max = min(1.3 R2, 1) and for 1; none where there is no control to learn from."""
    if found.D is found.D_left:
        return []
    R2 = _r2(found)
    rows = []
    for R2_max, words in ((min(R2_MAX_RATIO * R2, 1.0), f"{R2_MAX_RATIO} R2"), (1.0, "1")):
        note = f"R2 within the effects {R2:.3f}, R2_max {R2_max:.3f}; above 1 or below 0 counts as robust"
        rows.append(_row("proportional selection", f"delta at R2_max = {words}", delta(found, R2_max), note))
    return rows


def delta(found: Residuals, R2_max: float) -> float:
    """Oster's delta at which the effect would be zero; nan where no selection could do it."""
    N = len(found.y)
    s2_y, s2_D, tau = (float(v @ v) / N for v in (found.y, found.D, found.D_left))
    b, b0 = found.coefficient, found.short_coefficient
    R2, R2_0 = _r2(found), b0**2 * s2_D / s2_y
    A = b * s2_y * (s2_D - tau) + s2_y * s2_D * (b0 - b)
    B = b**3 * (s2_D * tau - tau**2) + b**2 * s2_D * tau * (b0 - b)
    C = (
        b * s2_y * tau * (R2 - R2_0)
        + b * s2_D * tau * (b0 - b) ** 2
        + b**3 * (s2_D * tau - tau**2)
        + 2 * b**2 * s2_D * tau * (b0 - b)
    )
    denominator = A * (R2_max - R2) + B
    return float("nan") if denominator == 0 else float(C / denominator)


def detectable_effect(printed: Estimate) -> dict:
    """The least true effect that a two-sided 5 % test finds with 80 % probability, at the printed error."""
    from scipy.special import stdtrit

    std_error = printed.terms[0].std_error
    size = float(stdtrit(printed.dof, 1 - ALPHA / 2) + stdtrit(printed.dof, POWER)) * std_error
    return _row("minimum detectable effect", "at 5 %, power 80 %", size, f"error {std_error:.4g}")


def _r2(found: Residuals) -> float:
    e = found.y_left - found.coefficient * found.D_left
    return float(1 - (e @ e) / (found.y @ found.y))


def _strongest_control(model: Model) -> tuple[str | None, float, float]:
    """The control with the largest partial R2 with the outcome, given the others; that, and its own with D."""
    columns = np.column_stack([model.design.y, model.design.X])
    within = columns - columns.mean(axis=0) if model.absorber is None else model.absorber.residualise(columns)
    y, D, W = within[:, 0], within[:, 1], within[:, 2:]
    best: tuple[str | None, float, float] = (None, -1.0, 0.0)
    for j in range(W.shape[1]):
        others = np.delete(W, j, axis=1)
        with_y = _partial_r2(y, W[:, j], np.column_stack([D, others]))
        if with_y > best[1]:
            best = (model.terms[j + 1], with_y, _partial_r2(D, W[:, j], others))
    return best


def _partial_r2(y: Floats, x: Floats, others: Floats) -> float:
    if others.shape[1]:
        Q, _ = np.linalg.qr(others)
        y, x = y - Q @ (Q.T @ y), x - Q @ (Q.T @ x)
    return float((x @ y) ** 2 / ((x @ x) * (y @ y)))


def _row(method: str, statistic: str, value: float, note: str) -> dict:
    return {"method": method, "statistic": statistic, "estimate": value, "note": note}
