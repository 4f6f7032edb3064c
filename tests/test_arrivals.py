"""Files that go, move, come again, are corrected, withdrawn or held back: what the source's table stands on after."""

import io
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

import resilience_pipeline.sources.intake as intake_module
import resilience_pipeline.sources.recognise as recognise_module
from resilience_pipeline.arrivals import Arrivals
from resilience_pipeline.driver import Outcome, execute
from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.options import Options
from resilience_pipeline.sources.delivered import deliveries_of
from resilience_pipeline.sources.intake import NOT_ANEW
from resilience_pipeline.sources.inventory import Held
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.sources.standing import Anew
from resilience_pipeline.staging.steps import staging_step
from resilience_pipeline.warehouse import withdrawals
from resilience_pipeline.warehouse.lake import Lake

YEARBOOK = next(source for source in SOURCES if source.name == "city_yearbook")
WIND = next(source for source in SOURCES if source.name == "wind")
GDP_2019, GDP_2020 = "edition_2020/2-1.xlsx", "edition_2021/2-1.xlsx"


def workbook(*values: float, title: str = "Sheet1", note: str = "") -> bytes:
    """GDP of Hangzhou and Ningbo, as a yearbook prints it."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"comments": note})
        sheet = book.add_worksheet(title)
        for row, cells in enumerate(
            [["城市", "地区生产总值（万元）"], *zip(["杭州市", "宁波市"], values, strict=True)]
        ):
            sheet.write_row(row, 0, cells)
    return buffer.getvalue()


class Ground:
    """A landing folder and a lake; each run takes in the yearbook and Wind as Dagster would."""

    def __init__(self, root: Path) -> None:
        self.lake, self.landing = Lake(root / "lake"), root / "landing"
        self.runs = 0
        self.reads: list[str] = []

    def put(self, file: str, content: bytes) -> None:
        (self.landing / file).parent.mkdir(parents=True, exist_ok=True)
        (self.landing / file).write_bytes(content)

    def arrivals(self, held_back: dict[str, Held] | None = None) -> Arrivals:
        self.runs += 1
        self.snapshot = self.lake.pin(f"run_{self.runs}")
        return Arrivals(self.lake, self.landing, self.snapshot.current, self.snapshot.read, held_back or {})

    def run(self, *, anew: Anew = NOT_ANEW, held_back: dict[str, Held] | None = None, source=YEARBOOK) -> Outcome:
        self.reads.clear()
        arrivals = self.arrivals(held_back)
        self.inventory = {
            row["file"]: (row["state"], row["source"], row["reason"])
            for row in execute(arrivals.inventory(), self.snapshot, Options()).result.table.to_dicts()
        }
        return execute(arrivals.intake(source, anew), self.snapshot, Options())

    def gdp(self, source=YEARBOOK) -> dict[str, list[str]]:
        """File -> its values, in the source's current table."""
        cells = self.lake.read(("sources", source.name))
        return {file: frame["text"].to_list() for (file,), frame in cells.group_by("file", maintain_order=True)}

    def withdraw(self, *names: str) -> None:
        found = self.arrivals().find(names)
        withdrawals.withdraw(self.lake.root, [(delivery.file, delivery.sha256) for delivery in found])


@pytest.fixture
def ground(tmp_path, monkeypatch) -> Ground:
    """Two editions delivered and taken in; from then on, each file that a reader opens is noted."""
    ground = Ground(tmp_path)
    ground.put(GDP_2019, workbook(100, 200))
    ground.put(GDP_2020, workbook(110, 210))
    ground.run()
    read = intake_module._Intake._read
    monkeypatch.setattr(
        intake_module._Intake,
        "_read",
        lambda self, delivery, standing=None: (ground.reads.append(delivery.file), read(self, delivery, standing))[1],
    )
    return ground


def warning(outcome: Outcome) -> str:
    """What the check on deliveries that are not there says; empty where it passes."""
    check = next(c for c in outcome.result.checks if c.name == intake_module.THERE)
    assert not check.blocking
    return "" if check.passed else check.message


