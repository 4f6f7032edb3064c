"""Whatever happened to warehouse.duckdb: no run fails for it, a query says what to do, and `rebuild` makes it whole."""

import shutil

import duckdb
import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.catalogue import publish, rebuild
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import user_query

FACTS = {"run_id": "r", "code_version": "c", "inputs": {}, "options": {}, "synthetic": False}
ANSWER = "select count(*) n, sum(x) s from panel.study_outcomes"


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    for name in ("outcomes", "controls"):
        lake.write(("panel", "study", name), pl.DataFrame({"x": range(5_000)}), **FACTS)
    assert publish(lake) == "published: 2 tables"
    return lake


def other_version(good):
    """The storage version stands after the magic bytes DUCK at byte 8."""
    assert good[8:12] == b"DUCK"
    return good[:12] + (9999).to_bytes(8, "little") + good[20:]


DAMAGES = {
    "garbage": lambda good: b"no database" * 1000,
    "empty": lambda good: b"",
    "cut to a few bytes": lambda good: good[:100],
    "cut to its headers": lambda good: good[: 3 * 4096],
    "cut to half": lambda good: good[: len(good) // 2],
    "headers of zeros": lambda good: bytes(3 * 4096) + good[3 * 4096 :],
    "another version of DuckDB": other_version,
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_fails_no_run_and_is_built_anew(lake, how):
    file = lake.root / "warehouse.duckdb"
    file.write_bytes(DAMAGES[how](file.read_bytes()))
    with pytest.raises(LakeError, match="resilience rebuild"):
        user_query(lake.root, ANSWER)
    assert publish(lake) == "published: 2 tables"
    assert user_query(lake.root, ANSWER).rows() == [(5_000, 12_497_500)]
    assert rebuild(lake) == "built: 2 tables"
    assert user_query(lake.root, ANSWER).rows() == [(5_000, 12_497_500)]


def stale_log(lake):
    """The write-ahead log of a database that grew from a copy of this one."""
    other = lake.root / "other.duckdb"
    shutil.copy(lake.root / "warehouse.duckdb", other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("SET checkpoint_threshold = '1TB'")
        connection.execute("DROP TABLE panel.study_outcomes; CREATE TABLE panel.study_outcomes AS SELECT 1 AS x")
        log = other.with_name("other.duckdb.wal").read_bytes()
    other.unlink()
    return log


@pytest.mark.parametrize("log", [b"", b"no log" * 100, stale_log], ids=["empty", "garbage", "another database's"])
def test_a_log_left_beside_the_file_is_swept_away_by_rebuild(lake, log):
    left = lake.root / "warehouse.duckdb.wal"
    left.write_bytes(log(lake) if callable(log) else log)
    lake.write(("panel", "study", "controls"), pl.DataFrame({"x": [1]}), **FACTS)
    assert publish(lake).startswith(("published: ", "up to date", "deferred: "))
    left.write_bytes(log(lake) if callable(log) else log)
    assert rebuild(lake) == "built: 2 tables"
    assert not left.exists()
    assert user_query(lake.root, ANSWER).rows() == [(5_000, 12_497_500)]


def test_a_folder_in_the_file_s_place_defers_publishing_and_is_named_by_rebuild(lake):
    (lake.root / "warehouse.duckdb").unlink()
    (lake.root / "warehouse.duckdb").mkdir()
    assert publish(lake).startswith("deferred: ")
    with pytest.raises(LakeError, match=r"could not be built[\s\S]*warehouse\.duckdb"):
        rebuild(lake)
