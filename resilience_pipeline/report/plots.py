"""House style of figures: how one is opened, what it looks like, and how it becomes the same bytes each time.

A figure is drawn inside `new_figure` and written by `save`:

    with new_figure(title="Figure 1: ...", synthetic=True) as (figure, axes):
        zero_line(axes)
        ...
    data = save(figure, "png")

matplotlib is imported when the first figure is opened, never with this module, and pyplot not at all: no window, no
state shared between figures. What a figure shows is decided elsewhere; the shapes in use stand in `charts.py`.
"""

import re
import threading
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from resilience_pipeline.report.layout import SYNTHETIC

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")

#: Told apart in grey print and by colour-blind readers (Okabe and Ito 2008): ours, what it is held against, the rest.
OURS, OTHER, MUTED, PALE = "#0072B2", "#D55E00", "#5F5F5F", "#D9D9D9"

WIDTH = 6.3  # inches: the text of an A4 page
HEIGHT = 3.9
DOTS_PER_INCH = 200
_LEGEND_COLUMNS = 4

#: Fonts with Chinese characters, simplified forms first; the first one installed is used.
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Arial Unicode MS",
    "Noto Sans CJK JP",  # the one face that some versions of matplotlib find in Noto's collection
)
_FONT_FILES = re.compile(r"noto.*(cjk|sc)|sourcehan|msyh|pingfang|hiragino|wqy|simhei|arialuni", re.IGNORECASE)
_LATIN_FONT = "DejaVu Sans"  # comes with matplotlib
_UNCOVERED = "?"

_STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": PALE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "svg.hashsalt": "resilience_pipeline",  # ids that hang on the content alone
    "svg.fonttype": "path",  # looks the same where the fonts are not installed
    "pdf.fonttype": 42,  # text that can be searched and copied
}
#: No date, and no version of what drew it: the bytes hang on what is drawn.
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

#: matplotlib's settings are the process's; two figures drawn at once would take each other's.
_STYLE_LOCK = threading.RLock()


class MissingFontWarning(UserWarning):
    """No installed font has some characters of a figure; they are printed as question marks."""


@contextmanager
def new_figure(
    *,
    title: str = "",
    synthetic: bool,
    width: float = WIDTH,
    height: float = HEIGHT,
    panels: tuple[int, int] = (1, 1),
    **subplots: Any,
) -> Iterator[tuple["Figure", Any]]:
    """A figure and its axes in the house style, for as long as the block lasts; at its end comes the legend.

    Parameters
    ----------
    title : printed above, at the left; long ones are broken into lines.
    synthetic : whether what is drawn descends from the synthetic twin; then the figure says so, above and across.
    width, height : in inches.
    panels : rows and columns of axes. (1, 1) gives one `Axes`, anything else an array of them, shape `panels`.
    subplots : further arguments of `Figure.subplots`, such as sharey=True.
    """
    with _style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(*panels, squeeze=panels == (1, 1), **subplots)
        heading = ([SYNTHETIC] if synthetic else []) + _lines(title, int(width * 15))
        if heading:
            figure.suptitle("\n".join(heading), x=0.01, ha="left", fontsize=10, color="black")
        if synthetic:
            figure.text(
                0.5,
                0.5,
                "SYNTHETIC",
                fontsize=9 * width,
                color=MUTED,
                alpha=0.10,
                rotation=20,
                ha="center",
                va="center",
            ).set_in_layout(False)
        yield figure, axes
        _legend_beneath(figure)


def save(figure: "Figure", format: str) -> bytes:
    """The figure as the bytes of an SVG, PNG or PDF file: the same figure, the same bytes.

    Warns
    -----
    MissingFontWarning : it names the characters that no installed font has, and what to install.
    """
    if format not in FORMATS:
        raise ValueError(f"a figure is saved as {', '.join(FORMATS)}, not as {format!r}")
    with _style():
        _demand_glyphs(figure)
        out = BytesIO()
        figure.savefig(out, format=format, dpi=DOTS_PER_INCH, metadata=_METADATA[format])
    return out.getvalue()


