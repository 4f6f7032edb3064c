"""Kind "pilots": the list of pilots as printed and as it counts (Table 1). It estimates nothing."""

from resilience_pipeline.study.kind import Declared, Kind, Parts, no_steps
from resilience_pipeline.toml_file import Section


def read(section: Section, declared: Declared) -> Parts:
    """Nothing of its own."""
    return Parts()


KIND = Kind("pilots", (), read, no_steps)
