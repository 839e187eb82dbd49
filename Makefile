# The same words on a desk and in CI: run, test, check.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv installs in seconds what takes pip a minute; it is told of pip's index, and where it has no wheel
# or fails, pip does the work.
define install
	@index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}}"; \
	if [ -x $(BIN)/uv ] && $(BIN)/uv pip install --compile-bytecode --python $(BIN)/python $${index:+--default-index "$$index"} $(1); \
	then :; else $(PIP) $(1); fi
endef

.PHONY: run test check setup fuzz bench model lock format clean

run: setup
	$(BIN)/smarthub up --demo

setup: .venv/.run-stamp

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "smarthub needs Python 3.11 or newer: make run PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/.installer-stamp: requirements-installer.lock | .venv/bin/python
	-$(PIP) --require-hashes --only-binary :all: -r requirements-installer.lock
	touch $@

.venv/.run-stamp: requirements.lock pyproject.toml .venv/.installer-stamp
	@echo "installing smarthub (a minute at most) 正在安装"
	$(call install,--require-hashes -r requirements.lock)
	$(call install,--no-deps -e .)
	touch $@

.venv/.dev-stamp: requirements-dev.lock .venv/.run-stamp
	$(call install,--require-hashes -r requirements-dev.lock)
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

# The detector's model, made on this machine from a published package; its licence: models/NOTICE.
model: .venv/.run-stamp
	$(BIN)/python -m video.model_file.fetch models

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	echo "setuptools>=80" | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml - --extra postgresql -c requirements-dev.lock -o requirements-docker.lock
	echo "uv>=0.9" | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header - -o requirements-installer.lock

clean:
	rm -rf .venv data
