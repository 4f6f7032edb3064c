"""An error says what happened, where, what was expected and found, and what to do; nothing more."""

from resilience_pipeline.errors import PipelineError, TableRuleError


def test_the_message_names_file_sheet_row_column_and_remedy():
    error = TableRuleError(
        what="a heading is missing",
        remedy="deliver the table again",
        file="city.xlsx",
        sheet="Sheet1",
        row=7,
        column=3,
        expected="地区生产总值",
        found="an empty cell",
    )
    assert str(error).splitlines() == [
        "city.xlsx, sheet Sheet1, row 7, column 3: a heading is missing",
        "  expected: 地区生产总值",
        "  found:    an empty cell",
        "  remedy:   deliver the table again",
    ]


def test_what_is_not_known_is_left_out():
    assert str(PipelineError(what="nothing was found", remedy="look again")) == (
        "nothing was found\n  remedy:   look again"
    )
