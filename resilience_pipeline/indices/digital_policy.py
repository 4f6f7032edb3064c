"""Digital-economy policy by text: how often a city's government work report names the digital economy (Table 6).

    digital_policy_it = 1 where the report's mentions of the listed terms reach the threshold, else 0

The terms stand in reference/digital_economy_terms.csv, each with its group, its source and the reason. Where terms
overlap, the first to begin counts, and of those that begin together the longest: 工业互联网 is one mention of itself
and none of 互联网. Nothing is segmented into words; a term counts wherever its characters stand.

The paper says "text analysis" and gives neither terms nor threshold. A city and year without a report is unknown, not
without a policy.
"""

import re
from collections.abc import Sequence
from functools import partial

import polars as pl

from resilience_pipeline import reference, table_checks
from resilience_pipeline.grid import wide
from resilience_pipeline.grid.wide import KEY, city_years
from resilience_pipeline.indices.index_table import IndexTable, nothing
from resilience_pipeline.indices.measures import ON_GRID, Notes, on_grid, window_of
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study.study import Study
from resilience_pipeline.table_checks import key_unique, rule, zero_or_one

SOURCE = "work_reports"
TERMS = "digital_economy_terms"

COLUMNS = ("report_characters", "digital_policy_mentions", "digital_policy")

#: One row per city, year and term that the report names.
TERM_COUNTS = pl.Schema(
    {
        "city_code": pl.String,
        "year": pl.Int32,
        "term": pl.String,
        "group": pl.String,
        "mentions": pl.Int32,  # of this term
        "report_mentions": pl.Int32,  # of all terms together
        "report_characters": pl.Int32,  # of the report as delivered
    }
)

#: Documents worked on at once; bounds the memory that cleaned copies take.
_AT_ONCE = 256

#: Private-use characters around a word in Latin letters or digits that stands alone.
_OPEN, _CLOSE = "\ue000", "\ue001"


def cleaned(text: pl.Expr, words: Sequence[str]) -> pl.Expr:
    """Text in the form in which terms are looked for.

    Full-width forms become ordinary ones (ＡＩ, ５Ｇ, ＋), letters lower-case; white space and invisible characters go,
    since scanned texts have them inside words. Before that, each of `words` that stands alone among Latin letters and
    digits is put into brackets of its own, so that 5g is found in 4G/5G and neither in 5GW nor in 15G.
    """
    plain = text.str.normalize("NFKC").str.to_lowercase()
    if words:
        alone = rf"(?-u:\b)({'|'.join(sorted(map(re.escape, words)))})(?-u:\b)"
        plain = plain.str.replace_all(alone, f"{_OPEN}${{1}}{_CLOSE}")
    return plain.str.replace_all(r"[\s\p{Z}\p{Cc}\p{Cf}]+", "")


