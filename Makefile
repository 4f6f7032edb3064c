# make setup, make demo, make test: all that a newcomer needs. Only Python 3.11 or newer and make are required.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast dev lint format lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv)
BIN := .venv/bin
export DAGSTER_DISABLE_TELEMETRY := yes

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.venv/installed: pyproject.toml constraints.txt
ifdef UV
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
else
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
endif
	$(BIN)/resilience setup
	@touch $@

setup: .venv/installed ## make .venv and, once, .env and Dagster's home

demo: setup ## write the synthetic twin, run everything on it, print Tables 3 and 4
	$(BIN)/resilience demo

test: setup ## the whole suite
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

dev: setup ## Dagster's UI on 127.0.0.1:3000
	$(BIN)/resilience dev

lint: setup ## formatter, linter and type checker, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## pin what is installed (needs uv)
	$(UV) pip compile --quiet --universal --python-version 3.11 --extra dev --no-emit-index-url --no-header --no-annotate --output-file constraints.txt pyproject.toml

clean: ## remove the environment and caches, never the lake
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache build dist
