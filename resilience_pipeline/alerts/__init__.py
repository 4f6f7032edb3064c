"""Telling people that something is blocked or overdue: what an alert says, and the ways it goes. Knows no Dagster."""