def term_counts(documents: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Mentions of each term in each document.

    Parameters
    ----------
    documents : city_code, year, document and characters; one row per city and year.
    terms : term and group.

    Returns
    -------
    Columns of `TERM_COUNTS`, sorted by city, year and term. A document that names no term has no row.
    """
    words = sorted({word for term in terms["term"].to_list() for word in re.findall("[a-z0-9]+", term.lower())})
    patterns = terms.select("term", "group", pattern=cleaned(pl.col("term"), words))
    # With `leftmost`, of patterns that begin together the first of the list is taken: so the longest come first.
    longest_first = patterns.sort(pl.col("pattern").str.len_chars(), "pattern", descending=[True, False])["pattern"]
    found = pl.concat(
        [
            pl.DataFrame(schema={"city_code": pl.String, "year": pl.Int32, "pattern": pl.String, "mentions": pl.Int32}),
            *(_found(part, words, longest_first) for part in documents.iter_slices(_AT_ONCE)),
        ]
    )
    totals = pl.col("mentions").sum().over(KEY).cast(pl.Int32)
    return (
        found.join(patterns, on="pattern", how="left")
        .join(documents.select(*KEY, report_characters="characters"), on=KEY, how="left")
        .with_columns(report_mentions=totals)
        .select(TERM_COUNTS.names())
        .cast(TERM_COUNTS)
        .sort(*KEY, "term")
    )


def _found(documents: pl.DataFrame, words: Sequence[str], patterns: pl.Series) -> pl.DataFrame:
    mentions = cleaned(pl.col("document"), words).str.extract_many(patterns.to_list(), leftmost=True)
    return (
        documents.select(*KEY, pattern=mentions)
        .explode("pattern")
        .drop_nulls("pattern")
        .group_by(*KEY, "pattern", maintain_order=True)
        .agg(mentions=pl.len().cast(pl.Int32))
    )


def digital_policy(index: pl.DataFrame, documents: pl.DataFrame, counts: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """Whether the city's report of the year has at least `threshold` mentions.

    Parameters
    ----------
    index : city_code and year of the kept cities.
    documents : city_code, year and characters of the reports that were delivered.
    counts : `term_counts` of these documents.

    Returns
    -------
    city_code, year, report_characters, digital_policy_mentions, digital_policy (1 or 0), on the rows of `index`; null
    where there is no report.
    """
    totals = counts.select(*KEY, digital_policy_mentions="report_mentions").unique(KEY)
    reports = (
        documents.select(*KEY, report_characters="characters")
        .join(totals, on=KEY, how="left")
        .with_columns(pl.col("digital_policy_mentions").fill_null(0))
    )
    flag = (pl.col("digital_policy_mentions") >= threshold).cast(pl.Int32)
    return index.select(KEY).join(reports, on=KEY, how="left", maintain_order="left").with_columns(digital_policy=flag)


def mentions_fit_the_reports(counts: pl.DataFrame) -> Check:
    """A term of a report is named at least once, the terms add up, and they are not longer than the report."""
    sums = pl.col("mentions").sum().over(KEY)
    letters = (pl.col("mentions") * pl.col("term").str.len_chars()).sum().over(KEY)
    odd = counts.filter(
        (pl.col("mentions") < 1) | (sums != pl.col("report_mentions")) | (letters > pl.col("report_characters"))
    )
    return rule("mentions_fit_the_reports", odd, "mentions do not add up, or are longer than the report")


def _terms_step(study: Study) -> Step:
    return Step(
        key=("indices", study.name, "digital_policy_terms"),
        inputs=(study.delivered(SOURCE),),
        compute=_count_terms,
        description="How often each government work report names each term of the digital economy. One row per city, "
        "year and term that is named; a report that names none has no row. Every delivered report, in the sample or "
        "not. Section 5.6; the paper's Table 6.",
        code=(reference.load(TERMS).write_csv(), table_checks),
        checks=(("key_unique", True), ("mentions_fit_the_reports", True)),
    )


def _flag_step(study: Study) -> Step:
    return Step(
        key=("indices", study.name, "digital_policy"),
        inputs=(
            ("indices", study.name, "digital_policy_terms"),
            study.delivered(SOURCE),
            ("grid", study.name, "cities"),
        ),
        compute=partial(_flag, window_of(study)),
        description="Whether the city's work report of the year names the digital economy often enough, with its "
        "mentions and its length. One row per kept city and year; empty where there is no report. Section 5.6; the "
        "paper's Table 6.",
        code=(wide, table_checks),
        options=("digital_policy_threshold",),
        checks=(*ON_GRID, ("zero_or_one", True)),
    )


def _count_terms(inputs: Inputs, options: Options) -> StepResult:
    (documents,) = inputs.tables.values()
    table = term_counts(documents, reference.load(TERMS))
    notes: Notes = {"reports": documents.height, "reports_that_name_a_term": table.select(KEY).n_unique()}
    if documents.is_empty():
        notes["awaiting"] = SOURCE
    return StepResult(table, (key_unique(table, (*KEY, "term")), mentions_fit_the_reports(table)), notes=notes)


def _flag(window: range, inputs: Inputs, options: Options) -> StepResult:
    counts, documents, grid = inputs.tables.values()
    index = city_years(grid, window)
    table = digital_policy(index, documents, counts, int(options["digital_policy_threshold"]))
    notes: Notes = {
        "city_years_with_a_policy": int(table["digital_policy"].sum()),
        "city_years_without_a_report": table["digital_policy"].null_count(),
    }
    if documents.is_empty():
        notes["awaiting"] = SOURCE
    return StepResult(table, (*on_grid(table, index.height), zero_or_one(table, "digital_policy")), notes=notes)


DIGITAL_POLICY_TERMS = IndexTable("digital_policy_terms", (), nothing, _terms_step, sources=(SOURCE,))
DIGITAL_POLICY = IndexTable(
    "digital_policy", COLUMNS, nothing, _flag_step, needs=("digital_policy_terms",), sources=(SOURCE,)
)
