"""What an alert says: what is blocked, the message with file, sheet, row and remedy, and that old results stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from resilience_pipeline.words import many, printable

_LONGEST = 4_000  # of one message; a chat refuses more


@dataclass(frozen=True)
class Alert:
    """A subject of one line, and the text."""

    subject: str
    text: str


def run_alert(
    run_id: str,
    job: str,
    *,
    blocked: Mapping[str, str],
    waiting: int = 0,
    failed: Mapping[str, str] | None = None,
    page: str = "",
) -> Alert:
    """The alert of a run that did not take in or compute everything.

    Parameters
    ----------
    blocked : table ("sources.city_yearbook") -> message of its failure.
    waiting : tables that were not computed because of those.
    failed : file -> why it is a failed delivery: it did not settle, or does not open.
    page : address of the run's page; empty where it is not known.
    """
    failed = failed or {}
    lines = [f"Run {run_id} of {job}. Old results stand: every table keeps its last good version.", ""]
    for table, message in sorted(blocked.items()):
        lines += [f"{table} is blocked:", *(f"  {line}" for line in message[:_LONGEST].splitlines()), ""]
    for file, reason in sorted(failed.items()):
        lines += [
            f"{file} is not taken in: {reason}",
            "  remedy:   deliver it again, whole and readable, or take it out of the folder; nothing else waits for it",
            "",
        ]
    if waiting:
        lines += [f"Not computed, since they rest on what is blocked: {many(waiting, 'table')}.", ""]
    lines.append("`resilience status` says the same" + (f"; the run's page: {page}" if page else "."))
    subject = f"resilience: {_named(blocked, failed)}; old results stand"
    return Alert(printable(subject), printable("\n".join(lines)))


def overdue_alert(overdue: Mapping[str, str]) -> Alert:
    """The alert of sources whose next delivery is overdue, each with what is known of its cadence."""
    lines = ["Nothing is wrong with the results that stand; they do not hold the newest edition.", ""]
    lines += [f"{source}: {cadence}" for source, cadence in sorted(overdue.items())]
    lines += ["", "remedy:   put the new files into the landing folder; the sensor does the rest"]
    return Alert(f"resilience: a delivery of {_some(sorted(overdue))} is overdue", "\n".join(lines))


def _named(blocked: Mapping[str, str], failed: Mapping[str, str]) -> str:
    parts = []
    if blocked:
        parts.append(f"{_some(sorted(blocked))} blocked")
    if failed:
        parts.append(f"{_some(sorted(failed))} not taken in")
    return " and ".join(parts) or "a run failed"


def _some(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
