"""Which results study files declare, by name alone: quick, and of files that are not well formed, too."""

import tomllib
from pathlib import Path

PACKAGE_STUDIES = tuple(Path(__file__).parent / name for name in ("trade_resilience.toml", "real_outcomes.toml"))


def declared_results(folder: Path) -> frozenset[str] | None:
    """Names of the results that the package's studies and those of a `studies/` folder declare.

    None where a file cannot be read, because then nobody knows.
    """
    try:
        tables = [
            tomllib.loads(path.read_text(encoding="utf-8")).get("tables", {})
            for path in (*PACKAGE_STUDIES, *sorted(folder.glob("*.toml")))
        ]
        return frozenset(name for named in tables for name in named)
    except (OSError, ValueError, TypeError):
        return None
