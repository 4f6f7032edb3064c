"""Kind "codebook": every variable of the study with its formula, unit and what became of its values."""

from resilience_pipeline.study.kind import Declared, Kind, Parts, no_steps
from resilience_pipeline.toml_file import Section


def read(section: Section, declared: Declared) -> Parts:
    """Nothing of its own."""
    return Parts()


KIND = Kind("codebook", (), read, no_steps)
