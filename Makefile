# Every target sets up what it needs: a virtual environment in .venv from hash-locked dependencies. No service, no root.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
WORKERS ?= 5

.PHONY: setup demo test prove bench lint lock clean

setup: .venv/.runtime

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Portico needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.runtime: requirements.lock pyproject.toml .venv/.python
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.development: requirements-dev.lock .venv/.runtime
	$(PIP) --require-hashes --requirement requirements-dev.lock
	@$(BIN)/python tests/chromium.py
	@$(BIN)/python tests/steady.py
	@$(BIN)/python tests/waffo/sdk.py
	@touch $@

# Serves a portal with believable data; prints the links and where the mails land.
demo: .venv/.runtime
	@$(BIN)/portico demo --data demo --port $(or $(PORT),8000)

# Every test, on SQLite and PostgreSQL, with a real browser. Five at a time on two cores: half of a test's time is waiting.
test: .venv/.development
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not prove"

# The long proofs, one a line: every document in every language before the reference validator, and others.
prove: .venv/.development
	@$(BIN)/python -m pytest -m prove -vv

# The measurements, as ratios to a floor measured in the same run.
bench: .venv/.development
	@$(BIN)/python -m bench

lint: .venv/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

# Pins with hashes and without addresses, for every platform. Run after changing the dependencies in pyproject.toml.
lock: .venv/.development
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv demo .ruff_cache .pytest_cache .hypothesis
