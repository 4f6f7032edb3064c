"""Where living panels lie in the lake, and what they say of themselves: read from pointers alone."""

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

#: Variant of the lake -> whether its indices take the frozen window's weights and bounds.
VARIANTS = {"living": False, "living_frozen_weights": True}


def living_panels(lake: Lake) -> dict[str, str]:
    """ "trade_resilience, frozen weights" -> what stands or why it waits, for every living panel that was looked at."""
    return {
        f"{pointer.key[1].removesuffix('_frozen_weights')}, {kind} weights": _words(pointer)
        for variant, kind in ((name, "frozen" if frozen else "re-estimated") for name, frozen in VARIANTS.items())
        for pointer in _pointers(lake.variant(variant))
    }


def demand_living(lake: Lake, pointer: Pointer, name: str, variant: str) -> None:
    """Raise a LakeError where a living panel's result would be the headline's, because it has none of its own."""
    if variant not in VARIANTS or pointer.variant is not None:
        return
    states = [_words(found) for found in _pointers(lake.variant(variant))]
    raise LakeError(
        what=f"the living panel has no {name} of its own",
        found="; ".join(states) or "it was never looked at",
        remedy="`resilience run` brings it up when a newer year is complete; --variant left out shows the study's own",
    )


def _pointers(lake: Lake) -> list[Pointer]:
    return [p for p in lake.readable_tables() if p.key[0] == "living" and p.variant == lake.variant_name]


def _words(pointer: Pointer) -> str:
    notes = pointer.notes
    if notes.get("status") == "waiting":
        return f"waits: {notes['why']}"
    failed = f", {notes['failed']} without a result" if notes.get("failed") else ""
    return (
        f"{notes.get('first_year')}-{notes.get('last_year')}, {notes.get('tables')} tables{failed}; "
        f"{notes.get('why_no_later_year')}"
    )
