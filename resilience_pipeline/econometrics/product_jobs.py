"""Regressions of a product sorted into jobs: those that share rows, effects and controls stand in one.

Panels are alternatives of one another (another index, other pilots), so most of their columns are the very same, and
specifications differ in controls, effects, filter and clusters only. What differs within a job is the treatment, the
outcome and the clusters. Nothing is estimated here but what a regression would refuse, with its reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from resilience_pipeline.econometrics.absorption import Codes, Floats
from resilience_pipeline.econometrics.covariance import small_sample_factor
from resilience_pipeline.econometrics.model import model_of
from resilience_pipeline.econometrics.pairs import SharedRows, basis_of, identified, off, varies
from resilience_pipeline.econometrics.predicate import predicate_columns
from resilience_pipeline.econometrics.sample import NotEstimableError, draw_sample
from resilience_pipeline.econometrics.shared_columns import Panel, SharedColumns, digest
from resilience_pipeline.econometrics.specification import Specification

#: (panel, specification)
Place = tuple[int, int]


@dataclass(frozen=True)
class Part:
    """One specification's share of a job.

    Parameters
    ----------
    panels, d, y : panels, and places of their treatments and outcomes among the job's columns, each of shape (f,).
    clusters : level numbers, shape (N,). n_clusters : G. factor : of the small-sample rule.
    """

    panels: Codes
    d: Codes
    y: Codes
    clusters: Codes
    n_clusters: int
    factor: float


@dataclass(frozen=True)
class Work:
    """Columns of a job.

    Parameters
    ----------
    rows : places in the panel, shape (N,).
    shared, basis : effects, and controls off them, shape (N, k).
    d, y : treatments, shape (N, p), and outcomes, shape (N, m), off effects and controls.
    treatments : a panel that holds each treatment.
    outcome_sd : shape (m,), of the outcomes as they are.
    n_treated : shape (p,); -1 where a treatment is not 0 or 1.
    dropped : controls that left as collinear, joined by ", ".
    """

    rows: Codes
    shared: SharedRows
    basis: Floats
    d: Floats
    y: Floats
    treatments: tuple[Panel, ...]
    outcome_sd: Floats
    n_obs: int
    n_units: int
    n_treated: NDArray[np.int64]
    dropped: str


@dataclass(frozen=True)
class Job:
    """The columns, each specification's part, and what of it is refused. Without columns, refusals only."""

    work: Work | None
    parts: dict[int, Part] = field(default_factory=dict)
    refusals: dict[Place, NotEstimableError] = field(default_factory=dict)


@dataclass(frozen=True)
class _Rows:
    """Rows of a sample: their places in the panel, level numbers of its labels; `key` tells rows and effects."""

    rows: Codes
    effects: tuple[Codes, ...]
    clusters: Codes
    n_units: int
    key: str


@dataclass(frozen=True)
class _Names:
    """Columns of a specification by what a sample has to know of them."""

    labels: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass
class _Store:
    """What specifications of one kind of effects, filter and weights share."""

    rows: dict[str, SharedRows] = field(default_factory=dict)
    within: dict[tuple[str, str], Floats] = field(default_factory=dict)


