"""What to estimate: one frozen record, the same for a printed column, a user's file and a simulation."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

Covariance = Literal["iid", "hc1", "cluster"]
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
    vcov : error rule. iid: classical. hc1: heteroskedasticity-robust. cluster: clustered by `cluster`.
    cluster : one column, or two for two-way clusters; used where vcov is "cluster".
    ssc : small-sample rule; which effects count as parameters (see `covariance.py`).
    singletons : whether rows alone in an absorbed level leave the sample.
    unit, time : columns that index the panel; used for counts and the xtreg form of R2.
    label : heading of the printed column.
    """

    name: str
    outcome: str
    treatment: str | None = None
    controls: tuple[str, ...] = ()
    absorb: tuple[str, ...] = ()
    where: str | None = None
    weights: str | None = None
    vcov: Covariance = "cluster"
    cluster: tuple[str, ...] = ()
    ssc: SmallSample = "reghdfe"
    singletons: Literal["drop", "keep"] = "drop"
    unit: str | None = None
    time: str | None = None
    label: str = ""

    @property
    def regressors(self) -> tuple[str, ...]:
        """Treatment first, then controls, in printed order."""
        return ((self.treatment,) if self.treatment else ()) + self.controls

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON of all fields but the label."""
        fields = {k: v for k, v in asdict(self).items() if k != "label"}
        text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
