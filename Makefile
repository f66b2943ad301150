# The commands a person or CI types; each installs what it needs into .venv first.
PYTHON ?= python3
BIN := .venv/bin
MOLVA := $(BIN)/molva

.DEFAULT_GOAL := help
.PHONY: help demo test check recipe bench lock clean

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Molva needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

# The lock pins every package with its hashes; Molva itself is linked, not copied.
.venv/.installed: pyproject.toml requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev-installed: requirements-dev.lock .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: .venv/.installed ## a small world of posts through the whole of Molva; prints what to look at
	$(MOLVA) demo --output demo

test: .venv/.dev-installed ## every test, in parallel, offline
	$(BIN)/python -m pytest

check: .venv/.dev-installed ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Torch has an environment of its own, because the default install must do without it.
TORCH := torch==2.13.0 onnxscript==0.7.2 scikit-learn==1.9.1

.venv-train/.installed: pyproject.toml requirements-dev.lock Makefile
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH) -e '.[train]'
	@touch $@

recipe: .venv-train/.installed ## the training recipe in small, and models that need torch
	.venv-train/bin/python -m pytest -n 2 --dist loadfile tests/torch

bench: .venv/.dev-installed ## speed against named baselines, as ratios
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m benchmarks

lock: ## write both locks anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header pyproject.toml --extra postgres -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header pyproject.toml --extra postgres --extra dev -c requirements.lock \
	  -o requirements-dev.lock

clean: ## remove the environment and what the demo wrote
	rm -rf .venv .venv-train demo .mypy_cache .ruff_cache .pytest_cache
