# The front doors of a checkout. Each sets up all that it needs and is quick the second time.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Debian 12's own, where it is there: what customers run. A Python that was built without the
# compiler's optimisations, as version managers build it, takes up to twice the time for everything.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' \
	2>/dev/null && echo /usr/bin/python3 || echo python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CONTACTS ?= 50000
JOBS ?= 2

.PHONY: help setup demo test test-long bench clean packages-demo packages-test packages-long

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: packages-test .venv/.dev .venv/.node  ## virtual environment, pinned dependencies, Debian packages

demo: packages-demo .venv/.runtime  ## a made-up company, every service running; Ctrl-C stops it
	@exec $(BIN)/rufname demo --contacts $(CONTACTS) $(DEMO)

test: setup  ## format, lint, types, layers, unit and end-to-end tests (JOBS=2 at a time)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(BIN)/python -m pytest -q -m "not long" -n $(JOBS) --dist loadfile $(TESTS)

test-long: setup packages-long .venv/.graph  ## the tests that take minutes
	@$(BIN)/python -m pytest -q -m long $(TESTS)

bench: setup  ## one question a file, against real peers (QUICK=1 shortens, FULL=1 adds a million)
	@$(BIN)/python -m bench $(BENCH)

clean:  ## remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks \
		.coverage dist build var/demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

packages-demo packages-test packages-long: packages-%:
	@.ci/install-packages $*

.venv/.pip:
	@usable='import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; \
	$(PYTHON) -c "$$usable" 2>/dev/null || .ci/install-packages python; \
	$(PYTHON) -c "$$usable" 2>/dev/null || { \
		echo "needs $(PYTHON) 3.11 or newer with venv (or: make PYTHON=...)" >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(PIP) install --upgrade "pip>=25.1"  # the first with --group
	@touch $@

.venv/.runtime: .venv/.pip pyproject.toml constraints.txt
	@echo "installing pinned dependencies into .venv" >&2
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

.venv/.dev: .venv/.pip pyproject.toml constraints.txt
	@echo "installing pinned dependencies and tools into .venv" >&2
	@$(PIP) install --constraint constraints.txt --editable . --group dev
	@touch $@ .venv/.runtime

.venv/.graph: .venv/.pip constraints.txt
	@echo "installing Microsoft's client for Graph into .venv" >&2
	@[ -x .venv/graph/bin/python ] || $(PYTHON) -m venv .venv/graph
	@.venv/graph/bin/python -m pip --disable-pip-version-check -qq install --constraint constraints.txt msgraph-sdk
	@touch $@

.venv/.node: .venv/.pip tests/ldapd/foreign/package.json
	@echo "installing LDAP clients of Node.js into .venv" >&2
	@mkdir -p .venv/node && cp tests/ldapd/foreign/package.json .venv/node/
	@npm install --prefix .venv/node --no-package-lock --no-audit --no-fund --silent
	@touch $@
