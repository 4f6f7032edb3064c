"""The warehouse follows the lake, waits for nobody for long, and can be built again from nothing."""

import duckdb
import polars as pl
import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.warehouse.catalogue import publish, rebuild, relation_of
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import user_query

KEY = ("panel", "study", "outcomes")
OLD, NEW = pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [2]})


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def write(lake, frame, key=KEY, run_id="r", synthetic=False):
    return lake.write(key, frame, run_id=run_id, code_version="c", inputs={}, options={}, synthetic=synthetic)


def ask(lake, query):
    return user_query(lake.root, query).rows()


def comments(lake):
    return dict(ask(lake, "select table_name, comment from duckdb_tables() where schema_name <> 'catalogue'"))


def test_a_key_becomes_a_schema_and_a_table():
    assert relation_of(("panel", "study", "outcomes")) == ("panel", "study_outcomes")
    assert relation_of(("rejects", "wind")) == ("rejects", "wind")
    assert relation_of(("panel", "study", "outcomes"), "none") == ("variant_none", "panel_study_outcomes")


def test_published_tables_can_be_queried(lake):
    write(lake, OLD)
    lake.write_rejects("wind", NEW, run_id="r", synthetic=False)
    write(lake.variant("none"), NEW)
    assert publish(lake) == "published: 3 tables"
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(1,)]
    assert ask(lake, "select * exclude (synthetic) from rejects.wind") == [(2,)]
    assert ask(lake, "select * exclude (synthetic) from variant_none.panel_study_outcomes") == [(2,)]


def test_every_relation_says_whether_it_is_synthetic_and_follows_a_change_of_the_label(lake):
    write(lake, OLD, synthetic=True)
    publish(lake)
    assert ask(lake, "from panel.study_outcomes") == [(1, True)]
    write(lake, OLD, synthetic=False)
    publish(lake)
    assert ask(lake, "from panel.study_outcomes") == [(1, False)]


def test_a_second_publish_has_nothing_to_do(lake):
    write(lake, OLD)
    publish(lake)
    before = (lake.root / "warehouse.duckdb").read_bytes()
    assert publish(lake) == "up to date"
    assert (lake.root / "warehouse.duckdb").read_bytes() == before


def test_a_new_version_replaces_the_old_even_with_other_columns(lake):
    write(lake, OLD)
    publish(lake)
    write(lake, pl.DataFrame({"y": ["a"], "x": [2.5]}))
    assert publish(lake) == "published: 1 tables"
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [("a", 2.5)]


def test_the_catalogue_names_version_run_and_origin(lake):
    pointer = write(lake, OLD, run_id="run_7", synthetic=True)
    publish(lake)
    query = "select key, data_version, rows, synthetic, run_id, written_at, code_version from catalogue.tables"
    assert ask(lake, query) == [
        ("panel/study/outcomes", pointer.data_version, 1, True, "run_7", pointer.written_at, "c")
    ]


def test_the_same_content_from_a_new_run_is_catalogued_as_such(lake):
    write(lake, OLD, run_id="run_1")
    publish(lake)
    write(lake, OLD, run_id="run_2")
    publish(lake)
    assert ask(lake, "select run_id from catalogue.tables") == [("run_2",)]


def test_a_comment_describes_the_table_and_says_synthetic(lake):
    write(lake, OLD, synthetic=True)
    publish(lake, descriptions={KEY: "Outcomes of the city's year."})
    assert comments(lake) == {"study_outcomes": "Outcomes of the city's year. [synthetic]"}
    write(lake, NEW)
    publish(lake)
    assert comments(lake) == {"study_outcomes": "Outcomes of the city's year."}


def test_a_large_table_is_a_view_and_becomes_a_table_when_it_shrinks(lake):
    write(lake, pl.DataFrame({"x": range(10)}))
    publish(lake, largest_table_rows=5)
    assert ask(lake, "select kind from catalogue.tables") == [("view",)]
    assert ask(lake, "select count(*) from panel.study_outcomes") == [(10,)]
    write(lake, OLD)
    publish(lake, largest_table_rows=5)
    assert ask(lake, "select kind from catalogue.tables") == [("table",)]
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(1,)]


