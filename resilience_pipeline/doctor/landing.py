"""The landing folder: there, readable, and what no source takes in."""

from collections.abc import Iterator
from pathlib import Path

from resilience_pipeline.doctor.finding import Finding, error, ok, some, warning
from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES

AREA = "landing"


def examine(landing: Path) -> Iterator[Finding]:
    """Findings on the landing folder."""
    if not landing.is_dir():
        yield warning(
            AREA, f"{landing} is not there", "make the folder and put files there, or name another: --landing"
        )
        return
    try:
        found = recognise(landing, SOURCES)
        next(landing.iterdir(), None)
    except OSError as refusal:
        yield error(AREA, f"{landing} cannot be read ({refusal.strerror or refusal})", "make the folder readable")
        return
    unreadable = [file for file, _ in found.claimed if not _opens(landing / file)]
    if unreadable:
        yield error(AREA, f"files cannot be read: {some(unreadable)}", "make them readable, then `resilience run`")
    else:
        yield ok(AREA, f"{len(found.claimed)} files in {landing}, each readable and of a known source")
    left = [str(problem.file) for problem in found.refused] + [file for file, _ in found.unrecognised]
    if left:
        yield warning(
            AREA,
            f"no source takes in {some(left)}",
            'see why: resilience sql "select * from sources.inventory", or the asset sources/inventory',
        )


def _opens(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError:
        return False
    return True
