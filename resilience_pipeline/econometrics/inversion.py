"""A test whose draws are known as functions of the hypothesis, so that inverting it into an interval needs no new draw.

With estimate b, error s and the hypothesis b0 = b + d, a draw's coefficient less b0 and its variance are

    a + c d    and    u + 2 v d + w d^2,

five numbers a draw. Both the wild cluster bootstrap with the null imposed and randomisation under a constant effect
have this form. The test compares |a + c d| / sqrt(u + 2 v d + w d^2) with |d| / s; ties count. The interval holds every
b0 around b that the test does not reject.

References
----------
Phipson and Smyth (2010) for the one added to count and draws; MacKinnon, Nielsen and Webb (2023), section 4, on
intervals by inversion.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Floats

LEVEL = 0.95
_TIE = 1e-9  # relative, of a squared statistic: the same draw summed in another order differs by 1e-14
_NOTHING = 1e-12  # share of its parts below which a variance is rounding
_HALVINGS = 40
_FARTHEST = 2.0**20  # errors from the estimate; an interval that reaches this far has no end


@dataclass(frozen=True)
class InvertibleTest:
    """Draws of a test, each of shape (B,).

    Parameters
    ----------
    estimate, std_error : observed; the error is 1 where coefficients themselves are compared.
    shift, slope : a and c. constant, linear, quadratic : u, v and w. nan where a draw has no statistic.
    listed : whether the draws are all that there are, the observed one among them; else they were drawn.
    """

    estimate: float
    std_error: float
    shift: Floats
    slope: Floats
    constant: Floats
    linear: Floats
    quadratic: Floats
    listed: bool = False

    def __len__(self) -> int:
        return len(self.shift)

    def undefined(self, null: float = 0.0) -> int:
        """Draws without a statistic under the hypothesis: not identified, or without variance."""
        return int((~self._squares(null)[1]).sum())

    def statistics(self, null: float = 0.0) -> Floats:
        """|t*| of each draw under the hypothesis, shape (B,); nan where undefined."""
        squares, defined = self._squares(null)
        statistics: Floats = np.sqrt(np.where(defined, squares, np.nan))
        return statistics

    def p_value(self, null: float = 0.0, *, strict: bool = False) -> float:
        """Two-sided p value of the hypothesis: share of draws at least as far out as the estimate.

        Listed: the share itself. Drawn: (1 + count) / (1 + defined draws). `strict` leaves ties out and adds nothing,
        which is how some packages count; it is no valid test with few draws.
        """
        squares, defined = self._squares(null)
        observed = ((self.estimate - null) / self.std_error) ** 2
        limit = observed * (1 + _TIE if strict else 1 - _TIE)
        count = int((squares[defined] > limit).sum() if strict else (squares[defined] >= limit).sum())
        n = int(defined.sum())
        if not n:
            return float("nan")
        return count / n if self.listed or strict else (1 + count) / (1 + n)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Ends of the stretch around the estimate that the test does not reject; infinite where it never does."""
        return self._end(-1.0, level), self._end(1.0, level)

    def _end(self, side: float, level: float) -> float:
        def accepted(errors: float) -> bool:
            return self.p_value(self.estimate + side * errors * scale) > 1 - level

        scale = self._scale()
        inside, outside = 0.0, 2.0
        while accepted(outside):
            inside, outside = outside, 2 * outside
            if outside > _FARTHEST:
                return side * float("inf")
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if accepted(middle) else (inside, middle)
        return self.estimate + side * (inside + outside) / 2 * scale

    def _scale(self) -> float:
        """A length of the size of the estimate's error: where coefficients are compared, the draws' spread."""
        spread = float(np.nanstd(self.shift))
        return spread if spread > 0 else self.std_error

    def _squares(self, null: float) -> tuple[Floats, NDArray[np.bool_]]:
        d = null - self.estimate
        variance = self.constant + d * (2 * self.linear + d * self.quadratic)
        with np.errstate(invalid="ignore", divide="ignore"):
            defined = variance > _NOTHING * (self.constant + d * d * self.quadratic)
            squares = (self.shift + self.slope * d) ** 2 / variance
        return squares, defined & np.isfinite(squares)
