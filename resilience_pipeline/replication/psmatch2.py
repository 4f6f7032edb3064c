"""The match in Stata: psmatch2 on the exported panel, its weights held to the stored ones.

Stata finds the score by iteration to its own tolerance, so weights agree to a few digits less than estimates do.
"""

from resilience_pipeline.econometrics.matched_panel import Rules
from resilience_pipeline.replication.panel_file import PanelFile
from resilience_pipeline.study.vocabulary import MATCHING_WEIGHT, TIME, UNIT

CLOSE = "1e-4"


def match_lines(rules: Rules, panel: PanelFile) -> list[str]:
    """Lines of the do-file that match as the rules say and compare each weight.

    Parameters
    ----------
    rules : in force when the panel's `matching_weight` was computed.
    """
    treatment, *covariates = (panel.names[name] for name in (rules.treatment, *rules.covariates))
    unit, time, weight = panel.names[UNIT], panel.names[TIME], panel.names[MATCHING_WEIGHT]
    options = f"kernel kerneltype(epan) bwidth({rules.bandwidth!r})"
    options += " logit" if rules.model == "logit" else ""
    options += " common" if rules.support == "common" else ""
    command = f"psmatch2 {treatment} {' '.join(covariates)}, {options}"
    complete = f"keep if !missing({', '.join((treatment, *covariates))})"
    start = [
        f"* ---- the match: design {rules.design}, score {rules.model}, bandwidth {rules.bandwidth!r}, {rules.support}",
        "capture which psmatch2",
        "if _rc {",
        '    display as error "psmatch2 is not installed: ssc install psmatch2"',
        "    exit 199",
        "}",
        f'use "{panel.file}", clear',
        complete,
    ]
    if rules.design == "baseline":
        key = unit
        made = [
            f"keep if {time} < {rules.start_year}",
            f"collapse (mean) {' '.join(covariates)} (first) {treatment}, by({unit})",
            command,
            "generate double matched = cond(missing(_weight), 0, _weight)",
        ]
    elif rules.design == "by_year":
        key = f"{unit} {time}"
        made = [
            "generate double matched = .",
            f"levelsof {time}, local(years)",
            "foreach year of local years {",
            "    preserve",
            f"    keep if {time} == `year'",
            f"    {command}",
            "    generate double found = cond(missing(_weight), 0, _weight)",
            f"    keep {unit} {time} found",
            "    tempfile part",
            "    save `part'",
            "    restore",
            f"    merge 1:1 {unit} {time} using `part', nogenerate",
            "    replace matched = found if !missing(found)",
            "    drop found",
            "}",
        ]
    else:
        key = f"{unit} {time}"
        made = [command, "generate double matched = cond(missing(_weight), 0, _weight)"]
    return [
        *start,
        *made,
        f"keep {key} matched",
        "tempfile match",
        "save `match'",
        f'use "{panel.file}", clear',
        f"merge {'m' if rules.design == 'baseline' else '1'}:1 {key} using `match', nogenerate",
        f"assert missing(matched) == missing({weight})",
        f"assert reldif(matched, {weight}) < {CLOSE} if !missing({weight})",
    ]
