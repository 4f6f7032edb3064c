"""The audit as a declared result: read with the study, computed without a delivered file, printed like the others."""

import shutil

import pytest

from resilience_pipeline import reference
from resilience_pipeline.code_version import code_version
from resilience_pipeline.errors import PaperError
from resilience_pipeline.options import Options
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kinds.audit import key
from resilience_pipeline.study.load import find_studies, load_study
from resilience_pipeline.study.steps import steps
from tests.audit.papers import CLEAN, planted
from tests.study.study_files import SOUND, write

SECTION = """
[tables.claims]
title = "What they print"
kind = "audit"
paper = "theirs"
"""


def study_with(folder, *edits):
    """A user's study beside the folder of a paper."""
    shutil.move(planted(folder, *edits), folder / "theirs")
    return load_study(write(folder, SOUND + SECTION))


def step_of(study, name):
    return next(step for step in steps(study) if step.key == key(study.table(name)))


def result(study, name):
    return step_of(study, name).compute(Inputs({}, synthetic=False), Options())


def test_the_papers_own_study_declares_the_audit_of_the_seed_paper():
    study = find_studies()[0]
    found = result(study, "audit")
    assert step_of(study, "audit").inputs == ()
    assert dict(found.notes) == {"errors": 8, "warnings": 48, "notes": 6}
    assert found.checks[0].passed


def test_a_user_audits_a_paper_in_a_folder_beside_the_study(tmp_path):
    study = study_with(tmp_path, ("design.toml", '"region^year"', '"city^year"'))
    found = result(study, "claims")
    assert dict(found.notes) == {"errors": 1, "warnings": 0, "notes": 0}
    assert not found.checks[0].passed
    assert found.checks[0].message == "without their input: single_regressor_r2"


def test_findings_print_as_rows_and_what_agrees_as_notes(tmp_path):
    study = study_with(tmp_path, ("design.toml", '"region^year"', '"city^year"'))
    table = study.table("claims")
    page = Page(table, {key(table): result(study, "claims").table}, Published(), {}, Options())
    document, printed = render_page(page, synthetic=False)
    assert [row[:3] for row in document.grid.rows] == [("error", "absorbed_treatment", "A12")]
    assert document.notes[0].startswith("1 error, 0 warnings, 0 notes.")
    assert "Nothing found by sample_units: 60 units x 10 years against 600 rows." in document.notes
    assert document.notes[-1].startswith("Not checkable: single_regressor_r2")
    assert printed.without_result == ("single_regressor_r2",)


def test_a_changed_figure_changes_the_code_version_and_another_place_does_not(tmp_path):
    versions = []
    for name, edits in (("a", ()), ("b", ()), ("c", (("models.csv", "2,1,600,0.926", "2,1,600,0.927"),))):
        folder = tmp_path / name
        folder.mkdir()
        versions.append(code_version(step_of(study_with(folder, *edits), "claims")))
    assert versions[0] == versions[1] != versions[2]


def test_a_paper_that_is_not_well_formed_is_refused_with_the_study(tmp_path):
    with pytest.raises(PaperError, match="the folder holds no paper"):
        load_study(write(tmp_path, SOUND + SECTION))


def test_the_clean_paper_prints_no_row(tmp_path):
    shutil.copytree(CLEAN, tmp_path / "theirs")
    study = load_study(write(tmp_path, SOUND + SECTION))
    table = study.table("claims")
    page = Page(table, {key(table): result(study, "claims").table}, Published(), {}, Options())
    assert render_page(page, synthetic=False)[0].grid.rows == ()


def test_reference_tables_that_rules_read_count_in_the_code_version():
    study = find_studies()[0]
    code = step_of(study, "audit").code
    assert reference.text("pilot_names") in code
    assert reference.text("cities") in code
