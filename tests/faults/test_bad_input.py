"""One bad thing at a time in a good landing folder: the message says where and what to do, the rest goes on.

Each case starts from the lake that the good folder filled. What a fault means is the rule's level: a file that cannot
be read, or a rule on the whole table, leaves the last good table byte for byte; a rule on a row moves that row alone
to the rejects; some faults are none. Whatever it is, every other source is refreshed by the same run.
"""

import io
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from resilience_pipeline.step import TableKey
from resilience_pipeline.warehouse.attempts import last_attempt
from resilience_pipeline.warehouse.lake import Lake
from tests.faults.landing import (
    DELIVERED,
    GDP_2019,
    GDP_2020,
    NATION,
    NATION_ROWS,
    PANEL,
    PILOTS,
    PKU,
    POPULATION_2020,
    WIND,
    Run,
    Table,
    csv,
    gdp,
    panel,
    pku,
    population,
    put,
    put_good_files,
    run_all,
    wind,
)
from tests.sources.deliveries import workbook

INVENTORY = ("sources", "inventory")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD_BOOK = workbook({"表1": gdp()})
BODY = panel()[1:]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the good `landing` and the `lake` that it filled."""
    folder = tmp_path_factory.mktemp("good")
    put_good_files(folder / "landing")
    run = run_all(folder / "landing", Lake(folder / "lake"), "good")
    assert run.failed == []
    return folder


@dataclass
class Ground:
    """A copy of the good ground, to put one fault in and run again."""

    landing: Path
    lake: Lake

    def run(self, *, accept_revisions: bool = False) -> Run:
        return run_all(self.landing, self.lake, "bad", accept_revisions=accept_revisions)

    def file(self, key: TableKey) -> tuple[Path, bytes]:
        path = self.lake.path(key)
        return path, path.read_bytes()


@pytest.fixture
def ground(good: Path, tmp_path: Path) -> Ground:
    shutil.copytree(good / "landing", tmp_path / "landing")
    shutil.copytree(good / "lake", tmp_path / "lake")
    return Ground(tmp_path / "landing", Lake(tmp_path / "lake"))


def assert_all_others_are_refreshed(ground: Ground, *behind: TableKey) -> None:
    """Every table of every source was written by the bad run, but for those `behind`."""
    keys = [(layer, source.name) for source in DELIVERED for layer in ("sources", "staging")]
    late = [key for key in [INVENTORY, *keys] if ground.lake.current(key).run_id != "bad"]
    assert late == list(behind)


def change(rows: Table, row: int, column: int, value: object) -> Table:
    """The table with one cell changed; row and column count from 1, as a spreadsheet shows them."""
    changed = [list(cells) for cells in rows]
    changed[row - 1][column - 1] = value
    return changed


def archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def with_sheet_part(part: bytes) -> bytes:
    """The good workbook with the XML of its sheet replaced."""
    with zipfile.ZipFile(io.BytesIO(GOOD_BOOK)) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    return archive({**parts, "xl/worksheets/sheet1.xml": part})


# Files that cannot be read: their source keeps its last good tables.

#: what is wrong -> (source, file, content, what the message says besides the file's name)
Content = bytes | Table
UNREADABLE: dict[str, tuple[str, str, Content, tuple[str, ...]]] = {
    "a workbook cut short in the download": (
        "city_yearbook",
        GDP_2020,
        GOOD_BOOK[: len(GOOD_BOOK) // 2],
        ("damaged or cut short", "download it again"),
    ),
    "a web page saved under the name of a workbook": (
        "city_yearbook",
        GDP_2020,
        b"<html><body><table><tr><td>404</td></tr></table></body></html>",
        ("not a workbook", "a web page", "save it as an .xlsx"),
    ),
    "a workbook under a password": (
        "city_yearbook",
        GDP_2020,
        OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        ("encrypted", "open it with its password, save it without one"),
    ),
    "a broken workbook of the old format": (
        "wind",
        "exports/wind_old.xls",
        OLE + b"\0" * 600,
        ("cannot be opened", "save it as a new .xlsx"),
    ),
    "a workbook that unpacks to a hundred times what a table can be": (
        "city_yearbook",
        GDP_2020,
        archive({"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * (6 * 2**20)}),
        ("would unpack to more", "sheet1.xml", "do not open it"),
    ),
    "a workbook with one cell in the last row and column there is": (
        "city_yearbook",
        GDP_2020,
        with_sheet_part(b'<sheetData><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></sheetData>'),
        ("1,048,576 rows x 16,384 columns", "copy the table alone to a new workbook"),
    ),
    "a file of no bytes": ("city_yearbook", GDP_2020, b"", ("the file is empty", "download it again")),
    "a yearbook table of headings alone": (
        "city_yearbook",
        GDP_2020,
        gdp()[:3],
        ("sheet 表1", "no sheet has a column of cities", "deliver the table with its heading"),
    ),
    "a panel of headings alone": (
        "compiled_city_panel",
        PANEL,
        panel()[:1],
        ("row 1", "a heading and no rows", "export the table again with its rows"),
    ),
    "a series of headings alone": (
        "wind",
        WIND,
        wind()[:4],
        ("no file of this source holds a value", "deliver the table with its rows"),
    ),
    "a workbook with another sheet than the table's": (
        "pku_finance_index",
        PKU,
        workbook({"说明": [["本表由研究院编制"], ["联系方式"]]}),
        ("sheet 说明", "no sheet has the key columns", "deliver the sheet with its heading row"),
    ),
    "a yearbook table without the heading of cities": (
        "city_yearbook",
        GDP_2020,
        change(gdp(), 2, 1, "代号"),
        ("sheet 表1", "expected: a heading cell 城市", "deliver the table with its heading"),
    ),
    "a formula in the body of a table": (
        "city_yearbook",
        GDP_2020,
        change(gdp(), 5, 2, "=1+1"),
        ("sheet 表1, row 5, column 2", "a formula", "paste it as values"),
    ),
    "a formula among the series of an export": (
        "wind",
        WIND,
        change(wind(), 6, 3, "=B6*2"),
        ("sheet 表1, row 6, column 3", "a formula", "paste it as values"),
    ),
    "text in no known encoding": (
        "compiled_city_panel",
        PANEL,
        csv(panel()[:3]).decode().encode("gb18030") + b"2012,\xff\xff,330100,1,1\n",
        ("row 4", "in no encoding that is known", "save it as UTF-8"),
    ),
    "text with a NUL in it": (
        "compiled_city_panel",
        PANEL,
        csv(panel()).replace(b"2011", b"20\x0011", 1),
        ("row 8", "NUL character", "export it again"),
    ),
    "a number with unquoted separators that splits in two": (
        "compiled_city_panel",
        PANEL,
        change(panel(), 9, 4, "1,234"),
        ("row 9, column 6", "more fields than the heading", "put quotes around values"),
    ),
    "a quote that never closes": (
        "compiled_city_panel",
        PANEL,
        change(panel(), 3, 2, '"宁波市'),
        ("row 3", "not well formed", "look at the quotes from this line on"),
    ),
    "a quarterly series": (
        "wind",
        WIND,
        wind("季"),
        ("sheet 表1, row 2, column 2", "not annual", "export it at annual frequency"),
    ),
    "an export without its labels": (
        "wind",
        WIND,
        wind()[4:-1],
        ("sheet 表1", "no Wind or iFinD export", "export the series again with their names"),
    ),
    "a yearbook table of no edition": (
        "city_yearbook",
        "yearbook/2-9 贸易.xlsx",
        gdp(),
        ("nothing says which edition", "put the file into a folder named after the edition"),
    ),
    "a folder and a file name that say two editions": (
        "city_yearbook",
        "yearbook/edition_2020/2018-2-7 地区生产总值.xlsx",
        gdp(),
        ("said twice, and differently", "edition 2018", "edition 2020", "name the folder after the edition"),
    ),
    "a spreadsheet where the nation's series should be": (
        "national_accounts",
        NATION,
        [["姓名", "电话"], ["甲", 1]],
        ("no sheet holds annual series", "export annual data"),
    ),
    "a workbook of the binary format": (
        "city_yearbook",
        GDP_2020,
        archive({"xl/workbook.bin": b"1"}),
        ("another kind of workbook", "save it as an .xlsx"),
    ),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_file_that_cannot_be_read_leaves_its_sources_last_good_tables(fault: str, ground: Ground) -> None:
    source, file, content, said = UNREADABLE[fault]
    taken_in, staged = ("sources", source), ("staging", source)
    before = [ground.file(key) for key in (taken_in, staged)]
    put(ground.landing, file, content)
    run = ground.run()
    assert run.failed == [taken_in]
    message = run.message(taken_in)
    for words in (file, "remedy:", *said):
        assert words in message
    assert [ground.file(key) for key in (taken_in, staged)] == before
    assert last_attempt(ground.lake, taken_in).error == message
    assert_all_others_are_refreshed(ground, taken_in, staged)


# Tables against a rule: nothing of the table is written.

TABLE_FAULTS: dict[str, tuple[str, str, Content, str, tuple[str, ...]]] = {
    "a required table that is another table": (
        "pku_finance_index",
        PKU,
        change(pku(), 1, 4, "payment"),
        "required_headings_are_there",
        ("not found: finance_index", "sheet 表1", "original headings"),
    ),
    "a required heading in other words": (
        "compiled_fdi",
        "compiled/fdi.csv",
        [["年份", "城市", "单位", "外资"], [2018, "杭州市", "百万美元", 1]],
        "required_headings_are_there",
        ("not found: foreign_investment_usd_10k", "外资", "add the new wording"),
    ),
    "a heading without a unit": (
        "city_yearbook",
        GDP_2020,
        change(gdp(), 2, 2, "地区生产总值（当年价格）"),
        "units_convert",
        ("sheet 表1, row 4, column 2", "has no unit", "万元", "print the unit in the heading"),
    ),
    "a unit that nobody knows": (
        "compiled_city_panel",
        PANEL,
        change(panel(), 1, 4, "地区生产总值_亿人次_全市"),
        "units_convert",
        ("row 2, column 4", "亿人次", "reference/units.csv"),
    ),
    "persons where money is due": (
        "city_yearbook",
        GDP_2020,
        change(gdp(), 2, 2, "地区生产总值（当年价格）（万人）"),
        "units_convert",
        ("sheet 表1, row 4, column 2", "the unit 万人", "converts to cny_10k", "print the unit in the heading"),
    ),
    "a city twice in one year with two values": (
        "compiled_city_panel",
        PANEL,
        [*panel(), [2015, "杭州市", "330100", 999, 20]],
        "key_has_one_value",
        ("row 32, column 4", "row 38, column 4", "999", "correct the wrong one of the cells"),
    ),
    "one table delivered twice with different values": (
        "city_yearbook",
        "yearbook/edition_2020/2-7 修订.xlsx",
        gdp(7),
        "key_has_one_value",
        (GDP_2020, "sheet 表1, row 4, column 2", "resilience withdraw FILE"),
    ),
    "a table cut short after its fourth city": (
        "city_yearbook",
        POPULATION_2020,
        population()[:7],
        "enough_cities",
        ("sheet 表1, row 7", "the last of 4 cities", "fullest table has 6", "deliver the complete table"),
    ),
    "a table whose every third number is unreadable": (
        "compiled_city_panel",
        PANEL,
        [panel()[0], *([*row[:3], "约60", row[4]] if i % 3 == 0 else row for i, row in enumerate(BODY))],
        "few_rejects",
        ("12 of 72 values refused", "row 2, column 4", "约60", "look at the rejects"),
    ),
    "a price index of another base year": (
        "national_accounts",
        NATION,
        change(NATION_ROWS, 2, 3, 699),
        "few_rejects",
        ("row 2, column 3", "consumer_price_index is 699.0 index, outside 50.0 to 200.0", "look at the rejects"),
    ),
    "values that are not those of the last good version": (
        "compiled_city_panel",
        PANEL,
        [panel()[0], *([*row[:3], 10 * int(str(row[3])), row[4]] for row in BODY)],
        "agrees_with_previous_version",
        ("36 of 72 shared values", "row 2, column 4", "before 600000", "run once with --accept-revisions"),
    ),
}


@pytest.mark.parametrize("fault", TABLE_FAULTS)
def test_a_table_against_a_rule_leaves_its_last_good_version(fault: str, ground: Ground) -> None:
    source, file, content, rule, said = TABLE_FAULTS[fault]
    staged = ("staging", source)
    before = ground.file(staged)
    put(ground.landing, file, content)
    run = ground.run()
    assert run.failed == [staged]
    assert run.failed_checks(staged) == [rule]
    for words in (file, *said):
        assert words in run.message(staged)
    assert ground.file(staged) == before
    assert rule in [check["name"] for check in last_attempt(ground.lake, staged).checks if not check["passed"]]
    assert_all_others_are_refreshed(ground, staged)


def test_a_true_revision_is_let_through_once_it_is_accepted(ground: Ground) -> None:
    _, file, content, _, _ = TABLE_FAULTS["values that are not those of the last good version"]
    put(ground.landing, file, content)
    assert ground.run(accept_revisions=True).failed == []
    hangzhou = pl.col("city_code") == "330100", pl.col("indicator") == "gdp_cny_10k", pl.col("year") == 2010
    assert ground.lake.read(("staging", "compiled_city_panel")).filter(*hangzhou)["value"].to_list() == [6_000_000]


# Rows against a rule: the row goes to the rejects, the rest of the table is updated.


@dataclass(frozen=True)
class BadRow:
    """A table with one bad row, and what must be said of it. `row` is where it stands, `lost` the values it held."""

    source: str
    file: str
    content: Table
    rule: str
    row: int
    reason: str
    remedy: str
    lost: int = 1


ROW_FAULTS: dict[str, BadRow] = {
    "text where a number is due": BadRow(
        "city_yearbook", GDP_2020, change(gdp(), 6, 2, "约一百万"), "number_is_readable", 6,
        'the text "约一百万" is not a number', "type the number as printed",
    ),
    "a number with the residue of a scan": BadRow(
        "city_yearbook", GDP_2020, change(gdp(), 6, 2, "1 2O0.5l"), "number_is_readable", 6,
        'the text "1 2O0.5l" is not a number', "type the number as printed",
    ),
    "a city that nobody knows": BadRow(
        "city_yearbook", POPULATION_2020, change(population(), 5, 1, "虚构市"), "city_is_known", 5,
        "no prefecture-level unit is called 虚构市", "reference/city_aliases.csv", lost=2,
    ),
    "a city name that is a command to a spreadsheet": BadRow(
        "compiled_city_panel", PANEL, [*panel(), [2015, "=cmd|'/c calc'!A1", None, 60, 20]], "city_is_known", 38,
        "no prefecture-level unit is called =cmd|'/ccalc'!A1", "correct the name in the file", lost=2,
    ),
    "a row that names no city": BadRow(
        "compiled_city_panel", PANEL, [*panel(), [2015, None, None, 60, 20]], "city_is_named", 38,
        "names no city and no code", "fill in the city's name or code", lost=2,
    ),
    "a city after it was merged into another": BadRow(
        "wind", WIND, change(wind(), 1, 7, "莱芜:固定资产投资完成额"), "city_exists_in_the_year", 9,
        "莱芜市 is no prefecture-level unit in 2019: merged into 济南", "under the successor's name",
    ),
    "a code that is another city's": BadRow(
        "pku_finance_index", PKU, change(pku(), 3, 2, "3303"), "code_and_name_agree", 3,
        "the name 宁波市 is 330200, the code 3303 is 330300", "correct the name or the code", lost=2,
    ),
    "a year that cannot be read": BadRow(
        "compiled_city_panel", PANEL, change(panel(), 4, 1, "去年"), "year_is_readable", 4,
        'no year can be read from "去年"', "write the year with four digits", lost=2,
    ),
    "half a year": BadRow(
        "compiled_city_panel", PANEL, [*panel(), ["2016年上半年", "杭州市", "330100", 60, 20]], "year_is_readable", 38,
        'no year can be read from "2016年上半年"', "write the year with four digits", lost=2,
    ),
    "production below zero": BadRow(
        "city_yearbook", GDP_2020, change(gdp(), 9, 2, -5), "value_is_not_negative", 9,
        "gdp_cny_10k is -5.0 cny_10k, below zero", "a lone hyphen before a number may be a mark",
    ),
    "growth of two hundred per cent": BadRow(
        "compiled_city_panel", PANEL,
        [[*panel()[0], "地区生产总值增长率_%_全市"], *([*row, 200 if i == 10 else 7] for i, row in enumerate(BODY))],
        "value_is_plausible", 12, "gdp_growth_pct is 200.0 pct, outside -60.0 to 100.0", "reference/indicators.csv",
    ),
    "a pilot that is not on the list": BadRow(
        "pilot_list", PILOTS, [["序号", "城市"], [1, "Atlantis"], *([i, "Beijing"] for i in range(2, 32))],
        "pilot_is_known", 2, 'the printed name "Atlantis" is not among the 55', "reference/pilot_names.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_a_bad_row_goes_to_the_rejects_and_the_rest_of_the_table_is_updated(fault: str, ground: Ground) -> None:
    bad = ROW_FAULTS[fault]
    staged = ("staging", bad.source)
    put(ground.landing, bad.file, bad.content)
    run = ground.run()
    assert run.failed == []
    rejects = ground.lake.read(("rejects", bad.source))
    assert rejects.select("file", "row", "rule").unique().rows() == [(bad.file, bad.row, bad.rule)]
    assert rejects["sheet"].unique().to_list() == ["表1" if bad.file.endswith(".xlsx") else None]
    assert rejects.height == bad.lost
    assert bad.reason in rejects["reason"][0]
    assert bad.remedy in rejects["remedy"][0]
    for words in (bad.file, f"row {bad.row}", bad.reason, bad.remedy):
        assert words in run.message(staged)
    outcome = run.outcomes[staged].result
    assert ground.lake.read(staged).equals(outcome.table)
    kept = ground.lake.read(("sources", bad.source)).height - bad.lost
    assert outcome.table.height == kept - outcome.notes["repetitions_dropped"]
    assert_all_others_are_refreshed(ground)


# Faults that are none: the table is as right as without them.


def test_a_row_delivered_twice_alike_counts_once(ground: Ground) -> None:
    before = ground.lake.read(("staging", "compiled_city_panel"))
    put(ground.landing, PANEL, [*panel(), panel()[-1]])
    run = ground.run()
    assert run.failed == []
    assert run.outcomes["staging", "compiled_city_panel"].pointer.notes["repetitions_dropped"] == 2
    columns = ["city_code", "year", "indicator", "value"]
    assert ground.lake.read(("staging", "compiled_city_panel")).select(columns).equals(before.select(columns))


@pytest.mark.parametrize("written", ["1,000,000", "１，０００，０００", "1000000.0", " 1000000\u3000", "1e6"])
def test_a_number_may_be_written_with_separators_or_in_full_width(written: str, ground: Ground) -> None:
    put(ground.landing, GDP_2020, change(gdp(), 4, 2, written))
    run = ground.run()
    before = {"city_code": "330100", "year": 2019, "indicator": "gdp_cny_10k", "scope": "city"}
    row = ground.lake.read(("staging", "city_yearbook")).filter(**before)
    assert run.failed == []
    assert (row["value"].to_list(), row["text"].to_list()) == ([1_000_000.0], [written])


def test_a_city_name_that_is_a_command_is_kept_as_text_and_nothing_more(ground: Ground) -> None:
    bad = ROW_FAULTS["a city name that is a command to a spreadsheet"]
    put(ground.landing, bad.file, bad.content)
    ground.run()
    assert ground.lake.read(("rejects", bad.source))["entity"].unique().to_list() == ["=cmd|'/c calc'!A1"]


# Files that are not taken in: the inventory names them.


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


def test_several_bad_files_of_one_source_are_all_named_at_once(ground: Ground) -> None:
    put(ground.landing, GDP_2020, b"")
    put(ground.landing, GDP_2019, change(gdp(), 5, 2, "=1+1"))
    message = ground.run().message(("sources", "city_yearbook"))
    assert message.count("remedy:") == 2
    assert GDP_2020 in message
    assert f"{GDP_2019}, sheet 表1, row 5, column 2" in message


def test_the_source_is_whole_again_once_the_fault_is_mended(ground: Ground) -> None:
    put(ground.landing, GDP_2020, b"")
    assert ground.run().failed == [("sources", "city_yearbook")]
    put(ground.landing, GDP_2020, gdp(1))
    assert run_all(ground.landing, ground.lake, "mended").failed == []
    assert ground.lake.current(("staging", "city_yearbook")).run_id == "mended"
