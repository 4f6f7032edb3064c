"""The panel table `matching`: the propensity score of each city and year, and the weight that matching gives it."""

from functools import partial

import polars as pl

from resilience_pipeline import table_checks
from resilience_pipeline.econometrics import matched_panel, propensity, sample
from resilience_pipeline.econometrics import matching as kernel_matching
from resilience_pipeline.econometrics.matched_panel import account, match_panel, refusal_of, unmatched_panel
from resilience_pipeline.econometrics.matching import MATCHED, USED
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.panel.analysis import analysis_frame, columns_read, table_of
from resilience_pipeline.step import Check, Inputs, Step, StepResult
from resilience_pipeline.study import matching as study_matching
from resilience_pipeline.study.matching import OPTIONS, rules_under
from resilience_pipeline.study.study import Matching, Study
from resilience_pipeline.table_checks import balanced, finite, key_unique, rule

CODE = (propensity, kernel_matching, matched_panel, sample, study_matching, analysis)

#: Rounding of a sum of some thousand weights.
_SUM_TOLERANCE = 1e-9


def steps(study: Study) -> list[Step]:
    """One step where the study has a [matching] section, none else."""
    if study.matching is None:
        return []
    columns = (study.matching.treatment, *study.matching.covariates)
    return [
        Step(
            key=("panel", study.name, "matching"),
            inputs=tuple(dict.fromkeys(table_of(study, name) for name in columns)),
            reads=columns_read(study, columns),
            compute=partial(_match, study.matching),
            description="Propensity score, support and kernel weight for weighted regressions, matched on "
            f"{', '.join(study.matching.covariates)}. One row per kept city and year. A weight of 0 is scored and not "
            "matched, no weight is not scored; matching_fate says why. Deletes no row; the specification that names "
            "matching_weight does. Section 5.4.",
            code=(*CODE, table_checks),
            options=OPTIONS,
            checks=(
                ("key_unique", True),
                ("balanced", True),
                ("finite", True),
                ("weights_add_up", True),
                ("matched", False),
            ),
        )
    ]


def weights_add_up(table: pl.DataFrame) -> Check:
    """The controls' weights sum to the number of matched treated units, as each of these shares out a weight of one."""
    treated = table.filter(matching_fate=MATCHED)["matching_weight"].sum()
    controls = table.filter(matching_fate=USED)["matching_weight"].sum()
    sums = pl.DataFrame({"treated": [treated], "controls": [controls]}).cast(pl.Float64)
    odd = sums.filter((pl.col("treated") - pl.col("controls")).abs() > _SUM_TOLERANCE * pl.col("treated"))
    return rule("weights_add_up", odd, "the controls' weights do not sum to the number of matched treated units")


def _match(matching: Matching, inputs: Inputs, options: Options) -> StepResult:
    rules = rules_under(matching, options)
    frame = analysis_frame(inputs.tables, (matching.treatment, *matching.covariates))
    try:
        table = match_panel(frame, rules)
    except NotEstimableError as refused:
        table = unmatched_panel(frame, refused)
    refusal = refusal_of(table)
    notes: dict[str, str | int | float | bool] = {"design": rules.design, "score": rules.model}
    if table.is_empty():
        matched = Check("matched", False, "the panel has no rows yet", blocking=False)
    elif refusal is not None:
        notes[refusal.status] = refusal.reason
        matched = Check("matched", False, refusal.reason, blocking=False)
    else:
        found = account(table, rules.design)
        notes |= {
            "treated": found.treated,
            "treated_on_support": found.on_support,
            "controls": found.controls,
            "controls_used": found.controls_used,
            "effective_controls": round(found.effective_controls, 1),
            "rows_of_positive_weight": table.filter(pl.col("matching_weight") > 0).height,
        }
        message = f"{found.on_support} of {found.treated} treated {found.unit} on support"
        matched = Check("matched", True, message, blocking=False)
    checks = (
        key_unique(table, KEY),
        balanced(table, KEY, frame.height),
        finite(table),
        weights_add_up(table),
        matched,
    )
    return StepResult(table, checks, notes=notes)
