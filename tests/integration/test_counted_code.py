"""What a step calls counts in its code version: a changed rule must mark every table stale that was made by it."""

import sys

import pytest

from resilience_pipeline.code_version import code_version
from resilience_pipeline.frozen.steps import PINS_KEY, frozen_steps
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.reach import PACKAGE, Place, reached
from resilience_pipeline.step import Inputs, Step
from resilience_pipeline.warehouse.lake import Lake

#: What makes no number: options, whose values a pointer holds, and words for people.
MAKES_NO_NUMBER = {f"{PACKAGE}.{name}" for name in ("options", "errors", "words")}
#: Layers in which every step is walked; of the estimates, one of each kind that costs no time.
LAYERS = ("staging", "frozen", "grid", "indices", "panel")
CHEAP = ("table_4", "table_5", "table_9", "figure_1_honest", "table_3", "descriptives")


@pytest.fixture(scope="module")
def lake(finished) -> Lake:
    return Lake(finished.root / "data_lake")


def test_every_function_that_makes_a_table_counts_in_its_code_version(lake, monkeypatch):
    steps = [*project_plan().staging, *frozen_steps(lambda: lake.root), *project_plan().studies]
    walked = [
        step
        for step in steps
        if step.key != PINS_KEY and (step.key[0] in LAYERS or (step.key[0] == "estimates" and step.key[1] in CHEAP))
    ]
    assert {step.key[0] for step in walked} == {*LAYERS, "estimates"}
    found = {".".join(step.key): _called(step, lake) - _counted(step, monkeypatch) for step in walked}
    assert {table: uncounted for table, uncounted in found.items() if uncounted} == {}


def _called(step: Step, lake: Lake) -> set[Place]:
    """Functions and classes of the package that are called while the step is computed, by module and name."""
    inputs = Inputs({key: step.shown(key, lake.read(key)) for key in step.inputs}, synthetic=True)
    called: set[Place] = set()

    def look(frame, event, argument):
        called.add((str(frame.f_globals.get("__name__")), frame.f_code.co_qualname.split(".")[0]))

    before = sys.gettrace()
    sys.settrace(look)
    try:
        step.compute(inputs, Options())
    finally:
        sys.settrace(before)
    return {
        (module, name)
        for module, name in called
        if module.startswith(f"{PACKAGE}.") and module not in MAKES_NO_NUMBER and not name.startswith(("<", "__"))
    }


def _counted(step: Step, monkeypatch) -> set[Place]:
    """Places of the package that make the step's code version."""
    counted: set[Place] = set()
    with monkeypatch.context() as patched:
        patched.setattr("resilience_pipeline.code_version._hash_of", lambda place: counted.update(reached(place)) or "")
        code_version(step)
    return counted
