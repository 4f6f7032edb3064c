"""Could cities with other groups have given such a difference? Groups are dealt out anew among the cities.

A city's path is its membership of the two subsamples, by their sample filters, in every year of the frame. Each draw
permutes whole paths among the cities: city i takes the path of city j, its outcome, treatment and controls stay its
own. So the number of cities of each path, and the years at which groups change, are kept. Where the giver is in neither
group (the flag is not known), the taker's row leaves that draw. With d = b2 - b1 recomputed,

    p = (1 + number of |d*| >= |d|) / (1 + number of d*),

exact if paths are exchangeable among cities: a city's group says nothing about the city. That is more than equal
coefficients: groups of unequal size and spread can be told apart by it though their effects are the same; the tests of
`differences.py` allow for that. Paths that change over time and paths that do not are dealt by the same rule.

References
----------
Cleary (1999), "The relationship between firm investment and financial status", who permutes labels; Phipson and Smyth
(2010) for the ones added.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.absorption import Codes
from resilience_pipeline.econometrics.differences import DIFFERENCE, Sides, Split
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.moments import AGREEMENT, MomentMismatchError, TooManyDummiesError
from resilience_pipeline.econometrics.paths import FIRST, NEITHER, SECOND, Members, PathTable, Rows, UnitEffectsError
from resilience_pipeline.econometrics.resampling import permutation_p_value
from resilience_pipeline.econometrics.sample import NotEstimableError, draw_sample

PERMUTATION = "permutation of cities' groups"

#: One row per draw: the two coefficients and their difference; null where a subsample does not identify it.
DRAWS = pl.Schema({"draw": pl.Int64(), "first": pl.Float64(), "second": pl.Float64(), "difference": pl.Float64()})

_BATCH = 10_000  # draws dealt at a time: what a draw sums up takes about 2 kB


def permuted(split: Split, sides: Sides, draws: int, seed: int) -> pl.DataFrame:
    """Coefficients under permutation of the cities' paths, schema `DRAWS`.

    Units are those with a row that has every column of the specification, in either group or in none.

    Raises
    ------
    NotEstimableError : the specification names no unit and time, has effects inside the units other than theirs, or
        its subsamples keep different regressors.
    MomentMismatchError : the paths as they are do not give the two columns' coefficients.
    """
    terms, again = (model.terms for model in sides.models)
    if terms != again:
        differ = ", ".join(sorted(set(terms) ^ set(again)))
        raise NotEstimableError(f"the subsamples keep different regressors: {differ} varies in one only")
    table = _path_table(split, terms)
    observed = _coefficients(table, split, terms, table.path_of[None])[0]
    scale = max(1.0, *map(abs, sides.coefficients))
    if not np.abs(observed - sides.coefficients).max() <= AGREEMENT * scale:
        raise MomentMismatchError(f"the paths as they are give {observed}, the columns {sides.coefficients}")
    rng = np.random.default_rng(seed)
    found = np.empty((draws, 2))
    for start in range(0, draws, _BATCH):
        batch = found[start : start + _BATCH]
        dealt = rng.permuted(np.tile(table.path_of, (len(batch), 1)), axis=1)
        batch[:] = _coefficients(table, split, terms, dealt)
    frame = pl.DataFrame({"draw": np.arange(1, draws + 1), "first": found[:, 0], "second": found[:, 1]})
    frame = frame.with_columns(difference=pl.col("second") - pl.col("first"))
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None)).cast(DRAWS)  # type: ignore[arg-type]


def _coefficients(table: PathTable, split: Split, terms: tuple[str, ...], paths: Codes) -> np.ndarray:
    place = terms.index(split.treatment)
    sides = [table.under(side, paths).coefficients(split.first.outcome, terms) for side in (FIRST, SECOND)]
    return np.column_stack([b[:, place] for b in sides])


def _path_table(split: Split, terms: tuple[str, ...]) -> PathTable:
    controls = tuple(name for name in terms if name != split.treatment)
    spec = replace(split.first, where=None, controls=controls)
    if spec.unit is None or spec.time is None:
        raise NotEstimableError("a permutation needs the columns that name units and times")
    sample = draw_sample(spec, split.frame)
    units, times = sample.frame[spec.unit].unique().sort(), split.frame[spec.time].unique().drop_nulls().sort()
    rows = Rows(
        columns={name: sample.column(name) for name in (spec.outcome, *terms)},
        units=_numbers(sample.frame[spec.unit], units),
        times=_numbers(sample.frame[spec.time], times),
        effects=tuple(sample.codes(effect) for effect in spec.absorb),
        weights=sample.column(spec.weights) if spec.weights else None,
    )
    try:
        return PathTable(rows, _members(split, units, times))
    except (UnitEffectsError, TooManyDummiesError) as refusal:
        raise NotEstimableError(str(refusal)) from None


def _members(split: Split, units: pl.Series, times: pl.Series) -> Members:
    """Membership of each unit at each time, shape (G, T)."""
    unit, time = str(split.first.unit), str(split.first.time)
    known = split.frame.select(unit, time).with_columns(member=pl.Series(split.members()))
    known = known.filter(pl.col(unit).is_in(units.implode()), pl.col(time).is_not_null())
    members = np.full((len(units), len(times)), NEITHER, dtype=np.int8)
    members[_numbers(known[unit], units), _numbers(known[time], times)] = known["member"].to_numpy()
    return members


def _numbers(labels: pl.Series, levels: pl.Series) -> Codes:
    """Place of each label among the sorted levels."""
    return labels.replace_strict(levels, np.arange(len(levels)), return_dtype=pl.Int64).to_numpy().astype(np.intp)


def permutation(split: Split, sides: Sides, draws: pl.DataFrame, seed: int) -> Inference:
    """The p value of the observed difference among `draws`, schema `DRAWS`."""
    drawn = draws["difference"].to_numpy()
    return Inference(
        split.treatment,
        PERMUTATION,
        DIFFERENCE,
        sides.difference,
        p_value=permutation_p_value(drawn, sides.difference),
        draws=len(drawn),
        undefined_draws=int(np.isnan(drawn).sum()),
        seed=seed,
        n_obs=sides.n_obs,
        n_clusters=sides.n_clusters,
        note="each city takes another city's groups of all years; its outcome, treatment and controls stay its own",
    )
