"""Kinds that ask more of one column refuse one that does not exist or has no treatment."""

import pytest

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.study.load import load_study
from tests.study.study_files import SOUND, write

KINDS = {"omitted": "", "by_last_year": "", "placebo": 'forms = ["cities"]'}
ASKED = """
[tables.plain]
title = "Plain"

[[tables.plain.columns]]
outcome = "fiscal"
controls = ["log_loans"]

[tables.asked]
title = "Asked"
kind = "{kind}"
of = "{of}"
{more}
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("of", "message"),
    [("mine_1.9", "of names no column"), ("plain.1", r"of names a column without a treatment[\s\S]*plain\.1")],
)
def test_a_column_that_is_not_there_or_has_no_treatment_is_refused(tmp_path, kind: str, of: str, message: str) -> None:
    text = SOUND + ASKED.format(kind=kind, of=of, more=KINDS[kind])
    with pytest.raises(SpecificationError, match=message):
        load_study(write(tmp_path, text))


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_with_a_treatment_is_taken(tmp_path, kind: str) -> None:
    study = load_study(write(tmp_path, SOUND + ASKED.format(kind=kind, of="mine_1.1", more=KINDS[kind])))
    assert study.table("asked").settings.of == "mine_1.1"
