"""What people see who only look on: no licensed row, and with a read-only UI no way to change anything."""

import re
from pathlib import Path

import dagster as dg
import pytest

from resilience_pipeline.assets.steps import events
from resilience_pipeline.driver import execute
from resilience_pipeline.errors import OptionError
from resilience_pipeline.frozen.steps import frozen_steps
from resilience_pipeline.options import Options
from resilience_pipeline.plan import project_plan
from resilience_pipeline.project import DAGSTER_YAML
from resilience_pipeline.settings import Access, load_access
from resilience_pipeline.sources.intake import intake_step
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.warehouse.lake import Lake
from tests.conftest import REPOSITORY

CITIES = ("杭州市", "石家庄市", "成都市")  # the first in a preview lies between the others: it is not winsorised
#: A licensed index that carries no mark of the twin; its figures occur nowhere else.
FIGURES = {
    (city, year): round(0.5 + (3170 + 7 * place + year % 100) / 1e6, 6)
    for place, city in enumerate(CITIES)
    for year in range(2012, 2023)
}
REFUSED = 3.170317  # beyond the index's bounds
PANEL = ("panel", "trade_resilience", "business_environment")


def told(folder: Path, access: Access) -> dict[str, str]:
    """Asset -> all that Dagster is told of it, in a run from that one file to the panel."""
    landing = folder / "landing"
    landing.mkdir()
    rows = [f"{city},{year},{value}" for (city, year), value in FIGURES.items()]
    text = "\n".join(["城市,年份,营商环境指数", *rows, f"上海市,2015,{REFUSED}"])
    (landing / "business_environment.csv").write_text(text, encoding="utf-8")
    lake = Lake(folder / "lake")
    snapshot = lake.pin("run_1")

    def files(name: str) -> list[str]:
        return ["business_environment.csv"] if name == "business_environment" else []

    taken = [
        intake_step(s, files=lambda s=s: files(s.name), store=lambda f: lake.store_delivery(landing, f))
        for s in SOURCES
    ]
    by_key = {step.key: step for step in (*taken, *project_plan().steps, *frozen_steps(lambda: lake.root))}
    wanted = [PANEL]
    for key in wanted:
        wanted += [other for other in by_key[key].inputs if other not in wanted]
    layers = ("sources", "staging", "frozen", "grid", "panel")
    with dg.DagsterInstance.ephemeral() as instance:
        return {
            "/".join(step.key): repr(list(events(execute(step, snapshot, Options()), access, instance)))
            for layer in layers
            for step in by_key.values()
            if step.key in wanted and step.key[0] == layer
        }


def figures_in(text: str) -> set[float]:
    return {value for value in FIGURES.values() if re.search(rf"{value}(?!\d)", text)}


def test_no_delivered_figure_that_passed_its_rules_is_told_to_dagster(tmp_path):
    said = told(tmp_path, Access())
    assert len(said) > 12, "the road from the file to the panel was not walked"
    assert {name: figures_in(text) for name, text in said.items() if figures_in(text)} == {}
    assert str(REFUSED) in said["staging/business_environment"], "a refused cell is quoted, so that a person finds it"


def test_licensed_rows_show_where_the_settings_allow_it(tmp_path):
    said = told(tmp_path, Access(previews_of_licensed_rows=True))
    layers = {name.split("/")[0] for name, text in said.items() if figures_in(text)}
    assert layers == {"sources", "staging", "frozen", "grid", "panel"}


def test_an_unknown_key_of_access_is_refused_with_the_file_named(tmp_path):
    file = tmp_path / "resilience.toml"
    file.write_text("[access]\npreview_of_licensed_rows = true\n")
    with pytest.raises(OptionError, match=r"resilience\.toml"):
        load_access(file)
    file.write_text("[access]\npreviews_of_licensed_rows = true\n")
    assert load_access(file) == Access(previews_of_licensed_rows=True)
    assert load_access(tmp_path / "none.toml") == Access(previews_of_licensed_rows=False)


@pytest.fixture(scope="module")
def read_only_ui():
    """The UI as `--read-only` starts it."""
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import EmptyWorkspaceTarget
    from dagster_webserver.webserver import DagsterWebserver
    from starlette.testclient import TestClient

    with (
        dg.instance_for_test() as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget(), read_only=True) as context,
    ):
        yield TestClient(DagsterWebserver(context).create_asgi_app()), instance


def test_a_read_only_ui_refuses_to_wipe_an_asset_and_to_take_a_report_of_one(read_only_ui):
    client, instance = read_only_ui
    key = dg.AssetKey(["report", "table_4"])
    instance.report_runless_asset_event(dg.AssetMaterialization(key))
    mutation = """mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["report", "table_4"]}}])
        { __typename ... on UnauthorizedError { message } } }"""
    answer = client.post("/graphql", json={"query": mutation}).json()
    assert answer["data"]["wipeAssets"]["__typename"] == "UnauthorizedError"
    assert client.post("/report_asset_materialization/report/table_4").status_code == 401
    assert len(instance.fetch_materializations(key, limit=9).records) == 1
    assert client.post("/graphql", json={"query": "{ version }"}).status_code == 200, "looking on is allowed"


def test_the_ui_listens_on_loopback_unless_told_otherwise():
    from dagster_webserver.cli import DEFAULT_WEBSERVER_HOST

    makefile = (REPOSITORY / "Makefile").read_text()
    assert DEFAULT_WEBSERVER_HOST == "127.0.0.1"
    assert not re.search(r"0\.0\.0\.0|--host (?!127\.0\.0\.1)", makefile)
    assert "host" not in DAGSTER_YAML
