"""Kind "referee": one page for a headline coefficient, a referee's questions answered by results of the study.

[[tables.referee.questions]]
ask = "Were pilots on another path before the policy?"
why = "Parallel trends cannot be shown; a test that finds nothing is weak evidence."
result = "figure_1"
"""

from dataclasses import dataclass

from resilience_pipeline.study.kind import Declared, Kind, Parts, no_steps
from resilience_pipeline.toml_file import Section


@dataclass(frozen=True)
class Question:
    """ask : what a referee asks. why : why it matters, in plain words. result : the result that answers."""

    ask: str
    why: str
    result: str


@dataclass(frozen=True)
class Referee:
    """The questions, in printed order."""

    questions: tuple[Question, ...]


def read(section: Section, declared: Declared) -> Parts:
    """At least one question."""
    questions = []
    for entry in section.items("questions"):
        entry.allow("ask", "why", "result")
        questions.append(Question(entry.get("ask", str), entry.get("why", str), entry.get("result", str)))
    if not questions:
        section.fail("questions", "are missing", "at least one [[...questions]]", "nothing", "write the questions")
    return Parts(settings=Referee(tuple(questions)))


KIND = Kind("referee", ("questions",), read, no_steps)
