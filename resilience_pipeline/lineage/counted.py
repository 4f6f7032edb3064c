"""Which rows of the panel a result counts, and whether it sets aside what all cities have in common in a period.

As conditions on a row, so that a reader of the index can hold a city and year to them without computing anything.
"""

from collections.abc import Sequence

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.lineage.choices import sample_choices
from resilience_pipeline.lineage.edge import EVERY
from resilience_pipeline.options import Options
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.study.vocabulary import MATCHING_WEIGHT, TIME

#: The kinds whose rows are figures of their own specifications on these specifications' rows.
_OF_COLUMNS = ("regression", "difference")

#: Name of a specification, or of what else the rows are for -> conditions; a row counts that meets one of them. Of a
#: figure whose name holds one of these names only that one's rows count, of the others those of EVERY.
Rows = dict[str, list[str]]


def rows_counted(study: Study, result: ResultTable, specifications: Sequence[Specification], options: Options) -> Rows:
    """Conditions on the panel's rows by specification; empty where all rows count or nothing is declared of it."""
    if result.kind == "balance":
        return {EVERY: ["post = 0"]}
    if result.kind == "curve":
        return dict(sample_choices(result))
    if result.kind == "matching":
        return matched_rows(options)
    if result.kind not in _OF_COLUMNS:
        return {}
    found: Rows = {}
    for spec in specifications:
        weighted = f"{spec.weights} > 0" if spec.weights else None
        conditions = [f"({condition})" for condition in (spec.where, weighted) if condition]
        if not conditions:
            return {}
        found[spec.name] = [" and ".join(conditions)]
        if spec.weights == MATCHING_WEIGHT:  # what the match was made on counts through the weights
            matched = matched_rows(options)
            if not matched:
                return {}
            found[spec.name] += matched[EVERY]
    return found | {EVERY: [condition for own in found.values() for condition in own]}


def matched_rows(options: Options) -> Rows:
    """The rows that cities are matched on; empty where all are."""
    if options["matching_design"] != "baseline":
        return {}
    return {EVERY: [f"{TIME} < {options['start_year']}"]}


def time_absorbed(result: ResultTable, specifications: Sequence[Specification]) -> bool:
    """Whether the result is of specifications which all have effects of time.

    A table of variables is about their values, whatever sample it takes; a curve varies the effects.
    """
    if not specifications or result.variables or result.sample or hasattr(result.settings, "dimensions"):
        return False
    return all(any(TIME in effect.split("^") for effect in spec.absorb) for spec in specifications)
