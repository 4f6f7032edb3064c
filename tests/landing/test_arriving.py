"""A run that begins while files are being copied leaves those alone, and waits a moment for the rest."""

import os
import time

import pytest

from resilience_pipeline.landing import arriving as module
from resilience_pipeline.landing.arriving import arriving
from resilience_pipeline.sources.registry import SOURCES
from tests.sources.deliveries import workbook

WORKBOOK = workbook({"data": [["a", 1], ["b", 2]]})
STILL = "it is still being written"


@pytest.fixture(autouse=True)
def pauses_count(monkeypatch):
    monkeypatch.setattr(module, "PAUSE_SECONDS", 1.0)


class Sleep:
    """Time that passes only when somebody sleeps; `meanwhile` is called after every second, with how many."""

    def __init__(self, meanwhile=lambda second: None) -> None:
        self.meanwhile, self.seconds = meanwhile, 0

    def __call__(self, seconds: float) -> None:
        self.seconds += 1
        self.meanwhile(self.seconds)


def test_files_at_rest_are_neither_waited_for_nor_opened(tmp_path):
    (tmp_path / "old.xlsx").write_bytes(WORKBOOK[:100])
    os.utime(tmp_path / "old.xlsx", (time.time() - 120,) * 2)
    sleep = Sleep()
    assert arriving(tmp_path, SOURCES, sleep=sleep) == {}
    assert sleep.seconds == 0


def test_a_file_that_has_just_come_whole_is_looked_at_twice_and_read(tmp_path):
    (tmp_path / "new.xlsx").write_bytes(WORKBOOK)
    sleep = Sleep()
    assert arriving(tmp_path, SOURCES, sleep=sleep) == {}
    assert sleep.seconds == 1


def test_a_copy_that_ends_soon_is_waited_for(tmp_path):
    def copy(second):
        if second <= 3:
            (tmp_path / "new.xlsx").write_bytes(WORKBOOK[: len(WORKBOOK) * second // 3])

    (tmp_path / "new.xlsx").write_bytes(b"P")
    sleep = Sleep(copy)
    assert arriving(tmp_path, SOURCES, sleep=sleep) == {}
    assert sleep.seconds == 4


def test_a_copy_that_goes_on_is_left_to_a_later_run_and_holds_no_other_file_back(tmp_path):
    (tmp_path / "whole.xlsx").write_bytes(WORKBOOK)
    (tmp_path / "slow.csv").write_text("x")
    sleep = Sleep(lambda second: (tmp_path / "slow.csv").write_text("x" * (second + 1)))
    assert arriving(tmp_path, SOURCES, sleep=sleep) == {"slow.csv": STILL}
    assert sleep.seconds == module.PATIENCE_SECONDS


def test_a_copy_that_pauses_is_told_by_the_files_format(tmp_path):
    (tmp_path / "half.xlsx").write_bytes(WORKBOOK[: len(WORKBOOK) // 2])
    found = arriving(tmp_path, SOURCES, sleep=Sleep())
    assert found["half.xlsx"].startswith("it is cut short")


def test_a_file_that_begins_while_another_is_waited_for_is_left_alone_too(tmp_path):
    (tmp_path / "first.xlsx").write_bytes(WORKBOOK)

    def begin(second):
        if second == 1:
            (tmp_path / "second.xlsx").write_bytes(WORKBOOK[:50])

    assert list(arriving(tmp_path, SOURCES, sleep=Sleep(begin))) == ["second.xlsx"]
