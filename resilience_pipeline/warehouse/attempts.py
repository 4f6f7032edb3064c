"""How the last attempt at a table went, beside the table: a failed one leaves the last good version and says why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.atomic import replace_text
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import RESERVED, checked_key

FILE = "attempt.json"


@dataclass(frozen=True)
class Attempt:
    """One attempt: its run, whether the table was kept, every check's outcome, and the message where it failed.

    `rejects` is the data version of the rows that it refused; None where the step refuses nothing.
    """

    run_id: str
    at: str  # ISO 8601, UTC
    ok: bool
    checks: Sequence[Mapping[str, str | bool]]
    error: str | None
    rejects: str | None = None


def note_attempt(
    lake: Lake,
    key: TableKey,
    *,
    run_id: str,
    ok: bool,
    checks: Sequence[Mapping[str, str | bool]],
    error: str | None,
    rejects: str | None = None,
) -> None:
    """Write the attempt over the one before it."""
    attempt = Attempt(run_id, datetime.now(UTC).isoformat(timespec="milliseconds"), ok, checks, error, rejects)
    file = _file(lake, key)
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_text(file, json.dumps(asdict(attempt), ensure_ascii=False, indent=1))


def last_attempt(lake: Lake, key: TableKey) -> Attempt | None:
    """The last attempt; None where there was none or its note cannot be read."""
    try:
        return Attempt(**json.loads(_file(lake, key).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def failed_in(lake: Lake, run_id: str) -> list[str]:
    """Names of the tables that a run attempted in vain, the variants' among them."""
    homes = [lake.root, *(lake.variant(name).home for name in lake.variants())]
    failed = []
    for home in homes:
        layers = [folder for folder in home.glob("*") if folder.is_dir() and folder.name not in RESERVED]
        for file in (file for layer in layers for file in layer.rglob(FILE)):
            try:
                attempt = json.loads(file.read_text(encoding="utf-8"))
                if attempt["run_id"] == run_id and not attempt["ok"]:
                    failed.append("/".join(file.parent.relative_to(home).parts))
            except (OSError, ValueError, KeyError, TypeError):
                continue
    return sorted(set(failed))


def _file(lake: Lake, key: TableKey) -> Path:
    return lake.home.joinpath(*checked_key(key), FILE)
