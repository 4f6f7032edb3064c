"""Linear mediation: total = direct + a b on one sample, shares of several mediators, what was tested."""

import math

from resilience_pipeline.audit.design import Mediation
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Coefficient, Paper, needed
from resilience_pipeline.audit.printed import percent, say
from resilience_pipeline.audit.significance import p_value
from resilience_pipeline.audit.treated_rows import treatment_of
from resilience_pipeline.words import many

#: Error of an indirect effect below which it counts as shown.
LEVEL = 0.05


def _chain(paper: Paper, link: Mediation) -> tuple[Coefficient, Coefficient, Coefficient, Coefficient]:
    """a, b, direct effect, total effect."""
    term = treatment_of(paper).term
    names = (f"{link.first}.{term}", f"{link.second}.{link.mediator}", f"{link.second}.{term}", f"{link.total}.{term}")
    a, b, direct, total = (paper.coefficient(name) for name in names)
    return a, b, direct, total


def mediation_identity(paper: Paper) -> Checked:
    """Chains on one sample whose direct and indirect effects do not add up to the total, whatever was rounded."""
    links = paper.design.mediation
    needed(links, "design.toml has no [[mediation]]")
    findings, compared, left_out = [], [], []
    for link in links:
        a, b, direct, total = _chain(paper, link)
        rows = {paper.model(column).n_obs for column in (link.first, link.second, link.total)}
        if len(rows) > 1:
            left_out.append(f"{link.mediator}: its columns have different rows, so the identity need not hold")
            continue
        implied = direct.estimate.interval + a.estimate.interval * b.estimate.interval
        value = direct.estimate.value + a.estimate.value * b.estimate.value
        compared.append(f"{link.mediator} {say(value)} ({implied}) against {total.estimate}")
        if not implied.meets(total.estimate.interval):
            findings.append(
                Finding(
                    severity="error",
                    places=(a.place, b.place, direct.place, total.place),
                    printed=f"total {total.estimate}; direct {direct.estimate}, a {a.estimate}, b {b.estimate}; "
                    f"{rows.pop():,} rows in each",
                    implied=f"direct + a b = {say(value)}, within rounding {implied}",
                    why="in least squares on the same rows and controls total = direct + a b exactly; another sample "
                    "or model stands behind one of the columns",
                )
            )
    if not compared:
        raise NotCheckableError("; ".join(left_out))
    return Checked.of("; ".join(compared), findings, left_out)


def mediation_shares(paper: Paper) -> Checked:
    """Shares a b / total of mediators taken one at a time that add up to more than the whole."""
    links = paper.design.mediation
    needed(links if len(links) > 1 else None, "design.toml has no two [[mediation]] chains")
    parts, low, places = [], 0.0, []
    for link in links:
        a, b, _, total = _chain(paper, link)
        share = a.estimate.value * b.estimate.value / total.estimate.value
        ab = a.estimate.interval * b.estimate.interval
        low += min(ab.low / total.estimate.interval.low, ab.low / total.estimate.interval.high)
        parts.append((link.mediator, share))
        places += [a.place, b.place]
    total_share = sum(share for _, share in parts)
    listed = ", ".join(f"{name} {percent(share)}" for name, share in parts)
    finding = Finding(
        severity="warning",
        places=tuple(places),
        printed="each mediator in a model of its own",
        implied=f"shares of the total effect: {listed}; together {percent(total_share)}",
        why="parts of one effect cannot exceed it: the mediators overlap, and only a joint model divides the effect",
    )
    return Checked.of(f"{listed}; together {percent(total_share)}", [finding] if low > 1 else [])


def indirect_effects(paper: Paper) -> Checked:
    """Mediation called shown by the significance of its steps, without a test of the indirect effect."""
    links = paper.design.mediation
    needed(links, "design.toml has no [[mediation]]")
    untested = [link for link in links if link.test == "none"]
    figures, places, weak = [], [], []
    for link in untested:
        a, b, _, _ = _chain(paper, link)
        z, twice = _sobel(a, b, 1), _sobel(a, b, 2)
        figures.append(f"{link.mediator} z {say(z)}, at twice the errors {say(twice)} (p {p_value(twice):.2g})")
        places += [a.place, b.place]
        weak += [link.mediator] if p_value(twice) > LEVEL else []
    said = [claim for claim in paper.claims_of("result") if claim.refers_to in {link.second for link in untested}]
    finding = Finding(
        severity="warning",
        places=(*places, *dict.fromkeys(claim.place for claim in said)),
        printed="; ".join(claim.statement for claim in said) or "mechanisms by the significance of each step",
        implied=f"indirect effects by Sobel from the printed errors: {'; '.join(figures)}"
        + (f"; {', '.join(weak)} would not stand" if weak else ""),
        why="significant steps are no test of a b, and the mediator is itself an outcome of the policy",
    )
    return Checked.of(many(len(links), "chain"), [finding] if untested else [])


def _sobel(a: Coefficient, b: Coefficient, times: float) -> float:
    """|a b| / sqrt(a^2 s_b^2 + b^2 s_a^2), errors multiplied by `times`."""
    x, y, s, t = (figure.value for figure in (a.estimate, b.estimate, a.std_error, b.std_error))
    return abs(x * y) / (times * math.sqrt(x**2 * t**2 + y**2 * s**2))


RULES = (
    Rule(
        name="mediation_identity",
        asks="Do direct and indirect effect add up to the total?",
        codes=("A3",),
        reference="MacKinnon, Warsi and Dwyer (1995): total = direct + a b in linear models on one sample",
        check=mediation_identity,
    ),
    Rule(
        name="mediation_shares",
        asks="Do the mediators' shares stay within the whole?",
        codes=("A4",),
        reference="Gelbach (2016); Imai and Yamamoto (2013) on several mediators",
        check=mediation_shares,
    ),
    Rule(
        name="indirect_effects",
        asks="Was the indirect effect tested?",
        codes=("A24",),
        reference="Sobel (1982); Zhao, Lynch and Chen (2010); Jiang (2022)",
        check=indirect_effects,
    ),
)
