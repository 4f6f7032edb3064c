"""The do-file: each column anew from the .dta, by the command that a Stata user would type, held to our figures.

reghdfe where effects are absorbed, `xtreg, fe` where the column follows xtreg's small-sample rule, `regress` where
nothing is absorbed. A rule that no command follows is reached by rescaling the error, with the factor in view.
"""

import re
from collections.abc import Sequence

from resilience_pipeline.econometrics.matched_panel import Rules
from resilience_pipeline.replication.column import CLOSE, ReplicatedColumn
from resilience_pipeline.replication.conditions import in_stata
from resilience_pipeline.replication.panel_file import PanelFile
from resilience_pipeline.replication.psmatch2 import match_lines
from resilience_pipeline.replication.rows import Filter, filter_of
from resilience_pipeline.report.document import printable
from resilience_pipeline.report.layout import SYNTHETIC
from resilience_pipeline.study.vocabulary import MATCHING_WEIGHT, TIME, UNIT


def do_file(
    title: str, columns: Sequence[ReplicatedColumn], panel: PanelFile, *, synthetic: bool, rules: Rules | None = None
) -> str:
    """The whole do-file; it stops at the first figure that differs.

    Parameters
    ----------
    rules : of the match behind the panel's matching weights; where a column uses these, they are matched anew first.
    """
    lines = [
        *([f"* {SYNTHETIC}"] if synthetic else []),
        f"* {comment(title)}: every column of the regression tables, estimated anew and held to the stored figures",
        f"* Run it in the folder of {panel.file}. Needs: ssc install ftools, ssc install reghdfe",
        "version 14",
        "clear all",
        "set more off",
        "capture which reghdfe",
        "if _rc {",
        '    display as error "reghdfe is not installed: ssc install ftools, then ssc install reghdfe"',
        "    exit 199",
        "}",
    ]
    if rules is not None and any(column.specification.weights == MATCHING_WEIGHT for column in columns):
        lines += ["", *match_lines(rules, panel)]
    for column in columns:
        lines += ["", *_column(column, panel)]
    return "\n".join([*lines, "", f'display as text "{len(columns)} columns agree"', ""])


def comment(text: str) -> str:
    """The text within a comment: nothing in it ends the comment, opens a longer one or expands a macro."""
    return re.sub(r"//+|/\*|\*/|[`$\\]", " ", printable(text))


def _column(column: ReplicatedColumn, panel: PanelFile) -> list[str]:
    spec = column.specification
    figures = ", ".join(f"{f.term} {f.estimate:.6g} ({f.std_error:.6g})" for f in column.figures)
    return [
        f"* ---- {spec.name}: {comment(column.label)}",
        f"* stored: {figures}; N {column.rows}",
        *([f"* rows: {comment(spec.where)}"] if spec.where else []),
        *([f"* small-sample rule {spec.ssc}: our variance is reghdfe's times {column.rescaled!r}"] * _rescales(column)),
        f'use "{panel.file}", clear',
        *_commands(column, panel),
        f"assert e(N) == {column.rows}",
        *([f"assert e(N_clust) == {column.clusters}"] if column.clusters else []),
        *(line for figure in column.figures for line in _assertions(column, panel, figure.term)),
    ]


def _commands(column: ReplicatedColumn, panel: PanelFile) -> list[str]:
    spec = column.specification
    model = " ".join(panel.names[name] for name in (spec.outcome, *column.regressors))
    conditions = [f"{panel.names[spec.weights]} > 0 & !missing({panel.names[spec.weights]})"] if spec.weights else []
    found = filter_of(column, panel)
    if isinstance(found, Filter):
        conditions.append(in_stata(found.condition, panel.names, panel.texts))
    elif found:
        conditions.append(f"{found} == 1")
    rows = f" if {' & '.join(conditions)}" if conditions else ""
    weights = f" [aweight = {panel.names[spec.weights]}]" if spec.weights else ""
    errors = _errors(column, panel)
    if not spec.absorb:
        if len(spec.cluster) > 1 and spec.vcov == "cluster":
            return [f"reghdfe {model}{rows}{weights}, noabsorb {errors}"]
        return [f"regress {model}{rows}{weights}, {errors}"]
    effects = " ".join("#".join(panel.groups(effect)) for effect in column.effects)
    keep = " keepsingletons" if spec.singletons == "keep" else ""
    absorbed = f"reghdfe {model}{rows}{weights}, absorb({effects}) {errors} tolerance(1e-12){keep}"
    if not _by_xtreg(column):
        return [absorbed]
    dummies = f" i.{panel.names[TIME]}" if TIME in spec.absorb else ""
    return [
        f"quietly {absorbed}",
        "generate byte in_sample = e(sample)",
        f"xtset {panel.names[UNIT]} {panel.names[TIME]}",
        f"xtreg {model}{dummies} if in_sample, fe {errors}",
    ]


def _errors(column: ReplicatedColumn, panel: PanelFile) -> str:
    spec = column.specification
    if spec.vcov == "iid":
        return "vce(unadjusted)" if spec.absorb else "vce(ols)"
    if spec.vcov == "hc1":
        return "vce(robust)"
    return f"vce(cluster {' '.join('#'.join(panel.groups(cluster)) for cluster in spec.cluster)})"


def _assertions(column: ReplicatedColumn, panel: PanelFile, term: str) -> list[str]:
    figure = next(figure for figure in column.figures if figure.term == term)
    name = "_cons" if term == "const" else panel.names[term]
    rescaled = f" * sqrt({column.rescaled!r})" if _rescales(column) else ""
    return [
        f"assert reldif(_b[{name}] / ({figure.estimate!r}), 1) < {CLOSE!r}"
        if figure.estimate
        else f"assert abs(_b[{name}]) < {CLOSE!r}",
        f"assert reldif(_se[{name}]{rescaled} / {figure.std_error!r}, 1) < {column.closeness:.3g}",
    ]


def _by_xtreg(column: ReplicatedColumn) -> bool:
    """Whether `xtreg, fe` gives the column's own error."""
    spec = column.specification
    plain = spec.absorb[:1] == (UNIT,) and set(spec.absorb) <= {UNIT, TIME}
    return spec.ssc == "xtreg" and plain and spec.vcov == "cluster" and spec.cluster == (UNIT,) and not spec.weights


def _rescales(column: ReplicatedColumn) -> bool:
    return abs(column.rescaled - 1.0) > 1e-12 and not _by_xtreg(column)
