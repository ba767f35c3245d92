# `make test` on a machine with Python and make sets everything up in .venv.
PYTHON ?= python3
WORKERS ?= 2
ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed
PYTEST_BENCH := $(BIN)/python -m pytest -q -o addopts= -o python_files='bench_*.py' benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-magento coverage lint format bench bench-phases bench-quality bench-smoke load readme build wheel-demo ci clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make .venv with the package and all tools (uv if there, else venv and pip)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) .ci/make_venv.py .venv -e '.[dev,peers,bench,magento,notebook,optimum,report,server]'
	@touch $@

demo: setup ## run the main job on the shipped real data
	$(BIN)/ssa demo $(ARGS)

test: setup ## run the tests; ARGS="-k name" for some, WORKERS=1 for one process
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not needs_mariadb' $(ARGS)

test-magento: setup ## run the tests on a MariaDB, which they start and stop; skipped where none is installed
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m needs_mariadb $(ARGS) tests/magento

# Commands run in processes of their own, files are read and written, reports draw, services serve: most
# of the time, and no kernels; simulations run those that selections do. Batches as a whole take their time
# without compiled ones; tests of them elsewhere are marked so.
APART := algorithms cli comparison io magento magento_files optimum policies report rest tables whatif
coverage: setup ## run the tests with the kernels as plain Python, and print what they reach; ALL=1 for all
	@rm -f .coverage .coverage.*
	NUMBA_DISABLE_JIT=1 HYPOTHESIS_PROFILE=coverage \
	  $(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist worksteal -m 'not needs_jit and not needs_mariadb' \
	  $(if $(ALL),,$(APART:%=--ignore=tests/%)) $(ARGS)
	@$(BIN)/coverage combine -q
	$(BIN)/coverage report $(if $(ALL),,--omit="$$(printf 'engine/%s/*,' $(APART))")

lint: setup ## ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## time all cases and peers, renew the tables; ARGS="--only msi-xl --rounds 3"
	$(BIN)/python -m benchmarks.run $(ARGS)

bench-phases: setup ## time the kernels, and each phase on the year of Online Retail
	$(PYTEST_BENCH) --benchmark-columns=min,median,rounds $(ARGS)

bench-quality: setup ## how far each policy is from a proven bound, renew docs/quality.md; ARGS="--only year"
	$(BIN)/python -m benchmarks.quality $(ARGS)

load: setup ## the REST service under load, by wrk; renew docs/load.md
	$(BIN)/python -m benchmarks.load $(ARGS)

bench-smoke: setup ## the benchmarks at a tiny size, peers compared, ratios guarded
	$(BIN)/python -m benchmarks.smoke
	$(PYTEST_BENCH) --benchmark-disable

readme: setup ## run the examples of the README, CONTRIBUTING.md and docs/ and the notebook as they stand
	$(BIN)/python .ci/readme_examples.py README.md CONTRIBUTING.md docs/compare.md docs/scenarios.md
	$(BIN)/python .ci/notebooks.py $(wildcard examples/*.ipynb)

build: setup ## make the sdist, and the wheel from it, in dist/
	@bash .ci/build

wheel-demo: build ## run the demo from the wheel in a clean environment elsewhere
	@PYTHON='$(PYTHON)' bash .ci/wheel_demo

ci: ## everything that continuous integration runs
	@bash .ci/run

clean: ## remove .venv and all that was made
	rm -rf .venv .kernels dist out htmlcov .coverage .coverage.* .benchmarks .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
