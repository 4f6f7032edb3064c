"""A landing folder that exists in memory only, watched tick by tick."""

import hashlib
from dataclasses import dataclass, field

from resilience_pipeline.landing.listing import Seen
from resilience_pipeline.landing.memory import Cursor, Memory
from resilience_pipeline.landing.opening import Opened
from resilience_pipeline.landing.rules import Rules
from resilience_pipeline.landing.watch import Tick, tick


@dataclass
class Folder:
    """Files with contents and times. A content that ends in "…" is cut short; `source` is a file's first folder."""

    rules: Rules = field(default_factory=lambda: Rules(patience_ticks=3, give_up_ticks=6))
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    lake: set[tuple[str, str]] = field(default_factory=set)  # (file, sha256) that the tables hold
    memory: Memory | None = None
    cursor: Cursor | None = None
    hashed: list[str] = field(default_factory=list)
    locked: set[str] = field(default_factory=set)  # files that the daemon may not read
    clock: int = 0

    def put(self, file: str, content: str) -> None:
        """Write a file now."""
        self.clock += 1
        self.files[file] = (content, self.clock)

    def tick(self, busy: str | None = None) -> Tick:
        """Look once; Dagster then keeps the cursor."""
        looked = self.tick_and_die(busy)
        self.cursor = looked.cursor
        return looked

    def tick_and_die(self, busy: str | None = None) -> Tick:
        """Look once; the daemon ends before it keeps the cursor."""
        self.clock += 1
        looked = tick(
            {
                file: Seen(file.split("/")[0] if "/" in file else None, len(content), time)
                for file, (content, time) in sorted(self.files.items())
            },
            self.memory,
            self.cursor,
            now=f"began at {self.clock}",
            rules=self.rules,
            open_settled=self._open,
            taken_in=lambda source: frozenset(item for item in self.lake if item[0].startswith(f"{source}/")),
            busy=busy,
        )
        self.memory = looked.memory
        return looked

    def ticks(self, number: int) -> list[Tick]:
        """Look several times; the ticks that asked for a run."""
        return [looked for looked in (self.tick() for _ in range(number)) if looked.request]

    def _open(self, file: str, seen: Seen) -> Opened:
        self.hashed.append(file)
        content = self.files[file][0]
        if file in self.locked:
            return Opened(None, "it cannot be opened (Permission denied)")
        return Opened(None, "it is cut short") if content.endswith("…") else Opened(sha(content), None)


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
