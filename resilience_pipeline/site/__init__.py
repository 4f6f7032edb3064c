"""The report as a static site: what a lake's results say, for people who read rather than query. Knows no Dagster."""
