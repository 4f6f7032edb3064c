"""Copies of delivered files: each what its folder's name says, and there as long as a table stands on it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from resilience_pipeline.doctor.finding import Finding, error, ok, some
from resilience_pipeline.errors import LakeError
from resilience_pipeline.sources.delivered import FOLDER, Delivered, deliveries_of
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.warehouse.deliveries import holds
from resilience_pipeline.warehouse.lake import Lake

AREA = "deliveries"


def examine(root: Path, landing: Path) -> Iterator[Finding]:
    """Findings on every copy in the lake, and on every delivery that a source's table stands on."""
    standing = _standing(Lake(root))
    copies = {file: file.parent.name for file in sorted((root / FOLDER).glob("*/*")) if not file.name.startswith(".")}
    copies |= {delivered.stored(root).path: delivered.sha256 for delivered, _ in standing.values()}
    damaged = {file: sha256 for file, sha256 in copies.items() if not holds(file, sha256)}
    by_hash: dict[str, list[tuple[Delivered, str]]] = defaultdict(list)
    for delivered, source in standing.values():
        by_hash[delivered.sha256].append((delivered, source))
    for file, sha256 in damaged.items():
        yield _damaged(file, sha256, by_hash.get(sha256, []), landing)
    if not damaged:
        yield ok(AREA, f"{len(copies)} copies of delivered files, each what was delivered")


def _standing(lake: Lake) -> dict[tuple[str, str], tuple[Delivered, str]]:
    """(source, file) -> the delivery that the source's table stands on."""
    found: dict[tuple[str, str], tuple[Delivered, str]] = {}
    for source in SOURCES:
        try:
            pointer = lake.current(("sources", source.name))
        except LakeError:  # named among the tables
            continue
        found |= {(source.name, delivered.file): (delivered, source.name) for delivered in deliveries_of(pointer)}
    return found


def _damaged(file: Path, sha256: str, standing: list[tuple[Delivered, str]], landing: Path) -> Finding:
    message = f"{file} is damaged or gone"
    if not standing:
        return error(AREA, f"{message}; no current table stands on it", "delete it, or put back what was delivered")
    rests = some(sorted({f"sources/{source}" for _, source in standing}))
    landed = [delivered.file for delivered, _ in standing if holds(landing / delivered.file, sha256)]
    if landed:
        return error(AREA, f"{message}; {rests} rests on it", f"`resilience run` copies it again from {landed[0]}")
    return error(
        AREA,
        f"{message}, and the landing folder does not hold it any more; {rests} rests on it",
        f"put {standing[0][0].file} (SHA-256 {sha256[:12]}…) back into the landing folder, then `resilience run`; "
        "the tables stand meanwhile, but its cells cannot be read again",
    )
