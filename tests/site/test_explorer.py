"""What the explorer is given: the same as a trace says, every cell with its place, licensed figures left out."""

import json
from dataclasses import replace

import polars as pl
import pytest

from resilience_pipeline.lineage.trace import trace
from resilience_pipeline.settings import Access
from resilience_pipeline.site.explorer import scripts, write_explorer
from tests.site.world import write_world


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def given(index):
    return dict(scripts(index, Access()))


def columns(script: dict) -> dict[str, list]:
    """A script of cells as its page unpacks it."""
    count = len(script["s"])
    found = {"r": script["r"]}
    for name in "cyfhk":
        runs = script[name]
        if runs[0] == 0 and len(runs) == count + 1:
            found[name] = runs[1:]
        else:
            pairs = zip(runs[::2], runs[1::2], strict=True)
            found[name] = [value for value, times in pairs for _ in range(times)]
    return found


def test_every_coefficient_can_be_chosen_and_rests_on_what_its_trace_says(index, given):
    named = [name for rows in given["index"]["results"].values() for name, _ in rows]
    assert set(named) == set(index.coefficients["name"])
    assert len(named) == len(set(named))
    (group,) = [g for g in given["of/table_4"]["groups"] if "table_4.3.did" in g["names"]]
    told = trace(index, "table_4.3.did")
    series = [given["index"]["series"][number] for number in group["series"]]
    variables = [given["index"]["variables"][number] for number, _ in group["variables"]]
    tables = [given["index"]["tables"][number] for number in group["tables"]]
    assert {s["name"] for s in series} >= {s.name for s in told.indicators}
    assert {s["name"]: s["cells"] for s in series if s["cells"].get("listed") is None} == {
        s.name: dict(s.cells) for s in told.indicators
    }
    assert [v["name"] for v in variables] == [v.name for v in told.variables]
    assert [(t[0], t[2]) for t in tables] == [(a.table, a.data_version) for a in told.assets]
    (estimate,) = [row["estimate"] for name, row in zip(group["names"], group["rows"], strict=True) if "did" in name]
    assert estimate == told.rows[0]["estimate"]
    assert all("estimate" in row for g in given["of/table_4"]["groups"] for row in g["rows"])
    assert [given["index"]["series"][number]["name"] for number in group["treatment"]] == ["pilot_list"]
    files: dict[str, int] = {}
    for source in {name for s in series for name in s["sources"]}:
        script = given[f"files/{source}"]
        for number in group["series"]:
            for file, count in script["series"].get(number, ()):
                files[script["files"][file][1]] = files.get(script["files"][file][1], 0) + count
    assert files == {d.file: d.cells for d in told.deliveries}


def test_a_cell_has_the_place_the_value_and_the_text_of_the_delivered_one(index, given):
    script = given["cells/trade_resilience/exports_cny_10k"]
    cells = index.table("grid/trade_resilience/cells").filter(indicator="exports_cny_10k")
    cells = cells.sort("city_code", "year").to_dicts()
    unpacked = columns(script)
    assert unpacked["c"] == [cell["city_code"] for cell in cells]
    assert unpacked["y"] == [cell["year"] for cell in cells]
    assert unpacked["r"] == [cell["row"] for cell in cells]
    assert script["v"] == pytest.approx([cell["value"] for cell in cells], rel=1e-11)
    between = {int(place): years for place, years in script["b"].items()}
    assert between == {
        place: [c["from_year"], c["to_year"]] for place, c in enumerate(cells) if c["from_year"] is not None
    }
    assert {script["s"][place] for place in between} <= {"i"}


def test_licensed_figures_are_left_out_and_their_places_stay(index):
    licensed = replace(index, tables=index.tables.with_columns(synthetic=pl.lit(False)))
    for access, shown in ((Access(), False), (Access(previews_of_licensed_rows=True), True)):
        cells = {name: s for name, s in scripts(licensed, access) if name.startswith("cells/")}
        assert cells
        for script in cells.values():
            assert script["shown"] is shown
            assert ("v" in script) is ("t" in script) is shown
            assert len(script["r"]) == len(script["s"])


def test_scripts_are_the_same_bytes_each_time_and_older_ones_go(index, tmp_path):
    count = write_explorer(tmp_path, index, Access())
    first = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.rglob("*.js")}
    stale = tmp_path / "explorer" / "of" / "gone.js"
    stale.write_text("old")
    assert write_explorer(tmp_path, index, Access()) == count == len(first)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in tmp_path.rglob("*.js")} == first
    text = (tmp_path / "explorer" / "index.js").read_text(encoding="utf-8")
    assert json.loads(text[text.index("] = ") + 4 : -2])["results"]["table_4"]
