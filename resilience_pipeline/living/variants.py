"""Where living panels lie in the lake, and what they say of themselves: read from pointers alone."""

from resilience_pipeline.step import TableKey
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


def states(lake: Lake) -> list[str]:
    """What stands or why it waits, for every living panel of a variant's lake."""
    return [_words(pointer) for pointer in _pointers(lake)]


def why_not(lake: Lake, key: TableKey) -> str | None:
    """What the last walk of a living panel says of a table that it did not bring up; None where it says nothing."""
    for pointer in _pointers(lake):
        for state, message in lake.read_pointer(pointer).filter(result=".".join(key)).select("state", "message").rows():
            return f"{state}: {message}"
    return None


def last_years(lake: Lake) -> dict[str, int]:
    """Study -> last year of its living panel, for those that stand in a variant's lake."""
    return {
        pointer.key[1].removesuffix("_frozen_weights"): int(pointer.notes["last_year"])
        for pointer in _pointers(lake)
        if pointer.notes.get("status") == "stands"
    }


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
