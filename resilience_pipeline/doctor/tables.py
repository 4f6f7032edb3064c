"""Tables of the lake: pointers that can be read, and files that are what their names say."""

from collections.abc import Iterator
from pathlib import Path

from resilience_pipeline.doctor.finding import Finding, error, ok, some, warning
from resilience_pipeline.errors import LakeError
from resilience_pipeline.living.variants import VARIANTS as LIVING
from resilience_pipeline.warehouse.history import runs_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pins import Records
from resilience_pipeline.warehouse.pointer import Pointer, join
from resilience_pipeline.warehouse.stored import is_whole

AREA = "tables"


def examine(root: Path, *, deep: bool = False) -> Iterator[Finding]:
    """Findings on the current tables, headline and variants; `deep`: on every version that is kept, and on runs."""
    pointers, unreadable = [], set()
    for lake in _lakes(root):
        for key in lake.table_keys():
            try:
                pointer = lake.current(key)
            except LakeError as damage:
                if damage.file in unreadable:  # a variant sees the headline's, too
                    continue
                unreadable.add(damage.file)
                yield error(
                    AREA,
                    f"{damage.file} cannot be read, so nothing says which version of {join(key)} is current",
                    "delete that file, then `resilience run` computes the table again",
                )
                continue
            if pointer is not None and pointer.variant == lake.variant_name:
                pointers.append((lake, pointer))
    damaged = [(lake, pointer) for lake, pointer in pointers if not lake.is_whole(pointer)]
    for lake, pointer in damaged:
        yield error(
            AREA,
            f"{lake.file_of(pointer)} is damaged or gone; it holds {pointer.name}, on which rest "
            f"{some(_resting_on(pointer, [other for _, other in pointers])) or 'no other table'}",
            _again(pointer),
        )
    if not damaged:
        yield ok(AREA, f"{len(pointers)} tables, each file what its name says")
    if deep:
        yield _old_versions(pointers)
        yield _runs(root)


def _lakes(root: Path) -> list[Lake]:
    headline = Lake(root)
    return [headline, *(headline.variant(name) for name in headline.variants())]


def _again(pointer: Pointer) -> str:
    if pointer.variant is None or pointer.variant in LIVING:
        return "`resilience run` computes it again; nothing reads the damaged file"
    return f"`resilience run --set ...` with the options that make the variant {pointer.variant} computes it again"


def _resting_on(pointer: Pointer, pointers: list[Pointer]) -> list[str]:
    """Names of the tables that were made from this version, directly or by way of others."""
    reached, names = {(pointer.name, pointer.data_version)}, []
    found = True
    while found:
        found = False
        for other in pointers:
            made_from = any(entry in reached for entry in other.inputs.items())
            if made_from and (other.name, other.data_version) not in reached:
                reached.add((other.name, other.data_version))
                names.append(other.name)
                found = True
    return names


def _old_versions(pointers: list[tuple[Lake, Pointer]]) -> Finding:
    files = [file for lake, pointer in pointers for file in sorted(lake.file_of(pointer).parent.glob("*.parquet"))]
    damaged = [str(file) for file in files if not is_whole(file)]
    if damaged:
        return warning(
            AREA,
            f"{len(damaged)} of {len(files)} kept versions are damaged: {some(damaged)}",
            "current ones are named above; older ones cannot be shown --as-of their run any more: delete them",
        )
    return ok(AREA, f"{len(files)} kept versions, each file what its name says")


def _runs(root: Path) -> Finding:
    records = Records(root)
    try:
        runs = [run for lake in _lakes(root) for run in runs_of(lake)]
        for pin in {pin.record: pin for run in runs for pin in run.record.pins.values()}.values():
            records.pointer(pin)
    except LakeError as damage:
        return error(AREA, f"{damage.file} cannot be read: {damage.found or damage.what}", damage.remedy)
    return ok(AREA, f"the files of {len(runs)} runs can be read")
