"""What differs between two states of the lake beneath some results: deliveries, options, code, other tables.

Read from what each state pinned, so a run needs no diary: a source's cells name the delivery that each came from, a
pointer names the code and the options that made its table.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from resilience_pipeline.code_version import code_version
from resilience_pipeline.drift.standing import Tables
from resilience_pipeline.frozen.steps import PINS_KEY
from resilience_pipeline.options import Value
from resilience_pipeline.packages import differences
from resilience_pipeline.sources.source import CELLS
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.warehouse.pointer import Pointer
from resilience_pipeline.words import many

_SHA, _ORDER = "delivery_sha256", ("file", "sheet", "row", "column")


@dataclass(frozen=True)
class Change:
    """One thing that differs, or several taken together.

    Parameters
    ----------
    label : in words.
    withdrawn, delivered : per source, hashes of deliveries whose cells went and came.
    options : name -> the new value.
    tables : tables taken whole from the new state.
    place : source and edition, by which changes of deliveries are taken together where there are many.
    """

    label: str
    withdrawn: Mapping[str, frozenset[str]] = field(default_factory=dict)
    delivered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    options: Mapping[str, Value] = field(default_factory=dict)
    tables: tuple[TableKey, ...] = ()
    place: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Changes:
    """What differs beneath some results.

    Parameters
    ----------
    single : deliveries, options and other tables, each alone.
    code : tables that other code computed, the sources' readers among them.
    missing_code : tables of the new state whose code is not the code that runs now.
    behind : tables of either state of which two results rest on different versions.
    packages : releases under which tables that differ were computed: "numpy 2.1.0 to 2.2.0".
    """

    single: tuple[Change, ...]
    code: tuple[TableKey, ...]
    missing_code: tuple[TableKey, ...]
    behind: tuple[TableKey, ...]
    packages: tuple[str, ...] = ()


def changes_between(old: Tables, new: Tables, steps: Sequence[Step]) -> Changes:
    """What differs between two states beneath the last of the steps.

    Parameters
    ----------
    steps : those that the results rest on, after the sources, inputs first (`panel.chain.behind`).
    """
    computed = {step.key for step in steps}
    roots = list(dict.fromkeys(key for step in steps for key in step.inputs if key not in computed))
    single: list[Change] = []
    code: list[TableKey] = []
    for key in roots:
        before, after = old.current(key), new.current(key)
        if before is None or after is None or before.data_version == after.data_version:
            continue
        if before.code_version != after.code_version:
            code.append(key)
        single += _deliveries(key, old.read(key), new.read(key))
    single += _options(old, new, steps)
    now = {step.key: code_version(step) for step in steps}
    known = {
        key: (a.code_version, b.code_version) for key in now if (a := old.current(key)) and (b := new.current(key))
    }
    code += [key for key, (before_code, after_code) in known.items() if before_code != after_code]
    return Changes(
        tuple(single),
        tuple(code),
        tuple(key for key, (_, after_code) in known.items() if after_code != now[key]),
        tuple(dict.fromkeys(key for state in (old, new) for key in _behind(state, steps))),
        _packages(old, new, [*roots, *now]),
    )


def together(changes: Sequence[Change], largest: int) -> tuple[Change, ...]:
    """At most `largest` changes: deliveries of one source and edition as one, then of one source, then everything."""
    grouped = list(changes)
    for depth, words in ((2, "{} deliveries of {}, edition {}"), (1, "{} deliveries of {}")):
        if len(grouped) <= largest:
            return tuple(grouped)
        groups: dict[object, list[Change]] = {}
        for number, change in enumerate(changes):
            groups.setdefault(change.place[:depth] if change.place[0] else number, []).append(change)
        grouped = [
            group[0] if len(group) == 1 else _merged(group, words.format(len(group), *group[0].place))
            for group in groups.values()
        ]
    if len(grouped) <= largest:
        return tuple(grouped)
    kept = max(largest - 1, 0)
    rest = grouped[kept:]
    return (*grouped[:kept], _merged(rest, f"{many(len(rest), 'other change')} together"))


def with_change(change: Change, old: Mapping[TableKey, pl.DataFrame], new: Tables) -> dict[TableKey, pl.DataFrame]:
    """The tables that a change replaces: a source's old cells without what went, with the new state's cells that came.

    Parameters
    ----------
    old : the sources' cells before the change.
    """
    replaced = {key: new.read(key) for key in change.tables if new.current(key) is not None}
    for source in dict.fromkeys((*change.withdrawn, *change.delivered)):
        key = ("sources", source)
        gone, come = change.withdrawn.get(source, frozenset()), change.delivered.get(source, frozenset())
        cells = pl.concat(
            [
                old[key].filter(~pl.col(_SHA).is_in(sorted(gone))),
                new.read(key).filter(pl.col(_SHA).is_in(sorted(come))),
            ]
        )
        replaced[key] = in_order(cells)
    return replaced


def in_order(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells in the order in which intake stores them."""
    return cells.sort(*_ORDER, nulls_last=False, maintain_order=True)


