"""Files of the lake damaged between two runs: nothing damaged is read, and the next run makes all of it again."""

import shutil

import polars as pl
import pytest

from resilience_pipeline.warehouse.lake import Lake
from tests.faults.landing import GDP_2020, WIND, put_good_files, run_all


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder with the good `landing` and the `lake` that it filled."""
    folder = tmp_path_factory.mktemp("filled")
    put_good_files(folder / "landing")
    assert run_all(folder / "landing", Lake(folder / "lake"), "good").failed == []
    return folder


@pytest.fixture
def good(filled, tmp_path):
    return shutil.copytree(filled, tmp_path / "good")


def test_every_table_damaged_at_once_is_computed_again_as_it_stood(good):
    lake = Lake(good / "lake")
    before = [(pointer, lake.file_of(pointer).read_bytes()) for pointer in lake.tables()]
    for number, (pointer, _) in enumerate(before):
        file = lake.file_of(pointer)
        if number % 3 == 0:
            pl.DataFrame({"x": [number]}).write_parquet(file)  # parses, and is wrong
        else:
            file.write_bytes(file.read_bytes()[: -50 * (number % 3)])
    assert not any(lake.is_whole(pointer) for pointer, _ in before)
    assert run_all(good / "landing", lake, "again", force=False).failed == []
    for pointer, content in before:
        assert lake.file_of(pointer).read_bytes() == content
        assert lake.current(pointer.key).data_version == pointer.data_version


def test_what_rests_on_a_table_whose_source_failed_does_not_read_its_damaged_file(good):
    lake = Lake(good / "lake")
    lake.path(("sources", "wind")).write_bytes(b"")
    staged = lake.path(("staging", "wind")).read_bytes()
    (good / "landing" / WIND).write_bytes(b"no workbook")
    run = run_all(good / "landing", lake, "again", force=False)
    assert ("sources", "wind") in run.failed
    assert lake.path(("staging", "wind")).read_bytes() == staged


def test_a_damaged_copy_of_a_delivery_is_copied_again_from_landing(good):
    lake = Lake(good / "lake")
    delivered = (good / "landing" / GDP_2020).read_bytes()
    (copy,) = [file for file in (lake.root / "deliveries").glob("*/*") if file.read_bytes() == delivered]
    copy.chmod(0o644)
    copy.write_bytes(delivered[:-1] + bytes([delivered[-1] ^ 1]))  # of the same size
    assert run_all(good / "landing", lake, "again", force=False).failed == []
    assert copy.read_bytes() == delivered
