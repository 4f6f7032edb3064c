"""The panel as a Stata file (version 118, Stata 14 and later): labelled variables, labelled values, no date.

City codes become numbers labelled with the cities' names; every text that may be absorbed gets a numbered twin,
`region` and `region_id`. Names that Stata does not take are changed, and `names` says how.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import polars as pl

from resilience_pipeline.report.layout import SYNTHETIC
from resilience_pipeline.study.study import Variable
from resilience_pipeline.study.vocabulary import TIME, UNIT

NAME_LENGTH = 32
LABEL_LENGTH = 80
ID = "_id"
_NOW = datetime(1980, 1, 1)  # noqa: DTZ001 - a Stata file's date has no zone, and ours stands still
_RESERVED = re.compile(
    r"_.*|byte|double|float|if|in|int|long|strl|str\d+|using|with|alias|and|or|not|true|false|na|null|nan|inf|function"
    r"|for|while|repeat|break|next|else",
    re.IGNORECASE,
)
_CITY_NAME = "name"
_LABELS = {UNIT: "城市代码 City code, labelled with the city's name", TIME: "年份 Year", _CITY_NAME: "城市 City"}
_YES = {0: "no", 1: "yes"}
_VALUES = {
    "treat": {0: "other city", 1: "pilot city"},
    "post": {0: "before", 1: "from the start year on"},
    "did": {0: "no", 1: "pilot city, from the start year on"},
}


@dataclass(frozen=True)
class PanelFile:
    """A panel on its way to Stata and R.

    Parameters
    ----------
    file : its name.
    data : its bytes.
    names : our column -> variable. ids : text column -> its numbered variable.
    """

    file: str
    data: bytes
    names: Mapping[str, str]
    ids: Mapping[str, str]

    @property
    def texts(self) -> frozenset[str]:
        """Our columns that are texts in the file."""
        return frozenset(self.ids) | {_CITY_NAME}

    def groups(self, effect: str) -> list[str]:
        """Numbered variables of a column or of an interaction "a^b"."""
        return [self.ids.get(part, self.names[part]) for part in effect.split("^")]


def panel_file(
    file: str, title: str, panel: pl.DataFrame, variables: Mapping[str, Variable], *, synthetic: bool
) -> PanelFile:
    """The panel as `file`.

    Parameters
    ----------
    title : of the study; stands in the data label behind the synthetic mark.
    panel : city_code, year and any other columns, one row per city and year.
    variables : what is declared of them; others are labelled by their names.
    """
    texts = [name for name, kind in panel.schema.items() if kind == pl.String and name not in (UNIT, _CITY_NAME)]
    names = stata_names([*panel.columns, *(f"{name}{ID}" for name in texts)])
    columns: dict[str, pl.Series] = {}
    labels: dict[str, str] = {}
    values: dict[str, dict[int, str]] = {}
    for name, series in zip(panel.columns, panel.iter_columns(), strict=True):
        variable = names[name]
        labels[variable] = _label(name, variables.get(name))
        columns[variable] = _stored(name, series)
        if name == UNIT and _CITY_NAME in panel.columns:
            values[variable] = dict(zip(columns[variable].to_list(), panel[_CITY_NAME].to_list(), strict=True))
        elif name in texts:
            levels = sorted(series.drop_nulls().unique().to_list())
            number = names[f"{name}{ID}"]
            columns[number] = series.replace_strict(levels, range(1, len(levels) + 1), return_dtype=pl.Int32)
            labels[number] = _cut(f"{labels[variable]}, numbered")
            values[number] = dict(enumerate(levels, start=1))
        elif set(series.drop_nulls().unique().to_list()) <= {0, 1} and not _continuous(variables.get(name)):
            values[variable] = _VALUES.get(name, _YES)
    data = _written(columns, labels, values, _cut(f"{SYNTHETIC}: {title}" if synthetic else title))
    ids = {name: names[f"{name}{ID}"] for name in texts}
    return PanelFile(file, data, {name: names[name] for name in panel.columns}, ids)


def stata_names(names: list[str]) -> dict[str, str]:
    """Each name as Stata and R take it: at most 32 letters, digits and underscores, no word of their languages."""
    found: dict[str, str] = {}
    taken = {name for name in names if len(name) <= NAME_LENGTH}
    for name in names:
        fit = re.sub(r"\W", "_", name, flags=re.ASCII)
        fit = f"v_{fit}" if _RESERVED.fullmatch(fit) or fit[:1].isdigit() else fit
        number = 1
        short = fit[:NAME_LENGTH]
        while short != name and short in taken:
            short = f"{fit[: NAME_LENGTH - 3]}_{number}"
            number += 1
        taken.add(short)
        found[name] = short
    return found


def _stored(name: str, series: pl.Series) -> pl.Series:
    """As Stata stores it: codes as numbers, texts without nulls, no infinite number."""
    if name == UNIT:
        return series.cast(pl.Int32)
    if series.dtype == pl.String:
        return series.fill_null("")
    if series.dtype == pl.Boolean:
        series = series.cast(pl.Int32)
    if series.dtype.is_float() or series.null_count():
        numbers = series.cast(pl.Float64)
        return numbers.set(numbers.is_infinite() | numbers.is_nan(), None)
    return series


def _written(
    columns: Mapping[str, pl.Series], labels: Mapping[str, str], values: Mapping[str, Mapping[int, str]], title: str
) -> bytes:
    import pandas as pd

    frame = pd.DataFrame(
        {name: series.to_list() if series.dtype == pl.String else series.to_numpy() for name, series in columns.items()}
    )
    out = BytesIO()
    frame.to_stata(
        out,
        version=118,
        write_index=False,
        time_stamp=_NOW,
        data_label=title,
        variable_labels=dict(labels),
        value_labels={name: dict(words) for name, words in values.items()},
    )
    return out.getvalue()


def _label(name: str, variable: Variable | None) -> str:
    if variable is None:
        return _cut(_LABELS.get(name, name.replace("_", " ")))
    head = " ".join(part for part in (variable.label_zh, variable.symbol) if part)
    rule = f"[winsorise = {variable.winsorise}] " if variable.winsorise else ""
    words = rule + (variable.description or name.replace("_", " "))
    return _cut(f"{head}: {words}" if head else words)


def _cut(label: str) -> str:
    return label if len(label) <= LABEL_LENGTH else f"{label[: LABEL_LENGTH - 1]}…"


def _continuous(variable: Variable | None) -> bool:
    return variable is not None and variable.continuous
