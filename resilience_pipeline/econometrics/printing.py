"""An estimate on the terminal: its terms, what it rests on, its error rule in words; or its record as JSON."""

import json
import sys
from math import isnan
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from resilience_pipeline.econometrics.estimate import Estimate


def print_estimate(result: "Estimate", as_json: bool) -> None:
    """The record as JSON, or its table; of what was not estimated, the reason on stderr."""
    if as_json:
        from resilience_pipeline.econometrics.tidy import to_record

        json.dump(to_record(result), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    elif result.status == "estimated":
        _print_table(result)
    else:
        typer.echo(f"not estimated ({result.status}): {result.reason}", err=True)


def _print_table(result: "Estimate") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    spec, console = result.specification, Console()
    table = Table(title=f"{spec.outcome}, errors {_errors_in_words(result)}", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("term", overflow="fold")
    for heading in ("estimate", "std. error", "t", "p", "95% low", "95% high"):
        table.add_column(heading, justify="right", no_wrap=True)
    for term in result.terms:
        numbers = (term.estimate, term.std_error, term.t, term.p_value, term.ci_low, term.ci_high)
        table.add_row(term.term, *("" if isnan(number) else f"{number:.5g}" for number in numbers))
    console.print(table)
    facts: dict[str, Any] = {
        "rows": result.n_obs,
        "rows without a value": result.n_dropped_missing,
        "singletons dropped": result.n_singletons,
        "units": result.n_units,
        "periods": result.n_periods,
        "clusters": result.n_clusters,
        "treated units": result.n_treated_units,
        "R2 overall": result.r2_overall,
        "R2 within units": result.r2_within_entity,
        "R2 within all effects": result.r2_within_all,
        "RMSE": result.rmse,
        "engine": result.engine,
        "estimator": None if spec.estimator == "twfe" else spec.estimator,
    } | result.options
    for name, value in facts.items():
        if value not in (None, ""):
            console.print(f"{name:22} {value:.4f}" if isinstance(value, float) else f"{name:22} {value}")
    for warning in result.warnings:
        console.print(f"warning: {warning}", markup=False)


def _errors_in_words(result: "Estimate") -> str:
    from resilience_pipeline.econometrics.estimators.effects import INFLUENCE

    if result.vcov == INFLUENCE:
        return f"influence functions summed by {' and '.join(result.specification.cluster)}, normal law"
    if result.vcov in ("placebo", "jackknife"):
        drawn = f", {result.draws:,} draws, seed {result.seed}" if result.draws else ""
        return f"{result.vcov}{drawn}, normal law"
    rule, by = result.specification.error_rule, " and ".join(result.specification.cluster)
    factor = f" ({result.ssc})" if result.ssc else ""
    if rule.kind == "conley":
        return f"spatial within {rule.kilometres:g} km, {rule.kernel} kernel, serial within units{factor}"
    if rule.kind == "wcr":
        drawn = f"{result.draws:,} {rule.signs} draws" + (f", seed {result.seed}" if result.seed is not None else "")
        return f"clustered by {by}{factor}; p and interval by the wild cluster bootstrap, {drawn}"
    words = {"cluster": f"clustered by {by}", "cv3": f"CV3 by {by}, the cluster jackknife"}
    return words.get(rule.kind, rule.kind) + factor
