"""The curve as it stands, computed once for all tests that look at it."""

import pytest

from resilience_pipeline.study.load import load_study
from tests.study.curve.small_curve import CURVE, STUDY, rows_of, run
from tests.study.study_files import write


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    return load_study(write(tmp_path_factory.mktemp("study"), STUDY + CURVE))


@pytest.fixture(scope="session")
def results(study):
    return run(study)


@pytest.fixture(scope="session")
def rows(study, results):
    return rows_of(study, results)
