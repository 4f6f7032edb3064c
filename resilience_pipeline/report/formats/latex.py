r"""A printed result as a LaTeX table: booktabs' three rules, numbers under each other, notes beneath.

The fragment is for `\input`; its first lines name the packages it needs, all of them in every TeX distribution. Columns
with decimals are aligned at the decimal point (dcolumn), a table too wide for the page is scaled down to it, one of
words breaks its cells into lines, and one longer than a page goes on on the next (longtable). LaTeX gives the number,
so the caption is the title alone.
"""

import re
from collections.abc import Sequence

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.layout import SYNTHETIC, column_shares

_NUMBER = re.compile(r"(\(?[-+]?[\d,]*\.?\d+\)?)(\*{0,3})")
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",  # after the end of a row a bracket or a star would be an argument
    "]": "{]}",
    "*": "{*}",
}
_CHINESE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_ROWS_ON_A_PAGE = 45


def write(document: Document) -> bytes:
    """The table as UTF-8."""
    body = _prose(document) if document.grid.prose else _figures(document)
    return "\n".join([*_preamble(document), *body, ""]).encode()


def everything(tables: Sequence[str], pictures: Sequence[str]) -> bytes:
    """A document that prints all files; with Chinese it needs XeLaTeX and ctex, without it pdfLaTeX will do.

    Parameters
    ----------
    tables, pictures : names of files beside the document.
    """
    lines = [
        r"\documentclass{article}",
        r"\usepackage{iftex,booktabs,dcolumn,graphicx,array,longtable}",
        r"\ifPDFTeX\usepackage[T1]{fontenc}\else\usepackage[UTF8]{ctex}\fi",
        r"\usepackage[margin=2cm]{geometry}",
        r"\begin{document}",
        *(rf"\input{{{file.removesuffix('.tex')}}}" for file in tables),
        *(rf"\begin{{figure}}[p]\includegraphics[width=\linewidth]{{{file}}}\end{{figure}}" for file in pictures),
        r"\end{document}",
        "",
    ]
    return "\n".join(lines).encode()


def escaped(text: str) -> str:
    """The text as LaTeX prints it letter by letter; nothing of it is a command."""
    letters = "".join(_ESCAPES.get(char, char) for char in text)
    return re.sub("-(?=-)", "-{}", letters)  # two hyphens would become a dash


def _preamble(document: Document) -> list[str]:
    packages = "booktabs,array" if document.grid.prose else "booktabs,dcolumn"
    packages += ",longtable" if _is_long(document) else ",graphicx"
    printed = "".join([document.caption, *document.lines_beneath, *sum(document.grid.rows, ())])
    return [
        *([f"% {SYNTHETIC}"] if document.synthetic else []),
        f"% {document.heading}",
        rf"% \usepackage{{{packages}}}",
        *([r"% Chinese text: \usepackage{ctex}, compiled with XeLaTeX"] if _CHINESE.search(printed) else []),
    ]


def _is_long(document: Document) -> bool:
    return document.grid.prose or len(document.grid.rows) > _ROWS_ON_A_PAGE


def _figures(document: Document) -> list[str]:
    """Numbers: as wide as they need, scaled down where that is wider than the page."""
    grid = document.grid
    columns = [_Column(tuple(row[place] for row in grid.rows)) for place in range(1, len(grid.headings))]
    kinds = "l" + "".join(column.kind for column in columns)
    head = _row([escaped(grid.headings[0]), *(_centred(heading) for heading in grid.headings[1:])])
    rows = [
        _row([escaped(row[0]), *(column.cell(text) for column, text in zip(columns, row[1:], strict=True))])
        for row in grid.rows
    ]
    if _is_long(document):
        return _over_pages(document, kinds, head, rows)
    return [
        r"\begin{table}[htbp]",
        r"\centering\small",
        _caption(document),
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\toprule",
        head,
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}}",
        *_beneath(document),
        r"\end{table}",
    ]


def _prose(document: Document) -> list[str]:
    """Words: across the page, each cell broken into lines."""
    grid = document.grid
    kinds = "".join(
        rf">{{\raggedright\arraybackslash}}p{{\dimexpr {share:.4f}\linewidth-2\tabcolsep\relax}}"
        for share in column_shares(grid)
    )
    head = _row([escaped(heading) for heading in grid.headings])
    return _over_pages(document, kinds, head, [_row([_breakable(cell) for cell in row]) for row in grid.rows])


def _over_pages(document: Document, kinds: str, head: str, rows: list[str]) -> list[str]:
    headings = [r"\toprule", head, r"\midrule"]
    return [
        r"\begingroup\scriptsize\setlength{\tabcolsep}{3pt}",
        rf"\begin{{longtable}}{{{kinds}}}",
        _caption(document) + r"\\",
        *headings,
        r"\endfirsthead",
        *headings,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *rows,
        r"\end{longtable}",
        *_beneath(document),
        r"\endgroup",
    ]


def _caption(document: Document) -> str:
    return rf"\caption{{{escaped(document.caption)}}}\label{{tab:{document.name}}}"


class _Column:
    """How a column of cells is set: at the decimal point where a cell has one, else flush right."""

    def __init__(self, cells: tuple[str, ...]) -> None:
        numbers = [found for cell in cells if (found := _NUMBER.fullmatch(cell))]
        decimals = [found for found in numbers if "." in found[1]]
        self.decimal = bool(decimals)
        if self.decimal:
            left = max(found[1].index(".") for found in decimals)
            right = max(len(found[1]) - found[1].index(".") - 1 + len(found[2]) for found in decimals)
            self.kind = f"D{{.}}{{.}}{{{left}.{right}}}"
        else:
            self.kind = "r"

    def cell(self, text: str) -> str:
        found = _NUMBER.fullmatch(text)
        if not text:
            return ""
        if found is None or (self.decimal and "." not in found[1]):
            return _centred(text) if self.decimal else escaped(text)
        number, marks = found[1].replace(",", "{,}"), f"^{{{found[2]}}}" if found[2] else ""
        return f"{number}{marks}" if self.decimal else f"${number}{marks}$"


def _centred(text: str) -> str:
    return rf"\multicolumn{{1}}{{c}}{{{escaped(text)}}}"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _beneath(document: Document) -> list[str]:
    if not document.lines_beneath:
        return []
    notes = (rf"\noindent {escaped(note)}\par" for note in document.lines_beneath)
    return [r"\par\smallskip", r"{\footnotesize\raggedright", *notes, "}"]


def _breakable(text: str) -> str:
    """Escaped; a long name may also break after an underscore, a stroke or a bracket."""
    return re.sub(r"(\\_|[/(])", r"\1\\allowbreak{}", escaped(text))
