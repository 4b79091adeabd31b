# Everything a person needs to run Veil and to work on it; nothing but python3 (3.11 or newer) has to be there.

PYTHON ?= python3
SERVE  ?= 1
FUZZ   ?= 30000
SEED   ?= $(shell date +%s)
BIN    := .venv/bin
PIP    := PYTHONWARNINGS=ignore $(BIN)/python -m pip --disable-pip-version-check --no-input
READY  := .venv/.ready
TOOLS  := .venv/.tools
ROOMS  := catalog crawler policy_engine proxy web_ui veil
CODE   := $(ROOMS) tests benchmarks docs

.DEFAULT_GOAL := all
.PHONY: all demo test check lint types bench fuzz docs assets format clean

all: lint types test        ## style, types, tests

demo: $(READY) assets       ## the clinic tutorial, seen by two people; then the server (SERVE=0: stop before it)
	@$(BIN)/veil demo --home .veil $(if $(filter 0,$(SERVE)),--no-serve,)

test: $(TOOLS) assets       ## every test
	@$(BIN)/python -m pytest -n auto

check: $(TOOLS) assets      ## the fast tests
	@$(BIN)/python -m pytest -n auto -m "not slow"

lint: $(TOOLS)              ## layout and style
	@$(BIN)/ruff format --check --quiet $(wildcard $(CODE)) || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet $(wildcard $(CODE))

types: $(TOOLS)             ## types, strictly
	@$(BIN)/mypy --strict $(wildcard $(CODE))

bench: $(TOOLS)             ## one JSON line per figure
	@for bench in benchmarks/*.py; do case $$bench in */__init__.py) ;; *) $(BIN)/python -m $$(echo $${bench%.py} | tr / .) || exit 1;; esac; done

fuzz: $(TOOLS)              ## random questions, hostile trees, policies against the oracle (FUZZ=how many, SEED=where to begin)
	@echo "SEED=$(SEED) FUZZ=$(FUZZ)"
	@VEIL_FUZZ=$(FUZZ) VEIL_FUZZ_MUTANTS=$(FUZZ) VEIL_FUZZ_ORACLE=$$(($(FUZZ) / 10)) VEIL_FUZZ_ORDER=$(FUZZ) VEIL_FUZZ_SEED=$(SEED) \
	  $(BIN)/python -m pytest -n auto --hypothesis-seed=$(SEED) tests/proxy/test_noninterference.py tests/proxy/test_answers_in_order.py \
	  tests/proxy/test_database_worlds.py tests/proxy/test_mutants.py tests/proxy/test_oracle.py tests/proxy/test_nested_oracle.py tests/policy_engine

docs: $(TOOLS)              ## the reference pages that are made from the program
	@$(BIN)/python docs/reference/generate.py

assets: $(READY)            ## the pages' third-party scripts, from npm where it is to be had; pages work without them
	@$(BIN)/python -m web_ui.assets.bundle --if-possible

format: $(TOOLS)            ## mend layout and order of imports
	@$(BIN)/ruff format --quiet $(wildcard $(CODE))
	@$(BIN)/ruff check --quiet --fix --select I $(wildcard $(CODE))

clean:                      ## forget the environment and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info web_ui/static/vendor

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Veil needs Python 3.11 or newer, and \`$(PYTHON)\` is not. Name another one: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv"; $(PYTHON) -m venv .venv; }
	@echo "Installing Veil into .venv"
	@$(PIP) install --quiet -e .
	@touch $@

$(TOOLS): $(READY)
	@echo "Installing what the tests need into .venv"
	@$(PIP) install --quiet -e '.[test]'
	@touch $@
