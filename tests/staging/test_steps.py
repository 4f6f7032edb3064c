"""One staging step for each source, each with its select and the checks that it declares."""

import pytest

from resilience_pipeline.code_version import code_version
from resilience_pipeline.options import Options
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.source import CELLS, Source
from resilience_pipeline.sql_files import sql_text
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.staging.steps import staging_step, steps
from resilience_pipeline.step import Inputs


def test_there_is_one_step_for_each_source_in_the_order_of_precedence() -> None:
    assert [step.key for step in steps()] == [("staging", source.name) for source in SOURCES]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_an_undelivered_source_gives_an_empty_table_and_the_checks_it_declares(source: Source) -> None:
    step = staging_step(source)
    result = step.compute(Inputs({("sources", source.name): CELLS.to_frame()}, synthetic=False), Options())
    assert result.table.schema == SHAPES[source.shape]
    assert result.notes["status"] == "awaiting"
    assert tuple((check.name, check.blocking) for check in result.checks) == step.checks


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_select_reads_its_own_source_and_ends_with_its_last_table(source: Source) -> None:
    text = sql_text("staging", source.name)
    assert f"from sources.{source.name})" in text
    assert text.rstrip().splitlines()[-1].startswith("select * from ")


def test_a_description_says_grain_publisher_and_what_is_not_done() -> None:
    for step in steps():
        assert "one row per" in step.description
        assert "Publisher: " in step.description
        assert "It fills no gap" in step.description


def test_another_select_is_another_version_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    source = SOURCES[0]
    before = code_version(staging_step(source))
    assert code_version(staging_step(source)) == before
    monkeypatch.setattr(
        "resilience_pipeline.staging.steps.sql_text", lambda layer, name: sql_text(layer, name) + "-- changed"
    )
    assert code_version(staging_step(source)) != before


def test_a_select_that_does_not_exist_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.sql"):
        sql_text("staging", "nowhere")
