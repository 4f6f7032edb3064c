"""How patient the watcher of the landing folder is; `[sensor]` of `resilience.toml` may say otherwise."""

from dataclasses import dataclass
from pathlib import Path

from resilience_pipeline.errors import OptionError
from resilience_pipeline.toml_file import read_toml


@dataclass(frozen=True)
class Rules:
    """Seconds between two looks at the folder ("ticks"), and how many of them to wait.

    Parameters
    ----------
    interval_seconds : seconds between two ticks.
    patience_ticks : a settled file waits this long for others that are still arriving, so that an edition of many
        workbooks makes one run; then it goes without them.
    give_up_ticks : a file that has not settled or does not open after so many ticks is a failed delivery.
    hash_bytes : bytes hashed in one tick at most, but always one file: Dagster ends a tick after a minute.
    """

    interval_seconds: int = 30
    patience_ticks: int = 10
    give_up_ticks: int = 20
    hash_bytes: int = 2 << 30


def load_rules(path: Path) -> Rules:
    """The rules of `[sensor]`; an OptionError names the key that is wrong."""
    if not path.exists():
        return Rules()
    section = read_toml(path, OptionError)[0].section("sensor")
    section.allow("interval_seconds", "patience_ticks", "give_up_ticks")
    default = Rules()
    found = {name: section.get(name, int, getattr(default, name)) for name in section.values}
    for name, value in found.items():
        if value < 1:
            section.fail(name, "is too small", "1 or more", str(value), "write a positive whole number")
    return Rules(**found)
