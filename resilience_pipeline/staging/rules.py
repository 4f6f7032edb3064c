"""The rules of staging as data: what each says, whether it concerns a row or the table, and what to do.

A row rule sends its row to the rejects and the rest goes on. A table rule fails the table: nothing is written but the
rejects and the failed check, and the last good version stays. Where the rules are applied stands in
`sql/staging/shared/` (rows) and in `table_rules.py` (tables).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from resilience_pipeline.staging.schema import REJECTS
from resilience_pipeline.step import Check


@dataclass(frozen=True)
class Rule:
    """One rule: its name is the check's name and what a reject carries."""

    name: str
    level: Literal["row", "table"]
    says: str
    remedy: str

    @property
    def blocking(self) -> bool:
        """Only a table rule stops what follows."""
        return self.level == "table"


CITY_IS_NAMED = Rule(
    "city_is_named",
    "row",
    "every value belongs to a named city",
    "fill in the city's name or code, or delete the row",
)
CITY_IS_KNOWN = Rule(
    "city_is_known",
    "row",
    "every row label is a prefecture-level unit, a province, the nation or a total",
    "correct the name in the file; if the spelling is usual, add it to reference/city_aliases.csv with its reason",
)
CODE_AND_NAME_AGREE = Rule(
    "code_and_name_agree",
    "row",
    "a city's name and code mean the same unit",
    "correct the name or the code in the file",
)
YEAR_IS_READABLE = Rule(
    "year_is_readable",
    "row",
    "every value has a year between 1900 and 2099",
    "write the year with four digits, as 2018, 2018年 or 2018-12-31",
)
CITY_EXISTS_IN_THE_YEAR = Rule(
    "city_exists_in_the_year",
    "row",
    "a city has values only in years in which it stood at prefecture level",
    "check the year; values of a unit's successor belong under the successor's name",
)
NUMBER_IS_READABLE = Rule(
    "number_is_readable",
    "row",
    "every value is a number or a mark for a missing one",
    "type the number as printed in the source; if the text is a mark, add it to reference/missing_marks.csv",
)
VALUE_IS_NOT_NEGATIVE = Rule(
    "value_is_not_negative",
    "row",
    "what cannot be negative is not",
    "compare the cell with the publisher's table; a lone hyphen before a number may be a mark",
)
VALUE_IS_PLAUSIBLE = Rule(
    "value_is_plausible",
    "row",
    "every value lies within its indicator's bounds",
    "compare the cell and its unit with the publisher's table; bounds stand in reference/indicators.csv",
)
PILOT_IS_KNOWN = Rule(
    "pilot_is_known",
    "row",
    "every printed name of the pilot list is resolved",
    "add the printed name to reference/pilot_names.csv with the unit it means and the evidence",
)
CLASS_IS_KNOWN = Rule(
    "class_is_known",
    "row",
    "every listed city has one of the four classes of the plan of 2013",
    "write growing, mature, declining or regenerating (成长型, 成熟型, 衰退型, 再生型), or delete the row",
)
DOCUMENT_HAS_TEXT = Rule(
    "document_has_text",
    "row",
    "every document has text",
    "deliver the report as plain text",
)

HEADING_IS_ONE_INDICATOR = Rule(
    "heading_is_one_indicator",
    "table",
    "every heading reads as one indicator at most",
    "make the headings declared in the source's module exclude each other",
)
REQUIRED_HEADINGS = Rule(
    "required_headings_are_there",
    "table",
    "every required indicator is recognised among the headings",
    "deliver the publisher's table with its original headings, or add the new wording to the source's headings",
)
KNOWN_UNITS = Rule(
    "units_convert",
    "table",
    "every recognised heading has a unit that converts to its indicator's unit",
    "print the unit in the heading; if it is right as printed, add it to reference/units.csv with its factor",
)
UNIQUE_KEY = Rule(
    "key_has_one_value",
    "table",
    "a key has one value, however often it is delivered",
    "correct the wrong one of the cells in its file; of two deliveries of the same table do without the wrong one: "
    "`resilience withdraw FILE`",
)
CITY_COVERAGE = Rule(
    "enough_cities",
    "table",
    "each indicator lists nearly as many cities in each year as the source's fullest table",
    "deliver the complete table; if the publisher prints fewer cities, lower minimum_city_share in the source's module",
)
REJECTED_SHARE = Rule(
    "few_rejects",
    "table",
    "the share of refused values stays under the source's limit",
    "look at the rejects: many of one rule point to a wrong file or a changed layout",
)
REVISION_SHARE = Rule(
    "agrees_with_previous_version",
    "table",
    "values agree with the last good version, but for the share a publisher may revise",
    "compare the rows shown with the publisher's; if it did revise them, run once with --accept-revisions",
)
CONTRACT = Rule(
    "contract_holds",
    "table",
    "names, types and ranges of the staged table are as declared",
    "the rows shown passed every other rule: report them with the file, a row rule is missing",
)

