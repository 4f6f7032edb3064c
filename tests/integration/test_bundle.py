"""A data editor's road: bundle a lake, check it elsewhere with the same files, then with one changed cell."""

import json
import shutil
import zipfile

import openpyxl
import pytest

from resilience_pipeline.bundle.record import _following
from resilience_pipeline.warehouse.pointer import Pointer
from tests.integration.once import once
from tests.integration.terminal import HEADLINE, Terminal


@pytest.fixture(scope="module")
def bundled(shared, small_twin):
    """A project whose Table 4 was computed, and its bundle."""

    def run(root):
        Terminal(root)("run", "--landing", str(small_twin / "landing"), *HEADLINE)
        Terminal(root)("export", "--bundle", "--out", "bundle.zip")

    once(shared / "bundled", run)
    return Terminal(shared / "bundled")


def contents(bundled):
    with zipfile.ZipFile(bundled.root / "bundle.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_bundle_holds_results_specifications_sql_and_hashes_and_no_row_of_a_delivery(bundled, small_twin):
    files = contents(bundled)
    assert {"README.md", "bundle.json", "ro-crate-metadata.json", "requirements.txt"} <= set(files)
    assert {"results/table_4.csv", "specifications/trade_resilience.toml", "sql/staging/wind.sql"} <= set(files)
    assert b"SYNTHETIC" in files["README.md"]
    delivered = {path.read_bytes() for path in (small_twin / "landing").rglob("*") if path.is_file()}
    assert not delivered & set(files.values())
    (record,) = (json.loads(files["bundle.json"]),)
    assert {delivery["file"] for delivery in record["deliveries"]} <= {
        path.relative_to(small_twin / "landing").as_posix() for path in (small_twin / "landing").rglob("*")
    }


def test_the_metadata_names_every_file_and_input_and_a_library_reads_it(bundled, tmp_path):
    from rocrate.rocrate import ROCrate

    with zipfile.ZipFile(bundled.root / "bundle.zip") as archive:
        archive.extractall(tmp_path)
    crate = ROCrate(tmp_path)
    named = {entity.id for entity in crate.data_entities}
    assert named == set(contents(bundled)) - {"ro-crate-metadata.json"}
    (run,) = (entity for entity in crate.contextual_entities if entity.type == "CreateAction")
    assert len(run["object"]) == len(
        {delivery["sha256"] for delivery in json.loads(contents(bundled)["bundle.json"])["deliveries"]}
    )


def test_the_same_files_give_every_table_again(bundled, small_twin):
    found = bundled.json("verify", "bundle.zip", "--landing", str(small_twin / "landing"))
    assert found["ok"]
    assert found["different"] == []
    assert found["absent"] == []
    assert found["same"] == len(json.loads(contents(bundled)["bundle.json"])["tables"]) > 50


def test_a_changed_cell_is_named_with_its_file_sheet_row_and_column(bundled, small_twin, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(small_twin / "landing", landing)
    record = json.loads(contents(bundled)["bundle.json"])
    book = next(d["file"] for d in record["deliveries"] if d["source"] == "city_yearbook" and d["file"].endswith("x"))
    workbook = openpyxl.load_workbook(landing / book)
    sheet = workbook.worksheets[0]
    cell = next(c for row in sheet.iter_rows(min_row=8) for c in row if isinstance(c.value, (int, float)))
    cell.value = cell.value * 2 + 1
    workbook.save(landing / book)

    found = bundled.json("verify", "bundle.zip", "--landing", str(landing), "--no-run", expect=1)
    (changed,) = (entry for entry in found["inputs"] if entry["state"] != "same")
    assert (changed["file"], changed["state"]) == (book, "changed")
    assert changed["cells"] == [f"sheet {sheet.title}, row {cell.row}, column {cell.column}"]


def test_a_missing_file_is_named_and_nothing_is_computed(bundled, small_twin, tmp_path):
    shutil.copytree(small_twin / "landing", tmp_path / "landing")
    record = json.loads(contents(bundled)["bundle.json"])
    (tmp_path / "landing" / record["deliveries"][0]["file"]).unlink()
    said = bundled("verify", "bundle.zip", "--landing", str(tmp_path / "landing"), expect=1)
    assert f"missing  {record['deliveries'][0]['file']}" in said
    assert "not computed again" in said


def test_a_result_changed_in_the_archive_is_found(bundled, small_twin):
    files = contents(bundled) | {"results/table_4.csv": b"did,9.999\n"}
    with zipfile.ZipFile(bundled.root / "forged.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    found = bundled.json("verify", "forged.zip", "--landing", str(small_twin / "landing"), "--no-run", expect=1)
    assert found["damaged"] == ["results/table_4.csv"]


def test_a_frozen_lake_is_bundled_with_what_it_is_frozen_to_and_without_what_follows_new_files():
    def table(name, *inputs):
        return Pointer(
            tuple(name.split("/")), "0" * 32, 1, "run", "code", dict.fromkeys(inputs, "0" * 32), {}, False, "2026"
        )

    pointers = [
        table("sources/wind"),
        table("staging/wind", "sources/wind"),
        table("frozen/wind", "sources/pins", "staging/wind"),
        table("estimates/table_4/3", "frozen/wind"),
        table("estimates/effect_by_last_year/windows", "staging/wind"),
        table("report/effect_by_last_year", "estimates/effect_by_last_year/windows"),
    ]
    following = {"sources/wind", "staging/wind", "estimates/effect_by_last_year/windows", "report/effect_by_last_year"}
    assert _following(pointers) == following
