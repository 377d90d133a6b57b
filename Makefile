# Two commands: `make demo` and `make test`. Each makes what it needs, in .venv, and nothing elsewhere.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := core metrics tasks data_registry candidates benchmarks scoring checking leaderboard worker studies scaffold integrations cli \
	tests __init__.py __main__.py api.py

.PHONY: demo test lint speed studies clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed  ## score the built-in candidates and show the board
	$(BIN)/innerscore demo --html demo

test: $(VENV)/.installed-for-tests lint  ## everything that has to hold; SYSTEM_PACKAGES=1 installs Debian's parts, too
	$(BIN)/python tests/system_packages.py
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.installed-for-tests
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tests/typecheck.py

speed: $(VENV)/.installed-for-tests  ## ours beside the peers, not a test
	$(BIN)/python tests/speed/run.py

studies: $(VENV)/.installed-for-tests  ## coverage of the intervals, level of the tests: minutes, not a test
	$(BIN)/python tests/studies/coverage.py --experiments 400 --out docs/studies/statistics.md
	$(BIN)/python tests/studies/ridge_coverage.py --experiments 120 --out docs/studies/ridge-interval.md
	$(BIN)/python tests/studies/noise_correction.py --out docs/studies/noise-correction.md
	$(BIN)/python tests/studies/inner_folds.py --out docs/studies/inner-folds.md
	$(BIN)/python tests/studies/board_order.py --experiments 100 --out docs/studies/board-order.md
	$(BIN)/python tests/studies/grid_modules.py --draws 50 --cells 3000 --out docs/studies/grid-modules.md

$(VENV)/bin/python:
	$(PYTHON) tests/make_venv.py $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-for-tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) demo build *.egg-info
