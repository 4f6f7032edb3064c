"""Names of error rules: `cluster`, `cv3`, `wcr`, `wcr:webb`, `conley:200`, `conley:200:bartlett`, `iid`, `hc1`.

Here a name is read; what each rule computes stands in `printed_errors`. Every rule rests on a plain one that an engine
knows: on the clustered errors those that re-sample clusters or let neighbours be dependent.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from resilience_pipeline.errors import SpecificationError

Covariance = Literal["iid", "hc1", "cluster"]
Kernel = Literal["uniform", "bartlett"]

PLAIN = ("iid", "hc1", "cluster")
#: Of the wild cluster bootstrap, where none are stated.
WILD_DRAWS, WILD_SEED = 9_999, 20_181_016
EXPECTED = "iid, hc1, cluster, cv3, wcr, wcr:webb, conley:KM or conley:KM:bartlett"


@dataclass(frozen=True)
class ErrorRule:
    """One rule.

    kind : iid: classical. hc1: heteroskedasticity-robust. cluster: clustered (CV1). cv3: cluster jackknife. wcr: wild
        cluster bootstrap beside CV1. conley: spatial.
    signs : "rademacher" or "webb", of wcr. kilometres, kernel : of conley.
    """

    kind: str
    signs: Literal["rademacher", "webb"] = "rademacher"
    kilometres: float | None = None
    kernel: Kernel | None = None

    @property
    def plain(self) -> Covariance:
        """The rule under which an engine fits the model first."""
        return self.kind if self.kind in PLAIN else "cluster"  # type: ignore[return-value]

    @property
    def name(self) -> str:
        """The rule's full name: "conley:200:uniform"."""
        if self.kind == "conley":
            return f"conley:{self.kilometres:g}:{self.kernel}"
        return f"wcr:{self.signs}" if self.kind == "wcr" else self.kind

    @property
    def by_clusters(self) -> bool:
        """Whether the rule reads the specification's clusters."""
        return self.kind in ("cluster", "cv3", "wcr")


def error_rule(text: str) -> ErrorRule:
    """The rule of a name.

    Raises
    ------
    SpecificationError : there is no such rule.
    """
    kind, *rest = text.split(":")
    if kind in (*PLAIN, "cv3") and not rest:
        return ErrorRule(kind)
    if kind == "wcr" and rest in ([], ["rademacher"], ["webb"]):
        return ErrorRule(kind, signs="webb" if rest == ["webb"] else "rademacher")
    if kind == "conley" and rest and rest[1:] in ([], ["uniform"], ["bartlett"]):
        kilometres = _number(rest[0])
        if kilometres is not None and kilometres >= 0:
            return ErrorRule(kind, kilometres=kilometres, kernel="bartlett" if "bartlett" in rest else "uniform")
    raise SpecificationError(
        what=f"there is no error rule {text!r}", expected=EXPECTED, remedy="use one of the expected"
    )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
