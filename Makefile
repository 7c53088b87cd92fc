# `make demo` and `make test` need nothing but Python 3.11 or later and make: they set up .venv themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
BENCHMARKS := replay monte_carlo pricing startup memory
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
INTERPRETED := tests/engine tests/market tests/pricing tests/report tests/strategies tests/test_cli.py tests/test_export.py \
  tests/test_run_folder.py tests/test_scenario.py tests/test_strict_yaml.py tests/test_catalogue.py tests/test_units.py \
  tests/test_textbook.py tests/test_policy.py tests/test_kernel.py mmsim
export MPLBACKEND := Agg

SCENARIOS := 2000
CUTS := 100

.PHONY: demo test audit fuzz coverage lint format bench browser pictures clean

demo: $(VENV)/.demo  ## a market maker's day: where the money came from, and a report
	$(BIN)/mmsim run scenarios/synthetic/market_maker_day.yaml

test: lint  ## everything that must hold before a change is kept
	@command -v chromium >/dev/null || echo "No chromium here: the browser tests will be skipped ('make browser' installs it)."
	$(BIN)/python -m pytest -n 2

audit: $(VENV)/.test  ## the long campaigns of `make test`, with their counts (make audit SCENARIOS=500 CUTS=10)
	$(BIN)/python -m tests.drawn_audit $(SCENARIOS)
	MMSIM_CUTS=$(CUTS) MMSIM_SEED=$$(date +%s) $(BIN)/python -m pytest -s tests/test_causality.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Its figures are what counts: tests that ask whether something was compiled fail here, as nothing is.
coverage: $(VENV)/.test  ## lines of mmsim/ that tests reach, with the compiler off so that the loop's count too
	-NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest --quiet $(INTERPRETED)
	$(BIN)/python -m coverage report --show-missing --skip-covered

fuzz: $(VENV)/.test  ## 40,000 damaged files and 200 kills: files are refused in a sentence or read, runs are whole
	$(BIN)/python -m tests.fuzz
	$(BIN)/python -m tests.kills

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The peer asks for an older numpy than everything else, so the benchmarks have an environment of their own.
bench: $(BENCH_VENV)/.bench  ## speed and memory, beside peers: benchmarks/RESULTS.md
	mkdir -p build/benchmarks
	for name in $(BENCHMARKS); do \
	  echo "benchmarks/$$name.py"; \
	  $(BENCH_VENV)/bin/python benchmarks/$$name.py --json > build/benchmarks/$$name.json || exit 1; \
	done
	$(BENCH_VENV)/bin/python benchmarks/results.py build/benchmarks > build/benchmarks/RESULTS.md
	cp build/benchmarks/RESULTS.md benchmarks/RESULTS.md

pictures: $(VENV)/.demo  ## the pictures in docs/pictures and README.md, drawn again
	$(BIN)/python docs/pictures/draw.py

browser:  ## Chromium for the tests of the report's page, from Debian's packages (needs root)
	command -v chromium || { apt-get update && apt-get install --yes --no-install-recommends chromium chromium-driver; }

clean:
	rm -rf $(VENV) $(BENCH_VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps, so that the second make is quick.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "mmsim needs Python 3.11 or later; try 'make PYTHON=python3.12 ...'"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing mmsim and what it needs into $(VENV) (once; a minute or two)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing mmsim and what its tests need into $(VENV) (once; a minute or two)"
	@$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(BENCH_VENV)/.bench: pyproject.toml benchmarks/constraints.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	@echo "Installing mmsim and its peers into $(BENCH_VENV) (once; a minute or two)"
	@$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check install --quiet \
	  --constraint benchmarks/constraints.txt --editable '.[bench]'
	@touch $@
