# Needs Python 3.11 or newer, make and a network; everything else is put into .venv and node_modules.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench clean

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0

python := .venv/bin/python
install := $(python) -m pip install --quiet --require-hashes --requirement
files = $(shell find $(1) \( -name node_modules -o -name dist -o -name .build \) -prune -o -type f -print)

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.app sdk-js/dist/waystage.js app/web/dist/index.html ## Start Waystage: Postgres, the collector and the worker
	@$(python) -m app.main

test: check ## Set up, check and test everything
	@.ci/chromium
	.ci/npm --prefix sdk-js test
	.ci/npm --prefix app/web test
	$(python) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: .venv/.test sdk-js/dist/waystage.js app/web/dist/index.html ## Check style, types and the arrows between rooms
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	.venv/bin/lint-imports

bench: .venv/.test bench/node_modules/.installed sdk-js/dist/waystage.js app/web/dist/index.html ## Measure what docs/benchmarks.md states
	$(python) -m bench

clean: ## Remove what was built and installed here; the data folder stays
	rm -rf .venv .build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf bench/node_modules sdk-js/node_modules sdk-js/dist sdk-js/.build bench/node_modules tests/sdk/node_modules app/web/node_modules app/web/dist app/web/.build

.venv/.made:
	@echo "Making .venv ..."
	@.ci/venv
	@pwd > "$$($(python) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/waystage.pth"
	@printf '#!/bin/sh\nexec "$$(dirname "$$(readlink -f "$$0")")/python" -m app.cli "$$@"\n' > .venv/bin/waystage
	@chmod +x .venv/bin/waystage
	@touch $@

.venv/.app: requirements/app.txt .venv/.made
	@echo "Installing Python packages ..."
	@$(install) $<
	@touch $@

.venv/.test: requirements/test.txt .venv/.app
	@echo "Installing the packages for tests ..."
	@$(install) $<
	@touch $@

%/node_modules/.installed: %/package-lock.json | .venv/.made
	@echo "Installing npm packages of $* ..."
	@.ci/npm --prefix $* ci --no-audit --no-fund --loglevel=error
	@touch $@

sdk-js/dist/waystage.js: sdk-js/node_modules/.installed $(call files,sdk-js)
	@.ci/npm --prefix sdk-js run --silent build
	@touch $@

app/web/dist/index.html: app/web/node_modules/.installed $(call files,app/web)
	@.ci/npm --prefix app/web run --silent build
	@touch $@
