"""How much of each moved coefficient each change makes: one change at a time, on the old state, recomputed in memory.

The code, with the packages that it computes with, counts as one change: new code on the old inputs under the old
options. Every other change is then made alone, with the new code. What the single changes do not add up to is their
interaction. Where only one thing changed, all of the movement is its, and nothing is recomputed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from resilience_pipeline.drift.changes import Change, Changes, changes_between, in_order, together, with_change
from resilience_pipeline.drift.comparison import coefficients, is_regression
from resilience_pipeline.drift.recompute import Read, Recomputed, recompute
from resilience_pipeline.drift.standing import Standing, Tables
from resilience_pipeline.errors import OptionError
from resilience_pipeline.options import Options, Value
from resilience_pipeline.packages import differences, releases
from resilience_pipeline.panel.chain import behind
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.words import many

CODE, REST = "code", "interaction"
_FEW = 4
Place = tuple[str, str]  # table and term
#: (source, hash of a delivery) -> its cells as today's reader reads the stored copy; None where the copy is gone.
Reread = Callable[[str, str], pl.DataFrame | None]


@dataclass(frozen=True)
class Attribution:
    """Shares of the movement.

    Parameters
    ----------
    causes : what changed, in words, in the order of the shares; the last may be "interaction".
    shares : (table, term) -> its change by each cause; a coefficient that no recomputation reached is left out.
    steps : how many steps were recomputed.
    notes : what a reader should know.
    """

    causes: tuple[str, ...] = ()
    shares: Mapping[Place, tuple[float, ...]] = field(default_factory=dict)
    steps: int = 0
    notes: tuple[str, ...] = ()


def attribute(
    old: Tables,
    new: Tables,
    moved: Mapping[Place, float],
    wanted: Sequence[TableKey],
    steps: Sequence[Step],
    reread: Reread,
    *,
    largest: int,
) -> Attribution:
    """Shares of each change in the movement of the coefficients.

    Parameters
    ----------
    old, new : the two states.
    moved : (table, term) -> new less old.
    wanted : tables of the estimates layer that hold these coefficients. Only regressions are recomputed: tests and
        bounds get a share where one thing alone changed.
    steps : all steps after the sources, inputs first.
    largest : so many recomputations at most; more changes are taken together.
    """
    if not moved:
        return Attribution()
    beneath = behind(steps, wanted)
    old, new = Standing(old, beneath), Standing(new, beneath)
    changes = changes_between(old, new, beneath)
    notes = list(_notes(changes))
    made_by = " and ".join(_made_by(changes))
    code = bool(made_by)
    labels = ([made_by] if code else []) + [change.label for change in changes.single]
    if not labels:
        unknown = "neither a delivery nor an option nor the code nor a package is known to have changed"
        return Attribution(notes=(*notes, unknown))
    if len(labels) == 1:
        return Attribution((labels[0],), {place: (change,) for place, change in moved.items()}, 0, tuple(notes))
    regressions = [key for key in wanted if new.current(key) is not None and is_regression(new.read(key))]
    needed = behind(steps, regressions)
    base = _Base(old, new, needed, reread)
    checked = 0
    if changes.missing_code:
        again = None if code else _by_todays_code(base, changes.missing_code)
        if again is None or any(key in again.tables for key in regressions):
            label = "all of it: " + "; ".join(labels[:_FEW]) + ("; and more" if len(labels) > _FEW else "")
            notes.append(
                f"the code that made the newer results is not the code that runs now ({_names(changes.missing_code)}), "
                "so the changes cannot be told apart"
            )
            return Attribution((label,), {place: (change,) for place, change in moved.items()}, 0, tuple(notes))
        checked = again.steps
        notes.append("other code runs now than made these results; it gives the older ones to the byte, so it is used")
    grouped = together(changes.single, max(largest - code, 1))
    if len(grouped) < len(changes.single):
        notes.append(
            f"{len(changes.single)} changes were taken together into {len(grouped)}, "
            f"because at most {many(largest, 'recomputation')} are made"
        )
    stale = {step.key for step in needed if changes.packages or step.key in changes.code} if code else None
    if others := _other_packages(new, needed):
        notes.append(f"recomputed under other packages than made the newer results: {', '.join(others)}")
    found = _recomputed(base, moved, regressions, changes.code, stale, grouped, notes)
    causes = tuple(made_by if cause == CODE else cause for cause in found.causes)
    return replace(found, causes=causes, steps=found.steps + checked)


@dataclass(frozen=True)
class _Base:
    old: Tables
    new: Tables
    steps: Sequence[Step]
    reread: Reread

    def read(self, key: TableKey) -> pl.DataFrame | None:
        """A table of the old state; one that it did not know at all, such as a new source's, as it is now."""
        if self.old.current(key) is not None:
            return self.old.read(key)
        computed = {step.key for step in self.steps}
        return self.new.read(key) if key not in computed and self.new.current(key) is not None else None


