"""Freeze and thaw a lake: write or take away the pins, and let them take hold at once, before any other run."""

from datetime import UTC, datetime
from uuid import uuid4

from resilience_pipeline.driver import execute
from resilience_pipeline.errors import LakeError
from resilience_pipeline.frozen.pins import FILE, Pins, read_pins, standing_deliveries, write_pins
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.warehouse.attempts import failed_in
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.lock import run_lock

WAIT_SECONDS = 20.0


def freeze(lake: Lake, *, renew: bool = False) -> Pins:
    """Pin the studies to the deliveries that their sources' tables rest on now.

    Parameters
    ----------
    renew : let go of the deliveries pinned before.

    Raises
    ------
    LakeError : the studies are frozen already, or a source's last delivery was refused, or nothing was delivered.
    """
    with run_lock(lake.root, "resilience freeze", WAIT_SECONDS):
        before = None if renew else read_pins(lake.root)
        if before is not None:
            raise LakeError(
                what=f"the studies are {before.words}",
                file=str(lake.root / FILE),
                remedy="use `resilience freeze --renew` to pin the deliveries that stand now, or `resilience thaw`",
            )
        pins = Pins(
            datetime.now(UTC).isoformat(timespec="seconds"),
            standing_deliveries(lake, [source.name for source in SOURCES]),
        )
        write_pins(lake.root, pins)
        _take_hold(lake)
    publish(lake)
    return pins


def thaw(lake: Lake) -> Pins:
    """Let studies read what their sources' tables hold, again; returns the pins that were.

    Raises
    ------
    LakeError : nothing is frozen.
    """
    with run_lock(lake.root, "resilience thaw", WAIT_SECONDS):
        pins = read_pins(lake.root)
        if pins is None:
            raise LakeError(what="nothing is frozen", remedy="`resilience freeze` pins studies to their deliveries")
        (lake.root / FILE).unlink()
        _take_hold(lake)
    publish(lake)
    return pins


def _take_hold(lake: Lake) -> None:
    """A run of changed sources alone would not look at the pins: what studies read is written here and now."""
    snapshot = lake.pin(f"pins-{uuid4()}")
    for step in frozen_steps(lambda: lake.root):
        if all(snapshot.current(key) is not None for key in step.inputs):
            execute(step, snapshot, Options())
    snapshot.end(failed_in(lake, snapshot.run_id))
