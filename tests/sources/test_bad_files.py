"""Files that cannot be taken in: each is refused with its place and with what to do."""

import io
import zipfile
import zlib

import pandas as pd
import pytest

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.delimited import read_delimited
from resilience_pipeline.sources.readers.opening import read_grids
from resilience_pipeline.sources.readers.stata import read_stata
from resilience_pipeline.sources.readers.text import read_text
from resilience_pipeline.sources.readers.workbook import read_workbook
from tests.sources.deliveries import deliver, workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def repacked(book: bytes, **changes: bytes) -> bytes:
    """The workbook with the part whose name ends like a keyword replaced."""
    with zipfile.ZipFile(io.BytesIO(book)) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    for ending, content in changes.items():
        name = next(name for name in parts if name.endswith(f"{ending}.xml"))
        parts[name] = content
    return archive(parts)


BOOK = workbook({"Sheet1": [["城市", "值"], ["甲市", 1]]})

SHEET = BOOK.index(b"xl/worksheets/sheet1.xml") + 40  # inside the packed sheet

BAD_WORKBOOKS = {
    "empty file": (b"", "the file is empty", "download it again"),
    "blank file": (b" \r\n ", "the file is empty", "download it again"),
    "cut short": (BOOK[: len(BOOK) // 2], "damaged or cut short", "download it again"),
    "one byte flipped": (
        BOOK[:SHEET] + bytes([BOOK[SHEET] ^ 255]) + BOOK[SHEET + 1 :],
        "damaged or cut short",
        "download it again",
    ),
    "web page": (b"<html><table><tr><td>1</td></tr></table></html>", "not a workbook", "save it as an .xlsx"),
    "web page after a byte order mark": (b"\xef\xbb\xbf <!DOCTYPE html>", "not a workbook", "save it as an .xlsx"),
    "text": ("城市,值\n甲市,1\n".encode(), "not a workbook", "extension .csv"),
    "pdf": (b"%PDF-1.7 ...", "not a workbook", "save it as an .xlsx"),
    "zip of other files": (archive({"a.csv": b"1"}), "a zip archive, not a workbook", "unpack it"),
    "encrypted": (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "is encrypted", "with its password"),
    "old workbook, broken": (OLE + b"\0" * 600, "cannot be opened", "save it as a new .xlsx"),
    "no cells": (workbook({"甲": [], "乙": []}), "holds no cells", "download it again"),
    "bomb by ratio": (
        archive({"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * (6 * 2**20)}),
        "would unpack to more",
        "do not open it",
    ),
    "bomb by entries": (
        archive({"xl/workbook.xml": b"<a/>", **{f"xl/{i}": b"" for i in range(5_001)}}),
        "would unpack to more",
        "do not open it",
    ),
    "bomb by a far cell": (
        repacked(BOOK, sheet1=b'<sheetData><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></sheetData>'),
        "would unpack to more",
        "do not open it",
    ),
    "bomb by a far cell in other quotes and letters": (
        repacked(BOOK, sheet1=b"<sheetData><c r='a1'><v>1</v></c><c r='xfd1048576'><v>1</v></c></sheetData>"),
        "would unpack to more",
        "do not open it",
    ),
    "bomb by cells without address": (
        repacked(BOOK, sheet1=b'<sheetData><row r="1048576"><c><v>1</v></c></row></sheetData>'),
        "cells without an address",
        "save it as an .xlsx",
    ),
    "binary workbook": (
        archive({"xl/workbook.xml": b"<a/>", "xl/workbook.bin": b""}),
        "another kind of workbook",
        "save it as an .xlsx",
    ),
}


@pytest.mark.parametrize("case", BAD_WORKBOOKS)
def test_a_bad_workbook_is_refused_with_file_and_remedy(tmp_path, case):
    content, what, remedy = BAD_WORKBOOKS[case]
    with pytest.raises(DeliveryError) as caught:
        read_workbook(deliver(tmp_path, "edition_2021/2-7.xlsx", content))
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.file == "edition_2021/2-7.xlsx"


def test_two_parts_of_one_name_are_refused(tmp_path):
    buffer = io.BytesIO(BOOK)
    with zipfile.ZipFile(buffer, "a") as zipped, pytest.warns(UserWarning, match="Duplicate name"):
        zipped.writestr("xl/workbook.xml", b"<a/>")
    with pytest.raises(DeliveryError, match="would unpack to more"):
        read_workbook(deliver(tmp_path, "a.xlsx", buffer.getvalue()))


def test_a_false_size_in_the_archive_is_found_out(tmp_path):
    content = repacked(BOOK, sharedStrings=b" " * 50_000)
    size = (50_000).to_bytes(4, "little")
    with pytest.raises(DeliveryError, match="damaged or cut short"):
        read_workbook(deliver(tmp_path, "a.xlsx", content.replace(size, (100).to_bytes(4, "little"))))


def test_a_part_that_goes_on_behind_its_size_is_found_out_though_its_checksum_fits(tmp_path):
    content = repacked(BOOK, sharedStrings=b" " * 50_000)
    true, false = zlib.crc32(b" " * 50_000), zlib.crc32(b" " * 100)
    for before, after in ((50_000, 100), (true, false)):
        content = content.replace(before.to_bytes(4, "little"), after.to_bytes(4, "little"))
    with pytest.raises(DeliveryError, match="damaged or cut short"):
        read_workbook(deliver(tmp_path, "a.xlsx", content))


def test_entities_in_a_sheet_are_never_expanded(tmp_path):
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
        b'<c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    try:
        grids = read_workbook(deliver(tmp_path, "a.xlsx", repacked(BOOK, sheet1=bomb)))
    except DeliveryError:
        return
    assert all(len(text) < 20 for grid in grids for cells in grid.rows for text in cells if text)


def test_a_workbook_is_known_by_its_bytes_whatever_its_name(tmp_path):
    for file in ("a.xls", "a.csv", "b"):
        (grid,) = read_grids(deliver(tmp_path, file, BOOK))
        assert grid.rows == [["城市", "值"], ["甲市", "1"]]


def test_a_file_that_is_gone_is_an_error_with_its_name(tmp_path):
    delivery = deliver(tmp_path, "a.xlsx", BOOK)
    delivery.path.unlink()
    with pytest.raises(DeliveryError, match="cannot be read") as caught:
        read_workbook(delivery)
    assert caught.value.file == "a.xlsx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_delimited_text_is_read_in_every_encoding_of_the_field(tmp_path, encoding):
    grid = read_delimited(deliver(tmp_path, "a.csv", "年份,城市\r\n2018,杭州市\r\n".encode(encoding)))
    assert grid.rows == [["年份", "城市"], ["2018", "杭州市"]]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_seen_from_the_text(tmp_path, delimiter):
    text = f"年份{delimiter}城市\n2018{delimiter}杭州市\n"
    assert read_delimited(deliver(tmp_path, "a.csv", text)).rows == [["年份", "城市"], ["2018", "杭州市"]]


def test_rows_of_delimited_text_are_physical_lines(tmp_path):
    grid = read_delimited(deliver(tmp_path, "a.csv", '年份,城市\n\n2018,"杭州\n市"\n2019,宁波市\n'))
    assert (grid.at(3, 2), grid.at(4, 2), grid.at(5, 2)) == ("杭州\n市", None, "宁波市")


BAD_TEXTS = {
    "no known encoding": ("年份,城市\n2018,".encode("gb18030") + b"\xff\xff\n", "no encoding", 2, "save it as UTF-8"),
    "NUL": (b"year,city\n2018,a\x00b\n", "NUL character", 2, "export it again"),
    "open quote": ('年份,城市\n2018,"杭州市\n2019,宁波\n'.encode(), "not well formed", 2, "look at the quotes"),
    "web page": (b"<html></html>", "not a workbook", None, "save it as an .xlsx"),
    "empty": (b"", "is empty", None, "download it again"),
}


@pytest.mark.parametrize("case", BAD_TEXTS)
def test_bad_delimited_text_is_refused_with_its_line(tmp_path, case):
    content, what, row, remedy = BAD_TEXTS[case]
    with pytest.raises(DeliveryError) as caught:
        read_delimited(deliver(tmp_path, "a.csv", content))
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert (caught.value.file, caught.value.row) == ("a.csv", row)


@pytest.mark.parametrize("content", [b"<stata_dta><header>", b"no data set at all", b"\x72\x02\x01\x00"])
def test_a_broken_stata_file_is_refused(tmp_path, content):
    with pytest.raises(DeliveryError, match="no Stata data set") as caught:
        read_stata(deliver(tmp_path, "a.dta", content))
    assert (caught.value.file, caught.value.expected) == ("a.dta", "a .dta file of Stata 8 or later")


def test_a_stata_file_that_names_two_variables_alike_is_read(tmp_path):
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1], "b": [2]}).to_stata(buffer, write_index=False)
    same = buffer.getvalue().replace(b"b\0", b"a\0")
    assert read_stata(deliver(tmp_path, "a.dta", same)).rows == [["a", "a"], ["1", "2"]]


def test_a_stata_file_with_an_impossible_number_of_observations_is_refused(tmp_path):
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_stata(buffer, write_index=False)
    content = bytearray(buffer.getvalue())
    content[6:10] = b"\xff\xff\xff\xff"  # format 114 says the number here
    with pytest.raises(DeliveryError, match="no Stata data set"):
        read_stata(deliver(tmp_path, "a.dta", bytes(content)))


@pytest.mark.parametrize("content", [BOOK, OLE, b"%PDF-1.4"])
def test_a_document_that_is_no_plain_text_is_refused(tmp_path, content):
    with pytest.raises(DeliveryError, match="not plain text") as caught:
        read_text(deliver(tmp_path, "2018/杭州市.txt", content))
    assert "plain text (UTF-8)" in caught.value.remedy