class JobList:
    """The product of specifications and panels, in jobs.

    Raises
    ------
    ValueError : a specification has not one treatment, one cluster, a unit and a time.
    """

    def __init__(self, specifications: Sequence[Specification], panels: Sequence[Panel]) -> None:
        for spec in specifications:
            if spec.treatment is None or len(spec.cluster) != 1 or spec.unit is None or spec.time is None:
                raise ValueError(f"{spec.name} needs a treatment, one cluster, a unit and a time")
        self._specifications, self._panels = specifications, panels
        self._columns = SharedColumns()
        self._samples: dict[tuple[object, ...], _Rows | NotEstimableError] = {}

    def all(self) -> Iterator[Job]:
        """Every regression in exactly one job, refused ones among them."""
        kinds: dict[object, dict[tuple[str, ...], list[int]]] = {}
        for s, spec in enumerate(self._specifications):
            kind = (spec.absorb, spec.where, spec.singletons, spec.weights)
            kinds.setdefault(kind, {}).setdefault(spec.controls, []).append(s)
        for designs in kinds.values():
            store = _Store()
            for members in designs.values():
                yield from self._jobs_of(members, store)

    def _jobs_of(self, members: list[int], store: _Store) -> Iterator[Job]:
        """Jobs of specifications that differ in their clusters alone."""
        refusals: dict[Place, NotEstimableError] = {}
        users: dict[tuple[str, ...], dict[int, list[int]]] = {}
        samples: dict[tuple[tuple[str, ...], int], _Rows] = {}
        for s in members:
            spec = self._specifications[s]
            names = _Names(tuple(dict.fromkeys([*_labels(spec), *_filters(spec)])), tuple(_numbers(spec)))
            fixed = (*spec.controls, *([spec.weights] if spec.weights else []))
            for f, panel in enumerate(self._panels):
                sample = self._sample(spec, names, panel)
                if isinstance(sample, NotEstimableError):
                    refusals[f, s] = sample
                    continue
                key = (sample.key, *(self._columns.content(panel[name]) for name in fixed))
                users.setdefault(key, {}).setdefault(s, []).append(f)
                samples[key, s] = sample
        if refusals:
            yield Job(None, refusals=refusals)
        for key, by_specification in users.items():
            yield self._job(by_specification, {s: samples[key, s] for s in by_specification}, store)

    def _job(self, users: dict[int, list[int]], samples: dict[int, _Rows], store: _Store) -> Job:
        spec, sample = next((self._specifications[s], samples[s]) for s in users)
        panels = [self._panels[f] for f in dict.fromkeys(f for members in users.values() for f in members)]
        treatments = self._distinct(panels, str(spec.treatment))
        outcomes = self._distinct(panels, spec.outcome)
        shared = self._shared(spec, panels[0], sample, store)
        controls = [panels[0][name] for name in spec.controls]
        X, X_within = self._taken(controls, sample, store)
        D, D_within = self._taken([panel[str(spec.treatment)] for panel in treatments.values()], sample, store)
        Y, Y_within = self._taken([panel[spec.outcome] for panel in outcomes.values()], sample, store)
        basis, kept = basis_of(X, X_within)
        d, y = off(basis, D_within), off(basis, Y_within)
        work = Work(
            rows=sample.rows,
            shared=shared,
            basis=basis,
            d=d,
            y=y,
            treatments=tuple(treatments.values()),
            outcome_sd=Y.std(axis=0, ddof=1) if len(Y) > 1 else np.full(Y.shape[1], np.nan),
            n_obs=len(Y),
            n_units=sample.n_units,
            n_treated=_treated(D, _codes(panels[0][str(spec.unit)])[sample.rows]),
            dropped=", ".join(name for place, name in enumerate(spec.controls) if place not in kept),
        )
        at_d, at_y = ({content: place for place, content in enumerate(found)} for found in (treatments, outcomes))
        parts = {
            s: self._part(s, members, samples[s], (at_d, at_y), shared.rank, len(kept)) for s, members in users.items()
        }
        sound = np.outer(identified(D, D_within, d), varies(Y, Y_within))
        return Job(work, parts, self._refused(parts, sound))

    def _part(
        self,
        s: int,
        members: list[int],
        sample: _Rows,
        places: tuple[dict[str, int], dict[str, int]],
        rank: int,
        controls: int,
    ) -> Part:
        spec, n, groups = self._specifications[s], len(sample.rows), int(sample.clusters.max()) + 1
        content = self._columns.content
        d = [places[0][content(self._panels[f][str(spec.treatment)])] for f in members]
        y = [places[1][content(self._panels[f][spec.outcome])] for f in members]
        factor = np.nan
        if n - rank - controls - 1 >= 1 and groups > 1:
            factor = small_sample_factor(
                spec.ssc,
                "cluster",
                rows=n,
                regressors=controls + 1,
                rank=rank,
                effects=sample.effects,
                clusters=(sample.clusters,),
            )
        return Part(np.array(members), np.array(d), np.array(y), sample.clusters, groups, factor)

    def _refused(self, parts: dict[int, Part], sound: NDArray[np.bool_]) -> dict[Place, NotEstimableError]:
        """What `estimate` refuses though it has rows, with the reason it gives; one look for each reason there can be.

        sound : whether treatment and outcome of a pair have variation of their own, shape (p, m).
        """
        refusals: dict[Place, NotEstimableError] = {}
        for s, part in parts.items():
            judged: dict[tuple[int, int], NotEstimableError] = {}
            for f, i, j in zip(part.panels.tolist(), part.d.tolist(), part.y.tolist(), strict=True):
                if np.isfinite(part.factor) and sound[i, j]:
                    continue
                pair = (i, -1) if not sound[i].any() else (-1, j) if not sound[:, j].any() else (i, j)
                if pair not in judged:
                    judged[pair] = self._reason(self._specifications[s], self._panels[f])
                refusals[f, s] = judged[pair]
        return refusals

    def _reason(self, spec: Specification, panel: Panel) -> NotEstimableError:
        try:
            model_of(spec, _frame(panel, spec))
        except NotEstimableError as refusal:
            return refusal
        return NotEstimableError(f"what is left of {spec.treatment!r} or of {spec.outcome!r} is near rounding")

    def _distinct(self, panels: Sequence[Panel], name: str) -> dict[str, Panel]:
        """Digest -> a panel that holds the column, of every different column of that name."""
        found: dict[str, Panel] = {}
        for panel in panels:
            found.setdefault(self._columns.content(panel[name]), panel)
        return found

    def _shared(self, spec: Specification, panel: Panel, sample: _Rows, store: _Store) -> SharedRows:
        if sample.key not in store.rows:
            weights = self._columns.floats(panel[spec.weights])[sample.rows] if spec.weights else None
            store.rows[sample.key] = SharedRows(sample.effects, weights)
        return store.rows[sample.key]

    def _taken(self, columns: Sequence[pl.Series], sample: _Rows, store: _Store) -> tuple[Floats, Floats]:
        """Columns on the sample's rows, as they are and off the effects; shape (N, number of columns) both."""
        if not columns:
            return np.empty((len(sample.rows), 0)), np.empty((len(sample.rows), 0))
        contents = [self._columns.content(series) for series in columns]
        raw = {c: self._columns.floats(series)[sample.rows] for c, series in zip(contents, columns, strict=True)}
        absent = [content for content in raw if (sample.key, content) not in store.within]
        if absent:
            taken = store.rows[sample.key].within(np.column_stack([raw[content] for content in absent]))
            store.within |= {(sample.key, content): taken[:, i] for i, content in enumerate(absent)}
        within = [store.within[sample.key, content] for content in contents]
        return np.column_stack([raw[content] for content in contents]), np.column_stack(within)

    def _sample(self, spec: Specification, names: _Names, panel: Panel) -> _Rows | NotEstimableError:
        content, gaps = self._columns.content, self._columns.gaps
        key = (
            *(spec.absorb, spec.where, spec.singletons, spec.weights, spec.cluster, spec.controls),
            *[content(panel[name]) for name in names.labels],
            *[gaps(panel[name]) for name in names.numbers],
            content(panel[spec.weights]) if spec.weights else "",  # rows of zero weight leave
        )
        if key not in self._samples:
            self._samples[key] = self._drawn(spec, panel)
        return self._samples[key]

    def _drawn(self, spec: Specification, panel: Panel) -> _Rows | NotEstimableError:
        try:
            sample = draw_sample(spec, _frame(panel, spec))
        except NotEstimableError as refusal:
            return refusal
        key = [str(spec.unit), str(spec.time)]
        places = pl.DataFrame([panel[name] for name in key]).with_row_index("_row")
        found = sample.frame.select(key).join(places, on=key, how="left", maintain_order="left")["_row"]
        rows, effects = found.to_numpy().astype(np.intp), tuple(sample.codes(name) for name in spec.absorb)
        told = [rows.tobytes(), *(codes.tobytes() for codes in effects)]
        if spec.weights:
            told.append(sample.column(spec.weights).tobytes())
        clusters, units = sample.codes(spec.cluster[0]), sample.frame[key[0]].n_unique()
        return _Rows(rows, effects, clusters, units, digest(b"".join(told)))


def _numbers(spec: Specification) -> list[str]:
    return [spec.outcome, *spec.regressors, *([spec.weights] if spec.weights else [])]


def _labels(spec: Specification) -> list[str]:
    labels = [part for name in (*spec.absorb, *spec.cluster) for part in name.split("^")]
    return [*labels, *(name for name in (spec.unit, spec.time) if name)]


def _filters(spec: Specification) -> tuple[str, ...]:
    return predicate_columns(spec.where) if spec.where else ()


def _frame(panel: Panel, spec: Specification) -> pl.DataFrame:
    """The specification's columns of a panel."""
    names = [*_numbers(spec), *_labels(spec), *_filters(spec)]
    return pl.DataFrame({name: panel[name] for name in dict.fromkeys(names)})


def _codes(labels: pl.Series) -> Codes:
    return labels.rank("dense").to_numpy().astype(np.intp)


def _treated(d: Floats, unit: Codes) -> NDArray[np.int64]:
    """Units with a treated row, of each treatment; -1 where a treatment is not 0 or 1."""
    return np.array(
        [len(np.unique(unit[column == 1.0])) if np.isin(column, (0.0, 1.0)).all() else -1 for column in d.T],
        dtype=np.int64,
    )
