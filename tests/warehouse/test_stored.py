"""A version's file is held to its name: what was damaged on disk is never read as if it were whole."""

import io

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse import stored
from resilience_pipeline.warehouse.lake import Lake

KEY = ("panel", "study", "outcomes")
TABLE = pl.DataFrame({"city": ["杭州市", "宁波市"] * 50, "x": [float(i) for i in range(100)]})
FACTS = {"run_id": "r", "code_version": "c", "inputs": {}, "options": {}, "synthetic": False}


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    lake.write(KEY, TABLE, **FACTS)
    return lake


def first_flip_that_still_parses(good: bytes) -> bytes:
    """The file with one bit flipped so that Parquet reads other values without a word."""
    for place in range(4, len(good)):
        flipped = bytearray(good)
        flipped[place] ^= 1
        try:
            if not pl.read_parquet(io.BytesIO(bytes(flipped))).equals(TABLE):
                return bytes(flipped)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            continue
    raise AssertionError("every flipped bit was noticed by Parquet")


def damage(file, how):
    good = file.read_bytes()
    other = pl.DataFrame({"x": [1]})
    if how == "another table's file":
        other.write_parquet(file)
    else:
        file.write_bytes(
            {
                "a flipped bit that still parses": lambda: first_flip_that_still_parses(good),
                "truncated": lambda: good[: len(good) // 2],
                "empty": lambda: b"",
                "zeros at its end": lambda: good[:-200] + bytes(200),
            }[how]()
        )


DAMAGES = ["a flipped bit that still parses", "truncated", "empty", "zeros at its end", "another table's file"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_not_read_and_written_again_with_the_bytes_that_stood(lake, how):
    file = lake.path(KEY)
    good = file.read_bytes()
    assert lake.is_whole(lake.current(KEY))
    damage(file, how)
    assert not lake.is_whole(lake.current(KEY))
    for read in (lambda: lake.read(KEY), lambda: lake.pin("r2").read(KEY)):
        with pytest.raises(LakeError, match=r"damaged and is not used[\s\S]*resilience doctor"):
            read()
    lake.write(KEY, TABLE, **FACTS)
    assert file.read_bytes() == good
    assert lake.is_whole(lake.current(KEY))


def test_a_missing_file_is_not_whole(lake):
    lake.path(KEY).unlink()
    assert not lake.is_whole(lake.current(KEY))


def test_a_file_found_whole_is_not_hashed_again(lake, monkeypatch):
    lake.read(KEY)
    monkeypatch.setattr(stored, "data_version", lambda frame: pytest.fail("hashed again"))
    lake.read(KEY)
    assert lake.is_whole(lake.current(KEY))
