"""The sources in order of precedence: where two give one indicator, the earlier one counts; compiled ones last."""

from resilience_pipeline.sources import city_yearbook
from resilience_pipeline.sources.source import Source

SOURCES: tuple[Source, ...] = (city_yearbook.SOURCE,)
