"""What was planted beside what was found. A person asks for it; no step of the pipeline reads the truth.

`results` of truth.json maps a result's name, such as table_4.3.did, to its planted value.
"""

import json
from pathlib import Path

import polars as pl

from resilience_pipeline.errors import DeliveryError

#: Beyond so many of our standard errors the planted value counts as missed: 95 % intervals of a normal law.
NEAR = 1.96


def planted_results(truth: Path) -> dict[str, float]:
    """Result name -> planted value, of a truth.json.

    Raises
    ------
    DeliveryError : the file is absent, no JSON, or says nothing of results.
    """
    try:
        record = json.loads(truth.read_text(encoding="utf-8"))
        return {str(name): float(value) for name, value in record["results"].items() if value is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise DeliveryError(
            what=f"cannot read what was planted: {failure!r}",
            file=str(truth),
            expected="the truth.json that `resilience twin` and `resilience demo` write",
            remedy="give --truth the path of that file, or leave it out",
        ) from None


def beside_planted(compared: pl.DataFrame, planted: dict[str, float]) -> pl.DataFrame:
    """The comparison with planted, difference_in_our_se and found (the planted value lies within 1.96 of our errors).

    Parameters
    ----------
    compared : rows with result, ours and std_error.
    planted : from `planted_results`; what it does not name has nulls.
    """
    values = pl.DataFrame(
        {"result": list(planted), "planted": list(planted.values())},
        schema={"result": pl.String, "planted": pl.Float64},
    )
    joined = compared.join(values, on="result", how="left", maintain_order="left")
    distance = (pl.col("ours") - pl.col("planted")) / pl.col("std_error")
    return joined.with_columns(difference_in_our_se=distance, found=distance.abs() <= NEAR)
