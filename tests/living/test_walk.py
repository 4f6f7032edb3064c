"""A living panel's walk: one result that fails is named, takes what rests on it, and stops nothing else."""

from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError, TableRuleError
from resilience_pipeline.living.walk import walk
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.warehouse.lake import Lake


def step(name: str, *inputs: str, good: bool = True, error: Exception | None = None, value: int = 1) -> Step:
    def compute(read: Inputs, options: Options) -> StepResult:
        if error is not None:
            raise error
        return StepResult(pl.DataFrame({"x": [value]}), (Check("right", good, f"{name} is wrong"),))

    return Step(
        key(name), tuple(key(other) for other in inputs), compute, name, (value, good), checks=(("right", True),)
    )


def key(name: str) -> TableKey:
    return ("estimates", name)


def states(table: pl.DataFrame) -> dict[str, str]:
    return dict(table.select(pl.col("result").str.strip_prefix("estimates."), "state").rows())


def test_a_failed_result_takes_only_what_rests_on_it_and_its_last_good_table_stays(tmp_path: Path):
    lake = Lake(tmp_path).variant("living")
    walk([step("a"), step("b", "a")], lake.pin("1"), Options())
    before = lake.current(key("b"))
    chain = [step("a", value=2), step("b", "a", good=False, value=2), step("c", "a"), step("d", "b")]
    table = walk(chain, lake.pin("2"), Options())
    assert states(table) == {"a": "stands", "b": "failed", "c": "stands", "d": "left out"}
    assert table.filter(result="estimates.b")["message"].item() == "b is wrong"
    assert lake.current(key("b")) == before


@pytest.mark.parametrize("error", [TableRuleError(what="no value", remedy="deliver one"), ValueError("no value")])
def test_an_error_of_one_result_is_its_own(tmp_path: Path, error: Exception):
    table = walk([step("a", error=error), step("b")], Lake(tmp_path).variant("living").pin("1"), Options())
    assert states(table) == {"a": "failed", "b": "stands"}
    assert "no value" in table["message"][0]


def test_a_lake_that_refuses_is_no_results_fault_and_ends_the_walk(tmp_path: Path):
    with pytest.raises(LakeError, match="disk"):
        walk([step("a", error=LakeError(what="disk", remedy="make room"))], Lake(tmp_path).pin("1"), Options())


def test_a_second_walk_computes_nothing(tmp_path: Path):
    lake = Lake(tmp_path).variant("living")
    walk([step("a")], lake.pin("1"), Options())
    walk([step("a")], lake.pin("2"), Options())
    assert lake.current(key("a")).run_id == "1"
