"""Kind "comparison": every published coefficient, or every published column, beside ours. It estimates nothing."""

from dataclasses import dataclass

from resilience_pipeline.study.kind import Declared, Kind, Parts, no_steps
from resilience_pipeline.toml_file import Section

OF = ("coefficients", "models")


@dataclass(frozen=True)
class Comparison:
    """of : "coefficients" (a row each) or "models" (a row for each published column: N and R2)."""

    of: str


def read(section: Section, declared: Declared) -> Parts:
    """`of`, coefficients unless said."""
    return Parts(settings=Comparison(section.choice("of", OF, "coefficients")))


KIND = Kind("comparison", ("of",), read, no_steps)
