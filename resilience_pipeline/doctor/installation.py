"""Python, packages against what this release asks for and was tested with, optional extras, fonts."""

import platform
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resilience_pipeline.doctor.finding import Finding, error, ok, some, warning
from resilience_pipeline.words import many

AREA = "installation"
PACKAGE = "resilience-pipeline"
#: Pins of the checkout that this module stands in; an installed wheel has none beside it.
CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"
#: Extra -> what it is for; `dev` is for those who change the code.
EXTRAS = {"estimators": "the estimators cs and drdid", "postgres": "Dagster's storage in Postgres"}


def examine(
    *,
    python: str = platform.python_version(),
    asked: Callable[[str], metadata.Distribution] = metadata.distribution,
    constraints: Path = CONSTRAINTS,
) -> Iterator[Finding]:
    """Findings on what is installed; the arguments stand for this machine's."""
    try:
        own = asked(PACKAGE)
    except metadata.PackageNotFoundError:
        yield error(AREA, f"{PACKAGE} is not installed, only its source lies here", "install it: make setup")
        return
    yield _python(python, own.metadata["Requires-Python"] or "")
    requirements = [Requirement(text) for text in own.requires or []]
    needed = [r for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    yield _needed(needed, asked)
    for extra, purpose in EXTRAS.items():
        own_extra = [r for r in requirements if r not in needed and r.marker and r.marker.evaluate({"extra": extra})]
        if own_extra:
            yield _extra(extra, purpose, own_extra, asked)
    if constraints.is_file():
        yield _pins(constraints, asked)
    yield _fonts()


def _python(python: str, wanted: str) -> Finding:
    if Version(python) in SpecifierSet(wanted):
        return ok(AREA, f"Python {python}")
    return error(AREA, f"Python {python} is not one of {wanted}", "make the environment anew with another Python")


def _needed(needed: list[Requirement], asked: Callable[[str], metadata.Distribution]) -> Finding:
    wrong = _wrong(needed, asked)
    if wrong:
        return error(AREA, f"packages are missing or of a wrong version: {some(wrong)}", "install them: make setup")
    return ok(AREA, f"{len(needed)} packages, each of a version that this release asks for")


def _extra(extra: str, purpose: str, of: list[Requirement], asked: Callable[[str], metadata.Distribution]) -> Finding:
    wrong = _wrong(of, asked)
    install = f"pip install '{PACKAGE}[{extra}]'"
    if not wrong:
        return ok(AREA, f"the extra {extra} is installed: {purpose}")
    if any("is not installed" in words for words in wrong):
        return ok(AREA, f"the extra {extra} is not installed; only {purpose} would need it ({install})")
    return error(AREA, f"the extra {extra} is installed with wrong versions: {some(wrong)}", install)


def _pins(constraints: Path, asked: Callable[[str], metadata.Distribution]) -> Finding:
    pins = [
        Requirement(line) for line in constraints.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    differ = []
    for pin in pins:
        try:
            installed = asked(pin.name).version
        except metadata.PackageNotFoundError:  # of another platform, or not wanted
            continue
        if installed not in pin.specifier and (pin.marker is None or pin.marker.evaluate()):
            differ.append(f"{pin.name} {installed} ({pin.specifier})")
    if not differ:
        return ok(AREA, f"every package is the one of {constraints.name}")
    return warning(
        AREA,
        f"{many(len(differ), 'package')} of another version than {constraints.name} says: {some(differ)}",
        "results may differ in their last digits; to have the tested ones: rm .venv/installed; make setup",
    )


def _wrong(requirements: list[Requirement], asked: Callable[[str], metadata.Distribution]) -> list[str]:
    wrong = []
    for requirement in requirements:
        try:
            installed = asked(requirement.name).version
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if installed not in requirement.specifier:
            wrong.append(f"{requirement.name} {installed} ({requirement.specifier})")
    return wrong


def _fonts() -> Finding:
    from resilience_pipeline.report.plots import chinese_font

    found = chinese_font()
    if found is not None:
        return ok(AREA, f"figures print Chinese in {found}")
    return warning(
        AREA, "no font with Chinese is installed; figures print question marks for it", "install Noto Sans CJK SC"
    )
