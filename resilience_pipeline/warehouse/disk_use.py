"""How much of the disk a project takes, by part."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from resilience_pipeline.project import Project
from resilience_pipeline.warehouse.pointer import RESERVED

_WAREHOUSE = "warehouse.duckdb"


@dataclass(frozen=True)
class Part:
    """One part of a project: what it is, its files and their bytes."""

    part: str
    files: int
    bytes: int


def disk_use(project: Project) -> list[Part]:
    """The lake's parts, then Dagster's home; a part that is not there takes nothing."""
    lake = project.lake
    layers = [folder for folder in lake.glob("*") if folder.is_dir() and folder.name not in RESERVED]
    places = {
        "tables": layers,
        "variants": [lake / "variants"],
        "runs": [lake / "runs"],
        "deliveries": [lake / "deliveries"],
        "landing": [project.landing],
        "warehouse": list(lake.glob(f"{_WAREHOUSE}*")),
        "dagster": [project.dagster_home],
    }
    parts = []
    for name, paths in places.items():
        sizes = [file.stat().st_size for path in paths for file in _files(path)]
        parts.append(Part(name, len(sizes), sum(sizes)))
    return parts


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
