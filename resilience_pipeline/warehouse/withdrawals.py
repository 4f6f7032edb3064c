"""What the user does without: one small file of the lake that names withdrawn deliveries by file and hash.

A withdrawal concerns these bytes under this name. Other bytes under the same name are a new delivery.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.atomic import replace_text

#: (path inside the landing folder, SHA-256 of the bytes)
Withdrawal = tuple[str, str]


def withdrawn(lake_root: Path) -> frozenset[Withdrawal]:
    """What is withdrawn; a LakeError where the file cannot be read, because taking it all in again would be worse."""
    file = _file(lake_root)
    try:
        return frozenset((str(name), str(sha256)) for name, sha256 in json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, TypeError) as damage:
        raise LakeError(
            what="the list of withdrawn deliveries cannot be read",
            file=str(file),
            found=f"{type(damage).__name__}: {damage}",
            remedy="delete this file, then withdraw again what is to be done without: `resilience withdraw FILE`",
        ) from None


def withdraw(lake_root: Path, deliveries: Iterable[Withdrawal]) -> None:
    """Do without these from now on."""
    _write(lake_root, withdrawn(lake_root) | set(deliveries))


def reinstate(lake_root: Path, deliveries: Iterable[Withdrawal]) -> None:
    """Do without these no longer: what lies in the landing folder is taken in again."""
    _write(lake_root, withdrawn(lake_root) - set(deliveries))


def _write(lake_root: Path, deliveries: frozenset[Withdrawal]) -> None:
    if deliveries != withdrawn(lake_root):
        replace_text(_file(lake_root), json.dumps(sorted(deliveries), ensure_ascii=False, indent=1))


def _file(lake_root: Path) -> Path:
    return lake_root / "deliveries" / "withdrawn.json"
