"""The sources in order of precedence: where two give one indicator, the earlier one counts; compiled ones last."""

from resilience_pipeline.sources import (
    business_environment,
    city_yearbook,
    compiled_city_panel,
    compiled_fdi,
    ip_protection,
    national_accounts,
    pilot_list,
    pku_finance_index,
    resource_cities,
    science_yearbook,
    wind,
    work_reports,
)
from resilience_pipeline.sources.source import Source

SOURCES: tuple[Source, ...] = (
    city_yearbook.SOURCE,
    science_yearbook.SOURCE,
    wind.SOURCE,
    pku_finance_index.SOURCE,
    pilot_list.SOURCE,
    national_accounts.SOURCE,
    business_environment.SOURCE,
    ip_protection.SOURCE,
    resource_cities.SOURCE,
    work_reports.SOURCE,
    compiled_city_panel.SOURCE,
    compiled_fdi.SOURCE,
)
