"""Kind "indicators": an indicator system, that of the composites by default (Table 2). It estimates nothing."""

from dataclasses import dataclass

from resilience_pipeline.indices.registry import TRADE_RESILIENCE
from resilience_pipeline.indices.tables import SYSTEMS
from resilience_pipeline.study.kind import Declared, Kind, Parts, no_steps
from resilience_pipeline.toml_file import Section


@dataclass(frozen=True)
class PrintedSystem:
    """Name of the system to print, a key of `indices.tables.SYSTEMS`."""

    system: str = TRADE_RESILIENCE.name


def read(section: Section, declared: Declared) -> Parts:
    """The system to print; for that of the composites the study must build them."""
    system = section.choice("system", tuple(SYSTEMS), TRADE_RESILIENCE.name)
    if system == TRADE_RESILIENCE.name and not declared.composites:
        section.fail(
            "kind", "needs the indices", "composites = true in [study]", "indicators", "set it, or take the table out"
        )
    return Parts(settings=PrintedSystem(system))


KIND = Kind("indicators", ("system",), read, no_steps)
