"""The page's own words in English and Chinese, and the Chinese of what results print; CSV files beside this module.

What a run prints is English. Of that, titles, headings and row labels have Chinese where `phrases.csv` knows them; the
rest stays English and says so, so that a screen reader speaks it as such.
"""

import csv
import re
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

LANGUAGES = ("en", "zh")
#: As HTML names them.
TAGS = {"en": "en", "zh": "zh-Hans"}
_CHINESE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_LETTERS = re.compile(r"[A-Za-z]{2}")


class Words:
    """The words of one language; `words("results")` is a label, `words.said(text)` what a result prints."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.tag = TAGS[language]
        self._labels = {row["key"]: row[language] for row in _rows("words")}

    def __call__(self, key: str) -> str:
        """The label of that key; KeyError where there is none."""
        return self._labels[key]

    def for_script(self, *, phrases: bool = False) -> dict[str, Any]:
        """All labels for the page's script, with what results print in this language where it asks for that."""
        told = _phrases() if phrases and self.language != "en" else {}
        return {**self._labels, "phrases": told}

    def translated(self, text: str) -> str:
        """The text in this language where it is known, else as it stands."""
        return text if self.language == "en" else _phrases().get(text, text)

    def said(self, text: str) -> Markup:
        """The text for the page, marked with its language where that is not the page's."""
        text = self.translated(text)
        chinese = bool(_CHINESE.search(text))
        if self.language == "en" and chinese and not _LETTERS.search(text):
            return Markup('<span lang="{}">{}</span>').format(TAGS["zh"], text)
        if self.language == "zh" and not chinese and " " in text and _LETTERS.search(text):
            return Markup('<span lang="en">{}</span>').format(text)
        return escape(text)


@cache
def _phrases() -> dict[str, str]:
    return {row["en"]: row["zh"] for row in _rows("phrases")}


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    text = resources.files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
