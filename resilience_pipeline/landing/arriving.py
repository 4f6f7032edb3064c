"""Which files are being written at the moment a run begins. The watcher waits for ticks, a run for a second.

Only what changed within the last minute is looked at twice. A file that goes on changing, or that its format says is
not all there yet, is not for this run; one that has rested longer is read as it is, and its reader says what is wrong.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from resilience_pipeline.landing.listing import Seen, look
from resilience_pipeline.landing.opening import why_not_whole
from resilience_pipeline.landing.watch import STILL_CHANGING
from resilience_pipeline.sources.source import Source

#: A file that changed so lately may still be on its way.
RECENT_SECONDS = 60.0
#: Between two looks; and for so long in all, since a folder of many files takes a while to copy.
PAUSE_SECONDS, PATIENCE_SECONDS = 1.0, 20.0


def arriving(
    landing: Path, sources: Sequence[Source], *, sleep: Callable[[float], None] = time.sleep
) -> dict[str, str]:
    """Files of the landing folder that are still being written, each with how one sees that.

    Waits until the recent ones have rested for `PAUSE_SECONDS`, at most about `PATIENCE_SECONDS`, and not at all where
    none is recent.
    """
    before, waited = _recent(look(landing, sources)), 0.0
    moving: list[str] = []
    while before:
        sleep(PAUSE_SECONDS)
        waited += PAUSE_SECONDS or PATIENCE_SECONDS  # without a pause one more look must do
        now = _recent(look(landing, sources))
        moving = [file for file, seen in now.items() if before.get(file) != seen]
        before = now
        if not moving or waited >= PATIENCE_SECONDS:
            break
    found = dict.fromkeys(moving, STILL_CHANGING)
    for file, seen in before.items():
        if file not in found and seen.refused is None and (why := why_not_whole(landing, file)) is not None:
            found[file] = why
    return found


def _recent(seen: dict[str, Seen]) -> dict[str, Seen]:
    now = time.time()
    return {file: state for file, state in seen.items() if abs(now - state.time / 1e9) < RECENT_SECONDS}
