"""What a study file declares: its window, its variables and its columns. A study is data; no code of a user runs.

The paper's own study and a user's are the same kind of file (TOML). See `load.py` for the form and its checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.step import TableKey


@dataclass(frozen=True)
class Variable:
    """One column of the analysis panel.

    Parameters
    ----------
    name : column name; `log_` prefix for logs, unit last.
    table : panel table that holds it: "treatment", "outcomes", "controls" or one of its own.
    formula : SQL scalar expression over canonical indicators and composites, e.g. "ln(gdp_per_capita_cny)".
    symbol : as the paper prints it (MS, FAI); "" = the name.
    description : in words, with the unit.
    label_zh : its name in Chinese, for data files and codebooks; "" = none.
    option : option that chooses among `readings`; None = `formula` holds.
    readings : value of that option -> formula.
    continuous : continuous variables are winsorised; dummies are not.
    winsorise : a winsorising rule of its own ("by_year", "pooled", "none"); None = as the option says.
    copy_of : the variable that this is under another winsorising rule; the two share a symbol and a printed row.
    """

    name: str
    table: str
    formula: str
    symbol: str = ""
    description: str = ""
    option: str | None = None
    readings: dict[str, str] = field(default_factory=dict)
    continuous: bool = True
    winsorise: str | None = None
    copy_of: str | None = None
    label_zh: str = ""


@dataclass(frozen=True)
class Matching:
    """What the study's propensity score rests on: columns of the panel; the treatment is 0 or 1 for good in a city."""

    covariates: tuple[str, ...]
    treatment: str = "treat"


@dataclass(frozen=True)
class Programme:
    """Another policy that reached cities. starts : city code -> the first year that counts."""

    name: str
    title: str
    source: str
    starts: Mapping[str, int]

    @property
    def column(self) -> str:
        """Its column in the panel table programmes."""
        return f"programme_{self.name}"


@dataclass(frozen=True)
class ResultTable:
    """One result: its columns, in order, and what stands under them. A figure is a table that is also drawn."""

    name: str  # "table_4"
    title: str
    kind: str  # a name of study.kinds.KINDS
    columns: tuple[Specification, ...] = ()
    variables: tuple[str, ...] = ()  # what a table of descriptives, correlations or balance is about
    notes: tuple[str, ...] = ()
    sample: str | None = None  # specification whose rows it describes; None = all rows
    settings: object = None  # a frozen dataclass of the kind's own


@dataclass(frozen=True)
class Study:
    """A declared study: the window, the sample rule's indicators, the variables and the tables."""

    name: str  # "trade_resilience"; second part of its table keys
    title: str
    first_year: int
    last_year: int
    variables: tuple[Variable, ...]
    tables: tuple[ResultTable, ...]
    composites: bool = False  # whether RES, REC, RST and CTRI are built
    required_indicators: tuple[str, ...] = ()  # series whose missing runs decide which cities stay
    account: tuple[str, ...] = ()  # panel tables that the account of the sample is about; empty = all of them
    province_mean_indicators: tuple[str, ...] = ()  # a city with no value at all takes its province's mean, flagged
    programmes: tuple[Programme, ...] = ()  # other policies in the same cities
    matching: Matching | None = None  # None = the panel has no matching weights
    text: str = ""  # the file as written; part of every code version
    living: bool = False  # whether a living panel, with every year that is complete by now, stands beside it
    reads: str = "frozen"  # layer that it takes deliveries from: frozen, or staging as it stands now
    frozen_weights: bool = False  # whether its indices take weights and bounds of another window, not their own
    #: Specification name -> error rules (vcov, ssc, singletons) that its column states itself; options leave these.
    stated_rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def delivered(self, source: str) -> TableKey:
        """Key of what the study reads of a source."""
        return (self.reads, source)

    def table(self, name: str) -> ResultTable:
        """The result table of that name; KeyError where there is none."""
        return {table.name: table for table in self.tables}[name]

    def specification(self, name: str) -> Specification:
        """The specification named "table_4.3"; KeyError where there is none."""
        return {spec.name: spec for table in self.tables for spec in table.columns}[name]
