"""`resilience.toml`: which options a project chooses, and the table that explains every option."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resilience_pipeline.errors import OptionError
from resilience_pipeline.options import CATALOGUE, Options, Value
from resilience_pipeline.toml_file import Section, read_toml

if TYPE_CHECKING:
    import polars as pl

    from resilience_pipeline.warehouse.retention import Retention

#: Recomputations for one report of what moved; more changes are taken together.
RECOMPUTATIONS = 6


@dataclass(frozen=True)
class Access:
    """`[access]`: what those who only look on may see.

    previews_of_licensed_rows : show first and failing rows of tables of delivered figures in Dagster's UI.
    """

    previews_of_licensed_rows: bool = False


def load_settings(path: Path | None, overrides: Mapping[str, object] | None = None) -> Options:
    """Options of `[options]` in the file, then the overrides; defaults where neither says anything.

    Parameters
    ----------
    path : resilience.toml; None or a file that does not exist = no file.
    overrides : what `--set` or the launchpad says.

    Raises
    ------
    OptionError : an unknown key, option or value, or a file that is not TOML.
    """
    from_file = _read(path).section("options").values if path is not None and path.exists() else {}
    try:
        Options.of(from_file)
    except OptionError as error:
        error.file = str(path)
        raise
    return Options.of({**from_file, **(overrides or {})})


def settings_beside(path: Path | None, options: Options) -> dict[str, Value]:
    """What `--set` or the launchpad must say for these options to hold, whatever `[options]` of the file says.

    Raises
    ------
    OptionError : as `load_settings`.
    """
    of_file = load_settings(path)
    return {option.name: options[option.name] for option in CATALOGUE if options[option.name] != of_file[option.name]}


def load_paths(path: Path | None) -> dict[str, Path]:
    """`landing` and `lake` of `[paths]`, as far as the file names them; relative ones start at the file's folder."""
    if path is None or not path.exists():
        return {}
    paths = _read(path).section("paths")
    paths.allow("landing", "lake")
    return {name: path.parent / Path(paths.get(name, str)).expanduser() for name in paths.values}


def load_access(path: Path | None) -> Access:
    """What `[access]` says, as far as the file says it."""
    if path is None or not path.exists():
        return Access()
    access = _read(path).section("access")
    access.allow("previews_of_licensed_rows")
    return Access(access.get("previews_of_licensed_rows", bool, False))


def load_retention(path: Path | None) -> "Retention":
    """`keep_runs` and `keep_days` of `[lake]`: how long runs stay readable; without them, always."""
    from resilience_pipeline.warehouse.retention import Retention

    if path is None or not path.exists():
        return Retention()
    lake = _read(path).section("lake")
    lake.allow("keep_runs", "keep_days")
    kept = {name: lake.get(name, int) for name in lake.values}
    for name, value in kept.items():
        if value < 1:
            lake.fail(name, "is too small", "a whole number, 1 or more", str(value), "keep one at least")
    return Retention(kept.get("keep_runs"), kept.get("keep_days"))


def load_recomputations(path: Path | None) -> int:
    """`recomputations` of `[drift]`: how many are made at most to say what moved the results."""
    if path is None or not path.exists():
        return RECOMPUTATIONS
    drift = _read(path).section("drift")
    drift.allow("recomputations")
    found = drift.get("recomputations", int, RECOMPUTATIONS)
    if found < 0:
        drift.fail("recomputations", "is negative", "0 (only compare) or more", str(found), "write 0 or more")
    return found


def options_table() -> "pl.DataFrame":
    """One row per option: name, default, other values, reason; all text."""
    import polars as pl

    rows = [
        {
            "option": option.name,
            "default": str(option.default),
            "others": ", ".join(str(choice) for choice in option.choices if choice != option.default)
            or f"{_plain(option.lower)} to {_plain(option.upper)}",
            "reason": option.reason,
        }
        for option in CATALOGUE
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("option", "default", "others", "reason"), pl.String))


def _plain(bound: float | None) -> str:
    if bound is None:
        return ""
    return f"{bound:,.0f}" if bound == int(bound) else f"{bound:g}"


def _read(path: Path) -> Section:
    section, _ = read_toml(path, OptionError)
    section.allow("options", "paths", "sensor", "alerts", "access", "lake", "drift")
    return section
