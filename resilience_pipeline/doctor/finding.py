"""One thing that was looked at, how it is, and what to do."""

from dataclasses import dataclass

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True)
class Finding:
    """What was found.

    Parameters
    ----------
    area : installation, settings, lake, tables, deliveries, warehouse, instance or landing.
    level : ok; warning = it works, and somebody should know; error = something does not work or is damaged.
    message : how it is, in one sentence.
    remedy : what to do; empty where nothing is to be done.
    """

    area: str
    level: str
    message: str
    remedy: str = ""


def ok(area: str, message: str) -> Finding:
    """All is well with this."""
    return Finding(area, OK, message)


def warning(area: str, message: str, remedy: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(area, WARNING, message, remedy)


def error(area: str, message: str, remedy: str) -> Finding:
    """It does not work, or is damaged."""
    return Finding(area, ERROR, message, remedy)


def some(names: list[str], most: int = 5) -> str:
    """The names, the first few of many."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")
