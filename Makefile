# nle-optimizer: `make help` lists what there is. Nothing is needed but Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= auto

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-config --no-header
FORMATTED := src tests benchmarks docs scenarios
REGION := "Yorkshire and the Humber"

.DEFAULT_GOAL := help
.PHONY: help run test coverage browser check bench docs scenarios lock clean
.DELETE_ON_ERROR:

help: ## this list
	@echo "make TARGET [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.ready-run ## match the shipped national scenario; the result goes into runs/england
	$(BIN)/nle-optimizer run scenarios/england/scenario.yaml --out runs/england --force

test: $(VENV)/.ready-dev ## every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

coverage: $(VENV)/.ready-dev ## every test, and the lines and branches that none of them takes (takes about twice as long)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term-missing:skip-covered

browser: ## see that there is a Chromium for the tests of pages; installs Debian's where that is allowed
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && command -v chromium; } || { \
		echo "no Chromium, and it cannot be installed here; install it by hand" >&2; exit 1; }

check: $(VENV)/.ready-dev ## format, lint, types, layers, and whether the reference pages are current
	$(BIN)/ruff format --check $(FORMATTED)
	$(BIN)/ruff check $(FORMATTED)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate_reference.py --check

bench: $(VENV)/.ready-dev ## measure speed and memory (minutes)
	$(BIN)/python -m pytest benchmarks --benchmark-enable --benchmark-only

docs: $(VENV)/.ready-dev ## write the reference pages and the picture again from the code
	$(BIN)/python docs/generate_reference.py

scenarios: $(VENV)/.ready-run ## make the shipped scenarios again, as scenarios/README.md says
	$(BIN)/nle-optimizer generate --schools 2100 --nles 60 --seed 2022 --region $(REGION) \
		--twice-below-good 0.106 --keep-others 0.2 --out scenarios/region --force
	$(BIN)/nle-optimizer generate --schools 22000 --nles 500 --seed 2022 \
		--twice-below-good 0.117 --keep-others 0.08 --out scenarios/england --force

lock: $(VENV)/.ready-dev ## pin the newest dependencies again, with hashes, for every platform
	$(LOCK) --extra dev --output-file requirements/dev.txt pyproject.toml requirements/build.in
	$(LOCK) --constraint requirements/dev.txt --output-file requirements/run.txt pyproject.toml requirements/build.in
	$(LOCK) --constraint requirements/dev.txt --extra cluster --output-file requirements/cluster.txt pyproject.toml requirements/build.in

clean: ## remove what was set up, built and run
	rm -rf $(VENV) build dist runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache

# A stamp is newer than the lock it was made from, so nothing is installed twice.
$(VENV)/.ready-run: requirements/run.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes --only-binary :all: --requirement requirements/run.txt
	$(INSTALL) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes --only-binary :all: --requirement requirements/dev.txt
	$(INSTALL) --no-index --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.ready-run

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "nle-optimizer needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
