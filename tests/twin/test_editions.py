"""The twin as of an edition: the next one adds a year and longer files, and changes no cell of an earlier year."""

import json
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from resilience_pipeline import twin
from resilience_pipeline.errors import OptionError
from resilience_pipeline.twin.editions import as_of
from resilience_pipeline.twin.truth import expected_counts


@pytest.fixture(scope="module")
def whole() -> twin.Draw:
    return twin.draw(4, cities=60, years=(2012, 2024), through=2022)


@pytest.fixture(scope="module")
def written(whole: twin.Draw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("editions")
    twin.write(whole, out)
    return out


def test_a_later_edition_changes_no_row_of_an_earlier_year(whole: twin.Draw) -> None:
    early, late = twin.frames(as_of(whole, 2022)), twin.frames(whole)
    for key, frame in early.items():
        after = late[key]
        assert_frame_equal(frame, after.filter(after["year"] <= 2022) if "year" in after.columns else after)


def test_the_first_edition_ends_as_the_study_of_its_window_expects(whole: twin.Draw) -> None:
    counts = expected_counts(as_of(whole, 2022))
    assert counts["rows_without_controls"] - counts["rows_with_controls"] == 6
    assert expected_counts(whole)["rows_without_controls"] == expected_counts(whole)["rows_with_controls"]


def test_an_edition_brings_new_files_and_longer_ones_and_nothing_else(written: Path) -> None:
    first, second = (
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (written / "editions" / "2024", written / "editions" / "2025")
    )
    assert {path.split("/")[1] for path in first if path.startswith("城市统计年鉴")} == {"2024"}
    assert {path.split("/")[1] for path in second if path.startswith("城市统计年鉴")} == {"2025"}
    longer = {path for path in first if (written / "landing" / path).exists()}
    assert "wind/wind_固定资产投资.xlsx" in longer
    assert "pku_dfiic/PKU_DFIIC_city.dta" in longer
    assert not any(path.startswith("名单/") for path in first | second), "a list does not change with the years"
    assert not (written / "landing" / "城市统计年鉴" / "2024").exists()


def test_truth_says_what_each_window_would_find_under_both_weights(written: Path) -> None:
    truth = json.loads((written / "truth.json").read_text(encoding="utf-8"))
    assert truth["years"] == [2012, 2022]
    found = truth["by_last_year"]
    assert list(found) == [str(year) for year in range(2018, 2025)]
    assert found["2022"]["reestimated_weights"] == found["2022"]["frozen_weights"]
    assert found["2022"]["reestimated_weights"] == pytest.approx(truth["results"]["table_4.3.did"], abs=1e-12)
    assert found["2023"]["reestimated_weights"] != found["2023"]["frozen_weights"]


def test_a_cut_that_would_keep_other_cities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--through 2022 or later"):
        twin.write(twin.draw(4, cities=60, years=(2012, 2023), through=2020), tmp_path)
