"""Which file of the landing folder belongs to whom."""

import os
from dataclasses import replace

import pytest

from resilience_pipeline.sources.recognise import recognise
from resilience_pipeline.sources.registry import SOURCES

NAMES = [source.name for source in SOURCES]


def place(landing, *files):
    for file in files:
        path = landing / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_the_registry_lists_twelve_sources_compiled_ones_last():
    assert len(set(NAMES)) == 12
    assert NAMES[0] == "city_yearbook"
    assert NAMES[-2:] == ["compiled_city_panel", "compiled_fdi"]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("yearbook/edition_2021/2021_2021-2-7.xlsx", "city_yearbook"),
        ("中国城市统计年鉴2023/2-7 地区生产总值.xlsx", "city_yearbook"),
        ("2022/2-6_地区生产总值.XLSX", "city_yearbook"),
        ("2022-2-7 地区生产总值(1).xls", "city_yearbook"),
        ("中国科技统计年鉴2020/2-7 各城市.xlsx", "science_yearbook"),
        ("中国科技统计年鉴2020.xlsx", "science_yearbook"),
        ("Wind_固定资产投资.xlsx", "wind"),
        ("ifind_exports.csv", "wind"),
        ("pku_dfiic/PKU_DFIIC_city.dta", "pku_finance_index"),
        ("北京大学数字普惠金融指数.xlsx", "pku_finance_index"),
        ("lists/pilot_cities_55.csv", "pilot_list"),
        ("年度数据.csv", "national_accounts"),
        ("fdi/汇率.xlsx", "national_accounts"),
        ("营商环境指数.xlsx", "business_environment"),
        ("城市知识产权保护.csv", "ip_protection"),
        ("lists/resource_based_prefectures_2013.csv", "resource_cities"),
        ("政府工作报告/2018/杭州市.txt", "work_reports"),
        ("city_panel/china_city_panel_real.csv", "compiled_city_panel"),
        ("中国城市统计年鉴面板数据1990-2022.xlsx", "compiled_city_panel"),
        ("fdi/1996-2023年地级市外商直接投资FDI.xlsx", "compiled_fdi"),
        ("compiled_fdi/anything.xlsx", "compiled_fdi"),
        ("mine/wind/城市统计年鉴.csv", "wind"),
    ],
)
def test_a_file_goes_to_one_source(tmp_path, file, source):
    place(tmp_path, file)
    found = recognise(tmp_path, SOURCES)
    assert found.claimed == ((file, source),)
    assert (found.refused, found.unrecognised) == ((), ())
    assert found.files_of(source) == [file]


def test_what_is_no_data_is_passed_over(tmp_path):
    place(
        tmp_path,
        "wind/~$a.xlsx",
        "wind/.a.xlsx",
        ".git/a.csv",
        "wind/a.xlsx.part",
        "wind/a.tmp",
        "README.txt",
        "wind/notes.md",
        "LICENSE-DATA",
        "truth.json",
    )
    found = recognise(tmp_path, SOURCES)
    assert (found.claimed, found.refused, found.unrecognised) == ((), (), ())


def test_what_no_source_knows_is_listed_with_its_reason(tmp_path):
    place(tmp_path, "lists/aliases.csv", "wind/a.docx", "pku_dfiic/PKU_DFIIC_province.dta")
    found = recognise(tmp_path, SOURCES)
    assert [file for file, _ in found.unrecognised] == [
        "lists/aliases.csv",
        "pku_dfiic/PKU_DFIIC_province.dta",
        "wind/a.docx",
    ]
    assert "folder named after its source" in found.unrecognised[0][1]
    assert "not one of the formats" in found.unrecognised[2][1]


def test_a_file_that_two_sources_claim_is_refused_and_names_both(tmp_path):
    place(tmp_path, "营商环境与知识产权.csv", "wind/compiled_fdi/a.csv")
    found = recognise(tmp_path, SOURCES)
    assert found.claimed == ()
    assert [(error.file, error.found) for error in found.refused] == [
        ("wind/compiled_fdi/a.csv", "wind, compiled_fdi"),
        ("营商环境与知识产权.csv", "business_environment, ip_protection"),
    ]
    assert "business_environment/ or ip_protection/" in found.refused[1].remedy


