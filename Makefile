# Python 3.11 or newer and make are all that is needed; everything else is installed into .venv.
PYTHON ?= python3
MINUTES ?= 10
RUNS ?= 3
QUICK := campaign cli languages legal_basis moe sample smallest wishes wording  # tests of the wheel by itself
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test fuzz benchmarks lint audit format dist lock clean

demo: $(VENV)/ready  ## Plan the sample campaign and say where the map is
	$(BIN)/targeting plan data/sample.toml --out maps/sample

test: $(VENV)/ready-dev  ## Run all tests, on all cores
	$(BIN)/python -m pytest -n logical --dist loadfile

fuzz: $(VENV)/ready-dev  ## Try what must hold of every plan on regions drawn at random: make fuzz MINUTES=30
	PYTHONPATH=benchmarks:tests $(BIN)/python tests/fuzz.py $(MINUTES)

benchmarks: $(VENV)/ready-bench  ## Measure against what a user would pick instead: make benchmarks RUNS=5
	$(BIN)/python benchmarks/compare.py --runs $(RUNS)

lint: $(VENV)/ready-dev  ## Check style, types, unsafe code (ruff's S, from bandit) and dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pip --disable-pip-version-check check
	$(BIN)/python -m pytest tests/test_package.py -k dependenc

audit: $(VENV)/ready-dev  ## Ask whether a flaw is known in what is installed; needs the network
	$(BIN)/pip-audit --strict --disable-pip --no-deps --progress-spinner off -r requirements.txt -r requirements-dev.txt

format: $(VENV)/ready-dev  ## Put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dist: $(VENV)/ready-dev  ## Build wheel and sdist, install the wheel into an empty environment and try it there
	rm -rf build dist
	$(BIN)/python -m build --no-isolation
	$(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check --no-deps dist/*.whl
	cd build && empty/bin/targeting demo
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	cp -r tests data pyproject.toml build/
	cd build && empty/bin/python -P -m pytest $(QUICK:%=tests/test_%.py)

lock: $(VENV)/ready-dev  ## Pin all dependencies anew, after a change in pyproject.toml
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate \
	  --output-file requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate \
	  --unsafe-package pip --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate \
	  --extra bench --constraint requirements-dev.txt --output-file requirements-bench.txt pyproject.toml

clean:  ## Remove what the other targets made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: $(VENV)/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/ready-bench: $(VENV)/ready requirements-bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@
