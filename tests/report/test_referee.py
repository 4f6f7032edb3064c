"""A referee's sheet: every question has a sentence from the named result's own figures, or says why there is none."""

from dataclasses import replace

import polars as pl
import pytest

from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.inference import to_frame as inference_frame
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.options import Options
from resilience_pipeline.report import findings
from resilience_pipeline.report.kinds import PRINTERS
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.study.load import find_studies, load_study
from tests.study.study_files import SOUND, write

STUDY = find_studies()[0]
SHEET = """
[tables.sheet]
title = "Questions"
kind = "referee"

[[tables.sheet.questions]]
ask = "How large is it?"
why = "Size matters."
result = "mine_1"
"""


def page(name: str, tables: dict) -> Page:
    return Page(STUDY.table(name), tables, Published(), {}, Options())


def record(name: str, did: float | None) -> pl.DataFrame:
    spec = STUDY.specification(name)
    if did is None:
        return to_frame([Estimate(spec, "awaiting", "no value was delivered for x")])
    return to_frame(
        [Estimate(spec, "estimated", terms=(Term("did", did, 0.1, did / 0.1, 0.001, did - 0.2, did + 0.2),))]
    )


def table_4(*dids: float | None) -> Page:
    return page("table_4", {("estimates", "table_4", str(i)): record(f"table_4.{i}", d) for i, d in enumerate(dids, 1)})


def test_a_regression_is_told_column_by_column_with_intervals():
    text = findings.regression(table_4(4.0, 0.7, 0.6))
    assert "With control variables and fixed effects: 0.600 (95 % interval 0.400 to 0.800)" in text


def test_another_estimator_is_told_by_the_effect_that_it_puts_first():
    told = table_4(4.0, 0.7, 0.6)
    key = ("estimates", "table_4", "3")
    tables = {**told.tables, key: told.tables[key].with_columns(term=pl.lit("att_simple"))}
    assert "fixed effects: 0.600 (95 % interval 0.400 to 0.800)" in findings.regression(page("table_4", tables))


def test_columns_that_await_one_source_say_so_once():
    text = findings.regression(table_4(4.0, None, None))
    assert text.count("no value was delivered") == 1
    assert "With control variables, With control variables and fixed effects: awaiting" in text


def rows(*found: tuple) -> pl.DataFrame:
    return inference_frame([Inference("did", *row) for row in found])


def test_a_difference_says_whose_effect_is_taken_from_whose_and_hides_no_small_p_in_an_exponent():
    tidy = rows(("stacked scores", "second less first", 0.5, 0.1, 0.3, 0.7, 0.0000005))
    own = page("table_7_difference", {("estimates", "table_7_difference", "tests"): tidy})
    labelled = replace(own, labels={"table_7.1": "Low protection", "table_7.2": "High protection"})
    told = 'The effect in "High protection" less that in "Low protection": 0.500'
    assert findings.difference(labelled) == f"{told} (95 % interval 0.300 to 0.700, p <0.0001)."


def test_inference_names_the_extreme_p_values_and_the_widest_interval():
    tidy = rows(
        ("classical", "coefficient", 0.6, 0.1, 0.5, 0.7, 0.00001),
        ("by city", "coefficient", 0.6, 0.2, 0.2, 1.0, 0.02),
        ("leaving one unit out", "smallest, without A", 0.5),
        ("leaving one unit out", "largest, without B", 0.65),
    )
    text = findings.inference(page("table_4_inference", {("estimates", "table_4_inference", "methods"): tidy}))
    assert "p lies between <0.0001 (classical) and 0.020 (by city) over 2 methods" in text
    assert "0.200 to 1.000 (by city)" in text
    assert "between 0.500 and 0.650" in text


@pytest.mark.parametrize(
    ("value", "words"), [(1.5, "lost beyond 1.500"), (0.0, "told from zero"), (None, "under every bound tried")]
)
def test_a_breakdown_value_is_put_into_words(value, words):
    tidy = inference_frame([Inference("first lag", "smoothness", "breakdown value", value)])
    assert findings.honest.BREAKDOWN == "breakdown value"
    text = findings.honest_bounds(page("figure_1_honest", {("estimates", "figure_1_honest", "bounds"): tidy}))
    assert words in text


def test_a_curve_is_told_by_its_shares():
    row = {
        "dimension": None, "estimated": 1200, "share_positive": 0.99, "share_positive_significant": 0.9,
        "share_negative_significant": 0.0, "median_t": 5.4321, "share_below_marked": 0.75,
    }  # fmt: skip
    tables = {("estimates", "figure_4", "summary"): pl.DataFrame([row], schema_overrides={"dimension": pl.String})}
    text = findings.curve(page("figure_4", tables))
    assert "Of 1,200 specifications, 99.0 % are positive, 90.0 % positive and significant" in text
    assert "median t is 5.43; 75 % of them have a smaller t" in text


def test_every_question_of_the_package_can_be_answered_and_names_its_result():
    for study in find_studies():
        for table in study.tables:
            if table.kind == "referee":
                assert len(PRINTERS["referee"].others(study, table)) == len(table.settings.questions)


def test_the_sheet_answers_from_the_tables_of_the_result_it_names(tmp_path):
    study = load_study(write(tmp_path, SOUND + SHEET))
    sheet = study.table("sheet")
    spec = study.specification("mine_1.1")
    found = to_frame([Estimate(spec, "estimated", terms=(Term("did", 0.5, 0.1, 5.0, 0.001, 0.3, 0.7),))])
    printer = PRINTERS["referee"]
    assert printer.inputs(study, sheet) == (("estimates", "mine_1", "1"),)
    shown = printer.show(
        Page(
            sheet,
            {("estimates", "mine_1", "1"): found},
            Published(),
            {},
            Options(),
            others=printer.others(study, sheet),
        )
    )
    (row,) = shown.tidy.to_dicts()
    assert (row["question"], row["result"]) == ("How large is it?", "mine_1")
    assert "0.500 (95 % interval 0.300 to 0.700)" in row["finding"]


@pytest.mark.parametrize("result", ["nowhere", "sheet"])
def test_a_question_that_no_result_can_answer_is_refused(tmp_path, result):
    study = load_study(write(tmp_path, SOUND + SHEET.replace('result = "mine_1"', f'result = "{result}"')))
    with pytest.raises(SpecificationError, match="cannot answer"):
        PRINTERS["referee"].inputs(study, study.table("sheet"))
