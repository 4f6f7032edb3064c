"""From a printed title and heading to the indicator a source declares for it. Units and values are not touched."""

import re
from functools import lru_cache

from resilience_pipeline.errors import DeliveryError
from resilience_pipeline.sources.readers.header import clean_heading, printed_scope
from resilience_pipeline.sources.source import Heading, Source


def match_heading(source: Source, title: str | None, heading: str | None) -> Heading | None:
    """The declared heading that a printed one is; None where the source declares none for it.

    A declaration that names a title goes before one that does not. A scope counts as printed when the heading, or
    else the title, says 全市 or 市辖区; where neither does, a city-level value is meant.

    Raises
    ------
    DeliveryError
        Two declarations of different indicators match alike.
    """
    if heading is None:
        return None
    cleaned, cleaned_title = clean_heading(heading), clean_heading(title or "")
    scope = printed_scope(cleaned) or printed_scope(cleaned_title)
    matches = [h for h in source.headings if _fits(h, cleaned_title, cleaned, scope)]
    titled = [h for h in matches if h.title is not None]
    candidates = titled or matches
    if len({(h.indicator, h.scope) for h in candidates}) > 1:
        raise DeliveryError(
            f"the heading {heading!r} of source {source.name} reads as more than one indicator",
            remedy=f"make the headings declared in sources/{source.name}.py exclude each other",
            expected="one indicator",
            found=", ".join(sorted({h.indicator for h in candidates})),
        )
    return candidates[0] if candidates else None


def _fits(declared: Heading, title: str, heading: str, scope: str | None) -> bool:
    if declared.scope != "nation" and (declared.scope == "districts") != (scope == "市辖区"):
        return False
    if declared.title is not None and not _compiled(declared.title).search(title):
        return False
    return _compiled(declared.heading).search(heading) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