def test_a_table_that_left_the_lake_leaves_the_warehouse(lake):
    folder = lake.file_of(write(lake, OLD)).parent
    publish(lake)
    (folder / "current.json").unlink()
    publish(lake)
    with pytest.raises(LakeError, match="does not exist"):
        ask(lake, "select * exclude (synthetic) from panel.study_outcomes")


def test_a_table_that_somebody_dropped_comes_back(lake):
    write(lake, OLD)
    publish(lake)
    with duckdb.connect(str(lake.root / "warehouse.duckdb")) as connection:
        connection.execute("DROP TABLE panel.study_outcomes")
    publish(lake)
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(1,)]


@pytest.mark.parametrize("damage", [b"", b"no database" * 1000])
def test_a_damaged_warehouse_is_built_anew_by_itself(lake, damage):
    write(lake, OLD)
    publish(lake)
    (lake.root / "warehouse.duckdb").write_bytes(damage)
    assert publish(lake) == "published: 1 tables"
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(1,)]


def test_a_warehouse_with_another_catalogue_is_built_anew(lake):
    write(lake, OLD)
    with duckdb.connect(str(lake.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA catalogue; CREATE TABLE catalogue.tables AS SELECT 1 AS other")
    assert publish(lake) == "published: 1 tables"
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(1,)]


def test_rebuild_makes_the_warehouse_again_whatever_lay_there(lake):
    write(lake, OLD)
    write(lake, NEW, ("grid", "study", "cells"))
    (lake.root / "warehouse.duckdb").write_bytes(b"no database" * 1000)
    (lake.root / "warehouse.duckdb.wal").write_bytes(b"no log")
    assert rebuild(lake) == "built: 2 tables"
    assert ask(lake, "select count(*) from catalogue.tables") == [(2,)]
    assert not (lake.root / "warehouse.duckdb.wal").exists()


def test_a_damaged_table_is_named_and_not_published_while_the_others_are(lake):
    write(lake, OLD)
    publish(lake)
    file = lake.file_of(write(lake, NEW))
    write(lake, NEW, ("grid", "study", "cells"))
    file.write_bytes(b"no parquet")
    left_out = "; not of damaged tables: panel/study/outcomes (`resilience run` computes them again)"
    assert publish(lake) == "published: 1 tables" + left_out
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(1,)]
    assert ask(lake, "select * exclude (synthetic) from grid.study_cells") == [(2,)]
    assert rebuild(lake) == "built: 1 tables" + left_out
    write(lake, NEW)
    assert publish(lake) == "published: 1 tables"
    assert ask(lake, "select * exclude (synthetic) from panel.study_outcomes") == [(2,)]


def test_two_keys_with_one_name_are_named_and_fail_no_run(lake):
    write(lake, OLD, ("grid", "a_b", "c"))
    write(lake, OLD, ("grid", "a", "b_c"))
    assert publish(lake).startswith("deferred: grid/a_b/c and grid/a/b_c have one name in the warehouse")
    with pytest.raises(LakeError, match="one name in the warehouse"):
        rebuild(lake)


def test_replacing_most_tables_does_not_double_the_file(lake):
    """What one transaction replaces stays beside it, so such a file is built anew, its comments kept."""
    keys = [("panel", "study", f"table_{number}") for number in range(8)]
    file, sizes = lake.root / "warehouse.duckdb", []
    for first in (0, 7):
        for key in keys:
            write(lake, pl.DataFrame({"x": [(first + row * row) % 104_729 for row in range(20_000)]}), key)
        publish(lake, descriptions={keys[0]: "Squares."} if first == 0 else {})
        sizes.append(file.stat().st_size)
    assert sizes[1] <= 1.1 * sizes[0]
    assert comments(lake)["study_table_0"] == "Squares."


def test_a_relation_of_somebodys_own_outlives_a_run_that_replaces_everything(lake):
    write(lake, OLD)
    publish(lake)
    with duckdb.connect(str(lake.root / "warehouse.duckdb")) as connection:
        connection.execute("create view mine as select x + 1 as y from panel.study_outcomes")
    write(lake, NEW)
    publish(lake)
    assert ask(lake, "from mine") == [(3,)]


def test_small_tables_take_little_room(lake):
    for number in range(20):
        write(lake, OLD, ("panel", "study", f"table_{number}"))
    publish(lake)
    assert (lake.root / "warehouse.duckdb").stat().st_size < 2 << 20
