"""A coefficient of a living panel is traced through its own tables; without an index of its own it is refused."""

import pytest

from resilience_pipeline.errors import LakeError
from resilience_pipeline.lineage.indices import write_indices
from resilience_pipeline.lineage.opened import open_index
from resilience_pipeline.lineage.trace import trace
from resilience_pipeline.plan import make_plan
from tests.living.test_living import WEIGHTS, copy, editions, first, second  # noqa: F401 - the same two lakes

EFFECT = "estimates/effect/1"


@pytest.fixture(scope="module")
def indexed(second, tmp_path_factory):  # noqa: F811
    """The project after a run that brought both living panels up and wrote every index."""
    project = copy(second, tmp_path_factory.mktemp("indexed"))
    project.live()
    for run in (project.runs - 1, project.runs):  # each variant was brought up by a run of its own
        write_indices(project.lake, f"run-{run}", make_plan((project.study,)), (project.study,))
    return project


@pytest.mark.parametrize("variant", ["living", "living_frozen_weights"])
def test_a_living_coefficient_rests_on_the_living_tables(indexed, variant):
    lake = indexed.lake.variant(variant)

    traced = trace(open_index(lake), "effect.1.did", year=2023)

    assert traced.variant == variant
    assert traced.rows[0]["estimate"] == lake.read(("estimates", "effect", "1"))["estimate"][0]
    assert {cell.year for cell in traced.cells} == {2023}
    versions = {asset.table: asset.data_version for asset in traced.assets}
    assert versions[EFFECT] == lake.current(("estimates", "effect", "1")).data_version
    assert versions["grid/small/cells"] == lake.current(("grid", "small", "cells")).data_version
    assert not any(asset.stale for asset in traced.assets)
    assert traced.notes == (f"this is the coefficient of the variant {variant}",)


def test_frozen_weights_are_named_and_not_followed_further(indexed):
    traced = trace(open_index(indexed.lake.variant("living_frozen_weights")), "effect.1.did", cells=1)

    (weights,) = (asset for asset in traced.assets if asset.table == "/".join(WEIGHTS))
    assert weights.data_version == indexed.lake.current(WEIGHTS).data_version


def test_the_headline_keeps_an_index_of_its_own(indexed):
    traced = trace(open_index(indexed.lake), "effect.1.did", cells=200)

    assert traced.variant is None
    assert max(cell.year for cell in traced.cells if cell.year is not None) == 2022


def test_a_living_panel_that_waits_says_so_and_one_without_an_index_too(first, second):  # noqa: F811
    with pytest.raises(LakeError, match="has no result of its own") as waits:
        open_index(first.lake.variant("living"))
    assert "waits: nothing was delivered for 2023" in waits.value.found
    with pytest.raises(LakeError, match="the variant living has no lineage index"):
        open_index(second.lake.variant("living"))


def test_as_of_a_run_the_index_is_the_one_that_it_left(indexed, tmp_path):
    project = copy(indexed, tmp_path)
    lake = project.lake.variant("living")
    then = open_index(lake, f"run-{project.runs - 1}")
    lake.pin("later").write(("estimates", "effect", "1"), indexed.lake.read(WEIGHTS), code_version="c", options={})

    traced = trace(then, "effect.1.did", cells=1)

    assert traced.run == f"run-{project.runs - 1}"
    assert traced.notes[0].startswith("this is the coefficient of the variant living as run run-")
    assert len(traced.notes) == 1, "that a newer version stands by now says nothing of what stood then"
    with pytest.raises(LakeError, match="left no lineage index"):
        open_index(lake, f"run-{without_index(project)}")


def without_index(project) -> int:
    """The number of a run that wrote the living panel and no index."""
    runs = project.lake.variant("living").home / "runs"
    return next(n for n in range(1, project.runs) if (runs / f"run-{n}.json").is_file())
