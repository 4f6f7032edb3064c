"""Files that cannot be read: their source keeps its last good tables."""

import io
import zipfile

import pytest

from resilience_pipeline.warehouse.attempts import last_attempt
from tests.faults.bad_input.ground import Ground, assert_all_others_are_refreshed, change
from tests.faults.landing import (
    GDP_2019,
    GDP_2020,
    NATION,
    PANEL,
    PKU,
    WIND,
    Table,
    csv,
    gdp,
    panel,
    put,
    run_all,
    wind,
)
from tests.sources.deliveries import workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD_BOOK = workbook({"表1": gdp()})


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


#: what is wrong -> (source, file, content, what the message says besides the file's name)
UNREADABLE: dict[str, tuple[str, str, bytes | Table, tuple[str, ...]]] = {
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
