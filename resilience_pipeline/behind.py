"""Whether a variant is behind: a run refreshes the headline, and what was computed under other options stays as it was.

Told from pointers alone, without a plan: of the tables beneath its declared results, one reads something that has moved
on, or the headline's same table was made by other code since.
"""

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resilience_pipeline.errors import LakeError, OptionError
from resilience_pipeline.living.variants import VARIANTS as LIVING
from resilience_pipeline.options import CATALOGUE, Options, Value
from resilience_pipeline.settings import settings_beside
from resilience_pipeline.step import TableKey
from resilience_pipeline.study.declared import declared_results
from resilience_pipeline.warehouse.lake import Lake
from resilience_pipeline.warehouse.pointer import Pointer

_DEFAULTS = {option.name: option.default for option in CATALOGUE}
_FEW = 3


@dataclass(frozen=True)
class VariantStatus:
    """One set of options under which results were computed.

    Parameters
    ----------
    options : those that are no default; None where no options of today give this variant.
    behind : why its results are not what a run would make of them now, in words; "" where they are, and of living
        panels, which every run brings up.
    refresh : the command that brings it up; "" where there is none.
    """

    name: str
    options: Mapping[str, Value] | None
    behind: str
    refresh: str

    @property
    def words(self) -> str:
        """How it stands, in a sentence."""
        if not self.behind:
            return f"{self.name} stands on what the headline stands on"
        how = f"bring it up with: {self.refresh}" if self.refresh else "no options of today give it"
        return f"{self.name} is behind: {self.behind}; {how}"


def variant_status(lake: Lake, name: str, studies: Path, settings_file: Path | None = None) -> VariantStatus:
    """How a variant stands.

    Parameters
    ----------
    studies : the project's folder of study files.
    settings_file : resilience.toml, whose options hold where a command names no others.
    """
    if name in LIVING:
        return VariantStatus(name, {}, "", "")
    variant = lake.variant(name)
    own = _own(variant)
    options = _options(own.values(), name)
    command = "" if options is None else _command(options, settings_file)
    return VariantStatus(name, options, _behind(variant, own, declared_results(studies)), command)


def options_of_variants(root: Path) -> dict[str, Options]:
    """Variant -> its options, for each that some options of today give; living panels are none of them."""
    lake = Lake(root)
    found = {name: _options(_own(lake.variant(name)).values(), name) for name in lake.variants() if name not in LIVING}
    return {name: Options.of(options) for name, options in found.items() if options is not None}


def _own(variant: Lake) -> dict[TableKey, Pointer]:
    return {p.key: p for p in variant.readable_tables() if p.variant == variant.variant_name}


def _behind(variant: Lake, own: Mapping[TableKey, Pointer], declared: Collection[str] | None) -> str:
    headline = variant.headline()
    waiting = [key for key in own if key[0] == "report" and (declared is None or key[1] in declared)]
    seen: set[TableKey] = set(waiting)
    moved: set[TableKey] = set()
    other_code: set[TableKey] = set()
    while waiting:
        pointer = own[waiting.pop()]
        theirs = _current(headline, pointer.key)
        if theirs is not None and theirs.code_version != pointer.code_version:
            other_code.add(pointer.key)
        for name, version in pointer.inputs.items():
            key = tuple(name.split("/"))
            now = own.get(key) or _current(variant, key)
            if now is not None and now.data_version != version:
                moved.add(key)
            if key in own and key not in seen:
                seen.add(key)
                waiting.append(key)
    parts = ((moved, "changed since"), (other_code, "made by other code since in the headline"))
    return "; ".join(f"{words}: {_some(sorted(keys))}" for keys, words in parts if keys)


def _current(lake: Lake, key: TableKey) -> Pointer | None:
    """None also where the pointer is damaged: then nobody knows."""
    try:
        return lake.current(key)
    except LakeError:
        return None


def _options(pointers: Collection[Pointer], name: str) -> dict[str, Value] | None:
    """What its tables say that they read; None where these options do not give this variant, or are none any more."""
    chosen = {
        option: value
        for pointer in pointers
        for option, value in pointer.options.items()
        if option not in _DEFAULTS or value != _DEFAULTS[option]
    }
    try:
        options = Options.of(chosen)
    except OptionError:
        return None
    return options.changed if options.variant == name else None


def _command(options: Mapping[str, Value], settings_file: Path | None) -> str:
    """`resilience run` with all that it takes beside the options of the settings file."""
    try:
        said = settings_beside(settings_file, Options.of(options))
    except OptionError:  # the file is not well formed, which the next run says
        said = dict(options)
    return " ".join(["resilience run", *(f"--set {shlex.quote(f'{name}={value}')}" for name, value in said.items())])


def _some(keys: Sequence[TableKey]) -> str:
    names = [".".join(key) for key in keys]
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