def test_an_unchanged_folder_is_not_read_again_and_gives_the_same_table(ground):
    version = ground.lake.current(("sources", "city_yearbook")).data_version
    outcome = ground.run()
    assert ground.reads == []
    assert outcome.pointer.data_version == version
    assert outcome.result.notes["files_read_now"] == 0


def test_a_new_edition_is_the_only_file_read(ground):
    ground.put("edition_2022/2-1.xlsx", workbook(120, 220))
    ground.run()
    assert ground.reads == ["edition_2022/2-1.xlsx"]
    assert list(ground.gdp()) == [GDP_2019, GDP_2020, "edition_2022/2-1.xlsx"]


def test_taken_over_cells_equal_those_of_a_table_read_anew(ground, tmp_path):
    ground.put("edition_2019/2-1.xlsx", workbook(90, 190))
    ground.put(GDP_2020, workbook(111, 211))
    version = ground.run().pointer.data_version
    fresh = Ground(tmp_path / "fresh")
    shutil.copytree(ground.landing, fresh.landing)
    assert fresh.run().pointer.data_version == version


def test_a_reader_that_changed_reads_everything_again_gone_files_from_their_copies(ground, monkeypatch):
    (ground.landing / GDP_2019).unlink()
    monkeypatch.setattr(intake_module, "readers_text", lambda: "another reader")
    ground.run()
    assert sorted(ground.reads) == [GDP_2019, GDP_2020]
    assert list(ground.gdp()) == [GDP_2019, GDP_2020]


def test_a_file_that_is_gone_stands_and_is_named(ground):
    before = ground.gdp()
    (ground.landing / GDP_2019).unlink()
    outcome = ground.run()
    assert ground.gdp() == before
    assert GDP_2019 in warning(outcome)
    assert f"resilience withdraw {GDP_2019}" in warning(outcome)
    assert ground.inventory[GDP_2019][:2] == ("standing", "city_yearbook")
    assert GDP_2020 not in warning(outcome)


def test_a_landing_folder_that_is_not_there_empties_no_table(ground):
    before = ground.gdp()
    ground.landing.rename(ground.landing.with_name("elsewhere"))
    ground.run()
    assert ground.gdp() == before


def test_a_file_of_the_twin_that_is_gone_is_let_go(tmp_path):
    ground = Ground(tmp_path)
    ground.put(f"synthetic_twin/{GDP_2019}", workbook(100, 200, note="SYNTHETIC TWIN"))
    ground.put(f"synthetic_twin/{GDP_2020}", workbook(110, 210, note="SYNTHETIC TWIN"))
    assert ground.run().pointer.synthetic
    shutil.rmtree(ground.landing / "synthetic_twin")
    ground.put(GDP_2019, workbook(1, 2))
    outcome = ground.run()
    assert not outcome.pointer.synthetic
    assert ground.gdp() == {GDP_2019: ["1", "2"]}
    assert list(ground.inventory) == [GDP_2019]


def test_a_renamed_file_counts_once_under_its_new_name(ground):
    os.rename(ground.landing / GDP_2019, ground.landing / "edition_2020" / "2-1 地区生产总值.xlsx")
    outcome = ground.run()
    assert list(ground.gdp()) == ["edition_2020/2-1 地区生产总值.xlsx", GDP_2020]
    assert warning(outcome) == ""
    assert "edition_2020/2-1.xlsx" not in ground.inventory


def test_a_file_renamed_into_another_edition_is_read_as_of_that_edition(ground):
    (ground.landing / "edition_2019").mkdir()
    os.rename(ground.landing / GDP_2019, ground.landing / "edition_2019" / "2-1.xlsx")
    outcome = ground.run()
    assert [d.editions for d in deliveries_of(outcome.pointer)] == [(2019,), (2021,)]


def test_a_file_moved_into_the_folder_of_another_source_leaves_the_first(ground):
    (ground.landing / "wind").mkdir()
    os.rename(ground.landing / GDP_2019, ground.landing / "wind" / "2-1.xlsx")
    ground.run()
    assert list(ground.gdp()) == [GDP_2020]