def test_a_link_out_of_the_landing_folder_is_refused_and_never_followed(tmp_path):
    landing, outside = tmp_path / "landing", tmp_path / "outside"
    place(landing, "wind/inside.csv")
    place(outside, "secret.csv")
    (landing / "wind" / "out.csv").symlink_to(outside / "secret.csv")
    (landing / "wind" / "gone.csv").symlink_to(outside / "gone.csv")
    (landing / "wind" / "same.csv").symlink_to(landing / "wind" / "inside.csv")
    (landing / "compiled_fdi").symlink_to(outside)
    found = recognise(landing, SOURCES)
    assert found.claimed == (("wind/inside.csv", "wind"), ("wind/same.csv", "wind"))
    assert [(error.file, error.what) for error in found.refused] == [
        ("compiled_fdi", "the link leads out of the landing folder"),
        ("wind/gone.csv", "the link leads nowhere"),
        ("wind/out.csv", "the link leads out of the landing folder"),
    ]
    assert all("copy the file itself" in error.remedy for error in found.refused)


def test_a_refused_link_counts_among_its_sources_files_so_that_reading_it_fails(tmp_path):
    place(tmp_path, "wind/a.csv")
    (tmp_path / "wind" / "b.csv").symlink_to(tmp_path.parent / "gone.csv")
    (tmp_path / "wind" / "photo.png").symlink_to(tmp_path.parent / "gone.png")
    assert recognise(tmp_path, SOURCES).files_of("wind") == ["wind/a.csv", "wind/b.csv"]


def test_a_folder_that_cannot_be_opened_is_named_and_what_lies_beside_it_is_read(tmp_path, monkeypatch):
    place(tmp_path, "exports/Wind_a.csv", "old/Wind_b.csv")
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("old"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    found = recognise(tmp_path, SOURCES)
    assert found.claimed == (("exports/Wind_a.csv", "wind"),)
    assert [(error.file, error.found) for error in found.refused] == [("old", "Permission denied")]


def test_a_linked_folder_inside_is_not_walked_twice(tmp_path):
    place(tmp_path, "wind/a.csv")
    (tmp_path / "again").symlink_to(tmp_path / "wind")
    found = recognise(tmp_path, SOURCES)
    assert found.files_of("wind") == ["wind/a.csv"]
    assert [error.what for error in found.refused] == ["a linked folder is not followed"]


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "wind.csv")
    assert [error.what for error in recognise(tmp_path, SOURCES).refused] == ["this is no ordinary file"]


def test_a_landing_folder_that_is_missing_or_a_link_itself_is_no_trouble(tmp_path):
    assert recognise(tmp_path / "none", SOURCES).claimed == ()
    place(tmp_path / "real", "wind/a.csv")
    (tmp_path / "landing").symlink_to(tmp_path / "real")
    assert recognise(tmp_path / "landing", SOURCES).files_of("wind") == ["wind/a.csv"]


def test_a_source_may_look_twice_at_the_path_inside_the_landing_folder(tmp_path):
    place(tmp_path / "panel", "x/a.csv")
    keen = replace(SOURCES[0], name="keen", patterns=("**/*.csv",), sniff=lambda path: str(path) == "x/a.csv")
    shy = replace(keen, name="shy", sniff=lambda path: False)
    assert recognise(tmp_path / "panel", (shy, keen)).claimed == (("x/a.csv", "keen"),)


def test_the_folders_above_the_landing_folder_decide_nothing(tmp_path):
    place(tmp_path / "city_panel" / "landing", "edition_2021/2-7.xlsx")
    assert recognise(tmp_path / "city_panel" / "landing", SOURCES).files_of("city_yearbook") == [
        "edition_2021/2-7.xlsx"
    ]
