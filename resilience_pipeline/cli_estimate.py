"""`resilience estimate`: one specification on any CSV, Parquet or Stata file, apart from every study and lake.

It turns the command's words into a specification; it estimates nothing itself and starts no pipeline.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from resilience_pipeline.econometrics.data_file import read_table
from resilience_pipeline.econometrics.printing import print_estimate
from resilience_pipeline.errors import PipelineError, SpecificationError

if TYPE_CHECKING:
    from resilience_pipeline.econometrics.estimate import Estimate
    from resilience_pipeline.econometrics.specification import Specification

REFUSED = 2  # the command or the file cannot be used
NOT_ESTIMABLE = 3  # the file could be used, but does not identify the model
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
    print_estimate(result, as_json)
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
