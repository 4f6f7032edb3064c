"""Stars and p values against estimate over standard error."""

from collections.abc import Iterator

from scipy import special

from resilience_pipeline.audit.counts import regression_units
from resilience_pipeline.audit.findings import Checked, Finding, NotCheckableError, Rule
from resilience_pipeline.audit.paper import Claim, Coefficient, Paper, needed
from resilience_pipeline.audit.printed import Interval, Printed, image, say


def p_value(ratio: float, dof: float | None = None) -> float:
    """Two-sided p value of |estimate| / error under the normal law, or t with `dof`."""
    return float(2 * (special.ndtr(-abs(ratio)) if dof is None else special.stdtr(dof, -abs(ratio))))


def ratios(estimate: Printed, std_error: Printed) -> Interval:
    """All |estimate| / error that the two roundings allow."""
    ends = estimate.interval
    low = 0.0 if ends.low <= 0 <= ends.high else min(abs(ends.low), abs(ends.high))
    size = Interval(low, max(abs(ends.low), abs(ends.high)))
    return image(lambda b, s: b / s, size, std_error.interval)


def _stars(p: float, levels: tuple[float, ...]) -> int:
    return sum(p < level for level in levels)


def _dof(paper: Paper, column: str) -> float | None:
    """Clusters less one, where the number of units is known."""
    try:
        cities = paper.model(column).n_cities
        return (cities or regression_units(paper)) - 1
    except NotCheckableError:
        return None


def star_marks(paper: Paper) -> Checked:
    """Marks that neither the normal law nor t with (units - 1) degrees allows, whatever was rounded away."""
    levels = paper.design.star_levels
    needed(paper.coefficients, "coefficients.csv has no rows")
    needed(levels, "design.toml does not say what the stars mean ([inference] stars)")
    findings, by_law = [], {"normal": 0, "t": 0}
    for row in paper.coefficients:
        ratio = ratios(row.estimate, row.std_error)
        laws = {"normal": None, "t": _dof(paper, row.column)}
        fitting = [law for law, dof in laws.items() if row.stars in _possible(ratio, levels, dof)]
        for law in fitting:
            by_law[law] += 1
        if not fitting:
            findings.append(_wrong_mark(row, ratio, levels))
    counted = f"{len(paper.coefficients)} marks: {by_law['normal']} agree with the normal law, {by_law['t']} with t"
    return Checked.of(counted, findings)


def _possible(ratio: Interval, levels: tuple[float, ...], dof: float | None) -> range:
    return range(_stars(p_value(ratio.low, dof), levels), _stars(p_value(ratio.high, dof), levels) + 1)


def _wrong_mark(row: Coefficient, ratio: Interval, levels: tuple[float, ...]) -> Finding:
    due = _stars(p_value(row.ratio), levels)
    return Finding(
        severity="error",
        places=(row.place,),
        printed=f"{row.beside} with {row.stars} stars",
        implied=f"|z| {ratio}, p {p_value(row.ratio):.3g}: {due} stars",
        why="the stars are not those of this estimate and this error, whatever their rounding",
    )


def text_significance(paper: Paper) -> Checked:
    """p values of the text against the estimate and error beside them in the text, else in the table."""
    claims = paper.claims_of("p_below", "p_above")
    needed(claims, "claims.csv has no statement on significance (p_below, p_above)")
    findings, left_out = [], []
    for claim in claims:
        try:
            findings += list(_contradicted(paper, claim))
        except NotCheckableError as error:
            left_out.append(f"{claim.id}: {error}")
    if len(left_out) == len(claims):
        raise NotCheckableError("; ".join(left_out))
    return Checked.of(f"{len(claims) - len(left_out)} statements on significance", findings, left_out)


def _contradicted(paper: Paper, claim: Claim) -> Iterator[Finding]:
    level = float(claim.value)
    estimate, error, where = _beside(paper, claim)
    ratio = ratios(estimate, error)
    p = Interval(p_value(ratio.high), p_value(ratio.low))
    wrong = p.low >= level if claim.kind == "p_below" else p.high <= level
    if wrong:
        yield Finding(
            severity="error",
            places=(claim.place, claim.refers_to),
            printed=f"{claim.statement}: p {'<' if claim.kind == 'p_below' else '>'} {claim.value}",
            implied=f"{estimate} ({error}) {where}: z = {say(abs(estimate.value) / error.value)}, "
            f"p = {p_value(estimate.value / error.value):.2g}",
            why="no rounding of estimate and error gives such a p value",
        )


def _beside(paper: Paper, claim: Claim) -> tuple[Printed, Printed, str]:
    """Estimate and error at the same place of the text, else the table's."""
    said = {other.refers_to: other.value for other in paper.claims_of("value") if other.place == claim.place}
    estimate, error = (said.get(f"{claim.refers_to}.{figure}") for figure in ("estimate", "std_error"))
    if estimate is not None and error is not None:
        return Printed(estimate), Printed(error), "in the same sentence"
    row = paper.coefficient(claim.refers_to)
    return row.estimate, row.std_error, f"in {row.column}"


RULES = (
    Rule(
        name="star_marks",
        asks="Do the stars agree with estimate over standard error?",
        codes=(),
        reference="two-sided tests of the normal law, and of t with clusters less one degrees of freedom",
        check=star_marks,
    ),
    Rule(
        name="text_significance",
        asks="Do p values of the text agree with the estimate and error beside them?",
        codes=("A5",),
        reference="two-sided test of the normal law",
        check=text_significance,
    ),
)
