"""SQL sees what it is given and nothing else, and can only select."""

import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import run_sql, user_query

CELLS = pl.DataFrame({"city_code": ["330100", "110000"], "value": [1.0, 2.0]})


def test_a_select_joins_frames_and_parquet_files(tmp_path):
    CELLS.write_parquet(tmp_path / "cells.parquet")
    names = pl.DataFrame({"city_code": ["330100"], "name": ["杭州市"]})
    query = "select name, value from staging.cells join names using (city_code)"
    answer = run_sql(query, {"staging.cells": tmp_path / "cells.parquet", "names": names})
    assert answer.rows() == [("杭州市", 1.0)]


def test_a_folder_with_brackets_in_its_name_is_no_pattern(tmp_path):
    file = tmp_path / "study [2018]'s" / "cells.parquet"
    file.parent.mkdir()
    CELLS.write_parquet(file)
    assert run_sql("from grid.cells", {"grid.cells": file}).equals(CELLS)


def test_an_empty_table_keeps_its_types():
    assert run_sql("select * from t", {"t": CELLS.clear()}).schema == CELLS.schema


def test_one_thread_adds_in_one_order_so_that_sums_repeat_to_the_last_bit():
    assert run_sql("select current_setting('threads') as threads", {})["threads"].to_list() == [1]
    many = pl.DataFrame({"x": [1e16, 1.0, -1e16, 3.3, 0.1] * 60_000})
    assert len({run_sql("select sum(x) as s from t", {"t": many})["s"][0].hex() for _ in range(3)}) == 1


def test_an_undeclared_table_is_named_with_what_is_declared():
    with pytest.raises(LakeError, match=r"only grid\.cells[\s\S]*panel\.outcomes[\s\S]*step's inputs"):
        run_sql("select * from panel.outcomes", {"grid.cells": CELLS})


def test_a_variable_of_the_caller_is_no_table():
    undeclared = CELLS
    assert undeclared.height == 2
    with pytest.raises(LakeError, match="undeclared"):
        run_sql("select * from undeclared", {"grid.cells": CELLS})


def test_a_file_beside_the_declared_one_cannot_be_read(tmp_path):
    CELLS.write_parquet(tmp_path / "declared.parquet")
    CELLS.write_parquet(tmp_path / "other.parquet")
    with pytest.raises(LakeError, match="Permission Error"):
        run_sql(f"select * from '{tmp_path}/other.parquet'", {"t": tmp_path / "declared.parquet"})


@pytest.mark.parametrize(
    "query", ["copy t to 'x.csv'", "select 1; select 2", "", "create table u as from t", "set threads=4"]
)
def test_a_step_can_only_select(query):
    with pytest.raises(LakeError, match="only one select"):
        run_sql(query, {"t": CELLS})


def test_a_mistake_in_the_sql_is_told_in_duckdb_s_words():
    with pytest.raises(LakeError, match="Binder Error"):
        run_sql("select wrong from t", {"t": CELLS})


def test_a_table_name_cannot_carry_sql():
    with pytest.raises(ValueError, match="no table name"):
        run_sql("select 1", {'t" as select 1; --': CELLS})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    facts = {"run_id": "r", "code_version": "c", "inputs": {}, "options": {}, "synthetic": False}
    lake.write(("grid", "study", "cells"), CELLS, **facts)
    lake.write(("grid", "study", "large"), pl.DataFrame({"x": range(100)}), **facts)
    publish(lake, largest_table_rows=50)
    return lake.root


def test_a_person_can_ask_tables_and_views(warehouse):
    assert user_query(warehouse, "select sum(value)::double as s from grid.study_cells").rows() == [(3.0,)]
    assert user_query(warehouse, "select count(*) from grid.study_large").rows() == [(100,)]


@pytest.mark.parametrize(
    "query", ["show all tables", "describe grid.study_cells", "from grid.study_cells", "values (1)"]
)
def test_a_person_can_look_around(warehouse, query):
    assert user_query(warehouse, query).height > 0


def test_an_answer_can_be_limited(warehouse):
    assert user_query(warehouse, "select * from grid.study_large order by x", limit=3)["x"].to_list() == [0, 1, 2]


@pytest.mark.parametrize(
    "query",
    [
        "copy grid.study_cells to '{outside}/stolen.csv'",
        "copy grid.study_cells to '{view}'",
        "copy (select 1) to '{outside}/stolen.parquet' (format parquet)",
        "attach '{outside}/other.duckdb'",
        "attach '{outside}/other.duckdb' as other (read_only)",
        "select * from read_text('{outside}/secret.txt')",
        "select * from read_blob('{outside}/secret.txt')",
        "select * from read_csv('{outside}/secret.txt')",
        "select * from read_json('{outside}/secret.txt')",
        "select * from read_parquet('{outside}/secret.parquet')",
        "select * from '{outside}/secret.txt'",
        "select * from glob('{outside}/*')",
        "select * from query('select * from read_text(''{outside}/secret.txt'')')",
        "with s as (select * from read_text('{outside}/secret.txt')) select * from s",
        "select (select content from read_text('{outside}/secret.txt'))",
        "explain analyze copy grid.study_cells to '{outside}/stolen.csv'",
        "install httpfs",
        "load httpfs",
        "force install httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset enable_external_access",
        "set allowed_directories = ['/']",
        "set threads = 4",
        "pragma enable_profiling",
        "pragma threads = 4",
        "pragma database_size; pragma threads = 4",
        "select 1; select 2",
        "select 1; copy grid.study_cells to '{outside}/stolen.csv'",
        "insert into grid.study_cells values ('x', 1)",
        "update grid.study_cells set value = 0",
        "delete from grid.study_cells",
        "drop table grid.study_cells",
        "create table grid.mine as select 1",
        "create temp table mine as select 1",
        "export database '{outside}/all'",
        "import database '{outside}/all'",
        "checkpoint",
        "call force_checkpoint()",
        "begin",
        "prepare p as select 1",
        "use grid",
        "detach warehouse",
        "vacuum",
        "-- nothing but a comment",
    ],
)
def test_a_person_s_query_can_neither_write_nor_reach_out(warehouse, tmp_path, query):
    (tmp_path / "secret.txt").write_text("secret")
    CELLS.write_parquet(tmp_path / "secret.parquet")
    view = next((warehouse / "grid" / "study" / "large").glob("*.parquet"))
    before = {file: file.read_bytes() for file in [*warehouse.rglob("*.parquet"), warehouse / "warehouse.duckdb"]}
    with pytest.raises(LakeError) as error:
        user_query(warehouse, query.format(outside=tmp_path, view=view))
    assert error.value.remedy
    assert {file: file.read_bytes() for file in before} == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["secret.parquet", "secret.txt"]


def test_a_wrong_query_shows_duckdb_s_words_and_where_to_look(warehouse):
    with pytest.raises(LakeError, match=r"study_cell does not exist[\s\S]*show all tables"):
        user_query(warehouse, "select * from grid.study_cell")


def test_before_the_first_run_a_query_says_what_to_do(tmp_path):
    with pytest.raises(LakeError, match=r"no warehouse yet[\s\S]*resilience run"):
        user_query(tmp_path, "select 1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_warehouse_names_rebuild(tmp_path):
    (tmp_path / "warehouse.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(LakeError, match="resilience rebuild"):
        user_query(tmp_path, "select 1")
