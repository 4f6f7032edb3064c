"""One paper's folder to its findings as a table and as text: what the command and the report asset share."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from resilience_pipeline.audit.findings import findings_table
from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.audit.report import audit_text
from resilience_pipeline.audit.rules import audit

#: The seed paper: its printed figures stand beside the study.
SEED = Path(__file__).parents[1] / "study" / "published"


@dataclass(frozen=True)
class Audit:
    """Findings (schema `FINDINGS`) and the text to read."""

    table: pl.DataFrame
    text: str


def audit_folder(folder: Path | None = None) -> Audit:
    """The audit of a folder, of the seed paper's where none is given.

    Raises
    ------
    PaperError : the folder is not well formed.
    """
    paper = read_paper(SEED if folder is None else folder)
    verdicts = audit(paper)
    return Audit(findings_table(verdicts), audit_text(paper.name, verdicts))
