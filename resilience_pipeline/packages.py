"""Releases of the packages that compute: kept with every table, because another release may give another number.

They make no table stale: who upgrades decides whether to compute anew (`resilience run --force`). `resilience stale`
says what was computed under others, and `resilience drift` names them among the causes.
"""

from collections.abc import Iterable, Mapping
from functools import cache

#: Those that read, join and estimate; moderndid is there where its extra is.
COMPUTING = ("duckdb", "linearmodels", "moderndid", "numpy", "pandas", "polars", "scipy")
Releases = Mapping[str, str]


@cache
def releases() -> Releases:
    """Package -> its release in this environment, of those that compute and are installed."""
    return {name: found for name in COMPUTING if (found := _release(name)) is not None}


def differences(pairs: Iterable[tuple[Releases, Releases]]) -> tuple[str, ...]:
    """ "numpy 2.1.0 to 2.2.0" for each package that both sides of a pair know in another release."""
    return tuple(
        sorted(
            {
                f"{name} {before[name]} to {after[name]}"
                for before, after in pairs
                for name in before.keys() & after.keys()
                if before[name] != after[name]
            }
        )
    )


def _release(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version  # what only reads a lake starts without it

    try:
        return version(name)
    except PackageNotFoundError:
        return None
