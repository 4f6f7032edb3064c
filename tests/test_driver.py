"""The driver keeps a good table, keeps the last good one when a rule fails, and notes every attempt."""

from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.driver import execute
from resilience_pipeline.errors import LakeError, PipelineError
from resilience_pipeline.options import Options
from resilience_pipeline.staging.schema import REJECTS
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.lake import Lake

KEY = ("staging", "numbers")
GOOD = pl.DataFrame({"x": [1, 2, 3]})
BAD = pl.DataFrame({"x": [-1]})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def positive(table: pl.DataFrame, *, blocking: bool = True) -> Step:
    """A step whose one check demands positive numbers."""
    rows = table["x"].to_list()

    def compute(inputs: Inputs, options: Options) -> StepResult:
        table = pl.DataFrame({"x": rows})
        wrong = table.filter(pl.col("x") <= 0)
        check = Check("positive", wrong.is_empty(), f"{wrong.height} not positive", blocking, wrong)
        return StepResult(table, (check,), rejects=REJECTS.to_frame(), notes={"rows_seen": table.height})

    return Step(KEY, (), compute, "numbers", code=(rows,), checks=(("positive", blocking),))


def test_a_table_that_passes_is_kept_with_its_notes(lake):
    outcome = execute(positive(GOOD), lake.pin("run_1"), Options())
    assert lake.read(KEY).equals(GOOD)
    assert outcome.pointer.notes["rows_seen"] == 3
    assert last_attempt(lake, KEY).ok


def test_a_failed_blocking_check_leaves_the_last_good_table_and_its_message(lake):
    execute(positive(GOOD), lake.pin("run_1"), Options())
    outcome = execute(positive(BAD), lake.pin("run_2"), Options())
    assert outcome.pointer is None
    assert [check.name for check in outcome.failures] == ["positive"]
    assert lake.read(KEY).equals(GOOD)
    assert lake.current(KEY).run_id == "run_1"
    attempt = last_attempt(lake, KEY)
    assert (attempt.run_id, attempt.ok, attempt.error) == ("run_2", False, "1 not positive")


def test_rejects_are_written_even_when_the_table_is_not(lake):
    execute(positive(BAD), lake.pin("run_1"), Options())
    assert lake.current(KEY) is None
    assert lake.current(("rejects", "numbers")).rows == 0


def test_a_failed_check_that_does_not_block_lets_the_table_through(lake):
    assert execute(positive(BAD, blocking=False), lake.pin("run_1"), Options()).pointer is not None
    assert lake.read(KEY).equals(BAD)


def test_a_step_whose_input_was_never_written_says_what_to_run(lake):
    step = Step(("grid", "a"), (KEY,), lambda inputs, options: StepResult(inputs[KEY]), "reads numbers")
    with pytest.raises(LakeError, match="resilience run"):
        execute(step, lake.pin("run_1"), Options())
    assert not last_attempt(lake, ("grid", "a")).ok


def test_a_table_made_from_a_synthetic_one_is_synthetic(lake):
    made = Step(KEY, (), lambda inputs, options: StepResult(GOOD, synthetic=True), "made up")
    reads = Step(("grid", "a"), (KEY,), lambda inputs, options: StepResult(inputs[KEY]), "reads it")
    snapshot = lake.pin("run_1")
    execute(made, snapshot, Options())
    assert execute(reads, snapshot, Options()).pointer.synthetic


def test_only_the_options_that_a_step_reads_are_stored_with_its_table(lake):
    step = Step(KEY, (), lambda inputs, options: StepResult(GOOD), "numbers", options=("winsorise",))
    pointer = execute(step, lake.pin("run_1"), Options.of({"winsorise": "none", "start_year": 2019})).pointer
    assert dict(pointer.options) == {"winsorise": "none"}


def test_a_step_sees_its_own_last_good_table_only_when_it_asks(lake):
    seen = []

    def compute(inputs: Inputs, options: Options) -> StepResult:
        seen.append(KEY in inputs.tables)
        return StepResult(GOOD)

    snapshot = lake.pin("run_1")
    for reads_previous in (True, True, False):
        execute(Step(KEY, (), compute, "numbers", reads_previous=reads_previous), snapshot, Options(), force=True)
    assert seen == [False, True, False]


def test_a_check_that_was_declared_and_not_reported_is_a_mistake_in_the_code(lake):
    step = Step(KEY, (), lambda inputs, options: StepResult(GOOD), "numbers", checks=(("positive", True),))
    with pytest.raises(RuntimeError, match="declares checks"):
        execute(step, lake.pin("run_1"), Options())


def test_an_error_that_a_user_can_mend_is_noted_and_raised(lake):
    def compute(inputs: Inputs, options: Options) -> StepResult:
        raise PipelineError(what="the workbook is torn", remedy="ask for it again", file="a.xlsx")

    with pytest.raises(PipelineError, match="torn"):
        execute(Step(KEY, (), compute, "numbers"), lake.pin("run_1"), Options())
    assert "ask for it again" in last_attempt(lake, KEY).error
