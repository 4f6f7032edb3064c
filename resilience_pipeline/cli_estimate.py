"""`resilience estimate`: one specification on any CSV, Parquet or Stata file, apart from every study and lake.

This module reads the file and prints the record; it estimates nothing itself and starts no pipeline.
"""

import json
import sys
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from resilience_pipeline.errors import DeliveryError, PipelineError, SpecificationError

if TYPE_CHECKING:
    import polars as pl

    from resilience_pipeline.econometrics.estimate import Estimate
    from resilience_pipeline.econometrics.specification import Specification

REFUSED = 2  # the command or the file cannot be used
NOT_ESTIMABLE = 3  # the file could be used, but does not identify the model
MISSING_MARKS = ["", "NA", "NaN", "."]
CLUSTERED = ("cluster", "cv3", "wcr")
_CHOICES = {
    "ssc": ("reghdfe", "xtreg", "linearmodels", "none"),
    "singletons": ("drop", "keep"),
}


def estimate_command(
    data: Annotated[Path, typer.Option(help="CSV, Parquet or Stata (.dta) file, one row per observation.")],
    outcome: Annotated[str, typer.Option(help="Column of the outcome.")],
    treatment: Annotated[str | None, typer.Option(help="Column of the treatment, printed first.")] = None,
    controls: Annotated[str, typer.Option(help="Columns of the controls: A,B.")] = "",
    absorb: Annotated[str, typer.Option(help="Effects to absorb: unit,time; a^b is an interaction.")] = "",
    cluster: Annotated[str, typer.Option(help="One column to cluster by, or two: a,b.")] = "",
    vcov: Annotated[
        str | None,
        typer.Option(
            help="Error rule: iid, hc1, cluster, cv3 (cluster jackknife), wcr or wcr:webb (p values and intervals by "
            "the wild cluster bootstrap), conley:KM or conley:KM:bartlett (spatial, within so many kilometres). If "
            "left out: cluster by --cluster, else by --unit, else by the first absorbed effect; hc1 where there is "
            "none of them."
        ),
    ] = None,
    ssc: Annotated[str, typer.Option(help="Small-sample rule: reghdfe, xtreg, linearmodels or none.")] = "reghdfe",
    singletons: Annotated[str, typer.Option(help="Rows alone in an absorbed level: drop or keep.")] = "drop",
    where: Annotated[str | None, typer.Option(help="SQL condition on a row: 'year < 2020'.")] = None,
    weights: Annotated[str | None, typer.Option(help="Column of analytic weights.")] = None,
    unit: Annotated[str | None, typer.Option(help="Column that names the units of the panel.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that names the periods of the panel.")] = None,
    latitude: Annotated[str | None, typer.Option(help="Column of the units' latitude in degrees, for conley.")] = None,
    longitude: Annotated[str | None, typer.Option(help="Column of their longitude in degrees.")] = None,
    draws: Annotated[
        int | None, typer.Option(help="Draws of the wild bootstrap (9,999 if left out) or of sdid's placebos (200).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of those draws; 20181016 if left out.")] = None,
    estimator: Annotated[
        str, typer.Option(help="twfe, event_study, match, bacon, cs, drdid, imputation, sunab, sdid or mc; see below.")
    ] = "twfe",
    option: Annotated[
        list[str] | None, typer.Option(help="One option of the estimator, name=value; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Estimate a linear model with absorbed effects, or a difference in differences, on any CSV, Parquet or Stata file.

    \b
    Estimators and their options (the first value holds if left out):
      twfe         least squares with absorbed effects
      event_study  leads and lags: base=-1 date=YEAR
      match        kernel matching, then twfe: design=baseline|by_year|pooled
                   model=probit|logit bandwidth=0.06 support=common|none
      bacon        decomposition of twfe: detail=pairs|kinds
      cs           Callaway-Sant'Anna: control=never|not_yet method=dr|reg|ipw
                   base=varying|universal anticipation=0
                   aggregate=all|simple|group|dynamic|calendar|group_time
      drdid        Sant'Anna-Zhao: method=improved|traditional
                   before=mean|PERIOD after=mean|PERIOD
      imputation   Borusyak-Jaravel-Spiess: aggregate=all|simple|group|...
      sunab        Sun-Abraham: aggregate=all|simple|group|...
      sdid         synthetic DID: weights=sdid|sc|did solver=synthdid|exact
                   errors=placebo|jackknife
      mc           matrix completion with the nuclear norm; no options

    All but twfe need --treatment (0 or 1), --unit and --time; cs and drdid the
    optional extra named estimators.

    Exit codes: 0 estimated; 2 the command or the file cannot be used; 3 the data do not identify the model.
    """
    from resilience_pipeline.econometrics.specification import Specification

    chosen = {"ssc": ssc, "singletons": singletons}
    absorbed = _names(absorb)
    try:
        rule, clusters = _error_rule(vcov, _names(cluster), unit, absorbed)
        for name, value in chosen.items():
            _demand_choice(name, value)
        _demand_use(rule, {"--cluster": cluster or None}, "does not cluster by columns", *CLUSTERED)
        if not _draws(estimator):
            _demand_use(rule, {"--draws": draws, "--seed": seed}, "draws nothing", "wcr")
        _demand_use(rule, {"--latitude": latitude, "--longitude": longitude}, "knows no distances", "conley")
        spec = Specification(
            name=data.name,
            outcome=outcome,
            treatment=treatment,
            controls=_names(controls),
            absorb=absorbed,
            where=where,
            weights=weights,
            vcov=rule,
            cluster=clusters,
            ssc=ssc,  # type: ignore[arg-type]
            singletons=singletons,  # type: ignore[arg-type]
            unit=unit,
            time=time,
            latitude=latitude,
            longitude=longitude,
            draws=draws,
            seed=seed,
            estimator=estimator,
            estimator_options=tuple(_pair(text) for text in option or ()),
        )
        result = _estimate(spec, data)
    except PipelineError as error:
        _refuse(error)
    _print(result, as_json)
    if result.status != "estimated":
        raise typer.Exit(NOT_ESTIMABLE)


def _estimate(spec: "Specification", data: Path) -> "Estimate":
    frame = read_table(data)
    from resilience_pipeline.econometrics.estimators import estimate

    return estimate(spec, frame)


def _draws(estimator: str) -> bool:
    """Whether the estimator re-samples."""
    from resilience_pipeline.econometrics.estimators import ESTIMATORS

    return estimator in ESTIMATORS and ESTIMATORS[estimator].draws is not None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SpecificationError(
            what=f"--option {text} has no value", expected="name=value", remedy="write --option name=value"
        )
    return name.strip(), value.strip()


def read_table(path: Path) -> "pl.DataFrame":
    """A CSV, Parquet or Stata file as a frame; empty cells, NA, NaN and "." of a CSV are missing.

    Raises
    ------
    DeliveryError : the file is absent, of another kind, or unreadable.
    """
    import polars as pl

    if not path.is_file():
        raise DeliveryError(what="there is no such file", file=str(path), remedy="give --data the path of a file")
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            return pl.read_parquet(path)
        if kind == ".dta":
            import pandas as pd

            return pl.from_pandas(pd.read_stata(path, convert_categoricals=False))
        if kind in (".csv", ".txt", ".tsv"):
            return pl.read_csv(path, separator=_separator(path), null_values=MISSING_MARKS, infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError, OSError) as error:
        raise DeliveryError(
            what="the file cannot be read",
            file=str(path),
            found=str(error).splitlines()[0],
            remedy="save it again as CSV in UTF-8 with one row of headings, or as Parquet",
        ) from None
    raise DeliveryError(
        what="this kind of file is not read",
        file=str(path),
        expected=".csv, .tsv, .txt, .parquet or .dta",
        found=kind or "no suffix",
        remedy="save it as CSV in UTF-8 or as Parquet",
    )


def _separator(path: Path) -> str:
    """What parts the columns: a tab in .tsv; a semicolon where the headings have no comma, as some countries save."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding="utf-8", errors="replace") as lines:
        headings = lines.readline()
    return ";" if ";" in headings and "," not in headings else ","


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _error_rule(
    vcov: str | None, cluster: tuple[str, ...], unit: str | None, absorb: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """The error rule and its clusters; a clustered rule without clusters takes the unit, then the first effect."""
    from resilience_pipeline.econometrics.error_rules import error_rule

    clusters = cluster or ((unit,) if unit else absorb[:1])
    if vcov is None:
        return ("cluster" if clusters else "hc1"), clusters
    try:
        rule = error_rule(vcov)
    except SpecificationError as unknown:
        raise SpecificationError(
            what=f"--vcov cannot be {vcov!r}", expected=unknown.expected, remedy=unknown.remedy
        ) from None
    return vcov, clusters if rule.by_clusters else ()


def _demand_use(rule: str, given: dict[str, object], why: str, *kinds: str) -> None:
    """Refuse an option that the error rule would pass over in silence."""
    unused = [f"{option} {value}" for option, value in given.items() if value is not None]
    if unused and rule.split(":")[0] not in kinds:
        raise SpecificationError(
            what=f"--vcov {rule} {why}, but {' and '.join(unused)} is given", remedy="leave one of the two out"
        )


def _demand_choice(option: str, value: str | None) -> None:
    if value is not None and value not in _CHOICES[option]:
        raise SpecificationError(
            what=f"--{option} cannot be {value!r}",
            expected=", ".join(_CHOICES[option]),
            remedy="use one of the expected values",
        )


def _refuse(error: PipelineError) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(REFUSED)


def _print(result: "Estimate", as_json: bool) -> None:
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
