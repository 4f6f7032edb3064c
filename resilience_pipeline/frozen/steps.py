"""The steps between staging and grid: pass a staged table through, or stage the pinned deliveries anew.

A pinned delivery's cells come from the source's table while it still holds them, else from the copy in the lake. So a
new edition, a corrected file or one that is withdrawn changes nothing that a frozen study reads.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.frozen import pins as pins_module
from resilience_pipeline.frozen.pins import NO_PINS, Pins, pinned_of
from resilience_pipeline.options import Options
from resilience_pipeline.sources.delivered import Delivered
from resilience_pipeline.sources.intake import readers_text
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import Source
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.staging.steps import staging_step
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.warehouse.deliveries import holds

PINS_KEY: TableKey = ("sources", "pins")
WHOLE = "pinned_copies_are_whole"
SOUND = "pinned_deliveries_stage"

Root = Callable[[], Path]


def nowhere() -> Path:
    """The lake of a step that is only declared."""
    raise RuntimeError("a declared step has no lake")


def frozen_steps(root: Root = nowhere) -> list[Step]:
    """The pins, then one step a source.

    Parameters
    ----------
    root : the lake's folder, asked for when a step is computed.
    """
    return [pins_step(root), *(frozen_step(source, root) for source in SOURCES)]


def pins_step(root: Root) -> Step:
    """The step that carries the pins into the graph."""

    def compute(inputs: Inputs, options: Options) -> StepResult:
        pins: Pins | None = pins_module.read_pins(root())
        if pins is None:
            return StepResult(NO_PINS, notes={"frozen": False})
        return StepResult(pins.table(), notes={"frozen": True, "frozen_at": pins.frozen_at, "deliveries": pins.count})

    return Step(
        key=PINS_KEY,
        inputs=(),
        compute=compute,
        description="The deliveries that studies are frozen to, as `resilience freeze` wrote them down; empty where "
        "nothing is frozen. One row per delivery. Reads none of them.",
        code=(pins_module,),
        kinds=frozenset({"file"}),
    )


def frozen_step(source: Source, root: Root) -> Step:
    """The step that gives studies what they read of a source."""
    taken_in, staged = ("sources", source.name), ("staging", source.name)

    def compute(inputs: Inputs, options: Options) -> StepResult:
        pins = inputs[PINS_KEY]
        if pins.is_empty():
            checks = (Check(SOUND, True, "nothing is frozen"), Check(WHOLE, True, "nothing is frozen", blocking=False))
            return StepResult(inputs[staged], checks, notes={"frozen": False})
        return _staged_anew(source, pinned_of(pins, source.name), inputs[taken_in], root())

    return Step(
        key=("frozen", source.name),
        inputs=(taken_in, staged, PINS_KEY),
        compute=compute,
        description=f"{source.title}, as studies read it: the staged table as it stands, or, once `resilience freeze` "
        "has pinned the deliveries, those staged anew and no other. Same rows as staged. Its own rejects are those of "
        "staging. Section 4.6.",
        code=(*staging_step(source).code, source.read, source.headings, readers_text(), stage),
        checks=((SOUND, True), (WHOLE, False)),
    )


def _staged_anew(source: Source, pinned: tuple[Delivered, ...], cells: pl.DataFrame, root: Path) -> StepResult:
    at = dict.fromkeys(cells.select("file", "delivery_sha256").unique().iter_rows())
    gone = [delivery for delivery in pinned if (delivery.file, delivery.sha256) not in at]
    wanted = pl.DataFrame(
        [(delivery.file, delivery.sha256) for delivery in pinned],
        schema={"file": pl.String, "delivery_sha256": pl.String},
        orient="row",
    )
    here = cells.join(wanted, on=["file", "delivery_sha256"], how="semi", maintain_order="left")
    read = [_read_copy(source, delivery, root) for delivery in gone]
    together = pl.concat([here, *read]).sort("file", "sheet", "row", "column", nulls_last=False, maintain_order=True)
    result = stage(source, together)
    failed = [check for check in result.checks if check.blocking and not check.passed]
    sound = Check(
        SOUND,
        not failed,
        "\n".join(f"{check.name}: {check.message}" for check in failed) or f"{len(pinned)} pinned deliveries",
        failures=failed[0].failures if failed else None,
    )
    return StepResult(
        result.table,
        (sound, _whole(pinned, root)),
        notes={"frozen": True, "deliveries": len(pinned), "read_from_their_copies": len(gone)},
        synthetic=any(delivery.synthetic for delivery in pinned),
    )


def _read_copy(source: Source, delivery: Delivered, root: Path) -> pl.DataFrame:
    stored = delivery.stored(root)
    if not holds(stored.path, delivery.sha256):
        raise DeliveryError(
            what=f"a study is frozen to this delivery of {source.name}, and its copy in the lake is "
            + ("damaged" if stored.path.exists() else "gone"),
            file=delivery.file,
            expected=f"{delivery.size:,} bytes with SHA-256 {delivery.sha256}",
            found=str(stored.path),
            remedy="put that very file back into the landing folder (or the copy, from a backup of the lake) and run "
            "again; or let go of it with `resilience freeze --renew` or `resilience thaw`",
        )
    return source.read(stored)


def _whole(pinned: Iterable[Delivered], root: Path) -> Check:
    """Every pinned delivery has its copy; one that is damaged is named before it is needed."""
    bad = [delivery.file for delivery in pinned if not holds(delivery.stored(root).path, delivery.sha256)]
    message = f"damaged or gone: {', '.join(bad)}" if bad else "every pinned delivery has its copy"
    return Check(WHOLE, not bad, message, blocking=False)
