"""The terminal itself: where lines go, how wide they are, and data as JSON. Light: imported by every command.

Names and cells of delivered files are other people's text. A terminal obeys escape codes in it (colours, cursor, its
title, in some the clipboard), so none reaches it but those that rich makes.
"""

import json
import re
import sys
from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

#: Into a file or a pipe nothing is cut to a screen's width.
PIPE_WIDTH = 400

#: Control characters but for tab and line feed, and those that turn the direction in which letters run.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shown(text: str) -> str:
    """The text with a mark in place of each character that a terminal would obey instead of showing it."""
    return _OBEYED.sub("\ufffd", text)


class Screen(Console):
    """A rich console that shows what it is given and obeys nothing in it."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As `Console.render`: all that is printed passes here, piece by piece."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=shown(segment.text))


out = Screen(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Screen(stderr=True, highlight=False)


def print_json(record: object) -> None:
    """JSON on standard output, Chinese as it is."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: object) -> int | float | str:
    """DuckDB sums integers into decimals; dates and times print in ISO form."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
