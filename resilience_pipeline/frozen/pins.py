"""Pins: the deliveries that frozen studies stand on, one small JSON file in the lake.

`resilience freeze` writes it and `resilience thaw` takes it away; a step carries it into the graph. The copies that it
names lie in `deliveries/` and are never removed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.sources.delivered import Delivered, deliveries_of
from resilience_pipeline.warehouse.atomic import replace_text
from resilience_pipeline.warehouse.lake import Lake

FILE = "pins.json"
PINS = pl.Schema(
    {"source": pl.String, "file": pl.String, "sha256": pl.String, "size": pl.Int64, "synthetic": pl.Boolean}
)
NO_PINS = PINS.to_frame()


@dataclass(frozen=True)
class Pins:
    """Deliveries by source, and when they were pinned (ISO 8601, UTC)."""

    frozen_at: str
    sources: Mapping[str, tuple[Delivered, ...]]

    @property
    def count(self) -> int:
        """How many deliveries are pinned."""
        return sum(map(len, self.sources.values()))

    @property
    def words(self) -> str:
        """ "frozen since 2026-11-24 to 168 deliveries"."""
        return f"frozen since {self.frozen_at[:10]} to {self.count:,} deliveries"

    def table(self) -> pl.DataFrame:
        """PINS, ordered by source and file; when they were pinned is no data."""
        rows = [
            (source, pinned.file, pinned.sha256, pinned.size, pinned.synthetic)
            for source, deliveries in sorted(self.sources.items())
            for pinned in sorted(deliveries, key=lambda pinned: pinned.file)
        ]
        return pl.DataFrame(rows, schema=PINS, orient="row")


def pinned_of(table: pl.DataFrame, source: str) -> tuple[Delivered, ...]:
    """The deliveries that a PINS table names for a source."""
    rows = table.filter(pl.col("source") == source).drop("source").iter_rows(named=True)
    return tuple(Delivered(**row) for row in rows)


def read_pins(root: Path) -> Pins | None:
    """The pins of the lake at `root`; None where nothing is frozen, a LakeError where the file is damaged."""
    file = root / FILE
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        sources = {name: tuple(map(_delivered, entries)) for name, entries in record["sources"].items()}
        return Pins(str(record["frozen_at"]), sources)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as damage:
        raise LakeError(
            what="the file that says to which deliveries the studies are frozen cannot be read",
            file=str(file),
            found=f"{type(damage).__name__}: {damage}",
            remedy="put the file back from a copy of the lake; or `resilience freeze --renew` pins what stands now",
        ) from None


def write_pins(root: Path, pins: Pins) -> Path:
    """Write the pins; returns the file."""
    entries = {
        name: [{"file": p.file, "sha256": p.sha256, "size": p.size, "synthetic": p.synthetic} for p in deliveries]
        for name, deliveries in sorted(pins.sources.items())
    }
    text = json.dumps({"frozen_at": pins.frozen_at, "sources": entries}, ensure_ascii=False, indent=1)
    replace_text(root / FILE, text + "\n")
    return root / FILE


def standing_deliveries(lake: Lake, sources: Iterable[str]) -> dict[str, tuple[Delivered, ...]]:
    """The deliveries that each source's staged table rests on now.

    Raises
    ------
    LakeError : a source was never taken in, or not staged since (its last delivery was refused, or the run did not get
        so far), or its table is older than the note of its deliveries, or nothing was delivered at all.
    """
    found = {}
    for source in sources:
        taken_in, staged = lake.current(("sources", source)), lake.current(("staging", source))
        if taken_in is None:
            raise LakeError(
                what=f"{source} was never taken in, so nobody knows what it would be frozen to",
                file=str(lake.root),
                remedy="`resilience run` everything once, then freeze",
            )
        deliveries = deliveries_of(taken_in)
        behind = staged is None or staged.inputs.get(f"sources/{source}") != taken_in.data_version
        if behind or (taken_in.rows and not deliveries):
            raise LakeError(
                what=f"what the staged table of {source} rests on is not what was taken in last",
                remedy="`resilience run` first; where it refuses a delivery, mend or withdraw that one before freezing",
            )
        if deliveries:
            found[source] = tuple(replace(d, read_by="", editions=()) for d in deliveries)
    if not found:
        raise LakeError(
            what="nothing has been delivered, so there is nothing to freeze to",
            file=str(lake.root),
            remedy="put files into the landing folder and `resilience run`, then freeze",
        )
    return found


def _delivered(entry: Mapping[str, object]) -> Delivered:
    return Delivered(
        str(entry["file"]), str(entry["sha256"]), int(str(entry["size"])), synthetic=bool(entry["synthetic"])
    )
