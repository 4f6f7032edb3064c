"""A printed result apart from its form: title, cells, notes and the synthetic mark, kept with the report's table.

Every format is written from this record and from nothing else, so all of them hold the same cells.
"""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass, replace

from resilience_pipeline.report.layout import WIDTH, Grid, RenderedTable, marked, render


@dataclass(frozen=True)
class Document:
    """A printed result.

    Parameters
    ----------
    name : "table_4".
    title : "Benchmark regressions".
    grid : its cells.
    notes : what stands beneath.
    comparison : notes that speak of the published figures and fall away with them.
    synthetic : whether anything of it descends from the synthetic twin; then every format says so first.
    """

    name: str
    title: str
    grid: Grid
    notes: tuple[str, ...] = ()
    comparison: tuple[str, ...] = ()
    synthetic: bool = False

    def __post_init__(self) -> None:
        """Every text on one printable line, so that no writer has to see to it."""
        grid = replace(
            self.grid,
            headings=tuple(map(printable, self.grid.headings)),
            rows=tuple(tuple(map(printable, row)) for row in self.grid.rows),
        )
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "title", printable(self.title))
        for field in ("notes", "comparison"):
            object.__setattr__(self, field, tuple(map(printable, getattr(self, field))))

    @property
    def heading(self) -> str:
        """ "Table 4: Benchmark regressions", with the synthetic mark where it is due."""
        return marked(heading_of(self.name, self.title), self.synthetic)

    @property
    def caption(self) -> str:
        """The title alone, with the synthetic mark where it is due."""
        return marked(self.title, self.synthetic)

    @property
    def markdown(self) -> str:
        """As Markdown."""
        return self._rendered().markdown

    @property
    def text(self) -> str:
        """As plain text."""
        return self.text_within(WIDTH)

    def text_within(self, width: int) -> str:
        """As plain text in lines of `width` characters, such as a terminal has."""
        return self._rendered(width).text

    @property
    def lines_beneath(self) -> tuple[str, ...]:
        """All notes, in order."""
        return (*self.notes, *self.comparison)

    def ours(self) -> "Document":
        """Without the published figures, the distances from them, and the rows that held nothing else."""
        places = [place for place in range(len(self.grid.headings)) if place not in self.grid.published]
        headings = tuple(self.grid.headings[place] for place in places)
        rows = []
        for row in self.grid.rows:
            kept = tuple(row[place] for place in places)
            if any(kept[1:]) or (row[0] and not any(row[1:])):
                rows.append(kept)
        return replace(self, grid=Grid(headings, tuple(rows), self.grid.prose), comparison=())

    def _rendered(self, width: int = WIDTH) -> RenderedTable:
        title = heading_of(self.name, self.title)
        return render(title, self.grid, self.lines_beneath, synthetic=self.synthetic, width=width)

    def to_json(self) -> str:
        """One line; `from_json` gives an equal record."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Document":
        """The record that `to_json` wrote."""
        fields = json.loads(text)
        grid = fields["grid"]
        return cls(
            name=fields["name"],
            title=fields["title"],
            grid=Grid(
                headings=tuple(grid["headings"]),
                rows=tuple(map(tuple, grid["rows"])),
                prose=grid["prose"],
                published=tuple(grid["published"]),
            ),
            notes=tuple(fields["notes"]),
            comparison=tuple(fields["comparison"]),
            synthetic=fields["synthetic"],
        )


def heading_of(name: str, title: str) -> str:
    """ "Table 4: Benchmark regressions"; the title alone where the name is no number of a table or figure."""
    numbered = name.startswith(("table_", "figure_"))
    return f"{name.replace('_', ' ').capitalize()}: {title}" if numbered else title


def printed_order(name: str) -> tuple[int, int, str]:
    """Key to sort results by: tables by their number, figures by theirs, then the others."""
    kind, _, rest = name.partition("_")
    number = re.match(r"\d+", rest)
    if kind not in ("table", "figure") or number is None:
        return 2, 0, name
    return int(kind == "figure"), int(number[0]), name


def printable(text: str) -> str:
    """The text on one line, without control characters: XML refuses them and a terminal obeys them."""
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cs", "Cn"))