def zero_line(axes: "Axes", *, vertical: bool = False) -> None:
    """The line of no effect: horizontal, or vertical where estimates run along x."""
    draw = axes.axvline if vertical else axes.axhline
    draw(0.0, color=MUTED, linewidth=0.8, zorder=1)


def mark_line(axes: "Axes", x: float, label: str, *, colour: str = OTHER) -> None:
    """A dashed vertical line at `x` (the policy's date, our estimate) with its name in the legend."""
    axes.axvline(x, color=colour, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1, label=label)


def chinese_font() -> str | None:
    """Family of the first installed font of `CHINESE_FONTS`, None where there is none."""
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if not known & set(CHINESE_FONTS):
        _scan_fonts()
        known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in known), None)


def _legend_beneath(figure: "Figure") -> None:
    """One legend for all axes, beneath them: inside it would cover points, and panels would repeat it."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        if axes.get_legend() is None:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                entries.setdefault(label, handle)
    if entries:
        columns = min(len(entries), _LEGEND_COLUMNS)
        figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=columns)


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    chinese = chinese_font()
    style: Any = {**_STYLE, "font.family": [_LATIN_FONT, *([chinese] if chinese else [])]}
    with _STYLE_LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's matplotlibrc must not move our figures
        matplotlib.rcParams.update(style)
        yield


@cache
def _scan_fonts() -> None:
    """Look for Chinese fonts that came after matplotlib wrote its list of fonts; once a process."""
    from matplotlib import font_manager

    for path in sorted(font_manager.findSystemFonts()):
        if _FONT_FILES.search(path):
            font_manager.fontManager.addfont(path)


def _demand_glyphs(figure: "Figure") -> None:
    """Replace what no font can draw: a question mark says that something is missing, an empty box says nothing."""
    from matplotlib.text import Text

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of missing glyphs; ours below says what to do
        figure.draw_without_rendering()  # tick labels come into being here
    lost: dict[str, None] = {}
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        labels = [label.get_text() for label in axis.get_ticklabels()]
        if _uncovered("".join(labels)):  # these are written anew at each drawing, so their axis must know
            lost |= _uncovered("".join(labels))
            axis.set_ticks(axis.get_ticklocs(), [_readable(label) for label in labels])
    for text in figure.findobj(Text):
        if isinstance(text, Text) and _uncovered(text.get_text()):
            lost |= _uncovered(text.get_text())
            text.set_text(_readable(text.get_text()))
    if lost:
        warnings.warn(
            f"no installed font has {''.join(lost)}: printed as {_UNCOVERED}. Install a font with Chinese characters "
            "(Debian and Ubuntu: apt install fonts-noto-cjk) and draw again",
            MissingFontWarning,
            stacklevel=3,
        )


def _uncovered(text: str) -> dict[str, None]:
    return {char: None for char in text if not _covered(char)}


def _readable(text: str) -> str:
    return "".join(char if _covered(char) else _UNCOVERED for char in text)


def _covered(char: str) -> bool:
    chinese = chinese_font()
    families = (_LATIN_FONT, chinese) if chinese else (_LATIN_FONT,)
    return not char.isprintable() or char == " " or any(ord(char) in _characters(family) for family in families)


@cache
def _characters(family: str) -> frozenset[int]:
    from matplotlib import font_manager

    path = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
    return frozenset(font_manager.get_font(path).get_charmap())


def _lines(title: str, width: int) -> list[str]:
    """The title in lines of at most `width` narrow characters; a Chinese one counts two and may end a line."""
    lines, line, used = [], "", 0
    for piece in re.findall(r"[^\s\u2e80-\uffef]+\s*|.", title):
        size = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in piece.rstrip())
        if line and used + size > width:
            lines.append(line.rstrip())
            line, used = "", 0
        line += piece
        used += size + len(piece) - len(piece.rstrip())
    return [*lines, line.rstrip()] if line.strip() else lines
