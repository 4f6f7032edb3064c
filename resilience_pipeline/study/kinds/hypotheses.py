"""Kind "hypotheses": what the paper claims, each claim tied to the coefficients that would have to be positive.

[[tables.hypotheses.claims]]
name = "H2"
statement = "..."
positive = ["table_9.1.did", "table_9.2.business_environment"]
indirect = "table_9_mediation.business_environment"
"""

from collections.abc import Mapping
from dataclasses import dataclass

from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.study.kind import Declared, Kind, Parts, demand_column, no_steps
from resilience_pipeline.study.study import ResultTable
from resilience_pipeline.study.vocabulary import check_name
from resilience_pipeline.toml_file import Section


@dataclass(frozen=True)
class Claim:
    """One hypothesis.

    Parameters
    ----------
    name, statement : as printed.
    positive : (specification, term) of coefficients that the claim says are positive.
    indirect : (mediation result, mediator) whose product a*b the claim says is positive; None where it says none.
    """

    name: str
    statement: str
    positive: tuple[tuple[str, str], ...]
    indirect: tuple[str, str] | None = None


@dataclass(frozen=True)
class Hypotheses:
    """The claims, in printed order."""

    claims: tuple[Claim, ...]


def read(section: Section, declared: Declared) -> Parts:
    """At least one claim, each resting on at least one coefficient."""
    claims = tuple(_claim(entry) for entry in section.items("claims"))
    if not claims:
        section.fail("claims", "are missing", "at least one [[...claims]]", "nothing", "write the claims")
    return Parts(settings=Hypotheses(claims))


def _claim(entry: Section) -> Claim:
    entry.allow("name", "statement", "positive", "indirect")
    positive = []
    for text in entry.texts("positive"):
        specification, _, term = text.rpartition(".")
        if "." not in specification:
            entry.fail("positive", "is no coefficient", "table.column.term", text, "write table_4.3.did")
        positive.append((specification, term))
    if not positive:
        entry.fail("positive", "is missing", "at least one coefficient", "nothing", "name what the claim rests on")
    indirect = entry.optional("indirect")
    if indirect is not None and indirect.count(".") != 1:
        entry.fail("indirect", "is no mediator of a result", "result.mediator", indirect, "write table_9_mediation.m")
    return Claim(
        name=check_name(entry, "name", entry.get("name", str).lower()).upper(),
        statement=entry.get("statement", str),
        positive=tuple(positive),
        indirect=tuple(indirect.split(".")) if indirect else None,  # type: ignore[arg-type]
    )


def check(section: Section, table: ResultTable, known: Mapping[str, Specification]) -> None:
    """Every specification that a claim names is one of the study's, and has the term."""
    settings = table.settings
    assert isinstance(settings, Hypotheses)
    for claim in settings.claims:
        for name, term in claim.positive:
            demand_column(section, "claims", name, known)
            if term not in known[name].regressors:
                section.fail(
                    "claims", "name no term", ", ".join(known[name].regressors), f"{name}.{term}", "mend the name"
                )


KIND = Kind("hypotheses", ("claims",), read, no_steps, check)
