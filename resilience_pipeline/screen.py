"""The terminal itself: where lines go, how wide they are, and data as JSON. Light: imported by every command."""

import json
import sys
from decimal import Decimal

from rich.console import Console

#: Into a file or a pipe nothing is cut to a screen's width.
PIPE_WIDTH = 400

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False)


def print_json(record: object) -> None:
    """JSON on standard output, Chinese as it is."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: object) -> int | float | str:
    """DuckDB sums integers into decimals; dates and times print in ISO form."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
