"""The `[matching]` section of a study: whose propensity score, and on what. How it is matched is for the options."""

from collections.abc import Collection
from typing import cast

from resilience_pipeline.econometrics.matched_panel import Design, Rules
from resilience_pipeline.econometrics.matching import Support
from resilience_pipeline.econometrics.propensity import Model
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


def in_words(rules: Rules) -> str:
    """`baseline, probit, Epanechnikov kernel, bandwidth 0.06, support common`."""
    return f"{rules.design}, {rules.model}, Epanechnikov kernel, bandwidth {rules.bandwidth:g}, support {rules.support}"
