"""Every choice the paper leaves open: its name, its default, its other values, the reason for the default.

Options come from `resilience.toml`, `--set name=value` and the launchpad, in this order, later ones first.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from resilience_pipeline.errors import OptionError

Value = str | int | float


@dataclass(frozen=True)
class Option:
    """One open choice."""

    name: str
    default: Value
    choices: tuple[Value, ...]  # empty = any value of the default's type within the bounds
    reason: str
    lower: float | None = None
    upper: float | None = None

    def parse(self, value: object) -> Value:
        """The value in the option's own type, or an OptionError that names the choices."""
        kind = type(self.default)
        try:
            parsed: Value = kind(value)  # type: ignore[call-overload, arg-type]
        except (TypeError, ValueError):
            raise self._error(value) from None
        if self.choices and parsed not in self.choices:
            raise self._error(value)
        if self.lower is not None and (isinstance(parsed, str) or parsed < self.lower):
            raise self._error(value)
        if self.upper is not None and (isinstance(parsed, str) or parsed > self.upper):
            raise self._error(value)
        return parsed

    def _error(self, value: object) -> OptionError:
        allowed = (
            ", ".join(map(str, self.choices)) or f"a {type(self.default).__name__} in [{self.lower}, {self.upper}]"
        )
        return OptionError(
            what=f"option {self.name} cannot be {value!r}",
            expected=allowed,
            remedy=f"set {self.name} to one of the expected values, or leave it out for the default {self.default!r}",
        )


CATALOGUE: tuple[Option, ...] = (
    Option(
        "maximum_missing_run",
        3,
        (),
        "Section 4.6 of the paper: cities with more than 3 consecutive missing years leave",
        0,
        50,
    ),
    Option(
        "interpolation",
        "linear",
        ("linear", "none"),
        "Section 4.6: linear, inside a city's own series, never past its ends",
    ),
    Option(
        "imputed_values",
        "drop",
        ("drop", "keep"),
        "A compiler's imputation is not an observation; fixed investment after 2016 in compiled panels is one",
    ),
    Option(
        "start_year",
        2018,
        (2017, 2018, 2019),
        "The paper counts 2018 as treated, though the notice is of 16 October 2018",
    ),
    Option(
        "county_level_pilots",
        "drop",
        ("drop", "parent"),
        "A county-level city is a small part of its prefecture; 'parent' treats the prefecture",
    ),
    Option("zone_pilots", "prefecture", ("prefecture", "drop"), "A free-trade zone counts for its prefecture"),
    Option(
        "henan_zone",
        "lead_city",
        ("lead_city", "all_three", "drop"),
        "The Henan zone spans Zhengzhou, Kaifeng and Luoyang; Zhengzhou leads it",
    ),
    Option(
        "weighting",
        "entropy",
        ("entropy", "entropy_before_policy", "equal", "pca", "critic", "topsis"),
        "The paper names no method; the entropy weight method is the standard of the field",
    ),
    Option(
        "index_form",
        "levels",
        ("levels", "scaled"),
        "Table 3's means fit weights applied to component levels, not to components scaled to [0, 1]",
    ),
    Option(
        "foreign_trade_scale",
        "per_resident",
        ("per_resident", "per_gdp"),
        "Table 3 prints RES with mean 1.744 and maximum 27.1: trade per resident in 10,000 yuan fits, a share of GDP does not",
    ),
    Option(
        "consumption_level",
        "per_resident",
        ("per_resident", "per_gdp"),
        "Retail sales per resident at constant prices measure a level; over GDP they measure a structure",
    ),
    Option(
        "innovation_capability",
        "patents",
        ("patents", "invention_patents"),
        "Granted patents are in every edition; inventions only in later ones",
    ),
    Option(
        "product_technology",
        "contracts_per_gdp",
        ("contracts_per_gdp", "firms_per_gdp"),
        "Contract value has a unit that compares across cities",
    ),
    Option(
        "market_share",
        "log_exports",
        ("log_exports", "share", "log_share"),
        "The printed moments (mean 7.847, maximum 16.681) fit neither a share nor its log",
    ),
    Option(
        "economic_development",
        "log_gdp_per_capita",
        ("log_gdp_per_capita", "log_gdp"),
        "Mean 10.81 is the log of about 49,600 yuan a head",
    ),
    Option(
        "financing",
        "log_loans",
        ("log_loans", "inverse_credit_index"),
        "Mean 16.66 with sd 1.14 is the log of loans; no credit sub-index has it",
    ),
    Option(
        "foreign_investment",
        "log_share_of_gdp",
        ("log_share_of_gdp", "log_usd"),
        "Mean -5.15 reads as the log of foreign investment over GDP",
    ),
    Option(
        "winsorise",
        "by_year",
        ("by_year", "pooled", "none"),
        "Section 4.6: every continuous variable at the 1st and 99th percentile within each year",
    ),
    Option(
        "winsorise_stage",
        "after_index",
        ("after_index", "before_index"),
        "The variable that enters the regression is what section 4.6 speaks of",
    ),
    Option("winsorise_lower", 0.01, (), "Section 4.6", 0.0, 0.5),
    Option("winsorise_upper", 0.99, (), "Section 4.6", 0.5, 1.0),
    Option(
        "percentile",
        "linear",
        ("linear", "stata"),
        "linear: numpy and R type 7; stata: the average at integer ranks, as _pctile and winsor2",
    ),
    Option(
        "leap_mean",
        "whole_sample",
        ("whole_sample", "past", "before_policy"),
        "Table 5 column 3 keeps all 3,085 rows, so no year is lost to a mean over earlier years",
    ),
    Option(
        "nqpf_patents",
        "exclude",
        ("exclude", "include"),
        "Patents also make RST: with them the mediator would hold a part of the outcome",
    ),
    Option(
        "digital_policy_threshold",
        3,
        (),
        "A report with this many mentions of the term list has a digital-economy policy; one mention is no policy",
        1,
        1000,
    ),
    Option(
        "ip_split",
        "by_year",
        ("by_year", "pooled"),
        "Protection rises over time: a median over all years would put early years into one group, late ones into the other",
    ),
    Option(
        "resource_classes",
        "all",
        ("all", "without_regenerating", "declining"),
        "The plan of 2013 lists four classes; the paper's 114 cities are near the number of all of them",
    ),
    Option(
        "region_factor",
        "region",
        ("region", "province"),
        "Table 5 column 4 loses 22 rows; province-by-year effects alone would lose the four municipalities' 44",
    ),
    Option(
        "capital_share", 0.5, (), "Income share of capital in Chinese cities, near one half in the field", 0.05, 0.95
    ),
    Option(
        "depreciation", 0.096, (), "Yearly depreciation of fixed capital in China (Zhang, Wu and Zhang 2004)", 0.0, 0.5
    ),
    Option(
        "initial_capital",
        "steady_state",
        ("steady_state", "tenth"),
        "Investment over its growth plus depreciation is where a stock settles; a tenth (Zhang, Wu and Zhang 2004) "
        "was made for 1952",
    ),
    Option(
        "spillover_km",
        100.0,
        (),
        "A ring of neighbouring prefectures: the median city lies about 100 km from its next one's seat",
        1.0,
        2000.0,
    ),
    Option(
        "matching_design",
        "baseline",
        ("baseline", "by_year", "pooled"),
        "Matched once per city before the policy; matching city-years lets a city enter and leave the sample",
    ),
    Option("matching_model", "probit", ("probit", "logit"), "psmatch2's own default"),
    Option("matching_bandwidth", 0.06, (), "psmatch2's own default for kernel matching", 0.001, 1.0),
    Option(
        "matching_support",
        "common",
        ("common", "none"),
        "psmatch2's option common: treated units beyond the controls' scores leave",
    ),
    Option(
        "placebo_draws",
        10_000,
        (),
        "The paper draws 500; more cost little here and make the p value's own error small",
        19,
        1_000_000,
    ),
    Option("bootstrap_draws", 9_999, (), "Enough for percentile intervals to three digits", 19, 1_000_000),
    Option(
        "curve_draws",
        199,
        (),
        "Each draw estimates a curve of over a thousand specifications anew; the p value's own error is near 0.015 at "
        "0.05",
        19,
        100_000,
    ),
    Option("permutation_draws", 9_999, (), "The p value's own error is below 0.005", 19, 1_000_000),
    Option("wild_draws", 9_999, (), "The p value's own error is below 0.005", 19, 1_000_000),
    Option(
        "randomisation_draws",
        100_000,
        (),
        "Cheap from the cities' sums, and the p value's own error is below 0.0016",
        19,
        1_000_000,
    ),
    Option(
        "event_draws",
        100_000,
        (),
        "Normal vectors behind simultaneous bands and the power of leads; the critical value's own error is below 0.01",
        999,
        10_000_000,
    ),
    Option(
        "honest_draws",
        10_000,
        (),
        "Normal vectors behind the first stage of bounds relative to earlier changes; the R package HonestDiD draws 1,000",
        999,
        1_000_000,
    ),
    Option("seed", 20_181_016, (), "The day of the notice; stored with every result that draws", 0, 4_294_967_295),
    Option(
        "vcov",
        "cluster",
        ("iid", "hc1", "cluster", "cv3"),
        "The paper's errors are classical; outcomes of a city are correlated over years",
    ),
    Option(
        "ssc",
        "reghdfe",
        ("reghdfe", "xtreg", "linearmodels", "none"),
        "Effects nested in the clusters are not counted as parameters, as reghdfe and fixest do",
    ),
    Option(
        "singletons",
        "drop",
        ("drop", "keep"),
        "A row alone in an absorbed level carries no information on the coefficient",
    ),
)

