"""Files that are not taken in: the inventory names them."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.faults.bad_input.ground import INVENTORY, Ground, assert_all_others_are_refreshed
from tests.faults.landing import PANEL, csv, panel, put


def test_a_link_out_of_the_landing_folder_is_not_read_and_its_source_keeps_its_table(ground: Ground) -> None:
    secret = ground.landing.parent / "secret.csv"
    secret.write_bytes(csv([["年份", "城市", "单位", "外商直接投资"], [2018, "杭州市", "百万美元", 424242]]))
    link = ground.landing / PANEL
    link.unlink()
    link.symlink_to(secret)
    before = ground.file(("staging", "compiled_city_panel"))
    run = ground.run()
    assert run.failed == [("sources", "compiled_city_panel")]
    for message in (run.message(INVENTORY), run.message(("sources", "compiled_city_panel"))):
        assert PANEL in message
        assert "copy the file itself into the landing folder" in message
    assert ground.file(("staging", "compiled_city_panel")) == before
    assert not any("424242" in file.read_text(errors="ignore") for file in ground.lake.root.rglob("*.csv"))
    assert_all_others_are_refreshed(ground, ("sources", "compiled_city_panel"), ("staging", "compiled_city_panel"))


def test_a_link_that_leads_nowhere_fails_its_source_alone(ground: Ground) -> None:
    (ground.landing / "exports" / "wind_trade.xlsx").symlink_to(ground.landing / "gone.xlsx")
    run = ground.run()
    assert run.failed == [("sources", "wind")]
    assert "exports/wind_trade.xlsx: there is no such file" in run.message(("sources", "wind"))
    assert "mend the link, or remove it" in run.message(("sources", "wind"))
    assert_all_others_are_refreshed(ground, ("sources", "wind"), ("staging", "wind"))


def linked_folder(landing: Path) -> str:
    (landing.parent / "elsewhere").mkdir()
    (landing / "more").symlink_to(landing.parent / "elsewhere")
    return "more"


def claimed_by_two(landing: Path) -> str:
    put(landing, "mixed/wind_city_panel.csv", panel())
    return "mixed/wind_city_panel.csv"


def of_no_source(landing: Path) -> str:
    put(landing, "notes/holiday.csv", [["a", "b"]])
    return "notes/holiday.csv"


def of_no_format(landing: Path) -> str:
    put(landing, "exports/wind.pdf", b"%PDF-1.4")
    return "exports/wind.pdf"


def with_tricks_in_its_name(landing: Path) -> str:
    name = "..\\..\\etc\\\x1b[31mpasswd\n.csv"
    put(landing, name, b"a,b\n")
    return name


def with_bytes_in_its_name(landing: Path) -> str:
    path = bytes(landing) + b"/\xd6\xff.csv"  # no UTF-8, as old archives unpack
    Path(path.decode(errors="surrogateescape")).write_bytes(b"a,b\n")
    return "\\udcd6\\udcff.csv"


NOT_TAKEN_IN: dict[str, tuple[Callable[[Path], str], str, str]] = {
    "a linked folder": (linked_folder, "refused", "copy the file itself into the landing folder"),
    "a file that two sources claim": (claimed_by_two, "refused", "wind/ or compiled_city_panel/"),
    "a file that no source knows": (of_no_source, "unrecognised", "put it into a folder named after its source"),
    "a file of another format": (of_no_format, "unrecognised", "not one of the formats that are read (.xlsx"),
    "a name that plays with paths and terminals": (with_tricks_in_its_name, "unrecognised", "put it into a folder"),
    "a name that is no text": (with_bytes_in_its_name, "unrecognised", "put it into a folder"),
}


@pytest.mark.parametrize("fault", NOT_TAKEN_IN)
def test_a_file_that_is_not_taken_in_stands_in_the_inventory_with_what_to_do(fault: str, ground: Ground) -> None:
    place, state, remedy = NOT_TAKEN_IN[fault]
    file = place(ground.landing)
    run = ground.run()
    assert run.failed == []
    listed = ground.lake.read(INVENTORY).filter(pl.col("state") != "claimed")
    assert listed.select("file", "state", "source").rows() == [(file, state, None)]
    assert remedy in listed["reason"][0]
    assert file in run.message(INVENTORY)
    assert remedy in run.message(INVENTORY)
    assert_all_others_are_refreshed(ground)


def test_lock_files_and_unfinished_downloads_are_not_looked_at(ground: Ground) -> None:
    before = ground.file(INVENTORY)
    for name in ("~$2-7 地区生产总值.xlsx", "2-8.xlsx.part", "2-8.xlsx.crdownload", ".~lock.2-7.xlsx#", ".DS_Store"):
        put(ground.landing, f"yearbook/edition_2020/{name}", b"\0")
    assert ground.run().failed == []
    assert ground.file(INVENTORY) == before
    assert_all_others_are_refreshed(ground)
