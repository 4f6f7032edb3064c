"""What an estimator is: its name, its options with their defaults, and a function from a specification to an Estimate.

An option of a specification is text, as a study file or a command line gives it; here it is held against the
estimator's own list, so that a misspelt one is refused and not passed over.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience_pipeline.econometrics.estimate import Estimate
from resilience_pipeline.econometrics.sample import NotEstimableError
from resilience_pipeline.econometrics.specification import Specification
from resilience_pipeline.errors import SpecificationError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Option:
    """One choice of an estimator.

    default : what holds where nothing is said. meaning : for whoever chooses.
    choices : every value there is; empty = any text that the estimator can read.
    """

    name: str
    default: str
    meaning: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimator:
    """One estimator.

    Parameters
    ----------
    summary : one line, for help texts.
    run : (specification, frame, options with defaults) -> Estimate.
    options : what may be chosen.
    draws : re-samplings where none are stated; None = it draws nothing.
    extra : the optional dependencies that it needs; None = it needs none.
    """

    name: str
    summary: str
    run: "Callable[[Specification, pl.DataFrame, Mapping[str, str]], Estimate]"
    options: tuple[Option, ...] = ()
    draws: int | None = None
    extra: str | None = None

    def chosen(self, spec: Specification) -> dict[str, str]:
        """Every option: as the specification says, else its default.

        Raises
        ------
        SpecificationError : an option or a value is not known, or an option stands twice.
        """
        known = {option.name: option for option in self.options}
        values = {option.name: option.default for option in self.options}
        given: dict[str, str] = {}
        for name, value in spec.estimator_options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise SpecificationError(
                    what=f"estimator {self.name} has no option {name!r}",
                    expected=", ".join(known) or "no option at all",
                    found=name,
                    remedy=f"did you mean {near[0]}?" if near else "use one of the expected options, or leave it out",
                )
            if name in given:
                raise SpecificationError(what=f"option {name!r} is given twice", remedy="give it once")
            if known[name].choices and value not in known[name].choices:
                raise SpecificationError(
                    what=f"option {name!r} of estimator {self.name} cannot be {value!r}",
                    expected=", ".join(known[name].choices),
                    remedy="use one of the expected values",
                )
            given[name] = value
        return values | given


class NotInstalledError(NotEstimableError):
    """A package of an extra is absent; the reason says how to install it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'resilience-pipeline[{extra}]'")


def refuse(spec: Specification, what: str, remedy: str) -> SpecificationError:
    """The error of a specification that its estimator cannot read, whatever the data."""
    return SpecificationError(what=f"specification {spec.name!r}, estimator {spec.estimator}: {what}", remedy=remedy)


def whole_number(spec: Specification, name: str, text: str) -> int:
    """The number of an option."""
    try:
        return int(text)
    except ValueError:
        raise refuse(spec, f"option {name!r} is {text!r}, no whole number", "give a whole number") from None
