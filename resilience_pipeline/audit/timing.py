"""When treatment starts, and which years carry the effect."""

from resilience_pipeline.audit.counts import sample_of
from resilience_pipeline.audit.findings import Checked, Finding, Rule
from resilience_pipeline.audit.paper import Paper, needed
from resilience_pipeline.audit.printed import percent
from resilience_pipeline.audit.treated_rows import treatment_of

#: A first treated year with a smaller share of months after the announcement counts as mostly untreated.
MOSTLY_TREATED = 0.5
#: An estimate that moves by more than this share when years go depends on them.
DEPENDS = 0.25


def announcement(paper: Paper) -> Checked:
    """Treated years that begin before the announcement."""
    treatment = treatment_of(paper)
    year, month = needed(
        treatment.announced, "design.toml does not say when the policy was announced ([treatment] announced)"
    )
    after = (treatment.start_year - year) * 12 + 13 - month  # months of the first treated year, this one included
    exposed = min(12, max(0, after))
    finding = Finding(
        severity="warning",
        places=("design",),
        printed=f"announced {year}-{month:02d}; treated from January {treatment.start_year}",
        implied=f"{exposed} of 12 months of {treatment.start_year} lie after it: an effect of that year is "
        f"{percent(1 - exposed / 12)} before the policy, or anticipation",
        why="a year that was mostly over cannot be a full year of treatment",
    )
    return Checked.of(f"{exposed} of 12 months", [finding] if exposed / 12 < MOSTLY_TREATED else [])


def carrying_years(paper: Paper) -> Checked:
    """How much of the estimate goes with the years that a robustness test leaves out."""
    needed(paper.design.periods, "design.toml has no [[periods]]")
    treatment, sample = treatment_of(paper), sample_of(paper)
    findings, compared = [], []
    for period in paper.design.periods:
        base = paper.coefficient(f"{period.baseline}.{treatment.term}")
        short = paper.coefficient(f"{period.column}.{treatment.term}")
        change = short.estimate.value / base.estimate.value - 1
        after = sample.last_year - treatment.start_year + 1
        dropped = max(0, sample.last_year - max(period.last_year, treatment.start_year - 1))
        compared.append(f"{base.estimate} to {short.estimate} ({100 * change:+.0f} %)")
        if abs(change) > DEPENDS:
            findings.append(
                Finding(
                    severity="warning",
                    places=(base.place, short.place),
                    printed=f"{base.beside} with all years, {short.beside} for {period.first_year} to "
                    f"{period.last_year} (left out: {period.reason})",
                    implied=f"{100 * change:+.0f} % without {dropped} of {after} treated years",
                    why="the effect rests on the very years that were left out as exceptional: the test does not show "
                    "that it is stable",
                )
            )
    return Checked.of("; ".join(compared), findings)


RULES = (
    Rule(
        name="announcement",
        asks="Does treatment start after the announcement?",
        codes=("A21",),
        reference="Malani and Reif (2015) on anticipation",
        check=announcement,
    ),
    Rule(
        name="carrying_years",
        asks="Does the estimate survive the years it leaves out?",
        codes=("A21",),
        reference="the paper's own columns",
        check=carrying_years,
    ),
)
