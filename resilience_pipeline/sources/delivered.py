"""Which deliveries a source's table stands on: the note that intake leaves on the table's pointer, read back.

Each delivery is named by where it lay in the landing folder and by the hash of its bytes; its copy stays in the lake.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from resilience_pipeline.sources.source import Delivery

if TYPE_CHECKING:
    from resilience_pipeline.warehouse.pointer import Pointer

NOTE = "deliveries"
FOLDER = "deliveries"  # of the lake, where the copies lie


@dataclass(frozen=True)
class Delivered:
    """One delivery that a source's table stands on.

    Parameters
    ----------
    file : where it lay, relative to the landing folder; it may be gone from there since.
    sha256, size : of its bytes.
    editions : editions of a yearbook that its cells belong to, ascending; empty where it says none.
    synthetic : it carries the marker of the synthetic twin.
    read_by : version of the code that read its cells.
    """

    file: str
    sha256: str
    size: int
    editions: tuple[int, ...] = ()
    synthetic: bool = False
    read_by: str = ""

    def stored(self, lake_root: Path) -> Delivery:
        """The copy in the lake, as a reader takes it; whether it is still there is for the caller to see."""
        path = lake_root / FOLDER / self.sha256 / PurePosixPath(self.file).name
        return Delivery(path, self.file, self.sha256, self.size, self.synthetic)


def note_of(deliveries: Iterable[Delivered]) -> str:
    """The deliveries as JSON, ordered by file."""
    ordered = sorted(deliveries, key=lambda delivered: delivered.file)
    return json.dumps([asdict(delivered) for delivered in ordered], ensure_ascii=False)


def deliveries_of(pointer: "Pointer | None") -> tuple[Delivered, ...]:
    """The deliveries that a table of the layer `sources` stands on, ordered by file.

    Nothing where there is no table, or where it was written before intake left the note.
    """
    if pointer is None:
        return ()
    records = json.loads(str(pointer.notes.get(NOTE, "[]")))
    return tuple(Delivered(**{**record, "editions": tuple(record["editions"])}) for record in records)
