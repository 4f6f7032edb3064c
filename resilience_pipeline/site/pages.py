"""From results to pages: what each template is given. Templates hold the page's form, this module no HTML."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

from resilience_pipeline.report.figures import number
from resilience_pipeline.report.layout import Grid, blocks
from resilience_pipeline.site.anchors import Place
from resilience_pipeline.site.front import front_page
from resilience_pipeline.site.results import Collection, Shown
from resilience_pipeline.site.sample import HEIGHT, LEFT_OUT, ROLES, WIDTH, City, Flow
from resilience_pipeline.site.words import LANGUAGES, Words

#: Downloads in the order that they are offered, and how they are called on the page.
FORMS = {
    **{"svg": "SVG", "png": "PNG", "pdf": "PDF"},
    **{"csv": "CSV", "latex": "LaTeX", "docx": "Word", "markdown": "Markdown"},
}
#: A source of more files than this (documents, one for each city and year) is counted, not listed.
LONGEST_LIST = 300
#: Characters across a page of paper, in the size that tables are printed in; a wider table of numbered columns is
#: printed in several. One that ran over the edge would have the browser print everything smaller.
PAPER_WIDTH = 140
LONGEST_WORD = 14
#: What carries a number, in each language.
KINDS = {"table": ("Table", "表"), "figure": ("Figure", "图")}


@dataclass(frozen=True)
class Site:
    """What all pages are made from.

    Parameters
    ----------
    files : result -> format -> file. plots : names of results whose numbers the page's script draws.
    cities, flows : of each study that has a sample. explorer : whether what it asks for stands beside the pages.
    variant : name of the set of options or years that the results are of; "" = the headline's.
    """

    collection: Collection
    files: Mapping[str, Mapping[str, str]]
    plots: frozenset[str]
    cities: Mapping[str, tuple[City, ...]]
    flows: Mapping[str, tuple[Flow, ...]]
    explorer: bool = False
    variant: str = ""


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
    frame = _frame(site, language, "print", None) | {"up": "", "paper": True}
    printed = [
        (shown, [(grid, rows_of(grid)) for grid in blocks(shown.document.grid, PAPER_WIDTH)]) for shown in results
    ]
    return _environment().get_template("print.html").render(frame | front_page(site.collection) | {"printed": printed})


def _contents(site: Site) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """File, template and what the template asks for, of each page."""
    results = site.collection.results
    front = front_page(site.collection)
    yield "index", "index", front
    for place, shown in enumerate(results):
        around = {
            "before": results[place - 1] if place else None,
            "after": results[place + 1] if place + 1 < len(results) else None,
        }
        whole = [(shown.document.grid, rows_of(shown.document.grid, shown.anchors))]
        yield shown.name, "result", {"shown": shown, "tables": whole, "plot": shown.name in site.plots, **around}
    yield "cities", "cities", {"roles": ROLES}
    yield "trace", "trace", {"explorer": site.explorer, "first": front["first"]}


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
        "paper": False,
        "script_words": json.dumps(words.for_script(phrases=name == "trace" or name in site.plots), ensure_ascii=False),
    }


def called(name: str, language: str) -> str:
    """ "Table 4" for table_4, in Chinese "表 4"; "" for a result without a number."""
    kind, _, rest = name.partition("_")
    if kind not in ("table", "figure"):
        return ""
    return f"{KINDS[kind][LANGUAGES.index(language)]} {rest.replace('_', ' ')}"


def rows_of(grid: Grid, anchors: Mapping[Place, str] | None = None) -> list[dict[str, Any]]:
    """Rows of the printed grid for a template: a head with its span, and cells with text, name and whose they are.

    The head of a row also heads the nameless ones under it: errors under their estimate.
    """
    names = anchors or {}
    rows: list[dict[str, Any]] = []
    for index, row in enumerate(grid.rows):
        span = 1
        while index + span < len(grid.rows) and not grid.rows[index + span][0]:
            span += 1
        cells = [
            {
                "text": text,
                "name": names.get((index, place)),
                "published": place in grid.published,
                "long": grid.prose and _is_long(text),
            }
            for place, text in enumerate(row[1:], start=1)
        ]
        rows.append({"head": row[0] if row[0] or not index else None, "span": span, "cells": cells})
    return rows


def _is_long(text: str) -> bool:
    """Whether a word of it may be broken where it does not fit: a name or a formula, never a number or plain word."""
    return any(len(word) > LONGEST_WORD for word in text.split())


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("resilience_pipeline.site"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
