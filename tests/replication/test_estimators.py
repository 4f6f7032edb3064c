"""A column by another estimator than least squares has no command in the do-file and the R script, and says so."""

import polars as pl
import pytest

from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.replication.column import StaleRecordError, replicated_column
from tests.econometrics.adoptions import adoption_panel, by


def test_a_column_by_another_estimator_is_left_open_with_the_reason() -> None:
    frame = adoption_panel({2005: 4, None: 6})
    record = to_frame([by("sunab", frame, options={"aggregate": "simple"})])
    with pytest.raises(StaleRecordError, match="no command checks estimator sunab"):
        replicated_column(record, frame.with_columns(city_code=pl.col("firm")))
