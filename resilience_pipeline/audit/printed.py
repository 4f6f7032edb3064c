"""Printed figures and what rounding leaves open: interval arithmetic on the digits a paper shows.

A figure printed as 0.656 stands for any number in [0.6555, 0.6565]. What follows from several printed figures is again
an interval; two figures contradict each other only where no numbers inside their roundings agree.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

#: Intervals that miss each other by less are taken to touch: binary numbers do not hit decimal ends exactly.
TOUCH = 1e-9
_MINUS = "\u2212"  # the typographer's minus, as printed files often have it
_FIGURE = re.compile(rf"[-+{_MINUS}]?(\d[\d,]*(\.\d+)?|\.\d+)", re.ASCII)


@dataclass(frozen=True)
class Interval:
    """All numbers from low to high."""

    low: float
    high: float

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high)

    def __mul__(self, other: "Interval") -> "Interval":
        return image(lambda a, b: a * b, self, other)

    def __str__(self) -> str:
        low, high = say(self.low), say(self.high)
        return low if low == high else f"{low} to {high}"

    def meets(self, other: "Interval") -> bool:
        """Whether some number lies in both."""
        slack = TOUCH * max(1.0, abs(self.low), abs(self.high))
        return self.low <= other.high + slack and other.low <= self.high + slack

    def widened(self, by: float) -> "Interval":
        """The interval with `by` more on either side."""
        return Interval(self.low - by, self.high + by)


@dataclass(frozen=True)
class Printed:
    """A figure as printed: its digits count ("0.210" is not "0.21")."""

    text: str

    @property
    def value(self) -> float:
        """The figure as a number."""
        return float(self._decimal)

    @property
    def interval(self) -> Interval:
        """Every number that rounds to it."""
        half = 0.5 * 10.0**self._unit
        return Interval(self.value - half, self.value + half)

    def agrees(self, other: "Printed") -> bool:
        """Whether both can be one number: the same figure, or one of them rounded further."""
        if self._unit == other._unit:
            return self._decimal == other._decimal
        finer, coarser = sorted((self, other), key=lambda figure: figure._unit)
        return coarser.interval.meets(exactly(finer.value))

    @property
    def _unit(self) -> int:
        """Exponent of the last digit: -3 for 0.656."""
        return int(self._decimal.as_tuple().exponent)

    @property
    def _decimal(self) -> Decimal:
        return Decimal(self.text.replace(",", "").replace(_MINUS, "-"))

    @staticmethod
    def readable(text: str) -> bool:
        """Whether the text is a plain decimal figure: 0.656, .656, -30.63, 3,085."""
        return _FIGURE.fullmatch(text) is not None

    def __str__(self) -> str:
        return self.text


def image(function: Callable[..., float], *intervals: Interval) -> Interval:
    """The range of a function that is monotone in each argument: its values at all corners."""
    values = [function(*corner) for corner in product(*((each.low, each.high) for each in intervals))]
    return Interval(min(values), max(values))


def exactly(value: float) -> Interval:
    """A number that no rounding touched."""
    return Interval(value, value)


def say(value: float) -> str:
    """A computed number with four significant digits; whole numbers and thousands in full."""
    if value == round(value) and abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"
