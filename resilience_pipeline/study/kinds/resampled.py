"""What kinds share whose results are re-sampled from the moments of a specification: frame, rules, refusals, checks."""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.econometrics import inference
from resilience_pipeline.econometrics.absorption import AbsorptionError
from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.inference import Inference
from resilience_pipeline.econometrics.kernel import CollinearColumnsError
from resilience_pipeline.econometrics.moments import TooManyDummiesError
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.options import Options
from resilience_pipeline.panel import analysis
from resilience_pipeline.step import Check, Inputs, TableKey
from resilience_pipeline.study import columns as columns_module
from resilience_pipeline.study.columns import RULES
from resilience_pipeline.study.kind import estimate_key
from resilience_pipeline.study.kinds.regression import ESTIMATION_CODE, with_formulas
from resilience_pipeline.study.study import Variable
from resilience_pipeline.words import many

CODE = (*ESTIMATION_CODE, inference, columns_module, analysis)

#: What the data do not allow; a `MomentMismatchError` is none of these, it fails a blocking check.
REFUSALS = (NotEstimableError, AbsorptionError, CollinearColumnsError, TooManyDummiesError)

MOMENTS_AGREE = ("moments_agree", True)
AS_PRINTED = ("as_printed", True)
ESTIMATED = ("estimated", False)

#: Relative distance at which a coefficient is another one than the printed.
_PRINTED = 1e-10


def rules_read(stated: tuple[str, ...], *options: str) -> tuple[str, ...]:
    """Options that a step reads: error rules that its specification does not state, and its own. Errors are always
    clustered here, whatever vcov says."""
    return (*(rule for rule in RULES if rule not in stated and rule != "vcov"), *options)


def refused(
    subject: str,
    refusal: Exception,
    specification: Specification,
    frame: pl.DataFrame,
    variables: tuple[Variable, ...],
    options: Options,
) -> Inference:
    """The row of what could not be computed, its status and reason as an estimate would have them."""
    status = refusal.status if isinstance(refusal, NotEstimableError) else "failed"
    record = with_formulas(Estimate(specification, status, str(refusal)), frame, variables, options)
    return Inference(subject, "", "", status=record.status, reason=record.reason)


def panel_of(inputs: Inputs) -> dict[TableKey, pl.DataFrame]:
    """The panel tables among the inputs."""
    return {key: table for key, table in inputs.tables.items() if key[0] == "panel"}


def estimated(rows: pl.DataFrame) -> Check:
    """Whether every row has a result."""
    open_ = rows.filter(pl.col("status") != "estimated")
    message = "; ".join(f"{row['subject']} {row['status']}: {row['reason']}" for row in open_.to_dicts())
    return Check("estimated", not open_.height, message or many(rows.height, "row"), blocking=False)


def moments_agree(mismatch: Exception | None) -> Check:
    """Whether the table of moments gave the kernel's coefficients wherever it was used."""
    message = str(mismatch) if mismatch else "the table of moments gives the kernel's coefficients"
    return Check("moments_agree", mismatch is None, message)


def as_printed(
    inputs: Inputs,
    ours: Mapping[str, Mapping[str, float]],
    rows: Mapping[str, int],
    printed: Mapping[str, Specification],
) -> Check:
    """Whether coefficients equal those of the printed columns of the same equation and the same number of rows.

    Parameters
    ----------
    ours : name of a printed column -> term -> coefficient. rows : name of a printed column -> our rows.
    printed : name -> specification, all among the inputs.
    """
    compared, other, far = [], [], []
    for name, terms in ours.items():
        record = inputs[estimate_key(printed[name])]
        if record["status"][0] != "estimated" or record["n_obs"][0] != rows[name]:
            other.append(name)
            continue
        theirs = dict(record.select("term", "estimate").rows())
        compared.append(name)
        for term, value in terms.items():
            if not abs(value - theirs[term]) <= _PRINTED * max(1.0, abs(theirs[term])):
                far.append(f"{term} of {name} is {value:.12g} here and {theirs[term]:.12g} there")
    message = f"as in {', '.join(compared)}" if compared else "no printed column has this equation and these rows"
    if other:
        message += f"; other rows than {', '.join(other)}"
    return Check("as_printed", not far, "; ".join(far) or message)
