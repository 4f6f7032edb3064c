"""The clean paper with an error planted, or with a part taken away."""

import shutil
from pathlib import Path

from resilience_pipeline.audit.paper import Paper
from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.audit.rules import audit

CLEAN = Path(__file__).with_name("clean_paper")


def planted(folder: Path, *edits: tuple[str, str, str], without: tuple[str, ...] = ()) -> Path:
    """A copy of the clean paper in `folder` with each (file, old, new) replaced once, and some files gone."""
    copy = folder / "paper"
    shutil.copytree(CLEAN, copy)
    for name, old, new in edits:
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    for name in without:
        (copy / name).unlink()
    return copy


def findings(paper: Paper) -> dict[str, list]:
    """Findings by rule, rules that found something only."""
    return {verdict.rule.name: list(verdict.findings) for verdict in audit(paper) if verdict.findings}


def findings_of(folder: Path) -> dict[str, list]:
    """Findings by rule in a folder."""
    return findings(read_paper(folder))


def reasons(folder: Path) -> dict[str, str | None]:
    """Why rules were not checkable, by rule."""
    return {verdict.rule.name: verdict.reason for verdict in audit(read_paper(folder)) if verdict.checked is None}