_BY_NAME = {option.name: option for option in CATALOGUE}


@dataclass(frozen=True)
class Options:
    """A full set of choices; `values` holds every option of the catalogue."""

    values: Mapping[str, Value] = field(default_factory=lambda: {o.name: o.default for o in CATALOGUE})

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> "Options":
        """Defaults, overridden by `settings`; an unknown name is an OptionError with the near ones named."""
        values = {o.name: o.default for o in CATALOGUE}
        for name, value in settings.items():
            if name not in _BY_NAME:
                raise OptionError(
                    what=f"there is no option {name!r}",
                    expected=", ".join(get_close_matches(name, _BY_NAME, n=3) or sorted(_BY_NAME)),
                    remedy="use a name expected; `resilience options` lists all with their reasons",
                )
            values[name] = _BY_NAME[name].parse(value)
        return cls(values)

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    @property
    def changed(self) -> dict[str, Value]:
        """The settings that differ from the default, by name."""
        return {o.name: self.values[o.name] for o in CATALOGUE if self.values[o.name] != o.default}

    @property
    def variant(self) -> str | None:
        """None for the defaults (the headline); else a name that tells the settings apart from all others."""
        if not self.changed:
            return None
        text = "_".join(f"{name}_{value}" for name, value in sorted(self.changed.items()))
        slug = "".join(c if c.isalnum() else "_" for c in text).lower()
        digest = hashlib.sha256(repr(sorted(self.changed.items())).encode()).hexdigest()[:8]
        return f"{slug[:60]}_{digest}"
