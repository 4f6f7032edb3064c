"""The `[matching]` section of a study: whose propensity score, and on what. How it is matched is for the options."""

from collections.abc import Collection
from dataclasses import replace
from typing import cast

import polars as pl

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.matched_panel import Account, Design, Rules, account, refusal_of
from resilience_pipeline.econometrics.matching import Support
from resilience_pipeline.econometrics.propensity import Model
from resilience_pipeline.grid import reference
from resilience_pipeline.options import Options
from resilience_pipeline.study.study import Matching
from resilience_pipeline.toml_file import Section, near

#: Options that decide how a study is matched; `start_year` ends the baseline.
OPTIONS = ("start_year", "matching_design", "matching_model", "matching_bandwidth", "matching_support")


def read_matching(section: Section, variables: Collection[str], names: Collection[str]) -> Matching | None:
    """The section's content; None where the file has none.

    Parameters
    ----------
    variables : what may be a covariate. names : what may be the treatment.

    Raises
    ------
    SpecificationError : a key is unknown, there is no covariate, or a name is not declared or stands twice.
    """
    if not section.values:
        return None
    section.allow("covariates", "treatment")
    covariates = section.texts("covariates")
    if not covariates:
        section.fail("covariates", "are missing", "at least one variable", "none", "name what the score rests on")
    treatment = section.get("treatment", str, "treat")
    for key, found, known in (("covariates", covariates, variables), ("treatment", (treatment,), names)):
        for name in found:
            if name not in known:
                section.fail(
                    key,
                    "names a variable that is not declared",
                    ", ".join(sorted(known)),
                    near(name, set(known)),
                    f"declare it under [variables.{name}], or mend the name",
                )
    if len(set(covariates)) < len(covariates) or treatment in covariates:
        section.fail("covariates", "name a column twice", "each once", ", ".join(covariates), "take one out")
    return Matching(covariates, treatment)


def rules_under(matching: Matching, options: Options) -> Rules:
    """How the study is matched under the options."""
    return Rules(
        covariates=matching.covariates,
        treatment=matching.treatment,
        start_year=int(options["start_year"]),
        design=cast(Design, options["matching_design"]),
        model=cast(Model, options["matching_model"]),
        bandwidth=float(options["matching_bandwidth"]),
        support=cast(Support, options["matching_support"]),
    )


def with_match(estimate: Estimate, rules: Rules, table: pl.DataFrame) -> Estimate:
    """An estimate on matching weights that also says who is in the match and who is not, or why there is none.

    Parameters
    ----------
    table : the panel's `matching`.
    """
    if table.is_empty():
        return estimate
    refusal = refusal_of(table)
    if refusal is None:
        return replace(estimate, warnings=(*estimate.warnings, _summary(account(table, rules.design), rules)))
    status = "failed" if refusal.status == "failed" else estimate.status
    return replace(estimate, status=status, reason=f"{estimate.reason}; there is no match: {refusal.reason}")


def _summary(found: Account, rules: Rules) -> str:
    left = f", off support and out of the sample: {off_support_in_words(found)}" if found.off_support else ""
    unscored = f"; {found.unscored} {found.unit} lack a covariate" if found.unscored else ""
    return (
        f"matched ({in_words(rules)}): {found.on_support} of {found.treated} treated {found.unit} on support{left}; "
        f"{found.controls_used} of {found.controls} other {found.unit} used, effective number "
        f"{found.effective_controls:.1f}{unscored}; errors take the weights as known"
    )


def off_support_in_words(found: Account) -> str:
    """Names of the treated cities that are off support, with the number of years where not cities are matched."""
    names = city_names()
    return ", ".join(
        names.get(code, code) + ("" if found.design == "baseline" else f" ({years} year{'s' * (years > 1)})")
        for code, years in found.off_support
    )


def city_names() -> dict[str, str]:
    """City code -> name."""
    return dict(reference.cities().select("city_code", "name").iter_rows())


def in_words(rules: Rules) -> str:
    """`design baseline, score probit, Epanechnikov kernel, bandwidth 0.06, support common`."""
    kernel = f"Epanechnikov kernel, bandwidth {rules.bandwidth:g}"
    return f"design {rules.design}, score {rules.model}, {kernel}, support {rules.support}"
