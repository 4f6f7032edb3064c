"""OpenLineage as the README sets it up: each materialisation reaches a file, with columns and what they are made of."""

import json
import re
from pathlib import Path

import dagster as dg
import pytest

README = Path(__file__).parents[2] / "README.md"


def stated() -> str:
    """The setting as the README shows it."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.S)
    (block,) = [block for block in blocks if "OpenLineageEventLogStorage" in block]
    return block


@dg.asset(key=["report", "table_4"])
def table_4():
    lineage = dg.TableColumnLineage({"estimate": [dg.TableColumnDep(dg.AssetKey(["panel", "outcomes"]), "ctri")]})
    schema = dg.TableSchema([dg.TableColumn("estimate", "Float64")])
    return dg.MaterializeResult(metadata={"dagster/column_lineage": lineage, "dagster/column_schema": schema})


def test_a_materialisation_is_told_with_its_column_lineage_without_a_network(tmp_path, monkeypatch):
    pytest.importorskip("dagster_openlineage", reason="the extra openlineage is not installed")
    events = tmp_path / "events.jsonl"
    (tmp_path / "dagster.yaml").write_text(
        stated().replace("/full/path/to/.dagster_home", str(tmp_path)) + "telemetry: {enabled: false}\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    for name, value in (("TYPE", "file"), ("LOG_FILE_PATH", str(events)), ("APPEND", "true")):
        monkeypatch.setenv(f"OPENLINEAGE__TRANSPORT__{name}", value)
    monkeypatch.delenv("OPENLINEAGE_URL", raising=False)
    with dg.DagsterInstance.get() as instance:
        assert dg.materialize([table_4], instance=instance).success
        assert instance.get_latest_materialization_event(table_4.key) is not None, "our own log keeps it, too"
    told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    (done,) = [event for event in told if event["eventType"] == "COMPLETE"]
    (output,) = done["outputs"]
    assert output["name"] == "report/table_4"
    (made,) = output["facets"]["columnLineage"]["fields"]["estimate"]["inputFields"]
    assert (made["name"], made["field"]) == ("panel/outcomes", "ctri")
