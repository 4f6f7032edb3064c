"""One look at the landing folder: what moved, what has settled, what to ask for. Pure: folder and clock are passed in.

A file has settled when two ticks in a row see the same size and time and its format says that it is all there. Only
then is it hashed. A request asks for everything that has settled and was not asked for. It goes out when nothing is
arriving any more, or when the first of the settled files has waited `patience_ticks`; files still arriving and failed
ones are held back. Nothing goes out while a run is queued or going, so what lands meanwhile makes one run after it.

What was asked for once is not asked for again: a blocked edition does not loop. Nothing is asked for either where the
lake holds these bytes under this name already, where only a file's time changed, or where a file went away, since
what was delivered stands. A file renamed or moved is a delivery under a new name, because names may say the edition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from resilience_pipeline.landing.listing import Seen
from resilience_pipeline.landing.memory import Cursor, Memory, Remembered
from resilience_pipeline.landing.opening import CANNOT_BE_OPENED, Opened
from resilience_pipeline.landing.rules import Rules

STILL_CHANGING = "it is still being written"
ITS_TURN = "it waits for its turn to be hashed"

Open = Callable[[str, Seen], Opened]
#: the (file, sha256) that a source's table holds, its last attempt having been good
TakenIn = Callable[[str], frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Request:
    """A run to ask for; the same request always has the same key, so asking twice starts one run.

    Parameters
    ----------
    sources : sources with new bytes, sorted; may be empty where only the inventory has news.
    files : files asked for.
    failed : failed deliveries that no run was told of yet, each with its reason.
    """

    key: str
    sources: tuple[str, ...]
    files: tuple[str, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class Tick:
    """What a look at the folder came to.

    Parameters
    ----------
    arrived : source -> files that settled at this tick with bytes new under their name.
    gone : files that lay there before and do not now; what they held stands.
    held_back : files that a run must not read now, each with the reason.
    words : one sentence for people.
    """

    memory: Memory
    request: Request | None
    arrived: Mapping[str, tuple[str, ...]]
    gone: tuple[str, ...]
    held_back: Mapping[str, str]
    words: str

    @property
    def cursor(self) -> Cursor:
        """What Dagster is to keep."""
        return Cursor(self.memory.began, self.memory.request)


def tick(
    seen: Mapping[str, Seen],
    memory: Memory | None,
    cursor: Cursor | None,
    *,
    now: str,
    rules: Rules,
    open_settled: Open,
    taken_in: TakenIn,
    busy: str | None = None,
) -> Tick:
    """Compare the folder with the memory.

    Parameters
    ----------
    seen : the folder's files.
    memory, cursor : of the last tick. Where one is missing or they do not belong together, all files are new.
    now : text that no earlier memory began with, such as the time.
    busy : the run that is queued or going; None = none.
    """
    if memory is None or cursor is None or memory.began != cursor.began or memory.request < cursor.request:
        memory = Memory(began=now)  # the last: a lake put back from a copy, whose next request Dagster has had already
    elif memory.request > cursor.request:
        # Dagster was ended between the request and its cursor: the very same request once more, under its own key.
        return Tick(memory, _request(memory, memory.request), {}, (), held_back(memory), "asked again after a stop")
    files = _observe(seen, memory, rules, open_settled, taken_in)
    arrived: dict[str, list[str]] = {}
    for file, m in files.items():
        old = memory.files.get(file)
        if m.source and m.sha256 and m.sha256 != m.before and (old is None or old.sha256 != m.sha256):
            arrived.setdefault(m.source, []).append(file)
    gone = tuple(file for file in memory.files if file not in seen)
    after = replace(memory, files=files)
    asked = _ask(after, rules, taken_in, busy)
    request = _request(asked, asked.request) if asked.request > after.request else None
    return Tick(
        asked,
        request,
        {source: tuple(names) for source, names in arrived.items()},
        gone,
        held_back(asked),
        _words(asked, request, gone, rules, busy),
    )


def _observe(
    seen: Mapping[str, Seen], memory: Memory, rules: Rules, open_settled: Open, taken_in: TakenIn
) -> dict[str, Remembered]:
    files, left, opened_any = {}, rules.hash_bytes, False
    for file, now in seen.items():
        was = memory.files.get(file)
        if was is None or (was.size, was.time, was.source) != (now.size, now.time, now.source):
            files[file] = _moved(was, now, rules)
        elif was.waiting:
            files[file] = replace(was, ticks=was.ticks + 1)
        elif was.sha256 is not None or (was.failed is not None and not _may_heal(was.failed)):
            files[file] = was
        elif opened_any and now.size > left:
            files[file] = replace(was, waits_for=ITS_TURN)
        else:
            opened = open_settled(file, now)
            if opened.sha256 is not None:
                left, opened_any = left - now.size, True
            files[file] = _opened(file, was, opened, rules, taken_in)
    return files


def _may_heal(failed: str) -> bool:
    """Whether a failed delivery can become good though size and time stay: its permissions leave no trace in them."""
    return failed == STILL_CHANGING or failed.startswith(CANNOT_BE_OPENED)


def _moved(was: Remembered | None, now: Seen, rules: Rules) -> Remembered:
    if was is None:
        return Remembered(now.source, now.size, now.time, waits_for=STILL_CHANGING)
    asked = was.sha256 if was.request is not None and was.sha256 is not None else was.before
    before = asked if was.source == now.source else None
    fresh = Remembered(now.source, now.size, now.time, before=before, waits_for=STILL_CHANGING)
    if was.failed == STILL_CHANGING:  # a file that never rests is announced once
        return replace(fresh, failed=was.failed, request=was.request)
    ticks = was.ticks + 1 if was.arriving else 0
    return replace(fresh, ticks=ticks, failed=STILL_CHANGING if ticks >= rules.give_up_ticks else None)


def _opened(file: str, was: Remembered, opened: Opened, rules: Rules, taken_in: TakenIn) -> Remembered:
    if opened.sha256 is None:
        ticks = was.ticks + 1
        failed = opened.reason if ticks >= rules.give_up_ticks else was.failed
        return replace(was, ticks=ticks, failed=failed, waits_for=opened.reason)
    known = opened.sha256 == was.before or _is_taken_in(file, was.source, opened.sha256, taken_in)
    return replace(was, sha256=opened.sha256, ticks=0, failed=None, waits_for=None, request=0 if known else None)


def _is_taken_in(file: str, source: str | None, sha256: str, taken_in: TakenIn) -> bool:
    return source is not None and (file, sha256) in taken_in(source)


def _ask(memory: Memory, rules: Rules, taken_in: TakenIn, busy: str | None) -> Memory:
    """The memory with the next request noted in it, where it is time for one."""
    if busy is not None:
        return memory
    files = dict(memory.files)
    waiting = {file: m for file, m in files.items() if m.waiting}
    for file, m in list(waiting.items()):
        # Another run may have taken the file in while it waited here.
        if _is_taken_in(file, m.source, str(m.sha256), taken_in):
            files[file] = replace(m, request=0)
            del waiting[file]
    failed = [file for file, m in files.items() if m.failed is not None and m.request is None]
    arriving = any(m.arriving for m in files.values())
    patient = arriving and max((m.ticks for m in waiting.values()), default=0) < rules.patience_ticks
    if not (waiting or failed) or (waiting and patient):
        return replace(memory, files=files)
    number = memory.request + 1
    for file in (*waiting, *failed):
        files[file] = replace(files[file], request=number)
    return replace(memory, files=files, request=number)


def _request(memory: Memory, number: int) -> Request:
    asked = {file: m for file, m in memory.files.items() if m.request == number}
    settled = {file: m for file, m in asked.items() if m.failed is None}
    return Request(
        key=f"{memory.began}-{number}",
        sources=tuple(sorted({m.source for m in settled.values() if m.source is not None})),
        files=tuple(settled),
        failed={file: m.failed for file, m in asked.items() if m.failed is not None},
    )


def held_back(memory: Memory) -> dict[str, str]:
    """Files that a run must not read now, each with the reason: "arriving: ..." or "failed: ..."."""
    return {
        file: f"failed: {m.failed}" if m.failed is not None else f"arriving: {m.waits_for or STILL_CHANGING}"
        for file, m in memory.files.items()
        if m.arriving or m.failed is not None
    }


def _words(memory: Memory, request: Request | None, gone: tuple[str, ...], rules: Rules, busy: str | None) -> str:
    arriving = [file for file, m in memory.files.items() if m.arriving]
    waiting = [file for file, m in memory.files.items() if m.waiting]
    parts = []
    if request is not None:
        parts.append(f"new: {_some(request.files)}" if request.files else f"failed: {_some(tuple(request.failed))}")
    elif waiting and busy is not None:
        parts.append(f"settled: {_some(waiting)}, asked for when {busy} has ended")
    elif waiting:
        longest = max(memory.files[file].ticks for file in waiting)
        parts.append(f"settled: {_some(waiting)}, waiting {longest} of {rules.patience_ticks} ticks for those arriving")
    if arriving:
        parts.append(f"arriving: {_some(arriving)} ({memory.files[arriving[0]].waits_for})")
    if gone:
        parts.append(f"gone: {_some(gone)}; what they held stands")
    return "; ".join(parts) or "nothing new"


def _some(files: list[str] | tuple[str, ...]) -> str:
    named = ", ".join(files[:3])
    return named if len(files) <= 3 else f"{named} and {len(files) - 3} more"
