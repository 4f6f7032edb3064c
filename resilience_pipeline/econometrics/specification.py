"""What to estimate: one frozen record, the same for a printed column, a user's file and a simulation."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from resilience_pipeline.econometrics.error_rules import WILD_DRAWS, WILD_SEED, ErrorRule, error_rule

SmallSample = Literal["reghdfe", "xtreg", "linearmodels", "none"]


@dataclass(frozen=True)
class Specification:
    """A linear model with absorbed effects.

    Parameters
    ----------
    name : "table_4.3"; names the result.
    outcome, treatment : columns; treatment is printed first and None for a model without one.
    controls : columns, in printed order.
    absorb : effects; "a^b" is the interaction of two columns. Empty = a constant is estimated.
    where : SQL predicate on the sample, e.g. "year < 2020"; None = all rows.
    weights : column of analytic weights; None = unweighted.
    vcov : error rule. iid: classical. hc1: heteroskedasticity-robust. cluster: clustered by `cluster` (CV1). cv3: the
        cluster jackknife. wcr, wcr:webb: CV1, p values and intervals by the wild cluster bootstrap. conley:KM,
        conley:KM:bartlett: spatial within so many kilometres (see `printed_errors.py`).
    cluster : one column, or two for two-way clusters; used where vcov is "cluster", one of them under cv3 and wcr.
    ssc : small-sample rule; which effects count as parameters (see `covariance.py`).
    singletons : whether rows alone in an absorbed level leave the sample.
    unit, time : columns that index the panel; used for counts and the xtreg form of R2.
    label : heading of the printed column.
    latitude, longitude : columns in degrees, one place for each unit; used where vcov is conley.
    draws, seed : of the bootstrap, where vcov is wcr, or of an estimator that draws; None = its defaults.
    estimator : what is made of all this: twfe, least squares with absorbed effects, or another of `estimators/`.
    estimator_options : (name, value) pairs, as text; each estimator lists its own.
    """

    name: str
    outcome: str
    treatment: str | None = None
    controls: tuple[str, ...] = ()
    absorb: tuple[str, ...] = ()
    where: str | None = None
    weights: str | None = None
    vcov: str = "cluster"
    cluster: tuple[str, ...] = ()
    ssc: SmallSample = "reghdfe"
    singletons: Literal["drop", "keep"] = "drop"
    unit: str | None = None
    time: str | None = None
    label: str = ""
    latitude: str | None = None
    longitude: str | None = None
    draws: int | None = None
    seed: int | None = None
    estimator: str = "twfe"
    estimator_options: tuple[tuple[str, str], ...] = ()

    @property
    def error_rule(self) -> ErrorRule:
        """The error rule by its parts; a SpecificationError where there is none of this name."""
        return error_rule(self.vcov)

    @property
    def bootstrap_draws(self) -> int:
        """Draws of the wild bootstrap."""
        return WILD_DRAWS if self.draws is None else self.draws

    @property
    def bootstrap_seed(self) -> int:
        """Seed of the wild bootstrap."""
        return WILD_SEED if self.seed is None else self.seed

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The columns of latitude and longitude where the error rule reads them."""
        named = tuple(name for name in (self.latitude, self.longitude) if name)
        return named if self.vcov.startswith("conley") else ()

    @property
    def regressors(self) -> tuple[str, ...]:
        """Treatment first, then controls, in printed order."""
        return ((self.treatment,) if self.treatment else ()) + self.controls

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON of all fields that change a number under this rule and estimator."""
        fields = {k: v for k, v in asdict(self).items() if k not in ("label", *_OF_ONE_RULE)}
        if self.estimator != "twfe":
            named = sorted(self.estimator_options)
            fields |= {"estimator": self.estimator, "options": named, "draws": self.draws, "seed": self.seed}
        if self.vcov.startswith("wcr"):
            fields |= {"draws": self.bootstrap_draws, "seed": self.bootstrap_seed}
        if self.vcov.startswith("conley"):
            fields |= {"latitude": self.latitude, "longitude": self.longitude}
        text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


#: Fields that one error rule or estimator alone reads; under the others they change nothing.
_OF_ONE_RULE = ("latitude", "longitude", "draws", "seed", "estimator", "estimator_options")
