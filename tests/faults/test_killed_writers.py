"""A process killed with SIGKILL while it writes leaves the old or the new state, and the next one goes on."""

import random
import time

import polars as pl
import pytest

from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.deliveries import store_delivery
from resilience_pipeline.warehouse.fingerprint import data_version
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.query import user_query
from tests.faults.processes import process

KEY = ("panel", "study", "outcomes")
FACTS = {"run_id": "r", "code_version": "c", "inputs": {}, "options": {}, "synthetic": False}

#: Writes one new version after another; each row of version i holds i, so a mixture would show.
WRITER = """
import sys
import polars as pl
from pathlib import Path
from resilience_pipeline.warehouse.lake import Lake
snapshot = Lake(Path(sys.argv[1])).pin(sys.argv[2])
print("ready", flush=True)
for i in range(int(sys.argv[3]), 10**9):
    frame = pl.DataFrame({"x": [i]}).select(pl.col("x").repeat_by(100_000).explode(), y=pl.int_range(100_000) * i)
    snapshot.write(("panel", "study", "outcomes"), frame, code_version="c", options={})
"""

PUBLISHER = """
import sys
import polars as pl
from pathlib import Path
from resilience_pipeline.warehouse.catalogue import publish
from resilience_pipeline.warehouse.lake import Lake
lake = Lake(Path(sys.argv[1]))
print("ready", flush=True)
for i in range(int(sys.argv[2]), 10**9):
    frame = pl.DataFrame({"x": [i] * 50_000})
    lake.write(("panel", "study", "outcomes"), frame, run_id="r", code_version="c", inputs={}, options={},
        synthetic=False)
    publish(lake)
"""


def test_a_writer_killed_fifteen_times_leaves_whole_tables_and_readable_pointers(tmp_path):
    lake = Lake(tmp_path)
    when = random.Random(2018)
    interrupted = 0
    for attempt in range(15):
        with process(WRITER, tmp_path, f"run_{attempt}", attempt * 10_000) as writer:
            time.sleep(when.uniform(0.02, 0.3))
            writer.kill()
            writer.wait()
        interrupted += bool(list(tmp_path.rglob(".incoming-*")))
        for leftover in tmp_path.rglob(".incoming-*"):
            leftover.unlink()
        pointer = lake.current(KEY)
        if pointer is not None:
            table = lake.read(KEY)
            assert (table.height, table["x"].n_unique()) == (100_000, 1)
            assert data_version(table) == pointer.data_version
        pins = lake.pin(f"run_{attempt}")
        assert [pins.read(pinned.key).height for pinned in pins.tables()] in ([], [100_000])
    assert pointer is not None
    assert interrupted > 0, "no kill fell into a write: the test shows nothing"
    lake.write(KEY, pl.DataFrame({"x": [1]}), **FACTS)
    assert lake.read(KEY)["x"].to_list() == [1]
    assert all(data_version(lake.read(KEY, version)) == version for version in lake.versions(KEY))


def test_a_publisher_killed_six_times_leaves_a_warehouse_that_answers(tmp_path):
    lake = Lake(tmp_path)
    lake.write(KEY, pl.DataFrame({"x": [-1] * 50_000}), **FACTS)
    publish(lake)
    when = random.Random(7)
    for attempt in range(6):
        with process(PUBLISHER, tmp_path, attempt * 10_000) as publisher:
            time.sleep(when.uniform(0.05, 0.4))
            publisher.kill()
            publisher.wait()
        answer = user_query(tmp_path, "select count(*) n, count(distinct x) from panel.study_outcomes")
        assert answer.rows() == [(50_000, 1)]
    assert publish(lake) in ("published: 1 tables", "up to date")
    assert user_query(tmp_path, "select distinct x from panel.study_outcomes").rows() == [(lake.read(KEY)["x"][0],)]


def test_a_copy_of_a_delivery_that_was_killed_half_way_is_made_again(tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    content = random.Random(1).randbytes(30 << 20)
    (landing / "large.csv").write_bytes(content)
    source = """
import sys
from pathlib import Path
from resilience_pipeline.warehouse.deliveries import store_delivery
print("ready", flush=True)
store_delivery(Path(sys.argv[1]) / "lake", Path(sys.argv[1]) / "landing", "large.csv")
"""
    for wait in (0.01, 0.03, 0.05, 0.07):
        with process(source, tmp_path) as copier:
            time.sleep(wait)
            copier.kill()
            copier.wait()
        for copy in (tmp_path / "lake").glob("deliveries/*/large.csv"):
            assert copy.read_bytes() == content
    assert store_delivery(tmp_path / "lake", landing, "large.csv").path.read_bytes() == content


@pytest.mark.parametrize("moment", ["before the rename", "between table and pointer"])
def test_a_kill_at_the_worst_moment_keeps_the_last_good_version(tmp_path, moment):
    lake = Lake(tmp_path)
    lake.write(KEY, pl.DataFrame({"x": [1]}), **FACTS)
    source = """
import os, signal, sys
import polars as pl
from pathlib import Path
from resilience_pipeline.warehouse import atomic, lake
print("ready", flush=True)
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "before the rename":
    atomic.os.replace = die
else:
    lake.replace_text = die
lake.Lake(Path(sys.argv[1])).write(("panel", "study", "outcomes"), pl.DataFrame({"x": [2]}), run_id="r2",
    code_version="c", inputs={}, options={}, synthetic=False)
"""
    with process(source, tmp_path, moment) as writer:
        assert writer.wait(timeout=20) == -9
    assert lake.current(KEY).run_id == "r"
    assert lake.read(KEY)["x"].to_list() == [1]
    lake.write(KEY, pl.DataFrame({"x": [2]}), **FACTS)
    assert lake.read(KEY)["x"].to_list() == [2]
