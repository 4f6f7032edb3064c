"""Files of the synthetic twin are known by their marker, whatever their format and encoding."""

import zipfile

import pytest
import xlsxwriter

from resilience_pipeline.sources.synthetic import MARKER, is_synthetic

CSV = "城市,2018\n杭州市,13509\n"


def workbook(path, comments):
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"comments": comments})
    book.add_worksheet().write(0, 0, "杭州市")
    book.close()
    return path


def test_a_workbook_is_known_by_its_properties(tmp_path):
    assert is_synthetic(workbook(tmp_path / "twin.xlsx", f"合成数据 {MARKER}"))
    assert not is_synthetic(workbook(tmp_path / "real.xlsx", "国家统计局"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_is_known_in_every_encoding(tmp_path, encoding):
    (tmp_path / "twin.csv").write_bytes((CSV + f"合成数据 {MARKER}\n").encode(encoding))
    (tmp_path / "real.csv").write_bytes(CSV.encode(encoding))
    assert is_synthetic(tmp_path / "twin.csv")
    assert not is_synthetic(tmp_path / "real.csv")


@pytest.mark.parametrize("place", ["head", "foot"])
def test_the_marker_is_found_at_either_end_of_a_large_file(tmp_path, place):
    filler, marker = b"0" * (9 << 20), MARKER.encode()
    (tmp_path / "large.csv").write_bytes(marker + filler if place == "head" else filler + marker)
    assert is_synthetic(tmp_path / "large.csv")


def test_a_damaged_workbook_is_not_synthetic_and_no_crash(tmp_path):
    whole = workbook(tmp_path / "twin.xlsx", MARKER).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    assert not is_synthetic(tmp_path / "cut.xlsx")
    start = whole.index(b"docProps/core.xml") + 20
    (tmp_path / "torn.xlsx").write_bytes(whole[:start] + b"\xff" * 200 + whole[start + 200 :])
    assert not is_synthetic(tmp_path / "torn.xlsx")


def test_a_property_that_unpacks_to_gigabytes_is_read_only_so_far(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("docProps/core.xml", b"0" * (40 << 20) + MARKER.encode())
    assert not is_synthetic(tmp_path / "bomb.xlsx")


def test_an_empty_file_is_not_synthetic(tmp_path):
    (tmp_path / "empty.csv").touch()
    assert not is_synthetic(tmp_path / "empty.csv")
