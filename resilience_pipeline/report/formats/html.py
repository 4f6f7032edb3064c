"""A printed result as an HTML fragment: one table with a caption, headings that name their scope, notes beneath.

The fragment stands alone: looks are inline, characters beyond ASCII are references, so it reads the same in a page of
any encoding, in a mail, or opened by itself.
"""

from html import escape

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.layout import SYNTHETIC

_RULE = "1.5px solid #000"
_TABLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
_LEFT, _RIGHT = "text-align:left;padding:2px 10px;vertical-align:top", "text-align:right;padding:2px 10px"


def write(document: Document) -> bytes:
    """The fragment, ASCII."""
    grid = document.grid
    aligned = _LEFT if grid.prose else _RIGHT
    head = "".join(
        f'<th scope="col" style="{aligned if place else _LEFT};border-bottom:1px solid #000">{_text(heading)}</th>'
        for place, heading in enumerate(grid.headings)
    )
    lines = [
        f'<div id="{escape(document.name)}">',
        *([f"<p><strong>{_text(SYNTHETIC)}</strong></p>"] if document.synthetic else []),
        f'<table style="{_TABLE};border-top:{_RULE};border-bottom:{_RULE}">',
        f'<caption style="text-align:left">{_text(document.heading)}</caption>',
        f"<thead>\n<tr>{head}</tr>\n</thead>",
        "<tbody>",
        *_body(grid.rows, aligned),
        "</tbody>",
        "</table>",
        *(f"<p><small>{_text(note)}</small></p>" for note in document.lines_beneath),
        "</div>",
    ]
    return ("\n".join(lines) + "\n").encode("ascii", "xmlcharrefreplace")


def _body(rows: tuple[tuple[str, ...], ...], aligned: str) -> list[str]:
    """Rows; the name of one also heads the nameless ones under it (errors under their estimate)."""
    lines = []
    for place, row in enumerate(rows):
        span = 1
        while place + span < len(rows) and not rows[place + span][0]:
            span += 1
        head = ""
        if row[0] or place == 0:
            scope = f'scope="rowgroup" rowspan="{span}"' if span > 1 else 'scope="row"'
            head = f'<th {scope} style="{_LEFT};font-weight:normal">{_text(row[0])}</th>'
        cells = "".join(f'<td style="{aligned}">{_text(cell)}</td>' for cell in row[1:])
        lines.append(f"<tr>{head}{cells}</tr>")
    return lines


def _text(text: str) -> str:
    return escape(text)
