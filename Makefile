# The same words on a desk and in CI: run, test, check.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check setup fuzz bench lock format clean

run: setup
	$(BIN)/smarthub up --demo

setup: .venv/.run-stamp

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "smarthub needs Python 3.11 or newer: make run PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/.run-stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

.venv/.dev-stamp: requirements-dev.lock .venv/.run-stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

test: .venv/.dev-stamp
	$(BIN)/python -m pytest

check: .venv/.dev-stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev-stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: .venv/.dev-stamp
	SMARTHUB_FUZZ_SECONDS=60 $(BIN)/python -m pytest tests/fuzz

bench: .venv/.dev-stamp
	$(BIN)/python -m benchmarks

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv data
