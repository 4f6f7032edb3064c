"""A code version changes with the code and the texts behind a number, and with nothing else."""

import subprocess
import sys
from dataclasses import dataclass, replace
from functools import partial

import polars as pl
import pytest

from resilience_pipeline.code_version import _RECORDS, code_version
from resilience_pipeline.options import Options
from resilience_pipeline.step import Inputs, Step, StepResult


def compute(inputs: Inputs, options: Options) -> StepResult:
    return StepResult(pl.DataFrame())


def compute_from(text: str, inputs: Inputs, options: Options) -> StepResult:
    return StepResult(pl.DataFrame({"text": [text]}))


def step(function=compute, code=(), description="a table") -> Step:
    return Step(key=("grid", "a"), inputs=(), compute=function, description=description, code=code)


def test_another_sql_text_gives_another_version():
    assert code_version(step(code=("select 1",))) != code_version(step(code=("select 2",)))


def test_another_bound_argument_gives_another_version():
    one, other = partial(compute_from, "select 1"), partial(compute_from, "select 2")
    assert code_version(step(one)) != code_version(step(other))


def test_the_description_is_not_code():
    assert code_version(step()) == code_version(step(description="the same table in other words"))


def test_the_version_is_the_same_in_another_process_with_another_hash_seed():
    program = (
        "from resilience_pipeline.sources.intake import intake_step\n"
        "from resilience_pipeline.sources.registry import SOURCES\n"
        "from resilience_pipeline.code_version import code_version\n"
        "from resilience_pipeline.staging.steps import steps\n"
        "print([code_version(s) for s in [*(intake_step(s, list, print) for s in SOURCES), *steps()]])"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


@dataclass(frozen=True)
class Bound:
    text: str


def test_a_record_that_is_bound_counts_by_its_content_and_one_that_is_gone_leaves_nothing_behind():
    one, other = Bound("select 1"), Bound("select 2")
    assert (
        code_version(step(code=(one,))) == code_version(step(code=(one,))) == code_version(step(code=(replace(one),)))
    )
    assert code_version(step(code=(one,))) != code_version(step(code=(other,)))
    known = id(one)
    assert known in _RECORDS
    del one
    assert known not in _RECORDS


def test_what_has_no_version_is_refused():
    with pytest.raises(TypeError, match="cannot tell the version"):
        code_version(step(code=(object(),)))
