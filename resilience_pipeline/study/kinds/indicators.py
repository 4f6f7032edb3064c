"""Kind "indicators": the indicator system of the composites (Table 2). It estimates nothing."""

from resilience_pipeline.study.kind import Declared, Kind, Parts, no_steps
from resilience_pipeline.toml_file import Section


def read(section: Section, declared: Declared) -> Parts:
    """Nothing of its own; the study must build the composites."""
    if not declared.composites:
        section.fail(
            "kind", "needs the indices", "composites = true in [study]", "indicators", "set it, or take the table out"
        )
    return Parts()


KIND = Kind("indicators", (), read, no_steps)
