"""A reader who asks for a variant gets its own results or an error, never the headline's under its name."""

from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline import results
from resilience_pipeline.errors import LakeError
from resilience_pipeline.replication.folder import write_replication
from resilience_pipeline.report.export import export_results
from resilience_pipeline.status import read_result
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.variants import own_lake
from resilience_pipeline.warehouse.attempts import note_attempt
from resilience_pipeline.warehouse.lake import Lake

PRINTED, COLUMN, STAGED = ("report", "table_4"), ("estimates", "table_4", "3"), ("staging", "wind")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """The headline holds a result, its column and a staged table; the variant `weights_equal` another result only."""
    lake = Lake(tmp_path / "lake")
    for key in (PRINTED, COLUMN, STAGED):
        _write(lake, key)
    _write(lake.variant("weights_equal"), ("report", "table_5"))
    return lake


def _write(lake: Lake, key: tuple[str, ...]) -> None:
    lake.pin("one").write(key, pl.DataFrame({"x": [1]}), code_version="c", options={})


@pytest.mark.parametrize(
    "ask",
    [
        lambda root: read_result(root, "table_4", "weights_equall"),
        lambda root: results.estimate("table_4.3", lake=root, variant="weights_equall"),
        lambda root: results.data("estimates.table_4_3", lake=root, variant="weights_equall"),
        lambda root: results.names(lake=root, variant="weights_equall"),
        lambda root: export_results(root, root / "out", (), variant="weights_equall"),
        lambda root: write_replication(root, root / "out", find_studies(), "weights_equall"),
    ],
)
def test_a_misspelt_variant_is_refused(lake, ask):
    with pytest.raises(LakeError, match="no variant 'weights_equall'") as error:
        ask(lake.root)
    assert error.value.expected == "weights_equal"


@pytest.mark.parametrize(
    "ask",
    [
        lambda root: read_result(root, "table_4", "weights_equal"),
        lambda root: results.estimate("table_4.3", lake=root, variant="weights_equal"),
        lambda root: results.data("estimates.table_4_3", lake=root, variant="weights_equal"),
        lambda root: results.estimate("table_4.3", lake=root, variant="living"),
    ],
)
def test_the_headlines_result_is_not_passed_off_as_the_variants(lake, ask):
    with pytest.raises(LakeError, match="of its own"):
        ask(lake.root)


def test_the_error_says_why_the_variant_has_no_result(lake):
    variant = lake.variant("weights_equal")
    note_attempt(variant, PRINTED, run_id="two", ok=False, checks=[], error="the weights do not sum to one")
    with pytest.raises(LakeError) as error:
        read_result(lake.root, "table_4", "weights_equal")
    assert error.value.found == "the weights do not sum to one"


def test_a_variant_lists_its_own_results_and_reads_what_is_staged_once_for_all(lake):
    assert results.names(lake=lake.root, variant="weights_equal") == ["table_5"]
    assert results.data("staging.wind", lake=lake.root, variant="weights_equal")["x"].to_list() == [1]


def test_a_variants_own_lake_has_no_table_of_the_headlines_but_what_is_shared(lake):
    own = own_lake(lake.root, "weights_equal")
    assert [pointer.key for pointer in own.tables()] == [("report", "table_5"), STAGED]
    with pytest.raises(LakeError, match="not in the lake"):
        own.read(COLUMN)
    assert own_lake(lake.root, None).read(COLUMN).height == 1


def test_an_export_of_a_variant_without_results_says_so(lake):
    note = {"status": "waiting", "why": "nothing was delivered for 2023"}
    living = lake.variant("living").pin("three")
    living.write(("living", "small"), pl.DataFrame(), code_version="c", options={}, notes=note)
    with pytest.raises(LakeError, match="the variant living has no result of its own") as error:
        export_results(lake.root, lake.root / "out", (), variant="living")
    assert error.value.found == "waits: nothing was delivered for 2023"
