"""Variants of the lake as a reader asks for them: one that exists, and no result but its own.

A variant's lake gives the headline's table where it has none of its own. That is what a run wants, which reads what was
staged once for all; a reader would take the headline's coefficients for the variant's.
"""

from pathlib import Path

from resilience_pipeline.errors import LakeError
from resilience_pipeline.living.variants import VARIANTS as LIVING
from resilience_pipeline.living.variants import states, why_not
from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

#: Layers of which every variant reads the headline's tables.
SHARED = frozenset({"sources", "staging", "rejects", "frozen"})


def lake_of(root: Path, variant: str | None) -> Lake:
    """The headline's lake, or that of a variant; a LakeError names the variants there are where there is no such."""
    lake = Lake(root)
    if variant is None:
        return lake
    there = lake.variants()
    if variant not in (*there, *LIVING):
        raise LakeError(
            what=f"there is no variant {variant!r} in {root}",
            expected=", ".join(there) or "no variant: none was computed yet",
            remedy="`resilience status` lists them; `resilience run --set name=value` computes one",
        )
    return lake.variant(variant)


class OwnLake(Lake):
    """A lake without the tables that a reader must not take for its own: of a variant none that is the headline's.

    Only what every variant reads of the headline is there. Ask `own_lake` for one.
    """

    def current(self, key: TableKey) -> Pointer | None:
        """As `Lake.current`; None where the table is the headline's."""
        pointer = super().current(key)
        return pointer if pointer is not None and is_own(self, pointer) else None


def own_lake(root: Path, variant: str | None) -> Lake:
    """The headline's lake, or a variant's with no table but its own; a LakeError where there is no such variant."""
    lake = OwnLake(root)
    lake.variant_name = lake_of(root, variant).variant_name
    return lake


def is_own(lake: Lake, pointer: Pointer) -> bool:
    """Whether a reader of the lake may take the table for its own."""
    return pointer.variant == lake.variant_name or pointer.key[0] in SHARED


def own_results(lake: Lake) -> list[Pointer]:
    """Pointers of the tables that a reader may take for this lake's: of a variant none that is the headline's."""
    return [p for p in lake.tables() if is_own(lake, p)]


def no_result(lake: Lake) -> LakeError:
    """The error for a lake without any result that a reader may take for its own."""
    if lake.variant_name is None:
        return LakeError(
            what=f"{lake.root} holds no result yet", remedy="run `resilience demo` or `resilience run` first"
        )
    return LakeError(
        what=f"the variant {lake.variant_name} has no result of its own",
        found="; ".join(states(lake)) if lake.variant_name in LIVING else None,
        remedy="`resilience run` brings it up; --variant left out takes the headline's",
    )


def demand_own(lake: Lake, pointer: Pointer) -> None:
    """Raise a LakeError where a variant's result would be the headline's, because it has none of its own."""
    variant = lake.variant_name
    if variant is None or is_own(lake, pointer):
        return
    name = ".".join(pointer.key[1:])
    if variant in LIVING:
        why = why_not(lake, pointer.key)
        soon = "" if why else "`resilience run` brings it up when a newer year is complete; "
        raise LakeError(
            what=f"the living panel has no {name} of its own",
            found=why or "; ".join(states(lake)) or "it was never looked at",
            remedy=f"{soon}--variant left out shows the study's own",
        )
    attempt = last_attempt(lake, pointer.key)
    raise LakeError(
        what=f"the variant {variant} has no {name} of its own",
        found="it was not computed under these options" if attempt is None else attempt.error,
        remedy="`resilience run --set ...` with its options computes it; --variant left out shows the headline's",
    )