def _by_todays_code(base: _Base, changed: Sequence[TableKey]) -> Recomputed:
    """The older state once more, with the steps whose code is another one now."""
    return recompute(base.steps, base.read, {}, _options_of(base.old, base.steps), set(changed))


def _recomputed(
    base: _Base,
    moved: Mapping[Place, float],
    wanted: Sequence[TableKey],
    code: Sequence[TableKey],
    stale_by_code: Collection[TableKey] | None,
    grouped: Sequence[Change],
    notes: list[str],
) -> Attribution:
    before = _options_of(base.old, base.steps)
    start = _values(wanted, base.read)
    steps = 0
    after_code = Recomputed({})
    absent = {step.key for step in base.steps if base.old.current(step.key) is None}
    if stale_by_code is not None or absent:
        stale = absent | set(stale_by_code or ())
        after_code = recompute(base.steps, base.read, _cells_by_new_code(base, code), before, stale)
        steps += after_code.steps

    read = _over(after_code.tables, base.read)
    from_here = _values(wanted, read)
    causes, effects, kept = [], [], list(after_code.kept)
    if stale_by_code is not None:
        causes.append(CODE)
        effects.append({place: from_here[place] - start[place] for place in from_here.keys() & start.keys()})
    for change in grouped:
        sources: set[TableKey] = {("sources", name) for name in (*change.withdrawn, *change.delivered)}
        cells = {key: frame for key in sources if (frame := read(key)) is not None}
        options = Options.of({**before.values, **change.options})
        stale = {step.key for step in base.steps if set(step.options) & set(change.options)}
        done = recompute(base.steps, read, with_change(change, cells, base.new), options, stale)
        steps += done.steps
        kept += done.kept
        then = _values(wanted, _over(done.tables, read))
        causes.append(change.label)
        effects.append({place: then[place] - from_here[place] for place in then.keys() & from_here.keys()})
    shares = {}
    for place, change_of_it in moved.items():
        if all(place in effect for effect in effects):
            single = tuple(effect[place] for effect in effects)
            shares[place] = (*single, change_of_it - sum(single))
    if kept:
        notes.append(f"alone, a change was refused by {_names(dict.fromkeys(kept))}, which then stayed as it was")
    return Attribution((*causes, REST), shares, steps, tuple(notes))


def _over(tables: Mapping[TableKey, pl.DataFrame], read: Read) -> Read:
    """Reads the tables, and beneath them what `read` gives."""
    return lambda key: tables[key] if key in tables else read(key)


def _cells_by_new_code(base: _Base, code: Sequence[TableKey]) -> dict[TableKey, pl.DataFrame]:
    """The old deliveries of each source whose reader changed, as the new reader reads them."""
    replaced = {}
    for key in code:
        if key[0] != "sources" or base.new.current(key) is None:
            continue
        cells, newer = base.read(key), base.new.read(key)
        if cells is None or "delivery_sha256" not in cells.columns:
            continue
        known = set(newer["delivery_sha256"].unique())
        parts = []
        for (sha,), part in cells.group_by("delivery_sha256", maintain_order=True):
            if sha in known:
                parts.append(newer.filter(pl.col("delivery_sha256") == sha))
            else:
                again = base.reread(key[-1], str(sha))
                parts.append(part if again is None else again.select(newer.columns))
        replaced[key] = in_order(pl.concat(parts)) if parts else newer.clear()
    return replaced


def _values(wanted: Sequence[TableKey], read: Read) -> dict[Place, float]:
    found: dict[Place, float] = {}
    for key in wanted:
        frame = read(key)
        rows = None if frame is None else coefficients(key, frame)
        if rows is not None:
            listed = rows.select("result", "term", "estimate").iter_rows()
            found |= {(table, term): value for table, term, value in listed}
    return found


def _options_of(state: Tables, steps: Sequence[Step]) -> Options:
    """The options under which a state was computed, as far as today's code still knows them."""
    chosen: dict[str, Value] = {}
    for step in steps:
        pointer = state.current(step.key)
        for name, value in () if pointer is None else pointer.options.items():
            try:
                Options.of({name: value})
            except OptionError:
                continue
            chosen[name] = value
    return Options.of(chosen)


def _made_by(changes: Changes) -> list[str]:
    """Code and packages, as far as other ones computed: they count as one change, since both are only there as now."""
    code = [CODE] if changes.code else []
    return code + ([f"packages ({', '.join(changes.packages)})"] if changes.packages else [])


def _other_packages(new: Tables, steps: Sequence[Step]) -> tuple[str, ...]:
    """Releases that compute now in place of those that made the newer state."""
    made = (new.current(step.key) for step in steps)
    return differences((pointer.packages, releases()) for pointer in made if pointer is not None)


def _notes(changes: Changes) -> list[str]:
    if not changes.behind:
        return []
    return [f"{_names(changes.behind)} stood on other tables than the rest in one of the states: in the interaction"]


def _names(keys: Sequence[TableKey] | Mapping[TableKey, None]) -> str:
    names = [".".join(key) for key in keys]
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
