"""A source's pointer says which deliveries its table stands on."""

from resilience_pipeline.driver import execute
from resilience_pipeline.options import Options
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.sources.intake import intake_step
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.warehouse.lake import Lake
from tests.sources.deliveries import workbook

YEARBOOK = next(source for source in SOURCES if source.name == "city_yearbook")
GDP = workbook({"2-1": [["城市", "地区生产总值（万元）"], ["杭州市", 135090000], ["宁波市", 107460000]]})


def test_the_note_names_file_hash_size_and_edition_and_leads_to_the_copy(tmp_path):
    lake, landing = Lake(tmp_path / "lake"), tmp_path / "landing"
    (landing / "edition_2019").mkdir(parents=True)
    (landing / "edition_2019" / "2-1.xlsx").write_bytes(GDP)
    step = intake_step(
        YEARBOOK, lambda: ["edition_2019/2-1.xlsx"], store=lambda file: lake.store_delivery(landing, file)
    )
    (delivered,) = deliveries_of(execute(step, lake.pin("run_1"), Options()).pointer)
    assert (delivered.file, delivered.size, delivered.editions) == ("edition_2019/2-1.xlsx", len(GDP), (2019,))
    assert delivered.stored(lake.root).path.read_bytes() == GDP


def test_a_table_that_was_never_written_stands_on_nothing(tmp_path):
    assert deliveries_of(Lake(tmp_path).current(("sources", "city_yearbook"))) == ()