def test_the_same_bytes_delivered_again_under_a_second_name_change_no_value(ground):
    ground.put("edition_2021/again/2-1.xlsx", (ground.landing / GDP_2020).read_bytes())
    ground.run()
    execute(staging_step(YEARBOOK), ground.snapshot, Options())
    (ground.landing / GDP_2020).unlink()
    assert warning(ground.run()) == ""
    assert list(ground.gdp()) == [GDP_2019, "edition_2021/again/2-1.xlsx"]


def test_a_corrected_file_takes_the_place_of_its_first_version(ground):
    ground.put(GDP_2020, workbook(111, 211))
    ground.run()
    assert ground.reads == [GDP_2020]
    assert ground.gdp()[GDP_2020] == ["111", "211"]


def test_a_corrected_file_that_cannot_be_read_leaves_the_old_table_and_says_why(ground):
    before = ground.gdp()
    ground.put(GDP_2020, workbook(111, 211)[:900])
    outcome = ground.run()
    assert outcome.pointer is None
    assert GDP_2020 in outcome.failures[0].message
    assert "remedy" in outcome.failures[0].message
    assert ground.gdp() == before


def test_two_deliveries_that_contradict_each_other_block_until_one_is_withdrawn(ground):
    (ground.landing / GDP_2020).unlink()
    corrected = "edition_2021/2-1 修订.xlsx"
    ground.put(corrected, workbook(500, 600))
    ground.run()
    blocked = execute(staging_step(YEARBOOK), ground.snapshot, Options())
    (message,) = [check.message for check in blocked.failures]
    assert GDP_2020 in message
    assert corrected in message
    assert "resilience withdraw" in message
    ground.withdraw(GDP_2020)
    ground.run()
    assert execute(staging_step(YEARBOOK), ground.snapshot, Options()).failures == ()
    assert list(ground.gdp()) == [GDP_2019, corrected]


def test_a_withdrawn_file_stays_away_while_it_lies_there_until_it_is_reinstated(ground):
    ground.withdraw(GDP_2020)
    for _ in range(2):
        ground.run()
        assert list(ground.gdp()) == [GDP_2019]
        assert ground.inventory[GDP_2020][:2] == ("withdrawn", "city_yearbook")
    withdrawals.reinstate(ground.lake.root, ground.arrivals().find_withdrawn([GDP_2020]))
    ground.run()
    assert list(ground.gdp()) == [GDP_2019, GDP_2020]


def test_other_bytes_under_a_withdrawn_name_are_a_new_delivery(ground):
    ground.withdraw(GDP_2020)
    ground.put(GDP_2020, workbook(111, 211))
    ground.run()
    assert ground.gdp()[GDP_2020] == ["111", "211"]


def test_withdrawing_by_pattern_or_path_finds_files_there_and_gone_and_an_unknown_name_is_an_error(ground):
    (ground.landing / GDP_2019).unlink()
    found = ground.arrivals().find(["edition_20*", str(ground.landing / GDP_2020)])
    assert [delivery.file for delivery in found] == [GDP_2019, GDP_2020]
    with pytest.raises(DeliveryError) as error:
        ground.arrivals().find(["edition_2020/2-2.xlsx"])
    assert GDP_2019 in str(error.value)


@pytest.mark.parametrize("state", ["arriving", "failed"])
def test_a_file_held_back_is_not_opened_and_its_earlier_version_stands(ground, state):
    ground.put(GDP_2020, b"half a workb")
    ground.put("edition_2022/2-1.xlsx", b"")
    held = Held(state, "its end is missing")
    outcome = ground.run(held_back={GDP_2020: held, "edition_2022/2-1.xlsx": held})
    assert ground.reads == []
    assert ground.gdp()[GDP_2020] == ["110", "210"]
    assert "its end is missing" in warning(outcome)
    assert ground.inventory["edition_2022/2-1.xlsx"] == (state, "city_yearbook", "its end is missing")


