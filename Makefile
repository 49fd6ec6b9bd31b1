# Everything a fresh machine with Python 3.11 and make needs. `make help` lists the targets.

SHELL      := /bin/bash
PYTHON     ?= python3
VENV       ?= .venv
SCENARIO   ?= scenarios/burst.yaml
ARGS       ?=
JOBS       ?= 2
SEEDS      ?= 200
CRASHES    ?= 500
TRIPLES    ?= 1000
MOMENTS    ?= 200
DEATHS_RATE    ?= 5000
DEATHS_SECONDS ?= 600
SCENARIOS  ?= $(shell grep -L '^external: true' scenarios/*.yaml)

# Whether tests use servers: `make test` goes without, `make test-servers` needs them all.
test coverage: export RISKDRILL_REQUIRE := $(or $(RISKDRILL_REQUIRE),none)
test-servers: export RISKDRILL_REQUIRE := $(or $(RISKDRILL_REQUIRE),all)

# Tests that simulate so much that tracing them for coverage, which more than doubles what a test takes, is not worth it.
UNTRACED   := tests/trials/test_check_determinism.py tests/explore/test_planted_bug.py \
  tests/explore/test_anything_fails.py tests/faults/test_pairs.py tests/run/test_whatever_is_valid.py tests/scenarios \
  tests/theory

BIN     := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help run test coverage test-servers check model bench demo soak clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/installed  ## run a scenario, live: make run SCENARIO=scenarios/burst.yaml [ARGS="--tui off"]
	@$(BIN)/python -m sim run $(SCENARIO) $(ARGS)

test: $(VENV)/installed-test  ## install the test extra, run all checks and the tests that need no server
	@$(MAKE) --no-print-directory --jobs 2 check model  # either keeps about one core busy
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

coverage: $(VENV)/installed-test  ## which lines and branches the tests of `make test` reach, without the longest of them
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term $(addprefix --ignore=,$(UNTRACED)) $(ARGS)

test-servers: $(VENV)/installed-test  ## tests with a real Kafka and Redis, which must be there: see CONTRIBUTING.md
	@$(BIN)/python -m tests.support.servers
	$(BIN)/python -m pytest -p no:cacheprovider tests/servers $(ARGS)

check: $(VENV)/installed-test  ## lint, format, types and architecture, without the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

model: $(VENV)/installed-test
	@$(BIN)/python -m tests.support.model_cache

bench: $(VENV)/installed-bench  ## speed and latency against the bare model and plain loops
	@$(BIN)/python -m benchmarks $(ARGS)

demo: $(VENV)/installed  ## train, score 1,000 transactions at 1,000/s, write results/summary.json
	@$(BIN)/python -m sim demo

# Goes on after a failure, so that one night tells of all; Ctrl-C ends it. SCENARIOS=, SEEDS=, CRASHES=, TRIPLES=,
# MOMENTS= and DEATHS_SECONDS= make it shorter. The last but one needs Kafka and Redis, as `make test-servers` does.
soak: $(VENV)/installed-test  ## long: every scenario twice to the last byte, then hundreds of seeds of drills that break things
	@failed=(); \
	step() { local began=$$SECONDS code=0; echo "$$*"; $(BIN)/python -m "$$@" || code=$$?; \
	  echo "  took $$((SECONDS - began)) s, exit code $$code"; \
	  case $$code in 0) ;; 130) exit 130 ;; *) failed+=("$$*") ;; esac; }; \
	for scenario in $(SCENARIOS); do step sim check-determinism "$$scenario"; done; \
	step sim explore tests/explore/everything_fails.yaml --seeds $(SEEDS) --anywhere --shrink; \
	step sim explore tests/explore/crash_anywhere.yaml --seeds $(CRASHES) --anywhere --shrink; \
	step sim explore tests/explore/releases_fail.yaml --seeds $(SEEDS) --shrink; \
	step sim explore scenarios/feature_store_outage.yaml --seeds $(SEEDS) --shrink --set 'expect=[]' \
	  --set world.cards=4000 --set phases.baseline.rate=20 --set phases.outage.rate=50 --set phases.recovery.rate=20; \
	step tests.support.sim.fault_pairs --triples $(TRIPLES); \
	step tests.support.moments --count $(MOMENTS); \
	step tests.support.deaths --rate $(DEATHS_RATE) --seconds $(DEATHS_SECONDS) --every 10; \
	HYPOTHESIS_PROFILE=search step pytest -q tests/run/test_whatever_is_valid.py tests/theory/test_queues.py; \
	echo "all of it took $$SECONDS s"; \
	for each in "$${failed[@]}"; do echo "FAILED $$each"; done; exit $$(( $${#failed[@]} > 0 ))

clean:  ## remove what was installed and made: environment, models, runs, results, caches
	rm -rf $(VENV) build dist *.egg-info models runs results .coverage* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamp files: a second call installs nothing unless the pins or the project changed.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 16))' || \
	  { echo "riskdrill needs Python 3.11 to 3.15, and '$(PYTHON)' is not: make PYTHON=/path/to/python3.11 …" >&2; exit 2; }
	@echo "Setting up $(VENV) (once, about a minute)" >&2
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }  # half an environment would pass for a whole one

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(INSTALL) .
	@touch $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(INSTALL) '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(INSTALL) '.[bench]'
	@touch $@ $(VENV)/installed
