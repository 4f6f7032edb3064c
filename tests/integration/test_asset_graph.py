"""The whole asset graph as a text, so that a change of it is reviewed as a diff.

To take a change over: UPDATE_ASSET_GRAPH=1 python -m pytest tests/integration/test_asset_graph.py
"""

import os
from pathlib import Path

import dagster as dg
import pytest

from resilience_pipeline.assets.keys import asset_key
from resilience_pipeline.definitions import defs, plan
from resilience_pipeline.sources.registry import SOURCES

STORED = Path(__file__).with_name("asset_graph.txt")
LAYERS = ["landing", "sources", "staging", "frozen", "grid", "indices", "panel", "estimates", "report", "living"]


@pytest.fixture(scope="module")
def nodes() -> list:
    graph = defs.resolve_asset_graph()
    return [graph.get(key) for key in sorted(graph.get_all_asset_keys())]


def described(node) -> str:
    checks = ", ".join(sorted(check.name for check in node.check_keys)) or "none"
    root = "the landing folder" if node.key.path[0] in ("landing", "sources") else "nothing delivered"
    parents = ", ".join(sorted(key.to_user_string() for key in node.parent_keys)) or root
    name = node.key.to_user_string()
    lines = [f"group  {node.group_name}", f"owner  {', '.join(node.owners)}", f"reads  {parents}", f"checks {checks}"]
    return "\n  ".join([name, *lines]) + "\n"


def test_the_asset_graph_is_the_one_that_was_reviewed(nodes):
    text = "\n".join(described(node) for node in nodes)
    if os.environ.get("UPDATE_ASSET_GRAPH"):
        STORED.write_text(text, encoding="utf-8")
    assert text == STORED.read_text(encoding="utf-8")


def test_no_asset_reads_one_that_nothing_makes(nodes):
    external = {node.key.to_user_string() for node in nodes if node.is_external}
    by_users, by_ending_runs = {f"landing/{source.name}" for source in SOURCES}, {"report/drift"}
    assert external == by_users | by_ending_runs


def test_data_flow_one_way_through_the_layers(nodes):
    for node in nodes:
        for parent in node.parent_keys:
            assert LAYERS.index(parent.path[0]) <= LAYERS.index(node.key.path[0]), (parent, node.key)


def test_each_asset_says_what_it_is_and_carries_a_code_version(nodes):
    for node in nodes:
        assert len(node.description) > 40, node.key
        assert node.code_version or node.is_external, node.key
        assert node.kinds, node.key


def test_each_column_of_a_regression_table_is_an_asset_that_reads_only_the_tables_it_names(nodes):
    reads = {node.key.to_user_string(): {k.to_user_string() for k in node.parent_keys} for node in nodes}
    panel = "panel/trade_resilience"
    assert reads["estimates/table_4_1"] == {f"{panel}_outcomes", f"{panel}_treatment"}
    assert reads["estimates/table_4_3"] == {f"{panel}_outcomes", f"{panel}_treatment", f"{panel}_controls"}


def test_every_source_has_an_asset_for_its_cells_and_one_for_its_staged_table(nodes):
    keys = {node.key.to_user_string() for node in nodes}
    assert len(SOURCES) == 12
    assert {f"{layer}/{source.name}" for source in SOURCES for layer in ("sources", "staging")} <= keys


def test_one_job_materialises_everything():
    job = defs.resolve_job_def("everything")
    graph = defs.resolve_asset_graph()
    assert set(job.asset_layer.executable_asset_keys) == graph.materializable_asset_keys
    assert {asset_key(step.key) for step in plan.steps} < set(job.asset_layer.executable_asset_keys)
    assert isinstance(job.executor_def, dg.ExecutorDefinition)
    assert job.executor_def.name == "in_process"
