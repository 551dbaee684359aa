# The two commands: `make quickstart` and `make test`. Both do all the set-up that they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FOREIGN := .venv-foreign
OTHERS := .venv-others

# Of two workers each has one core: threads of torch and OpenMP would only wait for each other.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

.DEFAULT_GOAL := help
.PHONY: help quickstart test others conformance faults check lint types imports docs protocol bench coverage-models coverage-versions format clean

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

quickstart: $(VENV)/.installed  ## Install, then run the main job on the embedded registry
	$(BIN)/openml-client quickstart

test: $(VENV)/.dev $(FOREIGN)/.installed  ## Install what tests need, run all but those of conformance
	$(PYTEST) --dist worksteal -m "not conformance and not endurance and not others"

conformance: $(VENV)/.dev $(FOREIGN)/.installed  ## Run whole sessions and documented examples of other clients
	$(PYTEST) --dist loadfile -m conformance

faults: $(VENV)/.dev  ## Run the reliability battery, and count its tests by fault
	$(PYTEST) -q --dist worksteal -m fault

bench: $(VENV)/.dev $(FOREIGN)/.installed  ## Measure beside openml-python and skorch: ROWS="2 3" picks rows, REPEATS=9 sets rounds, QUICK=1 tries it
	$(BIN)/python -m benchmarks --rows "$(ROWS)" --repeats $(or $(REPEATS),5) $(if $(QUICK),--quick)

others: $(OTHERS)/.installed  ## Try models of xgboost, lightgbm, imbalanced-learn and skorch
	$(OTHERS)/bin/python -m pytest -q -m others extensions/sklearn/tests/test_others.py

coverage-models: $(VENV)/.dev  ## Measure which models of scikit-learn and torch are flows, and predict the same
	OMP_NUM_THREADS=1 $(BIN)/python -m coverage_models

OLD_SKLEARNS := 1.5 1.6
OLD_BINS := $(OLD_SKLEARNS:%=.venv-sklearn-%/bin/python)

coverage-versions: $(VENV)/.dev $(OLD_SKLEARNS:%=.venv-sklearn-%/.installed)  ## Describe models with one scikit-learn, rebuild them with others
	$(BIN)/python -m coverage_models --versions $(abspath $(OLD_BINS) $(BIN)/python)

check: lint types imports docs  ## ruff, mypy, import-linter, docs

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python -m pytest -q -m "not executes" tests/house

protocol: $(VENV)/.dev  ## Write docs/protocol.md from the table of routes
	$(BIN)/python docs/write_protocol.py > docs/protocol.md

format: $(VENV)/.dev  ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove environments and caches
	rm -rf $(VENV) $(FOREIGN) $(OTHERS) .venv-sklearn-* .bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# A stamp per environment: what is installed is installed again only when its list changes.
$(VENV)/.installed: setup.cfg extensions/sklearn/setup.cfg constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV); this takes half a minute or so."
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt \
	    -e '.[registry,cli]' -e extensions/sklearn
	touch $@

# Tests need a CPU build of torch only; where pip would take another, TORCH_INDEX=URL says where
# the CPU builds are.
$(VENV)/.dev: $(VENV)/.installed extensions/torch/setup.cfg
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt \
	    $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[dev]' -e 'extensions/torch[skorch]'
	touch $@

# Older versions of scikit-learn, with our packages from this folder.
.venv-sklearn-%/.installed: setup.cfg extensions/sklearn/setup.cfg
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q --disable-pip-version-check \
	    'scikit-learn==$*.*' -e . -e extensions/sklearn
	touch $@

# Large packages whose models the scikit-learn extension takes if they are trusted.
$(OTHERS)/.installed: setup.cfg extensions/sklearn/setup.cfg constraints.txt
	test -x $(OTHERS)/bin/python || $(PYTHON) -m venv $(OTHERS)
	$(OTHERS)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt \
	    -e '.[registry,testing]' -e extensions/sklearn pytest-timeout hypothesis \
	    xgboost lightgbm imbalanced-learn skorch torch
	touch $@

# Other people's clients live in their own environment; tests run them against our registry.
$(FOREIGN)/.installed: tests/foreign/requirements.txt
	test -x $(FOREIGN)/bin/python || $(PYTHON) -m venv $(FOREIGN)
	$(FOREIGN)/bin/python -m pip install -q --disable-pip-version-check -r $<
	touch $@
