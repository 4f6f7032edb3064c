"""What an indicator system declares: its indicators, their dimensions, and the composite that the dimensions make.

Records only; the systems themselves stand in `registry.py` (trade resilience) and `new_quality.py` (new-quality
productive forces), how indicators become composites in `composites.py`, how weights arise in `weighting.py`.
"""

from dataclasses import dataclass, replace

from resilience_pipeline.options import Options


@dataclass(frozen=True)
class Indicator:
    """One indicator of a composite.

    Parameters
    ----------
    name : column of the system's table of indicators.
    composite : the dimension that it belongs to, e.g. "res".
    readings : reading -> SQL scalar expression over canonical indicators and `price_level`.
    units : reading -> unit.
    option : option that chooses the reading; None where there is one reading only.
    sign : +1 where more of it means more of the composite, else -1.
    source, reason, alternatives : for the printed indicator system.
    only_with : (option, value) under which it belongs to the system; None = always.
    """

    name: str
    composite: str
    readings: dict[str, str]
    units: dict[str, str]
    option: str | None
    source: str
    reason: str
    sign: int = 1
    alternatives: tuple[str, ...] = ()
    only_with: tuple[str, str] | None = None

    def reading(self, options: Options) -> str:
        """Name of the reading that the options choose."""
        return next(iter(self.readings)) if self.option is None else str(options[self.option])

    def formula(self, options: Options) -> str:
        """The chosen SQL scalar expression."""
        return self.readings[self.reading(options)]

    def formulas(self, options: Options | None) -> tuple[str, ...]:
        """The chosen expression alone, or every reading's where no options are given."""
        return tuple(self.readings.values()) if options is None else (self.formula(options),)

    def counts(self, options: Options | None) -> bool:
        """Whether it belongs to the system under the options; True where none are given."""
        return options is None or self.only_with is None or str(options[self.only_with[0]]) == self.only_with[1]


@dataclass(frozen=True)
class System:
    """Indicators in dimensions, weighted within each, and the dimensions' composites weighted into one.

    Parameters
    ----------
    name : column of the composite of all dimensions, e.g. "ctri".
    title : in words, for printed tables.
    section : where the paper names it.
    dimensions : column of each dimension's composite -> its printed name, in printed order.
    indicators : in printed order.
    form : "levels" or "scaled" where the system has one form only; None = the option `index_form` says.
    """

    name: str
    title: str
    section: str
    dimensions: dict[str, str]
    indicators: tuple[Indicator, ...]
    form: str | None = None

    @property
    def composites(self) -> tuple[str, ...]:
        """Columns of the table of composites: the dimensions, then the whole."""
        return *self.dimensions, self.name

    @property
    def option_names(self) -> tuple[str, ...]:
        """Options that choose readings or which indicators belong; each once."""
        chosen = [entry.option for entry in self.indicators]
        admitted = [entry.only_with[0] if entry.only_with else None for entry in self.indicators]
        return tuple(dict.fromkeys(name for name in (*chosen, *admitted) if name is not None))

    def under(self, options: Options) -> "System":
        """The system with only the indicators that belong to it under the options."""
        return replace(self, indicators=tuple(entry for entry in self.indicators if entry.counts(options)))

    def form_under(self, options: Options) -> str:
        """The form that the system has, or that the options choose."""
        return self.form or str(options["index_form"])

    def behind(self, column: str) -> tuple[Indicator, ...]:
        """Indicators behind a column: an indicator's own name, a dimension's composite, or the whole; () for others."""
        return tuple(entry for entry in self.indicators if column in (entry.name, entry.composite, self.name))

    def signs(self, dimension: str) -> dict[str, int]:
        """Sign of each indicator of a dimension; of each dimension, all +1, where the name is the system's own."""
        if dimension == self.name:
            return dict.fromkeys(self.dimensions, 1)
        return {entry.name: entry.sign for entry in self.indicators if entry.composite == dimension}
