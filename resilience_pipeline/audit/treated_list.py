"""The printed list of treated units, entry by entry, against the reading of each in reference/pilot_names.csv."""

from typing import Any

from resilience_pipeline import reference
from resilience_pipeline.audit.findings import Checked, Finding, Rule
from resilience_pipeline.audit.paper import Paper, needed
from resilience_pipeline.audit.printed import say
from resilience_pipeline.audit.treated_rows import treatment_of

_LIST = "the list of treated units"
_REFERENCE = "reference/pilot_names.csv, with the evidence for each entry"


def _resolved(paper: Paper) -> list[tuple[str, dict[str, Any]]]:
    """Printed entries that are known, with their readings."""
    entries = treatment_of(paper).entries
    needed(entries, "design.toml lists no treated unit ([treatment] entries)")
    readings = {row["printed_name"]: row for row in reference.pilot_names().to_dicts()}
    return [(entry, readings[entry]) for entry in entries if entry in readings]


def repeated_entries(paper: Paper) -> Checked:
    """Entries that are the same unit."""
    entries = treatment_of(paper).entries
    owners: dict[str, list[str]] = {}
    for entry, reading in _resolved(paper):
        owners.setdefault(reading["city_code"], []).append(entry)
    unknown = [entry for entry in entries if entry not in {known for names in owners.values() for known in names}]
    for entry in unknown:
        owners.setdefault(entry, []).append(entry)
    doubled = {code: names for code, names in owners.items() if len(names) > 1}
    finding = Finding(
        severity="warning",
        places=(_LIST,),
        printed="; ".join(" and ".join(names) for names in doubled.values()),
        implied=f"{len(entries)} entries are {len(owners)} units of the panel "
        f"({', '.join(code for code in doubled if code.isdigit()) or 'the same name'} twice)",
        why="a unit cannot be treated twice",
    )
    left_out = [f"{entry}: no reading is known" for entry in unknown]
    return Checked.of(f"{len(entries)} entries", [finding] if doubled else [], left_out)


def entries_of_other_levels(paper: Paper) -> Checked:
    """Entries below the panel's level: county-level cities, parts of zones."""
    found = _resolved(paper)
    kinds = {kind: [name for name, reading in found if reading["kind"] == kind] for kind in ("county", "zone")}
    direct = len({r["city_code"] for _, r in found if r["kind"] not in kinds})
    units = len({reading["city_code"] for _, reading in found})
    finding = Finding(
        severity="warning",
        places=(_LIST,),
        printed="; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names),
        implied=f"{len(found)} entries: {direct} units of the panel's own level, {units} with those that hold a "
        f"county or a zone{_against_mean(paper)}",
        why="the panel has prefecture-level units only; who counts as treated depends on a rule that must be said",
    )
    return Checked.of(f"{len(found)} entries", [finding] if any(kinds.values()) else [])


def _against_mean(paper: Paper) -> str:
    treatment, sample = treatment_of(paper), paper.design.sample
    means = [row for row in paper.descriptives if row.variable == treatment.variable]
    if not means or sample is None:
        return ""
    treated = means[0].mean.value * means[0].n_obs / (sample.last_year - treatment.start_year + 1)
    return f"; the mean of {treatment.variable} gives {say(round(treated, 1))}"


def misspelt_entries(paper: Paper) -> Checked:
    """Entries that are no name of a unit as printed, and those that could be another unit's."""
    found = _resolved(paper)
    odd = [(entry, r) for entry, r in found if r["resolution"] in ("spelling", "position in the list")]
    ambiguous = [entry for entry, reading in odd if reading["resolution"] == "position in the list"]
    listed = "; ".join(f"{entry} = {reading['resolved_name']}: {reading['evidence']}" for entry, reading in odd)
    finding = Finding(
        severity="warning" if ambiguous else "note",
        places=(_LIST,),
        printed=", ".join(entry for entry, _ in odd),
        implied=f"{len(odd)} of {len(found)} entries are misspelt"
        + (f", {len(ambiguous)} told by their place in the list only ({', '.join(ambiguous)})" if ambiguous else "")
        + f": {listed}",
        why="a reader who matches names treats other units, or loses some",
    )
    return Checked.of(f"{len(found)} entries", [finding] if odd else [])


RULES = (
    Rule(
        name="repeated_entries",
        asks="Does a unit stand twice in the treated list?",
        codes=("A20",),
        reference=_REFERENCE,
        check=repeated_entries,
    ),
    Rule(
        name="entries_of_other_levels",
        asks="Are all treated entries units of the panel?",
        codes=("A20",),
        reference=_REFERENCE,
        check=entries_of_other_levels,
    ),
    Rule(
        name="misspelt_entries",
        asks="Are treated entries spelt as units are?",
        codes=("A20",),
        reference=_REFERENCE,
        check=misspelt_entries,
    ),
)
