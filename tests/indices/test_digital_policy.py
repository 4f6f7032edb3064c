"""Terms of the digital economy in work reports: what counts as a mention, and when mentions make a policy."""

import re

import polars as pl
import pytest

from resilience_pipeline import reference
from resilience_pipeline.indices.digital_policy import cleaned, digital_policy, mentions_fit_the_reports, term_counts
from tests.indices.frames import by_city, shuffled

TERMS = reference.load("digital_economy_terms")


def reports(*texts, years=None):
    """One report a text: city a in 2015, 2016, ... unless `years` says otherwise."""
    rows = [
        {"city_code": "a", "year": year, "document": text, "characters": len(text)}
        for text, year in zip(texts, years or range(2015, 2015 + len(texts)), strict=True)
    ]
    return pl.DataFrame(
        rows, schema={"city_code": pl.String, "year": pl.Int32, "document": pl.String, "characters": pl.Int32}
    )


def mentions(text, terms=TERMS):
    return dict(term_counts(reports(text), terms).select("term", "mentions").rows())


def listed(*terms):
    return pl.DataFrame({"term": terms, "group": ["group"] * len(terms)})


def test_each_mention_counts():
    assert mentions("发展数字经济，壮大数字经济，应用大数据。") == {"数字经济": 2, "大数据": 1}


def test_of_terms_that_begin_together_the_longest_counts():
    assert mentions("数字产业化、数字产业、互联网+、互联网") == {
        "数字产业化": 1,
        "数字产业": 1,
        "互联网+": 1,
        "互联网": 1,
    }


def test_a_term_inside_a_longer_one_is_no_mention_of_its_own():
    assert mentions("工业互联网和移动互联网") == {"工业互联网": 1, "移动互联网": 1}
    assert mentions("跨境电子商务") == {"跨境电子商务": 1}


def test_of_terms_that_overlap_the_first_to_begin_counts():
    assert mentions("甲乙丙丁", listed("甲乙", "乙丙丁")) == {"甲乙": 1}


@pytest.mark.parametrize("order", [("互联网", "工业互联网", "互联网+"), ("互联网+", "工业互联网", "互联网")])
def test_the_order_of_the_list_does_not_matter(order):
    assert mentions("工业互联网与互联网+与互联网", listed(*order)) == {"工业互联网": 1, "互联网+": 1, "互联网": 1}


@pytest.mark.parametrize("text", ["５Ｇ网络", "5g网络", "4G/5G网络", "“5G+”", "新建5G基站", "5G"])
def test_full_width_and_lower_case_forms_are_the_same_term(text):
    assert mentions(text) == {"5G": 1}


@pytest.mark.parametrize("text", ["光伏5GW", "15G", "5Gbps", "A5G", "5 G"])
def test_a_latin_term_inside_a_longer_word_or_number_is_no_mention(text):
    assert mentions(text) == {}


def test_full_width_plus_is_a_plus():
    assert mentions("互联网＋政务") == {"互联网+": 1}


@pytest.mark.parametrize("blank", [" ", "\n", "\r\n", "\u3000", "\u00a0", "\u200b", "\ufeff", "\t"])
def test_white_space_and_invisible_characters_inside_a_term_do_not_hide_it(blank):
    assert mentions(f"数字{blank}经{blank}济") == {"数字经济": 1}


def test_blanks_between_latin_words_keep_them_apart():
    assert mentions("4G 5G 网络") == {"5G": 1}


def test_a_report_without_a_term_has_no_row_and_another_keeps_its_own_totals():
    counts = term_counts(reports("乡村振兴", "云计算、云计算、物联网"), TERMS)
    assert counts.select("year", "term", "mentions", "report_mentions", "report_characters").rows() == [
        (2016, "云计算", 2, 3, 11),
        (2016, "物联网", 1, 3, 11),
    ]


def test_a_missing_text_has_no_mention():
    assert term_counts(reports("大数据").with_columns(document=pl.lit(None, dtype=pl.String)), TERMS).is_empty()


def test_no_report_at_all_gives_an_empty_table():
    assert term_counts(reports(), TERMS).is_empty()


def test_a_regular_expression_counts_the_same():
    text = (
        "数字经济大数据中心工业互联网+区块链5G云计算数字化转型数字化车间数字产业化电商跨境电商电子商务新型智慧城市" * 3
    )
    longest_first = sorted((t.lower() for t in TERMS["term"]), key=len, reverse=True)
    expected = {}
    for found in re.findall("|".join(map(re.escape, longest_first)), text.lower()):
        expected[found] = expected.get(found, 0) + 1
    assert {term.lower(): count for term, count in mentions(text).items()} == expected


def test_the_order_of_reports_changes_nothing_and_neither_do_batches():
    many = reports(*(f"大数据{'云计算' * (i % 3)}" for i in range(600)), years=range(1000, 1600))
    counts = term_counts(many, TERMS)
    assert term_counts(shuffled(many), TERMS).equals(counts)
    assert counts.filter(term="大数据").height == 600
    assert counts["mentions"].sum() == 600 + sum(i % 3 for i in range(600))


# ---- the list ----


def test_every_term_of_the_list_finds_itself_once():
    for term in TERMS["term"]:
        assert mentions(f"，{term}。") == {term: 1}


def test_no_two_terms_are_one_when_cleaned():
    assert TERMS.select(cleaned(pl.col("term"), ["5g"])).to_series().is_unique().all()


def test_every_term_has_a_group_a_source_and_a_reason():
    assert TERMS.null_count().row(0) == (0, 0, 0, 0)


# ---- the flag ----


def policies(documents, threshold=3, years=(2015, 2016, 2017)):
    index = by_city({"a": [0.0] * len(years)}, "x", years[0]).select("city_code", "year")
    table = digital_policy(index, documents, term_counts(documents, TERMS), threshold)
    return table.select("year", "digital_policy_mentions", "digital_policy").rows()


def test_a_report_is_a_policy_from_the_threshold_on():
    two, three = "大数据、物联网", "大数据、物联网、大数据"
    assert policies(reports("乡村", two, three)) == [(2015, 0, 0), (2016, 2, 0), (2017, 3, 1)]
    assert policies(reports("乡村", two, three), threshold=2) == [(2015, 0, 0), (2016, 2, 1), (2017, 3, 1)]


def test_a_year_without_a_report_is_unknown_and_not_without_a_policy():
    documents = reports("乡村", "大数据" * 3, years=(2015, 2017))
    assert policies(documents) == [(2015, 0, 0), (2016, None, None), (2017, 3, 1)]


def test_no_report_delivered_leaves_every_flag_unknown():
    assert policies(reports()) == [(2015, None, None), (2016, None, None), (2017, None, None)]


def test_reports_of_other_cities_and_years_add_no_row():
    assert policies(reports("大数据", years=(1999,))) == [(2015, None, None), (2016, None, None), (2017, None, None)]


@pytest.mark.parametrize(
    "broken",
    [
        {"mentions": 0, "report_mentions": 0},
        {"report_mentions": 5},
        {"report_characters": 2},
    ],
)
def test_mentions_that_do_not_fit_the_report_fail(broken):
    counts = term_counts(reports("发展大数据"), TERMS)
    assert mentions_fit_the_reports(counts).passed
    wrong = counts.with_columns(pl.lit(value, dtype=pl.Int32).alias(name) for name, value in broken.items())
    assert not mentions_fit_the_reports(wrong).passed
