"""A state of the lake as some results rest on it: of each table the version from which they were computed.

A run that stops half-way leaves tables that nothing rests on yet; what they bring has moved nothing. It moves the
results in the run that computes them, so that is where it must be counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import polars as pl

from resilience_pipeline.errors import LakeError
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.warehouse.history import runs_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pins import Records
from resilience_pipeline.warehouse.pointer import Pointer, join


class Tables(Protocol):
    """A state of the lake: a run's past, a running run, or the lake as it stands."""

    def current(self, key: TableKey) -> Pointer | None:
        """What is known of a table; None where it does not exist."""

    def read(self, key: TableKey) -> pl.DataFrame:
        """The table."""


#: The pointer of a version that no longer stands; None where no run remembers it.
Find = Callable[[TableKey, str], Pointer | None]


class Standing:
    """A state seen from its results.

    Parameters
    ----------
    state : a state of the lake.
    steps : those that the results rest on, after the sources, inputs first; the last ones make the results.
    """

    def __init__(self, state: Tables, steps: Sequence[Step]) -> None:
        self.state = state
        self._lake: Lake = getattr(state, "lake", state)  # type: ignore[arg-type]
        self._rested_on: dict[TableKey, Pointer | None] = {}
        find = _in_any_run(self._lake)
        wanted: dict[TableKey, str] = {}
        for step in reversed(steps):
            pointer = self._rested_on[step.key] = _version(state.current(step.key), wanted.get(step.key), find)
            for key in () if pointer is None else step.inputs:
                version = pointer.inputs.get(join(key)) if pointer else None
                stands = state.current(key)
                if version is not None and (key not in wanted or (stands and stands.data_version == version)):
                    wanted[key] = version
        for key, version in wanted.items():
            if key not in self._rested_on:
                self._rested_on[key] = _version(state.current(key), version, find)

    def current(self, key: TableKey) -> Pointer | None:
        """What is known of the version that the results rest on."""
        return self._rested_on[key] if key in self._rested_on else self.state.current(key)

    def read(self, key: TableKey) -> pl.DataFrame:
        """That version; the one that stands, where it was removed since."""
        pointer, stands = self.current(key), self.state.current(key)
        if pointer is None or stands is None or pointer.data_version == stands.data_version:
            return self.state.read(key)
        try:
            return self._lake.read_pointer(pointer)
        except LakeError:
            return self.state.read(key)


def _version(stands: Pointer | None, wanted: str | None, find: Find) -> Pointer | None:
    if stands is None or wanted is None or stands.data_version == wanted:
        return stands
    return find(stands.key, wanted) or replace(stands, data_version=wanted)


def _in_any_run(lake: Lake) -> Find:
    """Looks a version up in what the runs pinned, the newest first."""
    known: dict[tuple[str, str], Pointer | None] = {}

    def find(key: TableKey, version: str) -> Pointer | None:
        place = join(key), version
        if place not in known:
            homes = [lake] if lake.variant_name is None else [lake, lake.headline()]
            pins = (run.record.pins.get(join(key)) for home in homes for run in reversed(runs_of(home)))
            pin = next((pin for pin in pins if pin is not None and pin.data_version == version), None)
            known[place] = None if pin is None else Records(lake.root).pointer(pin)
        return known[place]

    return find
