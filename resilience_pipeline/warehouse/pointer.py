"""Which version of a table is the current one, and how it came about: one small JSON file beside the versions.

Only the record and its JSON form; `lake.py` decides where it lies and when it moves.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resilience_pipeline.errors import LakeError
from resilience_pipeline.options import Value
from resilience_pipeline.step import TableKey

Note = str | int | float | bool

#: Hexadecimal digits of a data version (fingerprint.py): 128 bits, enough that two tables never share one by chance,
#: short enough to read aloud the start of.
VERSION_LENGTH = 32

_PART = re.compile(r"[a-z0-9_]+")
_VERSION = re.compile(rf"[0-9a-f]{{{VERSION_LENGTH}}}")
#: Folders of the lake that hold no tables, so no table's key may begin with one.
RESERVED = frozenset({"variants", "runs", "deliveries", "landing", "twin", "report_site"})


def join(key: TableKey) -> str:
    """("grid", "trade_resilience", "cells") as "grid/trade_resilience/cells"."""
    return "/".join(key)


def checked_key(key: TableKey) -> TableKey:
    """The key itself, or a ValueError where a part could lead out of the lake or into a folder of its own."""
    if len(key) < 2 or not all(_PART.fullmatch(part) for part in key) or key[0] in RESERVED:
        raise ValueError(
            f"{key!r} is no table key: at least two parts of lower-case letters, digits and underscores, "
            f"the first none of {sorted(RESERVED)}"
        )
    return key


def checked_name(name: str, what: str) -> str:
    """The name of a variant or study as one part of a path, or a ValueError."""
    if not _PART.fullmatch(name):
        raise ValueError(f"{name!r} is no {what}: lower-case letters, digits and underscores only")
    return name


@dataclass(frozen=True)
class Pointer:
    """The current version of one table.

    Parameters
    ----------
    key : the table.
    data_version : SHA-256 of its content, shortened; the name of its Parquet file.
    rows : number of rows.
    run_id : the run that wrote it last (also when the content was the same as before).
    code_version : of the step that computed it.
    inputs : joined key of each table read -> the data version that was read.
    options : the options that the step read, with their values.
    synthetic : some delivery it descends from comes from the synthetic twin.
    written_at : ISO 8601, UTC.
    notes : short facts for people.
    variant : None for the headline, else the variant's name.
    packages : release of each package that computes, when the table was computed; empty = not known.
    """

    key: TableKey
    data_version: str
    rows: int
    run_id: str
    code_version: str
    inputs: Mapping[str, str]
    options: Mapping[str, Value]
    synthetic: bool
    written_at: str
    notes: Mapping[str, Note] = field(default_factory=dict)
    variant: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The key as one text, parts joined by "/"."""
        return join(self.key)

    def as_json(self) -> dict[str, Any]:
        """Plain values only; `from_json` takes them back."""
        return {
            "key": list(self.key),
            "data_version": self.data_version,
            "rows": self.rows,
            "run_id": self.run_id,
            "code_version": self.code_version,
            "inputs": dict(self.inputs),
            "options": dict(self.options),
            "synthetic": self.synthetic,
            "written_at": self.written_at,
            "notes": dict(self.notes),
            "variant": self.variant,
            "packages": dict(self.packages),
        }

    @classmethod
    def from_json(cls, record: object) -> "Pointer":
        """The pointer that `as_json` wrote; a ValueError, KeyError or TypeError where the record is damaged."""
        if not isinstance(record, dict):
            raise TypeError("the record is not an object")
        version, variant = record["data_version"], record["variant"]
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise ValueError(f"{version!r} is no data version")
        return cls(
            key=checked_key(tuple(record["key"])),
            data_version=version,
            rows=int(record["rows"]),
            run_id=str(record["run_id"]),
            code_version=str(record["code_version"]),
            inputs=dict(record["inputs"]),
            options=dict(record["options"]),
            synthetic=bool(record["synthetic"]),
            written_at=str(record["written_at"]),
            notes=dict(record["notes"]),
            variant=None if variant is None else checked_name(variant, "variant"),
            packages={str(name): str(release) for name, release in dict(record.get("packages", {})).items()},
        )


def parse(text: str, file: str) -> Pointer:
    """The pointer in a pointer file's text, or a LakeError that names the file and the way out."""
    try:
        return Pointer.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError) as damage:
        raise LakeError(
            what="this file, which says which version of a table is the current one, cannot be read",
            file=file,
            found=f"{type(damage).__name__}: {damage}",
            remedy="delete this file and start `resilience run`; the table is computed again",
        ) from None
