"""Study files (TOML) to `Study` records; everything that can be wrong in a file is found here, before anything runs.

The form is that of `trade_resilience.toml`: [study], [sample], [variables.<name>], [copies.<table>], [matching],
[programmes.<name>], [tables.<name>] and [[tables.<name>.columns]], each read by the module of its name. What a study
may name without declaring is in `vocabulary.py`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from resilience_pipeline.errors import SpecificationError
from resilience_pipeline.study.columns import column_name
from resilience_pipeline.study.declared import PACKAGE_STUDIES
from resilience_pipeline.study.kind import Declared, demand_names
from resilience_pipeline.study.matching import read_matching
from resilience_pipeline.study.programmes import read_programmes
from resilience_pipeline.study.study import Study
from resilience_pipeline.study.tables import check_tables, read_table
from resilience_pipeline.study.variables import read_variables
from resilience_pipeline.study.vocabulary import (
    CITY_FACTS,
    COMPOSITES,
    KEYS,
    MATCHING_COLUMNS,
    SPILLOVER_COLUMNS,
    TREATMENT_COLUMNS,
    check_name,
    event_columns,
    indicators,
)
from resilience_pipeline.toml_file import Section, near, parse_toml, read_toml

EARLIEST_YEAR, LATEST_YEAR = 1949, 2100


def find_studies(folders: Iterable[Path] | Path = ()) -> tuple[Study, ...]:
    """The package's own studies, then each `*.toml` of the folders, by file name.

    Parameters
    ----------
    folders : one `studies/` folder or several; one that does not exist holds no study.

    Raises
    ------
    SpecificationError : a file is not well formed, or two files use one name for a study or a table.
    """
    folders = (folders,) if isinstance(folders, Path) else tuple(folders)
    paths = [*PACKAGE_STUDIES, *(path for folder in folders for path in sorted(folder.glob("*.toml")))]
    owners: dict[tuple[str, str], Path] = {}
    studies = []
    for path in dict.fromkeys(path.resolve() for path in paths):
        study = load_study(path)
        for kind, name in (("study", study.name), *(("table", table.name) for table in study.tables)):
            if (kind, name) in owners:
                raise SpecificationError(
                    what=f"two studies use the {kind} name {name}",
                    expected=f"a {kind} name of its own",
                    found=f"{name}, which {owners[kind, name]} uses",
                    remedy=f"rename the {kind} in one of the two files",
                    file=str(path),
                )
            owners[kind, name] = path
        studies.append(study)
    return tuple(studies)


def load_study(path: Path) -> Study:
    """The study that a TOML file declares.

    Raises
    ------
    SpecificationError : names the file, the key, what was expected and found, and the remedy.
    """
    root, text = read_toml(path, SpecificationError)
    return _study(root, text)


def with_last_year(study: Study, last_year: int) -> Study:
    """The study as its file would declare it with another last year: event years and windows follow."""
    return _study(parse_toml(study.text, study.name, SpecificationError), study.text, last_year)


def _study(root: Section, text: str, last_year: int | None = None) -> Study:
    root.allow("study", "sample", "variables", "copies", "matching", "programmes", "tables")
    head = root.section("study")
    head.allow("name", "title", "first_year", "last_year", "composites", "living")
    composites = head.get("composites", bool, False)
    first, last = _window(head)
    last = last if last_year is None else last_year
    sections = root.sections("tables")
    variables = read_variables(root, composites)
    events = event_columns(range(first, last + 1))
    names = frozenset({*(v.name for v in variables), *TREATMENT_COLUMNS, *events})
    names |= {*COMPOSITES} if composites else frozenset()
    matching = read_matching(root.section("matching"), names - {*TREATMENT_COLUMNS, *events}, names)
    programmes = read_programmes(root)
    names |= {*SPILLOVER_COLUMNS, *(MATCHING_COLUMNS if matching else ()), *(p.column for p in programmes)}
    entries = _entries(sections)
    read = [
        read_table(
            section,
            Declared(
                table=name,
                names=names,
                groups=names | {*KEYS, *CITY_FACTS},
                composites=composites,
                matching=matching,
                columns=entries,
                window=range(first, last + 1),
            ),
        )
        for name, section in sections.items()
    ]
    tables = tuple(table for table, _ in read)
    check_tables(sections, tables)
    sample = root.section("sample")
    sample.allow("required", "province_mean", "account")
    return Study(
        name=check_name(head, "name", head.get("name", str)),
        title=head.get("title", str),
        first_year=first,
        last_year=last,
        variables=variables,
        tables=tables,
        composites=composites,
        required_indicators=_indicators(sample, "required"),
        province_mean_indicators=_indicators(sample, "province_mean"),
        account=demand_names(
            sample, "account", sample.texts("account"), frozenset(v.table for v in variables), "table"
        ),
        programmes=programmes,
        matching=matching,
        text=text,
        living=head.get("living", bool, False),
        stated_rules={name: rules for _, parts in read for name, rules in parts.stated.items()},
    )


def _entries(sections: Mapping[str, Section]) -> dict[str, Section]:
    """ "table_4.3" -> section, every [[...columns]] entry of the file."""
    return {
        f"{table}.{column_name(entry, number)}": entry
        for table, section in sections.items()
        for number, entry in enumerate(section.items("columns"), start=1)
    }


def _window(head: Section) -> tuple[int, int]:
    first, last = head.get("first_year", int), head.get("last_year", int)
    if not EARLIEST_YEAR <= first <= last <= LATEST_YEAR:
        head.fail(
            "last_year",
            "does not make a window of years",
            f"{EARLIEST_YEAR} <= first_year <= last_year <= {LATEST_YEAR}",
            f"{first} to {last}",
            "mend first_year and last_year",
        )
    return first, last


def _indicators(sample: Section, key: str) -> tuple[str, ...]:
    names = sample.texts(key)
    for name in names:
        if name not in indicators():
            sample.fail(
                key,
                "names an indicator that does not exist",
                "canonical indicators (reference/indicators.csv)",
                near(name, indicators()),
                "mend the name",
            )
    return names
