"""Watching the landing folder: which files have settled, what they ask for, what is held back. Knows no Dagster."""
