"""The published figures are those of the printed tables, and each has a term of ours."""

import pytest

from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.published import (
    published_coefficients,
    published_descriptives,
    published_models,
    terms_by_symbol,
)


def test_the_did_of_table_4_column_3_is_0656_with_error_0104():
    row = published_coefficients("table_4", "3").filter(term="did").row(0, named=True)
    assert (row["estimate"], row["std_error"], row["stars"]) == (0.656, 0.104, 3)
    assert row["printed_estimate"] == "0.656"


def test_the_r2_of_table_4_counts_the_effects():
    assert published_models("table_4", "3").row(0, named=True)["r2_kind"] == "overall"


def test_a_users_table_has_no_published_figures():
    assert published_coefficients("real_2", "income").is_empty()
    assert published_models("real_2").is_empty()
    assert published_descriptives("real_1").is_empty()


@pytest.mark.parametrize("column", ["1", "2", "3"])
def test_every_published_term_of_table_4_is_a_term_of_our_column(column):
    study = find_studies()[0]
    names = terms_by_symbol(study)
    terms = {names[term.lower()] for term in published_coefficients("table_4", column)["term"]}
    assert terms == {*study.specification(f"table_4.{column}").regressors, "const"}


def test_table_3_lists_the_papers_variables_in_its_order():
    study = find_studies()[0]
    names = terms_by_symbol(study)
    printed = tuple(names[symbol.lower()] for symbol in published_descriptives()["variable"])
    assert study.table("table_3").variables == printed
