"""Editions as partitions of a yearbook's source in Dagster: which files a run reads, and which partitions it marks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context

from resilience_pipeline.assets.editions import EDITIONS
from resilience_pipeline.definitions import defs
from resilience_pipeline.landing.memory import Memory, Remembered, write_memory
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.terminal import arriving_in
from resilience_pipeline.warehouse.lake import Lake
from tests.sources.deliveries import workbook

SOURCE, STAGED = dg.AssetKey(["sources", "city_yearbook"]), dg.AssetKey(["staging", "city_yearbook"])
INVENTORY = dg.AssetKey(["sources", "inventory"])


def edition(year: int, content: bytes | None = None) -> tuple[str, bytes]:
    book = workbook({"2-1": [["城市", "地区生产总值（万元）"], ["杭州市", 135090000], ["宁波市", 107460000 + year]]})
    return f"edition_{year}/2-1.xlsx", content or book


class Yearbook:
    """A landing folder, a lake and a Dagster instance in memory."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        self.landing, self.lake, self.instance = root / "landing", Lake(root / "lake"), instance
        config = {"root": str(self.lake.root), "landing": str(self.landing)}
        self.config = {"resources": {"lake": {"config": config}}}

    def deliver(self, *editions: tuple[str, bytes]) -> None:
        for file, content in editions:
            (self.landing / file).parent.mkdir(parents=True, exist_ok=True)
            (self.landing / file).write_bytes(content)

    def run(self, *keys: dg.AssetKey, **which: object) -> dg.ExecuteInProcessResult:
        job = defs.resolve_job_def("everything")
        return job.execute_in_process(
            run_config=self.config,
            instance=self.instance,
            asset_selection=list(keys),
            raise_on_error=False,
            **which,
        )

    @property
    def taken_in(self) -> list[int]:
        pointer = self.lake.current(("sources", "city_yearbook"))
        return [year for delivered in deliveries_of(pointer) for year in delivered.editions]

    @property
    def marked(self) -> list[str]:
        return sorted(self.instance.get_materialized_partitions(SOURCE))


def span(first: int, last: int) -> dict[str, object]:
    return {"tags": {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(last)}}


@pytest.fixture
def yearbook(tmp_path) -> Iterator[Yearbook]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Yearbook(tmp_path, instance)


def test_this_years_edition_is_a_partition_without_a_change_of_code_and_next_years_is_not():
    with partition_loading_context(effective_dt=datetime(2031, 3, 1, tzinfo=UTC)):
        assert EDITIONS.get_last_partition_key() == "2031"
    assert EDITIONS.get_first_partition_key() == "1985"


def test_a_range_takes_in_its_editions_and_no_file_of_another(yearbook):
    yearbook.deliver(edition(2018), edition(2019), edition(2020), edition(2021, b"damaged"))
    assert yearbook.run(SOURCE, **span(2018, 2019)).success
    assert (yearbook.taken_in, yearbook.marked) == ([2018, 2019], ["2018", "2019"])
    assert yearbook.run(SOURCE, partition_key="2020").success
    assert (yearbook.taken_in, yearbook.marked) == ([2018, 2019, 2020], ["2018", "2019", "2020"])


def test_a_run_without_a_partition_takes_in_all_editions_and_marks_those_delivered(yearbook):
    yearbook.deliver(edition(2018), edition(2020))
    assert yearbook.run(SOURCE).success
    assert (yearbook.taken_in, yearbook.marked) == ([2018, 2020], ["2018", "2020"])
    assert yearbook.lake.current(("sources", "city_yearbook")).notes["editions"] == "2018, 2020"
    told = yearbook.instance.fetch_materializations(SOURCE, limit=10).records
    assert {r.run_id for r in told if r.partition_key} == {""}, "a mark must outlive the run that made it"
    yearbook.deliver(edition(2021))
    yearbook.run(SOURCE)
    again = [r.partition_key for r in yearbook.instance.fetch_materializations(SOURCE, limit=10).records]
    assert again[: -len(told)] == [None, "2021"], "editions that did not change are not marked again"


def test_a_partition_of_a_run_that_goes_on_to_the_results_does_not_leave_other_new_editions_out(yearbook):
    yearbook.deliver(edition(2018), edition(2020))
    assert yearbook.run(SOURCE, STAGED, INVENTORY, partition_key="2020").success
    assert yearbook.taken_in == [2018, 2020]
    assert yearbook.lake.current(("staging", "city_yearbook")).rows == 4


def test_an_edition_that_was_not_delivered_fails_with_what_to_do(yearbook):
    yearbook.deliver(edition(2018))
    yearbook.run(SOURCE)
    done = yearbook.run(SOURCE, partition_key="2019")
    assert not done.success
    (failure,) = (event for event in done.all_events if event.is_step_failure)
    assert "edition 2019 of China City Statistical Yearbook" in str(failure.step_failure_data)
    assert "edition_2019" in str(failure.step_failure_data)
    assert yearbook.taken_in == [2018]


def test_what_reads_the_yearbook_is_not_partitioned():
    graph = defs.resolve_asset_graph()
    partitioned = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned}
    assert partitioned == {"sources/city_yearbook", "sources/science_yearbook"}


def test_a_withdrawal_holds_for_the_runs_after_it(yearbook):
    yearbook.deliver(edition(2018), edition(2020))
    resources = yearbook.config["resources"]["lake"]["config"]
    resources["withdraw"] = ["edition_2018/*"]
    assert yearbook.run(SOURCE, INVENTORY).success
    del resources["withdraw"]
    assert yearbook.run(SOURCE).success
    assert yearbook.taken_in == [2020]
    states = dict(yearbook.lake.read(("sources", "inventory")).select("file", "state").rows())
    assert states == {"edition_2018/2-1.xlsx": "withdrawn", "edition_2020/2-1.xlsx": "claimed"}


def test_files_the_watcher_gave_up_on_are_held_back_with_its_reason(yearbook):
    yearbook.deliver(edition(2018), edition(2020, b"half"))
    failed = Remembered("city_yearbook", 4, 0, failed="it is cut short")
    write_memory(yearbook.lake.root, Memory("now", 0, {"edition_2020/2-1.xlsx": failed}))
    yearbook.config["resources"]["lake"]["config"]["held_back"] = ["edition_2020/2-1.xlsx"]
    assert yearbook.run(SOURCE, INVENTORY).success
    assert yearbook.taken_in == [2018]
    inventory = yearbook.lake.read(("sources", "inventory"))
    assert inventory.row(1, named=True)["state"] == "failed"
    assert inventory.row(1, named=True)["reason"] == "it is cut short"


def test_a_run_that_begins_while_a_workbook_is_copied_takes_in_the_rest_and_says_what_it_left(yearbook):
    _, whole = edition(2020)
    yearbook.deliver(edition(2018), edition(2020, whole[: len(whole) // 2]))
    first = yearbook.run(SOURCE, INVENTORY)
    assert first.success
    assert yearbook.taken_in == [2018]
    left = arriving_in(yearbook.lake.root, first.run_id)
    assert list(left) == ["edition_2020/2-1.xlsx"]
    assert left["edition_2020/2-1.xlsx"].startswith("it is cut short")
    yearbook.deliver(edition(2020))
    second = yearbook.run(SOURCE, INVENTORY)
    assert yearbook.taken_in == [2018, 2020]
    assert arriving_in(yearbook.lake.root, second.run_id) == {}
    assert arriving_in(yearbook.lake.root, first.run_id) == {}, "another run's inventory is not this one's"
