"""The pilot list, classes of cities and documents: each row as the unit it means, or refused."""

import polars as pl
import pytest

from resilience_pipeline import reference
from resilience_pipeline.sources import pilot_list, resource_cities, work_reports
from resilience_pipeline.sources.source import CELLS, Source
from resilience_pipeline.staging.schema import SHAPES
from resilience_pipeline.staging.stage import stage
from resilience_pipeline.step import StepResult


def staged(source: Source, *rows: dict[str, object]) -> StepResult:
    place = {
        "source": source.name,
        "delivery_sha256": "ab" * 32,
        "file": "list.csv",
        "column": 1,
    }
    cells = [{**dict.fromkeys(CELLS), **place, "row": number, **row} for number, row in enumerate(rows, 2)]
    return stage(source, pl.DataFrame(cells, schema=CELLS), None)


def pilot(*names: str) -> StepResult:
    return staged(pilot_list.SOURCE, *({"text": name, "entity": name, "heading": "城市"} for name in names))


def city_class(city: str | None, text: str | None, code: str | None = None) -> dict[str, object]:
    return {"entity": city, "entity_code": code, "text": text, "heading": "类型"}


def report(city: str, year: str | None, text: str | None, file: str = "a.txt") -> dict[str, object]:
    return {"entity": city, "period": year, "text": text, "heading": "document", "file": file}


def refused(result: StepResult) -> list[tuple[str, str]]:
    assert result.rejects is not None
    return list(result.rejects.select("rule", "text").iter_rows())


def test_the_55_printed_names_are_resolved_to_54_prefectures() -> None:
    result = pilot(*reference.pilot_names()["printed_name"])
    assert result.table.schema == SHAPES["pilots"]
    assert result.table["number"].to_list() == list(range(1, 56))
    assert result.table["city_code"].n_unique() == 54
    assert all(check.passed for check in result.checks)


@pytest.mark.parametrize(
    ("printed", "number", "name", "kind", "code", "resolution"),
    [
        ("Haozhou", 19, "亳州市", "prefecture", "341600", "spelling"),
        ("Huzhou", 46, "泸州市", "prefecture", "510500", "position in the list"),
        ("Linqi", 26, "临沂市", "prefecture", "371300", "position in the list"),
        ("Guang zhou", 37, "广州市", "prefecture", "440100", "spelling"),
        ("Guangzhou", 37, "广州市", "prefecture", "440100", "spelling"),
        ("Yiwu", 18, "义乌市", "county", "330700", "county"),
        ("China (Henan) Pilot Free Trade Zone", 33, "中国（河南）自由贸易试验区", "zone", "410100", "zone"),
        ("北京", 1, "北京市", "municipality", "110000", "exact"),
        ("泸州市", 46, "泸州市", "prefecture", "510500", "position in the list"),
    ],
)
def test_a_printed_name_means_the_unit_of_the_list(
    printed: str, number: int, name: str, kind: str, code: str, resolution: str
) -> None:
    row = pilot(printed).table.row(0, named=True)
    assert row["printed_name"] == printed
    found = (row["number"], row["resolved_name"], row["kind"], row["city_code"], row["resolution"])
    assert found == (number, name, kind, code, resolution)


def test_shenzhen_stands_twice_as_a_city_and_as_a_zone() -> None:
    result = pilot("Shenzhen", "China (Guangdong) Pilot Free Trade Zone Shenzhen Qianhai-Shekou Area")
    assert result.table.select("kind", "city_code").rows() == [("prefecture", "440300"), ("zone", "440300")]


def test_a_name_that_is_not_on_the_list_is_refused_though_a_city_has_it() -> None:
    assert refused(pilot("Beijing", "Suzhou", "苏州市")) == [("pilot_is_known", "Suzhou"), ("pilot_is_known", "苏州市")]


def test_a_listed_city_has_the_class_in_english() -> None:
    result = staged(
        resource_cities.SOURCE,
        city_class("朔州市", "成长型"),
        city_class("延边", "Mature"),
        city_class(None, "再生", "3203"),
    )
    assert result.table.schema == SHAPES["city_classes"]
    assert result.table.select("city_code", "city_class").rows() == [
        ("140600", "growing"),
        ("222400", "mature"),
        ("320300", "regenerating"),
    ]


def test_a_city_that_was_abolished_later_stays_on_the_list_of_2013() -> None:
    assert staged(resource_cities.SOURCE, city_class("莱芜市", "成熟型")).table["city_code"].to_list() == ["371200"]


def test_a_county_or_a_class_of_none_of_the_four_is_refused() -> None:
    result = staged(
        resource_cities.SOURCE,
        city_class("古交市", "成熟型"),
        city_class("朔州市", "非资源型"),
        city_class("大同市", "成熟型"),
    )
    assert refused(result) == [("city_is_known", "成熟型"), ("class_is_known", "非资源型")]
    assert result.table["city_code"].to_list() == ["140200"]


def test_a_city_with_two_classes_fails_the_table() -> None:
    result = staged(resource_cities.SOURCE, city_class("朔州市", "成长型"), city_class("朔州", "衰退型"))
    failed = {check.name: check for check in result.checks if not check.passed}
    assert list(failed) == ["key_has_one_value"]
    assert "list.csv, row 2" in failed["key_has_one_value"].message
    assert "list.csv, row 3" in failed["key_has_one_value"].message


def test_a_report_is_one_document_of_its_city_and_year() -> None:
    text = "发展数字经济。" * 40
    result = staged(work_reports.SOURCE, report("杭州市", "2018", text))
    assert result.table.schema == SHAPES["documents"]
    row = result.table.row(0, named=True)
    assert (row["city_code"], row["year"], row["characters"]) == ("330100", 2018, 280)
    assert row["document"] == text
    assert row["text"] == text[:120]


def test_a_report_without_text_or_of_an_unknown_city_is_refused() -> None:
    result = staged(
        work_reports.SOURCE,
        report("杭州市", "2018", "  "),
        report("梅河口市", "2018", "甲", "b.txt"),
        report("宁波市", None, "乙", "c.txt"),
        report("莱芜市", "2020", "丙", "d.txt"),
    )
    assert [rule for rule, _ in refused(result)] == [
        "document_has_text",
        "city_is_known",
        "year_is_readable",
        "city_exists_in_the_year",
    ]


def test_a_report_delivered_twice_is_kept_once_and_two_that_differ_fail() -> None:
    same = staged(work_reports.SOURCE, report("杭州市", "2018", "甲"), report("杭州", "2018", "甲", "b.txt"))
    assert same.table["file"].to_list() == ["a.txt"]
    assert same.notes["repetitions_dropped"] == 1
    other = staged(work_reports.SOURCE, report("杭州市", "2018", "甲"), report("杭州", "2018", "乙", "b.txt"))
    assert [check.name for check in other.checks if not check.passed] == ["key_has_one_value"]


@pytest.mark.parametrize(
    "source", [pilot_list.SOURCE, resource_cities.SOURCE, work_reports.SOURCE], ids=lambda s: s.name
)
def test_a_list_that_was_not_delivered_is_awaiting(source: Source) -> None:
    result = staged(source)
    assert result.table.schema == SHAPES[source.shape]
    assert result.notes["status"] == "awaiting"
    assert all(check.passed for check in result.checks)
