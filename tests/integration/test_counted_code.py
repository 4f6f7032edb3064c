"""What a step calls counts in its code version: a changed rule must mark every table stale that was made by it."""

import sys
from pathlib import Path

import pytest

import resilience_pipeline
from resilience_pipeline.code_version import code_version
from resilience_pipeline.frozen.steps import PINS_KEY, frozen_steps
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.step import Inputs, Step
from resilience_pipeline.warehouse.lake import Lake

PACKAGE = Path(resilience_pipeline.__file__).parent
#: What says no number: names of tables, options (whose values a pointer holds), words for people, loading of texts that
#: count as texts, and the form of a step itself.
SAYS_NO_NUMBER = {
    *("errors.py", "options.py", "words.py", "step.py"),
    *("reference/__init__.py", "sql_files.py", "study/kind.py"),
}
#: Names of years' columns and of a study's own tables; other names are other inputs.
SAYS_NAMES = {"study/vocabulary.py", "warehouse/deliveries.py", "sources/delivered.py", "frozen/pins.py"}
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


def _called(step: Step, lake: Lake) -> set[str]:
    """Modules of the package of which a function is called while the step is computed."""
    inputs = Inputs({key: step.shown(key, lake.read(key)) for key in step.inputs}, synthetic=True)
    files: set[str] = set()

    def look(frame, event, argument):
        files.add(frame.f_code.co_filename)

    before = sys.gettrace()
    sys.settrace(look)
    try:
        step.compute(inputs, Options())
    finally:
        sys.settrace(before)
    inside = {Path(file).relative_to(PACKAGE).as_posix() for file in files if Path(file).is_relative_to(PACKAGE)}
    return inside - SAYS_NO_NUMBER - SAYS_NAMES


def _counted(step: Step, monkeypatch) -> set[str]:
    """Modules of the package whose source makes the step's code version."""
    counted: set[str] = set()
    with monkeypatch.context() as patched:
        patched.setattr(
            "resilience_pipeline.code_version._source", lambda module: counted.add(str(module.__file__)) or ""
        )
        code_version(step)
    return {Path(file).relative_to(PACKAGE).as_posix() for file in counted if Path(file).is_relative_to(PACKAGE)}
