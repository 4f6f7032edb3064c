"""What rests on what, as a list of edges between parts of tables, and what follows from it.

A part is (table, unit). A unit is a column; in a table with one row per indicator or variable it is the row's label,
since that is where series part ways; "*" is every unit of the table.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

#: value: another number there is another number here. rows: what is there decides only which rows are here.
Way = Literal["value", "rows"]
Part = tuple[str, str]  # ("grid/trade_resilience/cells", "gdp_cny_10k")
EVERY = "*"


class Edge(NamedTuple):
    """`unit` of `table` rests on `from_unit` of `from_table`."""

    table: str
    unit: str
    from_table: str
    from_unit: str
    way: Way = "value"


class Graph:
    """Edges, or rows in their order of fields, with what is behind a part looked up at once."""

    def __init__(self, edges: Iterable[tuple[str, str, str, str, Way]]) -> None:
        self._behind: dict[str, list[tuple[str, str, str, Way]]] = defaultdict(list)
        self._known: dict[tuple[Part, ...], Mapping[Part, Way]] = {}
        for table, unit, from_table, from_unit, way in edges:
            self._behind[table].append((unit, from_table, from_unit, way))

    def direct(self, part: Part) -> list[tuple[Part, Way]]:
        """What a part rests on directly."""
        table, unit = part
        return [
            ((from_table, from_unit), way)
            for own, from_table, from_unit, way in self._behind.get(table, ())
            if unit == EVERY or own in (unit, EVERY)
        ]

    def behind(self, parts: Iterable[Part]) -> Mapping[Part, Way]:
        """Every part that the parts rest on, themselves included; "value" where a road of values alone leads there."""
        asked = tuple(parts)
        if asked not in self._known:
            self._known[asked] = self._walk(asked)
        return self._known[asked]

    def _walk(self, parts: tuple[Part, ...]) -> Mapping[Part, Way]:
        found: dict[Part, Way] = {}
        waiting: list[tuple[Part, Way]] = [(part, "value") for part in parts]
        while waiting:
            part, way = waiting.pop()
            if found.get(part) in (way, "value"):
                continue
            found[part] = way
            waiting += [(beneath, "value" if way == own == "value" else "rows") for beneath, own in self.direct(part)]
        return found
