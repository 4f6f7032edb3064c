"""Kind "audit": where a paper's printed figures and statements contradict each other; nothing is estimated.

`paper` names the paper's folder, from the study file's own; without it the seed paper is audited.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from resilience_pipeline import reference
from resilience_pipeline.audit import design, findings, printed, rules
from resilience_pipeline.audit import paper as paper_module
from resilience_pipeline.audit.command import SEED
from resilience_pipeline.audit.findings import SEVERITIES, findings_table
from resilience_pipeline.audit.paper import Paper
from resilience_pipeline.audit.reading import read_paper
from resilience_pipeline.audit.rules import FAMILIES
from resilience_pipeline.options import Options
from resilience_pipeline.step import Check, Inputs, Step, StepResult, TableKey
from resilience_pipeline.study.kind import Declared, Kind, Parts, part_key
from resilience_pipeline.study.study import ResultTable, Study
from resilience_pipeline.toml_file import Section


@dataclass(frozen=True)
class Audited:
    """The paper, read: its content, not its place, makes the step's code version."""

    paper: Paper


def read(section: Section, declared: Declared) -> Parts:
    """The paper of the folder; a PaperError where one of its files is not well formed."""
    folder = section.optional("paper")
    return Parts(settings=Audited(read_paper(SEED if folder is None else Path(section.file).parent / folder)))


def key(table: ResultTable) -> TableKey:
    """("estimates", "audit", "findings")."""
    return part_key(table, "findings")


def steps(study: Study, table: ResultTable) -> list[Step]:
    """One step."""
    settings = table.settings
    assert isinstance(settings, Audited)
    return [
        Step(
            key=key(table),
            inputs=(),
            compute=partial(_audit, settings.paper),
            description=f"{table.title}: what printed figures imply, and where they cannot all hold. One row per "
            "finding, or per rule that found nothing or lacks its input. Reads no delivered file. "
            + " ".join(table.notes),
            code=(
                *(*FAMILIES, rules, findings, printed, paper_module, design),
                *(reference.text("pilot_names"), reference.text("cities")),
            ),
            checks=(("checkable", False),),
        )
    ]


def _audit(paper: Paper, inputs: Inputs, options: Options) -> StepResult:
    verdicts = rules.audit(paper)
    lacking = [verdict.rule.name for verdict in verdicts if verdict.checked is None]
    message = f"without their input: {', '.join(lacking)}" if lacking else f"{len(verdicts)} rules"
    severities = [finding.severity for verdict in verdicts for finding in verdict.findings]
    return StepResult(
        findings_table(verdicts),
        (Check("checkable", not lacking, message, blocking=False),),
        notes={f"{severity}s": severities.count(severity) for severity in SEVERITIES},
    )


KIND = Kind("audit", ("paper",), read, steps)
