"""The replication files of a lake: for each study its panel, do-file and R script, and a page on what they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from resilience_pipeline.econometrics.matched_panel import Rules
from resilience_pipeline.econometrics.predicate import keep_rows
from resilience_pipeline.econometrics.tidy import ESTIMATES
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.options import Options
from resilience_pipeline.replication.column import ReplicatedColumn, StaleRecordError, replicated_column
from resilience_pipeline.replication.panel_file import PanelFile, panel_file, stata_names
from resilience_pipeline.replication.r_script import r_script
from resilience_pipeline.replication.rows import marker, translated
from resilience_pipeline.replication.stata import do_file
from resilience_pipeline.report.layout import SYNTHETIC
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.matching import rules_under
from resilience_pipeline.study.needs import all_variables
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.vocabulary import TREATMENT
from resilience_pipeline.variants import lake_of, own_results
from resilience_pipeline.warehouse.atomic import replacing
from resilience_pipeline.warehouse.lake import Lake

README = "REPLICATION.md"
#: Panel tables that hold no variables of city and year.
_NO_VARIABLES = ("pilots", "sample", "value_status")


@dataclass(frozen=True)
class Replication:
    """Files of one study, and why a result is not in them."""

    study: str
    files: dict[str, bytes]
    columns: tuple[str, ...]
    open: dict[str, str]
    synthetic: bool
    panel: PanelFile


def write_replication(root: Path, out: Path, studies: Sequence[Study], variant: str | None = None) -> list[Replication]:
    """Write the files of every study that has an estimated column; what was written, nothing where there is none."""
    lake = lake_of(root, variant)
    made = [found for study in studies if (found := replication(lake, study)) is not None]
    for found in made:
        for name, data in found.files.items():
            _replace(out / name, data)
    if made:
        _replace(out / README, readme(made).encode())
    return made


def replication(lake: Lake, study: Study) -> Replication | None:
    """The files of one study, None where nothing of it was estimated."""
    records = dict(_records(lake, study))
    if not records:
        return None
    panel = panel_of(lake, study)
    columns: list[ReplicatedColumn] = []
    open_: dict[str, str] = {}
    for name, record in records.items():
        if record["status"][0] != "estimated":
            open_[name] = f"{record['status'][0]}: {record['reason'][0]}"
            continue
        try:
            columns.append(replicated_column(record, panel))
        except StaleRecordError as reason:
            open_[name] = str(reason)
    panel = _with_markers(panel, columns)
    synthetic = any(p.synthetic for p in lake.tables() if p.key[:2] == ("panel", study.name))
    variables = {variable.name: variable for variable in (*TREATMENT, *all_variables(study))}
    file = panel_file(f"{study.name}.dta", study.title, panel, variables, synthetic=synthetic)
    files = {
        file.file: file.data,
        f"{study.name}.do": do_file(
            study.title, columns, file, synthetic=synthetic, rules=_rules(lake, study)
        ).encode(),
        f"{study.name}.R": r_script(study.title, columns, file, synthetic=synthetic).encode(),
    }
    names = tuple(column.specification.name for column in columns)
    return Replication(study.name, files, names, open_, synthetic, file)


def panel_of(lake: Lake, study: Study) -> pl.DataFrame:
    """All variables of the study's panel, one row per kept city and year, sorted."""
    keys = [p.key for p in own_results(lake) if p.key[:2] == ("panel", study.name) and p.key[2] not in _NO_VARIABLES]
    panel = pl.DataFrame()
    for table in (lake.read(key) for key in keys):
        if set(KEY) <= set(table.columns) and not table.select(KEY).is_duplicated().any():
            new = [name for name in table.columns if name not in panel.columns]
            panel = table if panel.is_empty() else panel.join(table.select(*KEY, *new), on=KEY, how="left")
    first = [*KEY, *(name for name in ("name", "province", "region") if name in panel.columns)]
    return panel.select(*first, pl.exclude(first)).sort(KEY)


def readme(made: Sequence[Replication]) -> str:
    """What the files are, which column is in them, which is not and why, and which names were changed."""
    lines = ["# Replication files", ""]
    if any(found.synthetic for found in made):
        lines += [f"**{SYNTHETIC}**", ""]
    lines += [
        "Each study has its panel (`.dta`, Stata 14 and later), a do-file and an R script. Both estimate every column "
        "of the regression tables from the panel and stop at the first figure that differs from the stored one.",
        "",
        "- Stata: `ssc install ftools`, `ssc install reghdfe`, then `do NAME.do` in this folder.",
        '- R: `install.packages(c("fixest", "haven"))`, then `Rscript NAME.R` in this folder.',
    ]
    for found in made:
        lines += ["", f"## {found.study}", "", f"Columns: {', '.join(found.columns) or 'none'}."]
        lines += [f"- not in the files: {name} ({reason})" for name, reason in found.open.items()]
        changed = {name: new for name, new in found.panel.names.items() if name != new}
        lines += [f"- `{name}` is named `{new}`" for name, new in changed.items()]
    return "\n".join([*lines, ""])


def _rules(lake: Lake, study: Study) -> Rules | None:
    """How the stored matching weights came about, None where the study matches nothing."""
    pointer = lake.current(("panel", study.name, "matching"))
    if study.matching is None or pointer is None:
        return None
    return rules_under(study.matching, Options.of({name: str(value) for name, value in pointer.options.items()}))


def _records(lake: Lake, study: Study) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every stored specification of the study's results, in the order of its tables, by name."""
    keys = [p.key for p in own_results(lake) if p.key[0] == "estimates"]
    for table in study.tables:
        order = {estimate_key(specification): place for place, specification in enumerate(table.columns)}
        own = [key for key in keys if key[1] == table.name]
        for key in sorted(own, key=lambda key: (order.get(key, len(order)), key)):
            frame = lake.read(key)
            if set(ESTIMATES) <= set(frame.columns):
                for (name,), record in frame.group_by("name", maintain_order=True):
                    yield str(name), record


def _with_markers(panel: pl.DataFrame, columns: Sequence[ReplicatedColumn]) -> pl.DataFrame:
    """The panel with a 0/1 column for every filter that Stata and R have no words for."""
    names = stata_names(panel.columns)
    texts = frozenset(name for name, kind in panel.schema.items() if kind == pl.String and name != KEY[0])
    for column in columns:
        where = column.specification.where
        if where is not None and translated(where, names, texts) is None:
            kept = keep_rows(panel.with_row_index("place"), where)["place"]
            mark = pl.int_range(pl.len()).is_in(kept.to_list()).cast(pl.Int32)
            panel = panel.with_columns(mark.alias(marker(column)))
    return panel


def _replace(path: Path, data: bytes) -> None:
    with replacing(path) as hidden:
        hidden.write_bytes(data)
