"""What lies in the landing folder at this moment: each file's source, size and time. No file is opened."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.source import Source


@dataclass(frozen=True)
class Seen:
    """One file as a tick sees it.

    Parameters
    ----------
    source : the source that would read it; None where no source, or more than one, claims it.
    size, time : bytes and modification time in nanoseconds; of a link, its own.
    refused : why it must not be opened; None for ordinary files.
    """

    source: str | None
    size: int
    time: int
    refused: str | None = None


def look(landing: Path, sources: Sequence[Source]) -> dict[str, Seen]:
    """Every file of the landing folder that is not to be ignored, by its path inside the folder."""
    found = recognise(landing, sources)
    refused_of = dict(found.refused_of)
    files: list[tuple[str, str | None, str | None]] = [(file, source, None) for file, source in found.claimed]
    files += [(file, None, None) for file, _ in found.unrecognised]
    files += [(error.file, refused_of.get(error.file), error.what) for error in found.refused if error.file]
    seen = {}
    for file, source, refused in sorted(files):
        try:
            state = os.lstat(os.path.join(landing, file))
        except OSError:  # gone since it was listed
            continue
        seen[file] = Seen(source, state.st_size, state.st_mtime_ns, refused)
    return seen
