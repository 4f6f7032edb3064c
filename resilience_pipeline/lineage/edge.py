"""What rests on what, as a list of edges between parts of tables, and what follows from it.

A part is (table, unit). A unit is a column; in a table with one row per indicator or variable it is the row's label,
since that is where series part ways; "*" is every unit of the table.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: value: another number there is another number here. rows: what is there decides only which rows are here.
Way = Literal["value", "rows"]
Part = tuple[str, str]  # ("grid/trade_resilience/cells", "gdp_cny_10k")
EVERY = "*"


@dataclass(frozen=True, order=True)
class Edge:
    """`unit` of `table` rests on `from_unit` of `from_table`."""

    table: str
    unit: str
    from_table: str
    from_unit: str
    way: Way = "value"


class Graph:
    """Edges with both directions looked up at once."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._behind: dict[str, list[Edge]] = defaultdict(list)
        for edge in edges:
            self._behind[edge.table].append(edge)

    def edges(self, part: Part) -> list[Edge]:
        """What a part rests on directly."""
        table, unit = part
        return [e for e in self._behind.get(table, ()) if unit == EVERY or e.unit in (unit, EVERY)]

    def behind(self, parts: Iterable[Part]) -> Mapping[Part, Way]:
        """Every part that the parts rest on, themselves included; "value" where a road of values alone leads there."""
        found: dict[Part, Way] = {}
        waiting: list[tuple[Part, Way]] = [(part, "value") for part in parts]
        while waiting:
            part, way = waiting.pop()
            if found.get(part) in (way, "value"):
                continue
            found[part] = way
            for edge in self.edges(part):
                further: Way = "value" if way == edge.way == "value" else "rows"
                waiting.append(((edge.from_table, edge.from_unit), further))
        return found
