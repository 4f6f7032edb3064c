"""From results to pages: what each template is given. Templates hold the page's form, this module no HTML."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

from resilience_pipeline.report.figures import number
from resilience_pipeline.site.results import Collection, Shown
from resilience_pipeline.site.sample import HEIGHT, LEFT_OUT, ROLES, WIDTH, City, Flow
from resilience_pipeline.site.words import LANGUAGES, Words
from resilience_pipeline.study.kinds.curve import Curve

#: Downloads in the order that they are offered, and how they are called on the page.
FORMS = {
    **{"svg": "SVG", "png": "PNG", "pdf": "PDF"},
    **{"csv": "CSV", "latex": "LaTeX", "docx": "Word", "markdown": "Markdown"},
}
#: A source of more files than this (documents, one for each city and year) is counted, not listed.
LONGEST_LIST = 300
#: What carries a number, in each language.
KINDS = {"table": ("Table", "表"), "figure": ("Figure", "图")}


@dataclass(frozen=True)
class Site:
    """What all pages are made from.

    Parameters
    ----------
    files : result -> format -> file. plots : names of results whose numbers the page's script draws.
    cities, flows : of each study that has a sample. explorer : whether what it asks for stands beside the pages.
    """

    collection: Collection
    files: Mapping[str, Mapping[str, str]]
    plots: frozenset[str]
    cities: Mapping[str, tuple[City, ...]]
    flows: Mapping[str, tuple[Flow, ...]]
    explorer: bool = False


def pages(site: Site) -> Iterator[tuple[str, str]]:
    """Every page as (file, HTML), English ones at the top, Chinese ones below `zh/`."""
    for language in LANGUAGES:
        folder = "" if language == "en" else f"{language}/"
        for name, template, context in _contents(site):
            frame = _frame(site, language, name, context.get("shown"))
            page = _environment().get_template(f"{template}.html").render(frame | context)
            yield f"{folder}{name}.html", page


def document(site: Site, language: str) -> str:
    """All results as one document for paper, with its contents; its files are those of the site, at its top folder."""
    results = site.collection.results
    frame = _frame(site, language, "print", None) | {"up": ""}
    printed = [(shown, rows_of(shown)) for shown in results]
    return _environment().get_template("print.html").render(frame | _index(site) | {"printed": printed})


def _contents(site: Site) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """File, template and what the template asks for, of each page."""
    results = site.collection.results
    yield "index", "index", _index(site)
    for place, shown in enumerate(results):
        around = {
            "before": results[place - 1] if place else None,
            "after": results[place + 1] if place + 1 < len(results) else None,
        }
        yield shown.name, "result", {"shown": shown, "rows": rows_of(shown), "plot": shown.name in site.plots, **around}
    yield "cities", "cities", {"roles": ROLES}
    yield "trace", "trace", {"explorer": site.explorer, "first": _index(site)["first"]}


def _frame(site: Site, language: str, name: str, shown: Shown | None) -> dict[str, Any]:
    """What every page has: its words, the way to the other language, the list of results, whether it is synthetic.

    A result's page is as synthetic as the result: the paper's audit is not, among results of the twin.
    """
    words = Words(language)
    up = "" if language == "en" else "../"
    other = f"zh/{name}.html" if language == "en" else f"../{name}.html"
    return {
        "words": words,
        "said": words.said,
        "called": lambda name: called(name, language),
        "page": name,
        "up": up,
        "other": other,
        "other_tag": Words("zh" if language == "en" else "en").tag,
        "site": site,
        "synthetic": site.collection.synthetic if shown is None else shown.document.synthetic,
        "studies": [
            (study.title, [shown for shown in site.collection.results if shown.study == study.name])
            for study in site.collection.studies
        ]
        + [("", [shown for shown in site.collection.results if not shown.study])],
        "number": number,
        "forms": FORMS,
        "map_size": (WIDTH, HEIGHT),
        "left_out": LEFT_OUT,
        "longest_list": LONGEST_LIST,
        "script_words": json.dumps(words.labels, ensure_ascii=False),
    }


def _index(site: Site) -> dict[str, Any]:
    """The claims with their verdicts, the headline coefficient beside the paper's and the planted one, the sheets."""
    collection = site.collection
    claims = collection["hypotheses"]
    rows = [] if claims is None else claims.found.table.to_dicts()
    firsts = [row for place, row in enumerate(rows) if place == 0 or row["hypothesis"] != rows[place - 1]["hypothesis"]]
    headline = firsts[0]["part"] if firsts else ""
    return {
        "claims": firsts,
        "first": headline or collection.results[0].name,
        "headline": _compared(collection, headline),
        "spread": _in_spreads(collection, headline),
        "sheet": next((shown for shown in collection.results if shown.kind == "referee"), None),
    }


def _compared(collection: Collection, name: str) -> dict[str, Any] | None:
    """The row of the comparison for one coefficient, with what was planted where that is known."""
    comparison = collection["comparison"]
    if comparison is None:
        return None
    row = next((row for row in comparison.found.table.to_dicts() if row["result"] == name), None)
    if row is None:
        return None
    shown = collection[row["table"]]
    planted = [] if shown is None else [p for p in shown.planted if p["result"] == name]
    return {**row, "planted": planted[0]["planted"] if planted else None}


def called(name: str, language: str) -> str:
    """ "Table 4" for table_4, in Chinese "表 4"; "" for a result without a number."""
    kind, _, rest = name.partition("_")
    if kind not in ("table", "figure"):
        return ""
    return f"{KINDS[kind][LANGUAGES.index(language)]} {rest.replace('_', ' ')}"


def _in_spreads(collection: Collection, name: str) -> float | None:
    """The effect over the outcome's standard deviation, where a curve marks this column's specification."""
    for shown in collection.results:
        settings = None if shown.table is None else shown.table.settings
        if isinstance(settings, Curve) and name.startswith(f"{settings.of}."):
            marked = shown.found.table.filter("marked")
            return None if marked.is_empty() else marked["standardised"][0]
    return None


def rows_of(shown: Shown) -> list[dict[str, Any]]:
    """Rows of the printed grid for a template: a head with its span, and cells with text, name and whose they are.

    The head of a row also heads the nameless ones under it: errors under their estimate.
    """
    grid = shown.document.grid
    rows: list[dict[str, Any]] = []
    for index, row in enumerate(grid.rows):
        span = 1
        while index + span < len(grid.rows) and not grid.rows[index + span][0]:
            span += 1
        cells = [
            {"text": text, "name": shown.anchors.get((index, place)), "published": place in grid.published}
            for place, text in enumerate(row[1:], start=1)
        ]
        rows.append({"head": row[0] if row[0] or not index else None, "span": span, "cells": cells})
    return rows


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("resilience_pipeline.site"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