def _whole(key: TableKey) -> Change:
    label = "the deliveries that studies are frozen to" if key == PINS_KEY else f"{key[-1]} as a whole"
    return Change(label, tables=(key,), place=(key[-1], ""))


def _deliveries(key: TableKey, old: pl.DataFrame, new: pl.DataFrame) -> list[Change]:
    """One change for each file that went, came or was corrected; a file that was only renamed is none."""
    if _SHA not in old.columns or set(CELLS) - set(old.columns):
        return [_whole(key)]
    source = key[-1]
    before, after = _files(old), _files(new)
    gone = {sha: place for sha, place in before.items() if sha not in after}
    come = {sha: place for sha, place in after.items() if sha not in before}
    of_file: dict[str, list[str]] = {}
    for sha, (file, _) in gone.items():
        of_file.setdefault(file, []).append(sha)
    found = []
    for sha, (file, edition) in come.items():
        replaced = frozenset(of_file.pop(file, ()))
        verb = "corrected" if replaced else "new"
        found.append(
            Change(
                f"{source}: {verb} {file}{_of(edition)}",
                withdrawn={source: replaced} if replaced else {},
                delivered={source: frozenset({sha})},
                place=(source, edition),
            )
        )
    for file, shas in of_file.items():
        edition = gone[shas[0]][1]
        found.append(
            Change(
                f"{source}: without {file}{_of(edition)}",
                withdrawn={source: frozenset(shas)},
                place=(source, edition),
            )
        )
    return sorted(found, key=lambda change: change.label)


def _files(cells: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Hash -> file and edition ("2016" or "2016 to 2020", "" where the file says none)."""
    rows = cells.group_by(_SHA).agg(
        pl.col("file").min(), pl.col("edition").min().alias("first"), pl.col("edition").max().alias("last")
    )
    return {sha: (file, _edition(first, last)) for sha, file, first, last in rows.sort(_SHA).iter_rows()}


def _edition(first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return str(first) if first == last else f"{first} to {last}"


def _of(edition: str) -> str:
    return f" (edition {edition})" if edition else ""


def _packages(old: Tables, new: Tables, keys: Sequence[TableKey]) -> tuple[str, ...]:
    """Other releases behind tables whose content differs; where it does not, they have moved nothing."""
    pairs = [(a, b) for key in keys if (a := old.current(key)) and (b := new.current(key))]
    return differences((_releases(old, a), _releases(new, b)) for a, b in pairs if a.data_version != b.data_version)


def _releases(state: Tables, pointer: Pointer) -> Mapping[str, str]:
    """What is known of the packages behind a table; an older pointer knows nothing, a table of estimates some."""
    if pointer.packages or pointer.key[0] != "estimates":
        return pointer.packages
    frame = state.read(pointer.key)
    told = frame["versions"].drop_nulls().to_list() if "versions" in frame.columns else []
    return dict(json.loads(told[0])) if told else {}


def _options(old: Tables, new: Tables, steps: Sequence[Step]) -> list[Change]:
    found: dict[str, tuple[Value, Value]] = {}
    for step in steps:
        before, after = old.current(step.key), new.current(step.key)
        if before is None or after is None:
            continue
        for name in before.options.keys() & after.options.keys():
            if before.options[name] != after.options[name]:
                found[name] = before.options[name], after.options[name]
    return [
        Change(f"option {name}: {before} to {after}", options={name: after})
        for name, (before, after) in sorted(found.items())
    ]


def _behind(state: Tables, steps: Sequence[Step]) -> list[TableKey]:
    """Tables whose inputs have moved on since: a later attempt failed, or only a part was run."""
    late = []
    for step in steps:
        pointer = state.current(step.key)
        if pointer is None:
            continue
        for key in step.inputs:
            given = state.current(key)
            if given is not None and pointer.inputs.get("/".join(key)) not in (None, given.data_version):
                late.append(step.key)
                break
    return late


def _merged(changes: Sequence[Change], label: str) -> Change:
    merged = replace(changes[0], label=label, withdrawn={}, delivered={}, options={}, tables=())
    withdrawn: dict[str, frozenset[str]] = {}
    delivered: dict[str, frozenset[str]] = {}
    options: dict[str, Value] = {}
    for change in changes:
        for whole, part in ((withdrawn, change.withdrawn), (delivered, change.delivered)):
            for source, shas in part.items():
                whole[source] = whole.get(source, frozenset()) | shas
        options |= change.options
    tables = tuple(dict.fromkeys(key for change in changes for key in change.tables))
    return replace(merged, withdrawn=withdrawn, delivered=delivered, options=options, tables=tables)
