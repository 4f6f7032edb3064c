"""The forms in which people take a printed result with them: one writer for each, from a Document to bytes."""

from collections.abc import Callable
from dataclasses import dataclass

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.formats import delimited, html, latex, word


@dataclass(frozen=True)
class Format:
    """One form: the suffix of its files and its writer, (Document) -> bytes. `binary` ones are not for a terminal."""

    suffix: str
    write: Callable[..., bytes]
    binary: bool = False


def write_text(document: Document) -> bytes:
    """As the terminal shows it."""
    return document.text.encode()


def write_markdown(document: Document) -> bytes:
    """To paste into an issue or a page."""
    return document.markdown.encode()


FORMATS = {
    "text": Format("txt", write_text),
    "markdown": Format("md", write_markdown),
    "latex": Format("tex", latex.write),
    "html": Format("html", html.write),
    "docx": Format("docx", word.write, binary=True),
    "csv": Format("csv", delimited.write),
}