PLACE_RULES = (CITY_IS_NAMED, CITY_IS_KNOWN, CODE_AND_NAME_AGREE, YEAR_IS_READABLE, CITY_EXISTS_IN_THE_YEAR)
VALUE_RULES = (NUMBER_IS_READABLE, VALUE_IS_NOT_NEGATIVE, VALUE_IS_PLAUSIBLE)
ROW_RULES = (*PLACE_RULES, *VALUE_RULES, PILOT_IS_KNOWN, CLASS_IS_KNOWN, DOCUMENT_HAS_TEXT)
TABLE_RULES = (
    HEADING_IS_ONE_INDICATOR,
    REQUIRED_HEADINGS,
    KNOWN_UNITS,
    UNIQUE_KEY,
    CITY_COVERAGE,
    REJECTED_SHARE,
    REVISION_SHARE,
    CONTRACT,
)

#: So many failing rows stand in a message; all of them stand in the check's table.
_SHOWN = 5

#: The rules that a table of each shape is held to, in the order of their checks.
RULES_OF: dict[str, tuple[Rule, ...]] = {
    "observations": (*PLACE_RULES, *VALUE_RULES, *TABLE_RULES),
    "pilots": (PILOT_IS_KNOWN, UNIQUE_KEY, REJECTED_SHARE, CONTRACT),
    "city_classes": (
        CITY_IS_NAMED,
        CITY_IS_KNOWN,
        CODE_AND_NAME_AGREE,
        CLASS_IS_KNOWN,
        UNIQUE_KEY,
        REJECTED_SHARE,
        CONTRACT,
    ),
    "documents": (*PLACE_RULES, DOCUMENT_HAS_TEXT, UNIQUE_KEY, REJECTED_SHARE, CONTRACT),
}


def check(rule: Rule, failures: pl.DataFrame, message: str = "") -> Check:
    """The rule's check: passed where no row fails; the message of a failed one ends with what to do."""
    if failures.is_empty():
        return Check(rule.name, True, rule.says, rule.blocking)
    counted = f"{failures.height} {'row' if failures.height == 1 else 'rows'} against: {rule.says}"
    return Check(
        rule.name, False, f"{counted}. {message + '. ' if message else ''}{rule.remedy}.", rule.blocking, failures
    )


def shown(failures: pl.DataFrame, says: Callable[[Mapping[str, Any]], str]) -> str:
    """The first failing rows in words: `2-7.xlsx, sheet 表1, row 4, column 3: ...; ...`."""
    return "; ".join(f"{_place(row)}: {says(row)}" for row in failures.head(_SHOWN).iter_rows(named=True))


def _place(row: Mapping[str, Any]) -> str:
    """Where a row with the columns of schema.ORIGIN stands in its file, as a spreadsheet counts."""
    numbered = (f"{word} {row[word]}" for word in ("sheet", "row", "column") if row[word] is not None)
    return ", ".join([row["file"], *numbered])


def rejects(rows: pl.DataFrame) -> pl.DataFrame:
    """Refused rows (with `rule` and `reason`) in the shape REJECTS, each with its rule's remedy, ordered by place."""
    remedies = {rule.name: rule.remedy for rule in ROW_RULES}
    return (
        rows.with_columns(remedy=pl.col("rule").replace_strict(remedies, return_dtype=pl.String))
        .select(pl.col(name).cast(kind) for name, kind in REJECTS.items())
        .sort("file", "sheet", "row", "column", maintain_order=True)
    )


def row_checks(shape: str, refused: pl.DataFrame) -> tuple[Check, ...]:
    """One non-blocking check for each row rule of the shape, with the rejects that break it."""
    broken = {rule: refused.filter(pl.col("rule") == rule.name) for rule in RULES_OF[shape] if rule.level == "row"}
    return tuple(check(rule, rows, shown(rows, lambda row: row["reason"])) for rule, rows in broken.items())
