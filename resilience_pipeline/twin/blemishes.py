"""What is wrong with the twin's files, on purpose: holes, marks, misspelt names. Each is written down.

The holes are part of the draw, so that frames in memory and files on disk miss the same cells.
"""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.twin.cities import LONG_GAPS, MERGED, MERGED_LAST_YEAR
from resilience_pipeline.twin.economy import Draw

#: Holes of the cities that leave the sample: more than three years in the trade table and in retail sales.
LONG_GAP_INDICATORS = ("exports_cny_10k", "imports_cny_10k", "retail_sales_cny_10k")
LONG_GAP_YEARS = 5

#: Share of kept cities with one hole of one to three years inside the series, per indicator. Components have few,
#: because an interpolated component moves the outcome; controls have more.
INTERIOR_GAPS: dict[str, float] = {
    "foreign_investment_usd_10k": 0.10,
    "freight_10k_tonnes": 0.05,
    "fixed_investment_cny_10k": 0.03,
    "loans_cny_10k": 0.02,
    "exports_cny_10k": 0.015,
    "retail_sales_cny_10k": 0.015,
    "patents_granted_count": 0.015,
}
#: Kept control cities whose series end early: (indicator, years missing at the end). Six city-years lack a control.
SHORT_ENDS = (
    ("fixed_investment_cny_10k", 2),
    ("fixed_investment_cny_10k", 1),
    ("fixed_investment_cny_10k", 1),
    ("loans_cny_10k", 1),
    ("loans_cny_10k", 1),
)
#: Of a missing yearbook cell: editions up to this one print the mark, later ones leave it blank.
LAST_EDITION_WITH_MARK, MARK = 2016, "…"

#: Row labels as older editions print them; all of them mean the city.
NAME_VARIANTS = {"371700": "荷泽市", "110000": "北 京 市", "310000": "上 海 市", "330300": "温　州市"}
FIRST_EDITION_WITHOUT_VARIANTS = 2020


@dataclass(frozen=True)
class Holes:
    """Which cells the publishers' files miss: indicator -> (cities, years) booleans, and what each hole is for."""

    missing: dict[str, np.ndarray]
    absent: np.ndarray  # (cities, years): the city has no row at all
    kinds: dict[str, list[tuple[int, int, int, str]]]  # indicator -> (city, first, last + 1, kind)

    def of(self, indicator: str) -> np.ndarray:
        """(cities, years) booleans: delivered without a value."""
        return self.missing.get(indicator, np.zeros_like(self.absent))


def holes(draw: Draw) -> Holes:
    """The holes of this draw, from its seed alone: the policy and its size do not move them.

    They are drawn for the edition that comes first, so a later one has the same; it may add the year after a gap.
    """
    rng = np.random.default_rng([draw.seed, 7])
    n, T = draw.kept.shape[0], draw.holes_through - draw.years[0] + 1
    codes = np.array([c.code for c in draw.cities])
    absent = (codes == MERGED)[:, None] & (np.array(draw.year_list) > MERGED_LAST_YEAR)[None, :]
    kinds: dict[str, list[tuple[int, int, int, str]]] = {}
    if not draw.kept.all():
        length = min(LONG_GAP_YEARS, T - 1)
        for city in np.flatnonzero(np.isin(codes, LONG_GAPS)).tolist():
            for indicator in LONG_GAP_INDICATORS:
                kinds.setdefault(indicator, []).append((city, 1, 1 + length, "long_gap"))
    controls = rng.permutation(np.flatnonzero(draw.kept & ~draw.pilot))
    for place, (indicator, years) in enumerate(SHORT_ENDS):
        kinds.setdefault(indicator, []).append((int(controls[place]), T - years, T, "short_end"))
    ended = set(controls[: len(SHORT_ENDS)].tolist())
    whole = np.array([i for i in np.flatnonzero(draw.kept) if i not in ended])
    for indicator, share in INTERIOR_GAPS.items() if T > 2 else ():
        for city in rng.choice(whole, size=round(share * n), replace=False).tolist():
            length = int(rng.integers(1, min(3, T - 2) + 1))
            start = int(rng.integers(1, T - length))
            kinds.setdefault(indicator, []).append((city, start, start + length, "interior_gap"))
    printed = len(draw.year_list)
    kinds = {
        indicator: [run for place in runs for run in _printed(place, printed)] for indicator, runs in kinds.items()
    }
    missing = {indicator: np.zeros((n, printed), dtype=bool) for indicator in kinds}
    for indicator, runs in kinds.items():
        for city, start, stop, _ in runs:
            missing[indicator][city, start:stop] = True
    return Holes(missing, absent, kinds)


def _printed(run: tuple[int, int, int, str], years: int) -> list[tuple[int, int, int, str]]:
    """A hole as the years that are printed show it: a series that goes on has a gap, one that stops has an end."""
    city, start, stop, kind = run
    if start >= years:
        return []
    if kind != "long_gap":
        kind = "short_end" if stop >= years else "interior_gap"
    return [(city, start, min(stop, years), kind)]
