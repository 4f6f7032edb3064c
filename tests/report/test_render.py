"""Printed tables: ours beside the paper's, marked when synthetic, honest about what has no result."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.estimate import Estimate, Term
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.options import Options
from resilience_pipeline.report.document import Document
from resilience_pipeline.report.figures import in_published_se, number, probability, stars
from resilience_pipeline.report.kinds.descriptives import descriptives_table
from resilience_pipeline.report.kinds.indicators import indicators_table
from resilience_pipeline.report.kinds.pilots import pilots_table
from resilience_pipeline.report.layout import SYNTHETIC
from resilience_pipeline.report.printer import Page, Published, published_for
from resilience_pipeline.report.render import render_page
from resilience_pipeline.report.steps import steps
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.descriptives import describe
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.load import find_studies
from resilience_pipeline.study.published import terms_by_symbol

STUDY = find_studies()[0]
TABLE = STUDY.table("table_4")
SYMBOLS = {"did": "did", "ctri": "CTRI", "market_share": "MS", "const": "Constant"}


def estimated(place: int, did: float = 0.760) -> pl.DataFrame:
    spec = TABLE.columns[place]
    terms = (Term("did", did, 0.3, did / 0.3, 0.02, 0.1, 1.4), Term("const", 7.0, 0.1, 70.0, 0.0, 6.8, 7.2))
    fit = {"n_obs": 3091, "n_units": 281, "n_clusters": 281, "r2_overall": 0.9, "r2_within_all": 0.1}
    return to_frame([Estimate(spec, "estimated", terms=terms, vcov="cluster", ssc="reghdfe", **fit)])


def awaiting(place: int) -> pl.DataFrame:
    return to_frame([Estimate(TABLE.columns[place], "awaiting", "no value was delivered for log_freight")])


def printed(
    records: list[pl.DataFrame],
    *,
    synthetic: bool = False,
    options: Options | None = None,
    published: Published | None = None,
) -> tuple[Document, pl.DataFrame]:
    """Table 4 as printed from one record a column, and the tidy table behind it."""
    tables = {estimate_key(spec): record for spec, record in zip(TABLE.columns, records, strict=True)}
    published = published or published_for(TABLE, terms_by_symbol(STUDY))
    rendered, made = render_page(Page(TABLE, tables, published, SYMBOLS, options or Options()), synthetic=synthetic)
    return rendered, made.tidy


def row(markdown: str, name: str) -> list[str]:
    """Cells of the row of that name."""
    (line,) = [line for line in markdown.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip().replace("\\", "") for cell in line.strip("|").split("|")][1:]


def test_ours_stands_beside_the_papers_with_the_distance_in_its_standard_errors():
    rendered, tidy = printed([estimated(0), estimated(1), estimated(2)])

    assert row(rendered.markdown, "did")[6:] == ["0.760**", "0.656***", "+1.00"]
    third = tidy.filter(column="3", term="did").row(0, named=True)
    assert third["difference_in_published_se"] == pytest.approx(1.0)


def test_the_papers_digits_are_printed_as_printed():
    rendered, _ = printed([estimated(0), estimated(1), estimated(2)])
    assert row(rendered.markdown, "MS")[4] == "-0.210***"


def test_effects_counts_and_three_named_r2_stand_beneath():
    rendered, _ = printed([estimated(0), estimated(1), estimated(2)])
    assert row(rendered.markdown, "City effects")[:2] == ["no", "no"]
    assert row(rendered.markdown, "City effects")[6:8] == ["yes", "yes"]
    assert row(rendered.markdown, "N")[:2] == ["3,091", "3,091"]
    assert row(rendered.markdown, "Clusters")[0] == "281"
    assert row(rendered.markdown, "R2, effects counted")[6:8] == ["0.900", "0.928"]
    assert row(rendered.markdown, "R2 within all effects")[6] == "0.100"
    assert "Errors: clustered by city_code, small-sample rule reghdfe." in rendered.markdown


def test_a_synthetic_table_says_so_in_its_first_line_and_its_title():
    rendered, _ = printed([estimated(0), estimated(1), estimated(2)], synthetic=True)
    for text in (rendered.markdown, rendered.text):
        assert SYNTHETIC in text.splitlines()[0]
        (title,) = [line for line in text.splitlines() if "Table 4" in line]
        assert SYNTHETIC in title


def test_a_table_from_real_files_does_not_say_synthetic():
    rendered, _ = printed([estimated(0), estimated(1), estimated(2)])
    assert "SYNTHETIC" not in rendered.markdown + rendered.text


def test_a_column_without_a_result_prints_the_reason_and_keeps_the_papers_figures():
    rendered, tidy = printed([estimated(0), estimated(1), awaiting(2)])
    assert "(3) awaiting: no value was delivered for log_freight." in rendered.text
    assert row(rendered.markdown, "did")[6:] == ["", "0.656***", ""]
    assert tidy.filter(column="3", term="did")["published"].to_list() == [0.656]
    assert tidy.filter(column="3", term="did")["ours"].to_list() == [None]


def test_a_table_that_the_paper_does_not_print_shows_ours_only():
    rendered, _ = printed([estimated(i) for i in range(3)], published=Published())
    assert row(rendered.markdown, "did") == ["0.760**", "0.760**", "0.760**"]
    assert "paper's" not in rendered.markdown


def test_options_that_differ_from_the_defaults_are_named_beneath():
    rendered, _ = printed([estimated(i) for i in range(3)], options=Options.of({"winsorise": "none"}))
    assert "Options: winsorise = none." in rendered.text


@pytest.mark.parametrize(
    ("p", "marks"), [(0.2, ""), (0.1, ""), (0.099, "*"), (0.049, "**"), (0.009, "***"), (None, "")]
)
def test_stars_stand_for_ten_five_and_one_percent(p, marks):
    assert stars(p) == marks


def test_small_numbers_keep_three_significant_digits():
    assert (number(0.00170), number(0.656), number(-30.63), number(None)) == ("0.00170", "0.656", "-30.630", "")


def test_a_p_value_is_never_printed_as_zero_and_one_of_ten_thousand_draws_keeps_its_digits():
    values = (0.25, 0.0095, 0.00042, 0.0001, 3.1e-39, None)
    assert [probability(value) for value in values] == ["0.250", "0.009", "0.0004", "0.0001", "<0.0001", ""]


def test_the_distance_is_unknown_without_a_published_error():
    assert in_published_se(1.0, 0.5, None) is None
    assert in_published_se(None, 0.5, 0.1) is None


def test_descriptives_stand_beside_the_papers():
    table = STUDY.table("table_3")
    frame = pl.DataFrame({name: [0.0, 2.0] for name in table.variables})
    published = published_for(table, terms_by_symbol(STUDY))
    records = {("estimates", "table_3", "descriptives"): describe(frame, table.variables)}
    rendered, made = render_page(Page(table, records, published, {"ctri": "CTRI"}, Options()), synthetic=False)
    assert row(rendered.markdown, "CTRI")[:4] == ["2", "3,091", "1.000", "7.358"]
    assert made.tidy.filter(variable="ctri", statistic="mean")["difference"].to_list() == [pytest.approx(1 - 7.358)]


def test_descriptives_without_published_figures_have_no_column_for_them():
    described = describe(pl.DataFrame({"x": [1.0]}), ["x"])
    assert descriptives_table(described, Published().descriptives)["published"].null_count() == 5


PILOTS = pl.DataFrame(
    {
        "number": [15, 18, 33],
        "printed_name": ["Hangzhou", "Yiwu", "China (Henan) Pilot Free Trade Zone"],
        "resolved_name": ["杭州市", "义乌市", "中国（河南）自由贸易试验区"],
        "kind": ["prefecture", "county", "zone"],
        "city_code": ["330100", "330700", "410100"],
        "resolution": ["exact", "exact", "zone"],
    },
    schema_overrides={"number": pl.Int32},
)


def test_a_county_level_pilot_counts_only_where_the_option_says_so():
    default = pilots_table(PILOTS, Options())
    parent = pilots_table(PILOTS, Options.of({"county_level_pilots": "parent"}))
    assert default["counts"].to_list() == [True, False, True]
    assert parent["treated_codes"].to_list() == ["330100", "330700", "410100"]


def report_step(name: str):
    return {step.key: step for step in steps(STUDY)}["report", name]


def test_table_1_prints_each_name_as_printed_as_resolved_and_how_it_counts():
    result = report_step("table_1").compute(Inputs({("staging", "pilot_list"): PILOTS}, synthetic=True), Options())
    assert "Yiwu | 义乌市 | county" in result.markdown
    assert result.markdown.startswith(f"**{SYNTHETIC}**")
    assert result.checks[0].passed


def test_a_pilot_list_that_was_not_delivered_leaves_table_1_incomplete():
    empty = Inputs({("staging", "pilot_list"): PILOTS.clear()}, synthetic=False)
    assert not report_step("table_1").compute(empty, Options()).checks[0].passed


def indicators() -> pl.DataFrame:
    from resilience_pipeline.indices.registry import REGISTRY

    return pl.DataFrame({entry.name: [1.0, None] for entry in REGISTRY})


def test_table_2_shows_the_reading_in_force():
    table = indicators_table(indicators(), Options.of({"foreign_trade_scale": "per_gdp"}))
    trade = table.filter(indicator="foreign_trade_scale").row(0, named=True)
    assert trade["formula"] == "(exports_cny_10k + imports_cny_10k) / gdp_cny_10k"
    assert trade["city_years"] == 1


def test_table_2_lists_six_indicators_in_three_dimensions():
    inputs = Inputs({("indices", "trade_resilience", "indicators"): indicators()}, synthetic=False)
    result = report_step("table_2").compute(inputs, Options())
    assert result.table.height == 6
    assert result.table["composite"].n_unique() == 3
    assert "Resistance (RES)" in result.markdown


def test_the_report_of_table_4_reads_its_three_estimates_and_says_what_lacks():
    step = report_step("table_4")
    records = dict(zip(step.inputs, [estimated(0), estimated(1), awaiting(2)], strict=True))
    result = step.compute(Inputs(records, synthetic=True), Options())

    assert [key[-1] for key in step.inputs] == ["1", "2", "3"]
    assert not result.checks[0].passed
    assert "table_4.3" in result.checks[0].message


def test_ours_alone_is_the_table_that_authors_print():
    rendered, _ = printed([estimated(0), estimated(1), awaiting(2)], synthetic=True)
    plain = rendered.ours()
    assert plain.grid.headings == ("Variable", "(1)", "(2)", "(3)")
    assert row(plain.markdown, "Outcome") == ["CTRI", "CTRI", "CTRI"]
    assert row(plain.markdown, "did") == ["0.760**", "0.760**", ""]
    assert "paper's" not in plain.text
    assert SYNTHETIC in plain.text.splitlines()[0]


def test_the_descriptives_of_ours_alone_have_five_figures_a_variable():
    table = STUDY.table("table_3")
    described = describe(pl.DataFrame({name: [0.0, 2.0] for name in table.variables}), table.variables)
    page = Page(
        table,
        {("estimates", "table_3", "descriptives"): described},
        published_for(table, terms_by_symbol(STUDY)),
        {},
        Options(),
    )
    rendered, _ = render_page(page, synthetic=False)
    assert rendered.ours().grid.headings == ("Variable", "N", "mean", "sd", "min", "max")


def test_the_report_keeps_what_every_format_is_written_from():
    result = report_step("table_1").compute(Inputs({("staging", "pilot_list"): PILOTS}, synthetic=True), Options())
    assert Document.from_json(result.document).markdown == result.markdown