def test_files_moved_to_where_two_sources_claim_them_leave_the_table_as_it_stood(ground):
    before = ground.gdp()
    both = ground.landing / "wind" / "city_yearbook"
    both.mkdir(parents=True)
    for edition in ("edition_2020", "edition_2021"):
        (ground.landing / edition).rename(both / edition)
    outcome = ground.run()
    assert outcome.result.notes["status"] == "delivered"
    assert ground.gdp() == before
    assert ground.inventory[f"wind/city_yearbook/{GDP_2019}"][0] == "refused"


def test_a_file_that_two_sources_claim_where_it_lies_stands_and_the_check_says_why(ground, monkeypatch):
    before = ground.gdp()
    claimed = recognise_module._claims
    monkeypatch.setattr(recognise_module, "_claims", lambda file, sources: [*claimed(file, sources), "wind"])
    outcome = ground.run()
    assert ground.gdp() == before
    assert "more than one source claims the file" in warning(outcome)


def test_a_folder_replaced_by_a_link_leaves_the_table_and_the_check_says_why(ground, tmp_path):
    before = ground.gdp()
    (ground.landing / "edition_2020").rename(tmp_path / "elsewhere")
    (ground.landing / "edition_2020").symlink_to(tmp_path / "elsewhere")
    outcome = ground.run()
    assert ground.gdp() == before
    assert "the link leads out of the landing folder" in warning(outcome)


def test_one_edition_asked_for_alone_is_read_anew_and_no_other_file_is_looked_at(ground):
    ground.put("edition_2022/2-1.xlsx", b"not to be opened")
    ground.put(GDP_2019, b"nor this one")
    outcome = ground.run(anew=Anew(editions=frozenset({2021}), alone=True))
    assert ground.reads == [GDP_2020]
    assert [d.file for d in deliveries_of(outcome.pointer)] == [GDP_2019, GDP_2020]
    assert ground.gdp()[GDP_2019] == ["100", "200"]


def test_what_is_withdrawn_goes_also_where_another_edition_is_asked_for_alone(ground):
    ground.withdraw(GDP_2019)
    ground.run(anew=Anew(editions=frozenset({2021}), alone=True))
    assert list(ground.gdp()) == [GDP_2020]


def test_a_range_of_editions_is_taken_in_at_once(tmp_path):
    ground = Ground(tmp_path)
    for edition in (2018, 2019, 2020, 2021):
        ground.put(f"edition_{edition}/2-1.xlsx", workbook(edition, edition))
    ground.run(anew=Anew(editions=frozenset({2019, 2020}), alone=True))
    assert list(ground.gdp()) == ["edition_2019/2-1.xlsx", "edition_2020/2-1.xlsx"]


def test_a_damaged_table_is_made_again_from_files_and_copies(ground):
    pointer = ground.lake.current(("sources", "city_yearbook"))
    (ground.landing / GDP_2019).unlink()
    ground.lake.file_of(pointer).write_bytes(b"damaged")
    ground.run()
    assert list(ground.gdp()) == [GDP_2019, GDP_2020]
    assert pl.read_parquet(ground.lake.file_of(ground.lake.current(pointer.key))).height == 4


def test_a_gone_file_whose_cells_and_copy_are_damaged_is_named_until_it_is_put_back_or_withdrawn(ground):
    pointer = ground.lake.current(("sources", "city_yearbook"))
    content = (ground.landing / GDP_2019).read_bytes()
    copy = deliveries_of(pointer)[0].stored(ground.lake.root).path
    (ground.landing / GDP_2019).unlink()
    copy.chmod(0o644)
    copy.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert ground.run().pointer is not None, "its cells stand, so its copy is not needed"
    ground.lake.file_of(pointer).write_bytes(b"damaged")
    refused = ground.run()
    assert refused.pointer is None
    assert f"put the file back into the landing folder, or do without it: `resilience withdraw {GDP_2019}`" in str(
        refused.failures[0].message
    )
    ground.put(GDP_2019, content)
    assert ground.run().pointer.data_version == pointer.data_version
    assert copy.read_bytes() == content
