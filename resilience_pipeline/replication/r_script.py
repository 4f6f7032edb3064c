"""The R script: each column anew from the .dta with fixest's feols, held to our figures."""

from collections.abc import Sequence

from resilience_pipeline.replication.column import CLOSE, ReplicatedColumn
from resilience_pipeline.replication.conditions import in_r
from resilience_pipeline.replication.panel_file import PanelFile
from resilience_pipeline.replication.rows import Filter, filter_of
from resilience_pipeline.report.document import printable
from resilience_pipeline.report.layout import SYNTHETIC

_HEAD = """\
library(fixest)
library(haven)

panel <- as.data.frame(zap_labels(read_dta("{file}")))
for (name in names(panel)) if (is.character(panel[[name]])) panel[[name]][panel[[name]] == ""] <- NA

# Effects nested in the clusters are not counted, as in reghdfe; the arguments were renamed in fixest 0.13.
rule <- if (packageVersion("fixest") >= "0.13.0") {{
  ssc(K.fixef = "nonnested", K.exact = TRUE, G.df = "min")
}} else {{
  ssc(fixef.K = "nested", fixef.force_exact = TRUE, cluster.df = "min")
}}

# Rows that meet a condition, and have every value.
rows <- function(condition, columns) {{
  kept <- panel[condition & !is.na(condition), , drop = FALSE]
  kept[complete.cases(kept[columns]), , drop = FALSE]
}}

# reghdfe drops rows alone in a level of an effect, again until none is left.
without_singletons <- function(data, effects) {{
  repeat {{
    alone <- rep(FALSE, nrow(data))
    for (effect in effects) {{
      level <- do.call(paste, c(unname(data[effect]), sep = "\\r"))
      alone <- alone | !(duplicated(level) | duplicated(level, fromLast = TRUE))
    }}
    if (!any(alone)) return(data)
    data <- data[!alone, , drop = FALSE]
  }}
}}

same <- function(found, stored, close) {{
  isTRUE(abs(unname(found) - stored) <= close * (if (stored == 0) 1 else abs(stored)))
}}
"""


def r_script(title: str, columns: Sequence[ReplicatedColumn], panel: PanelFile, *, synthetic: bool) -> str:
    """The whole script; it stops at the first figure that differs."""
    lines = [
        *([f"# {SYNTHETIC}"] if synthetic else []),
        f"# {printable(title)}: every column of the regression tables, estimated anew and held to the stored figures",
        f'# Run it in the folder of {panel.file}. Needs: install.packages(c("fixest", "haven"))',
        _HEAD.format(file=panel.file).rstrip(),
    ]
    for column in columns:
        lines += ["", *_column(column, panel)]
    return "\n".join([*lines, "", f'cat("{len(columns)} columns agree\\n")', ""])


def _column(column: ReplicatedColumn, panel: PanelFile) -> list[str]:
    spec = column.specification
    names = panel.names
    figures = ", ".join(f"{f.term} {f.estimate:.6g} ({f.std_error:.6g})" for f in column.figures)
    found = filter_of(column, panel)
    conditions = ["rep(TRUE, nrow(panel))"]
    if isinstance(found, Filter):
        conditions = [f"with(panel, {in_r(found.condition, names, panel.texts)})"]
    elif found:
        conditions = [f"panel${found} == 1"]
    if spec.weights:
        conditions.append(f"panel${names[spec.weights]} > 0")
    groups = [panel.groups(effect) for effect in (*spec.absorb, *spec.cluster)]
    used = [names[name] for name in (spec.outcome, *column.regressors, *([spec.weights] if spec.weights else []))]
    used = list(dict.fromkeys([*used, *(part for group in groups for part in group)]))
    rescaled = f" * sqrt({column.rescaled!r})" if abs(column.rescaled - 1.0) > 1e-12 else ""
    rule = [f"# small-sample rule {spec.ssc}: our variance is reghdfe's times {column.rescaled!r}"] if rescaled else []
    checks = [
        f'  same(coef(fit)["{_term(figure.term, panel)}"], {figure.estimate!r}, {CLOSE!r}),\n'
        f'  same(se(fit)["{_term(figure.term, panel)}"]{rescaled}, {figure.std_error!r}, {column.closeness:.3g})'
        for figure in column.figures
    ]
    singletons = spec.absorb and spec.singletons == "drop"
    effects = ", ".join(_vector(panel.groups(effect)) for effect in column.effects)
    return [
        f"# ---- {spec.name}: {printable(column.label)}",
        f"# stored: {figures}; N {column.rows}",
        *([f"# rows: {printable(spec.where)}"] if spec.where else []),
        *rule,
        f"data <- rows({' & '.join(conditions)}, {_vector(used)})",
        *([f"data <- without_singletons(data, list({effects}))"] if singletons else []),
        f"fit <- feols({_formula(column, panel)}, data, {_options(column, panel)})",
        "stopifnot(\n  " + ",\n".join([f"nobs(fit) == {column.rows}", *checks]) + "\n)",
    ]


def _formula(column: ReplicatedColumn, panel: PanelFile) -> str:
    spec = column.specification
    right = " + ".join(panel.names[name] for name in column.regressors)
    effects = " + ".join("^".join(panel.groups(effect)) for effect in column.effects)
    return f"{panel.names[spec.outcome]} ~ {right}{f' | {effects}' if effects else ''}"


def _options(column: ReplicatedColumn, panel: PanelFile) -> str:
    spec = column.specification
    errors = {"iid": '"iid"', "hc1": '"hetero"'}.get(spec.vcov, "")
    if not errors:
        errors = "~" + " + ".join("^".join(panel.groups(cluster)) for cluster in spec.cluster)
    weights = f"weights = ~{panel.names[spec.weights]}, " if spec.weights else ""
    precision = ", fixef.tol = 1e-10, fixef.iter = 100000" if spec.absorb else ""
    return f"{weights}vcov = {errors}, ssc = rule{precision}"


def _term(term: str, panel: PanelFile) -> str:
    return "(Intercept)" if term == "const" else panel.names[term]


def _vector(names: Sequence[str]) -> str:
    return "c(" + ", ".join(f'"{name}"' for name in names) + ")"
