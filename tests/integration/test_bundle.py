"""A data editor's road: bundle a lake, check it elsewhere with the same files, then with one changed cell."""

import json
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest

from resilience_pipeline.bundle.record import Record, _following
from resilience_pipeline.bundle.verify import _otherwise, verify_bundle
from resilience_pipeline.errors import BundleError
from resilience_pipeline.warehouse.lake import Lake
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
    assert len(crate.root_dataset["hasPart"]) == len(named)  # each once
    assert named == set(contents(bundled)) - {"ro-crate-metadata.json"}
    (run,) = (entity for entity in crate.contextual_entities if entity.type == "CreateAction")
    assert len(run["object"]) == len(
        {delivery["sha256"] for delivery in json.loads(contents(bundled)["bundle.json"])["deliveries"]}
    )


def test_the_same_files_give_every_table_again(bundled, small_twin):
    found = bundled.json("verify", "bundle.zip", "--landing", str(small_twin / "landing"))
    assert found["ok"], found
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
    forged(bundled, {"results/table_4.csv": b"did,9.999\n"})
    found = bundled.json("verify", "forged.zip", "--landing", str(small_twin / "landing"), "--no-run", expect=1)
    assert found["damaged"] == ["results/table_4.csv"]


def forged(bundled, changed: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(bundled.root / "forged.zip", "w") as archive:
        for name, data in (contents(bundled) | changed).items():
            archive.writestr(name, data)
    return bundled.root / "forged.zip"


def test_what_people_read_must_follow_from_the_tables_whatever_hash_the_metadata_gives_it(bundled):
    """Who changes a printed figure can change its hash, too: no table tells, since the archive holds none."""
    lake = Lake(bundled.root / "data_lake")
    files = contents(bundled)
    record, studies = Record.from_json(files["bundle.json"]), bundled.root / "studies"
    assert _otherwise(lake, record, files, studies) == []
    lies = {"results/table_4.csv": b"did,9.999\n", "README.md": b"# All is well\n", "results/more.csv": b""}
    assert _otherwise(lake, record, files | lies, studies) == sorted(lies)


def test_the_readme_lists_few_files_of_a_source_and_the_table_of_inputs_all(bundled):
    files = contents(bundled)
    said, record = files["README.md"].decode(), json.loads(files["bundle.json"])
    inputs = files["inputs.csv"].decode().splitlines()
    assert len(inputs) == 1 + len(record["deliveries"])
    assert all(any(d["sha256"] in line and d["file"] in line for line in inputs[1:]) for d in record["deliveries"])
    assert "国民经济核算/年度数据.csv" in said
    assert "listed in `inputs.csv`" in said
    assert len(said.splitlines()) < 350


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda record: record | {"form": 1}, "form 1"),
        (lambda record: record | {"packages": ["numpy"]}, "packages"),
        (lambda record: {}, "form"),
        (lambda record: record | {"deliveries": [record["deliveries"][0] | {"cells": None}]}, "deliveries"),
        (lambda record: record | {"deliveries": [record["deliveries"][0] | {"file": "../out.csv"}]}, "plain path"),
        (lambda record: record | {"deliveries": [record["deliveries"][0] | {"file": "a\x1b[31m"}]}, "plain path"),
    ],
)
def test_a_record_that_is_none_is_refused_by_field(bundled, small_twin, change, named):
    record = change(json.loads(contents(bundled)["bundle.json"]))
    archive = forged(bundled, {"bundle.json": json.dumps(record).encode()})
    with pytest.raises(BundleError, match=named):
        verify_bundle(archive, small_twin / "landing", run=False)


def test_a_record_nested_beyond_reason_is_refused(bundled, small_twin):
    archive = forged(bundled, {"bundle.json": b"[" * 100_000, "ro-crate-metadata.json": b"[" * 100_000})
    with pytest.raises(BundleError, match="no record"):
        verify_bundle(archive, small_twin / "landing", run=False)


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
