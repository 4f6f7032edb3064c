"""A file that is not all there is told by its format, before anybody reads it."""

import hashlib
from pathlib import Path

import pytest

from resilience_pipeline.errors import OptionError
from resilience_pipeline.landing.listing import look
from resilience_pipeline.landing.memory import Memory, Remembered, read_memory, write_memory
from resilience_pipeline.landing.opening import open_settled
from resilience_pipeline.landing.rules import Rules, load_rules
from resilience_pipeline.sources.registry import SOURCES
from tests.sources.deliveries import workbook

WORKBOOK = workbook({"data": [["a", 1], ["b", 2]]})
STATA = b"<stata_dta><header>" + b"0" * 600 + b"</stata_dta>"
# 512-byte sectors (shift 9 at byte 30), the directory in sector 3 (byte 48), the allocation table in sector 0 (byte 76)
OLE_HEADER = bytearray(b"\xff" * 512)
OLE_HEADER[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE_HEADER[30:32], OLE_HEADER[48:52], OLE_HEADER[76:80] = b"\x09\x00", b"\x03\x00\x00\x00", b"\x00\x00\x00\x00"
OLE = bytes(OLE_HEADER) + b"\0" * 4 * 512


def opened(landing: Path, file: str):
    return open_settled(landing, file, look(landing, SOURCES)[file])


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", WORKBOOK), ("a.dta", STATA), ("a.xls", OLE), ("a.csv", b"x")])
def test_a_whole_file_gets_its_hash(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert opened(tmp_path, name).sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xlsx", WORKBOOK[:-40], "directory"),
        ("a.xlsx", WORKBOOK[: len(WORKBOOK) // 2], "directory"),
        ("a.xls", OLE[:1100], "smaller than its own header"),
        ("a.xls", OLE[:100], "smaller than its own header"),
        ("a.dta", STATA[:-20], "mark at a Stata file's end"),
        ("a.csv", b"", "empty"),
    ],
)
def test_a_file_cut_short_has_no_hash_but_a_reason(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    found = opened(tmp_path, name)
    assert found.sha256 is None
    assert says in found.reason


def test_a_file_that_moves_while_it_is_read_is_still_being_written(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    seen = look(tmp_path, SOURCES)["a.csv"]
    (tmp_path / "a.csv").write_text("xy")
    assert open_settled(tmp_path, "a.csv", seen).reason == "it is still being written"


def test_a_link_that_leads_out_is_seen_but_never_opened(tmp_path):
    (tmp_path / "secret").write_text("x")
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "wind.csv").symlink_to(tmp_path / "secret")
    seen = look(landing, SOURCES)["wind.csv"]
    assert seen.refused == "the link leads out of the landing folder"
    assert open_settled(landing, "wind.csv", seen).sha256 != hashlib.sha256(b"x").hexdigest()


def test_the_real_workbooks_are_all_there(real_data):
    """Every old .xls that a publisher really wrote passes the look at its header."""
    files = [path for path in sorted(real_data.rglob("*.xls*")) if path.stat().st_size < 5_000_000][:40]
    assert files
    for path in files:
        seen = look(path.parent, SOURCES).get(path.name)
        assert seen is None or open_settled(path.parent, path.name, seen).sha256, path


def test_memory_is_read_as_it_was_written_whatever_a_files_name(tmp_path):
    memory = Memory("began", 3, {"城市\udcff.xls": Remembered("wind", 1, 2, 0, "abc", None, 3, None, None)})
    write_memory(tmp_path, memory)
    assert read_memory(tmp_path) == memory


@pytest.mark.parametrize(
    "damage", ["", "{", '{"version": 0}', '{"version": 1, "began": "x", "request": 0, "files": 1}']
)
def test_a_damaged_memory_is_no_memory(tmp_path, damage):
    (tmp_path / "landing.json").write_text(damage)
    assert read_memory(tmp_path) is None


def test_rules_come_from_the_settings_file_and_nonsense_is_named(tmp_path):
    file = tmp_path / "resilience.toml"
    assert load_rules(file) == Rules()
    file.write_text("[sensor]\ninterval_seconds = 5\n")
    assert load_rules(file) == Rules(interval_seconds=5)
    file.write_text("[sensor]\npatience_ticks = 0\n")
    with pytest.raises(OptionError, match=r"sensor\.patience_ticks is too small"):
        load_rules(file)
