"""What an estimation returns: one tidy record, frozen, with all that a reader needs to judge and repeat it."""

from dataclasses import dataclass, field

from resilience_pipeline.econometrics.specification import Specification


@dataclass(frozen=True)
class Term:
    """One printed coefficient. `std_error`, `t`, `p_value`, `ci_low`, `ci_high` follow the named error rule."""

    term: str  # column name; "const" for the constant
    estimate: float
    std_error: float
    t: float
    p_value: float
    ci_low: float  # 95 % interval
    ci_high: float


@dataclass(frozen=True)
class Estimate:
    """An estimated specification, or the reason why it could not be estimated.

    status is "estimated", "awaiting" (columns whose source was not delivered) or "failed" (reason says why).
    r2_overall counts absorbed effects as explanation; r2_within_entity removes unit means only and counts year
    effects as explanation (xtreg with i.year); r2_within_all removes all absorbed effects (reghdfe's within R2).
    """

    specification: Specification
    status: str
    reason: str | None = None
    terms: tuple[Term, ...] = ()
    vcov: str | None = None  # the error rule's full name: "conley:200:uniform"; an estimator's own: "influence"
    ssc: str | None = None
    dof: float | None = None  # degrees of freedom of t: G - 1 under clusters (spatial: units), N - K else
    n_obs: int | None = None
    n_dropped_missing: int | None = None
    n_singletons: int | None = None
    n_units: int | None = None
    n_periods: int | None = None
    n_clusters: int | None = None
    n_treated_units: int | None = None
    r2_overall: float | None = None
    r2_within_entity: float | None = None
    r2_within_all: float | None = None
    rmse: float | None = None
    engine: str | None = None  # "linearmodels" where it can express the model, "kernel", "own", or a library's name
    spec_hash: str | None = None
    data_hash: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    kilometres: float | None = None  # within which spatial errors let units be dependent
    draws: int | None = None  # of the wild bootstrap or of placebos; undefined ones have no statistic and are left out
    undefined_draws: int | None = None
    seed: int | None = None
    options: dict[str, str] = field(default_factory=dict)  # of the estimator, defaults filled in
