# Needs GNU make and Python 3.11 or newer. What it installs stays in .venv and in node_modules below tests and benchmarks.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

# A stamp says that a step is done; the step is due again when a file it depends on is newer.
# The version is in a stamp's name, so another Python gets an environment of its own.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
HAS_VENV := $(VENV)/.python-$(PYTHON_VERSION)
HAS_RUN := $(VENV)/.run
HAS_DEV := $(VENV)/.dev
HAS_FRAMEWORKS := $(VENV)/frameworks/.stamp
HAS_NODE_MODULES := tests/node/node_modules/.stamp
HAS_AGENTS := tests/agents/node_modules/.stamp
HAS_BENCH := $(VENV)/bench/.stamp
HAS_LOAD := $(VENV)/bench/load
HAS_AIMOCK := benchmarks/node_modules/.stamp

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help serve test test-containers test-agents bench check format lock clean node bench-aimock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name does; do \
		printf '  make %-15s %s\n' "$$name" "$$does"; done
	@echo '  PYTHON=python3.13 chooses another Python'

serve: $(HAS_RUN) ## start the emulator: make serve ARGS="--port 9000"
	@exec $(BIN)/maas-emulator serve $(ARGS)

test: check node $(HAS_FRAMEWORKS) ## check, then run every test and measure coverage
	$(BIN)/pytest -n auto --cov --ignore tests/containers
	@$(MAKE) --no-print-directory test-containers

# An engine that runs is taken; else the one that this command starts, and stops afterwards; else these tests are skipped.
test-containers: export CONTAINER_ENGINE ?= $(wildcard ../shared/tools/container-engine)
test-containers: $(HAS_DEV) ## build the image, run it, and compose with it
	$(BIN)/pytest tests/containers

# Not a part of `make test`: a gigabyte, and a minute on a good line.
test-agents: $(HAS_DEV) $(HAS_AGENTS) ## run coding agents (codex, claude, gemini, qwen) against the emulator
	$(BIN)/pytest tests/agents

# Ten minutes on a quiet machine with two cores; docs/performance.md says what is measured.
bench: $(HAS_LOAD) bench-aimock ## measure beside bare aiohttp: make bench ARGS="--quick --only chat"
	@$(VENV)/bench/bin/python -m benchmarks $(ARGS)

check: $(HAS_DEV) ## lint, formatting, types, import layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(HAS_DEV) ## format the code and apply the safe fixes of the linter
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# One file for every platform and every Python. Pins stay as they are where they still fit: ARGS=--upgrade renews them.
# uv has an environment of its own, because nothing else needs it.
UV_COMPILE = "$$tmp/bin/uv" --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
lock: $(HAS_VENV) ## pin the dependencies anew: make lock ARGS=--upgrade
	@echo 'locking run.txt, dev.txt, frameworks.txt and bench.txt in requirements'
	@mkdir -p requirements
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT \
	&& $(BIN)/python -m venv "$$tmp" \
	&& "$$tmp/bin/python" -m pip --quiet --quiet --disable-pip-version-check install uv \
	&& $(UV_COMPILE) pyproject.toml --group build --output-file requirements/run.txt $(ARGS) >/dev/null \
	&& $(UV_COMPILE) pyproject.toml --group dev --constraint requirements/run.txt \
		--output-file requirements/dev.txt $(ARGS) >/dev/null \
	&& $(UV_COMPILE) tests/frameworks/requirements.in --output-file requirements/frameworks.txt $(ARGS) >/dev/null \
	&& $(UV_COMPILE) pyproject.toml benchmarks/requirements.in --group build --constraint requirements/run.txt \
		--output-file requirements/bench.txt $(ARGS) >/dev/null

clean: ## remove everything that was installed or built
	rm -rf $(VENV) tests/node/node_modules tests/agents/node_modules benchmarks/node_modules build dist .coverage .coverage.* htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find benchmarks emulator tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(HAS_VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo '$(PYTHON) is $(or $(PYTHON_VERSION),not here): Python 3.11 or newer is wanted, such as PYTHON=python3.11' >&2; \
		exit 1; }
	@echo 'making $(VENV) with Python $(PYTHON_VERSION)'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(HAS_RUN): requirements/run.txt pyproject.toml $(HAS_VENV)
	@echo 'installing what running takes'
	@$(PIP) install --require-hashes --requirement requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(HAS_DEV): requirements/dev.txt pyproject.toml $(HAS_VENV)
	@echo 'installing what development takes'
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(HAS_RUN) $@

# Frameworks disagree with the project and among themselves about versions, so they have an environment of their own.
$(HAS_FRAMEWORKS): requirements/frameworks.txt $(HAS_VENV)
	@echo 'installing the frameworks that the tests drive'
	@$(PYTHON) -m venv --clear $(VENV)/frameworks
	@$(VENV)/frameworks/bin/python -m pip --quiet --quiet --disable-pip-version-check install \
		--require-hashes --requirement requirements/frameworks.txt
	@touch $@

node:
	@if [ -f tests/node/package-lock.json ]; then \
		major=$$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/'); \
		if [ "$${major:-0}" -ge 20 ] && npm --version >/dev/null 2>&1; then \
			$(MAKE) --no-print-directory --silent $(HAS_NODE_MODULES); \
		else \
			echo 'Node is not here: the Node client tests are skipped'; \
		fi; \
	fi

$(HAS_NODE_MODULES): tests/node/package.json tests/node/package-lock.json
	@echo 'installing the Node clients'
	@npm ci --prefix tests/node --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# `npm ci` would insist on optional packages for other platforms that not every registry has.
$(HAS_AGENTS): tests/agents/package.json tests/agents/package-lock.json
	@echo 'installing the coding agents'
	@npm install --prefix tests/agents --no-save --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# What the emulator has beside its dependencies in the fast column is in this environment alone.
$(HAS_BENCH): requirements/bench.txt pyproject.toml $(HAS_VENV)
	@echo 'installing what the benchmark takes'
	@$(PYTHON) -m venv --clear $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip --quiet --quiet --disable-pip-version-check install \
		--require-hashes --requirement requirements/bench.txt
	@$(VENV)/bench/bin/python -m pip --quiet --quiet --disable-pip-version-check install \
		--no-deps --no-build-isolation --editable .
	@touch $@

$(HAS_LOAD): benchmarks/load.c $(HAS_BENCH)
	@$(CC) -std=gnu11 -O2 -Wall -o $@ $< || { echo 'the benchmark needs a C compiler for its load generator' >&2; exit 1; }

bench-aimock:
	@$(MAKE) --no-print-directory --silent $(HAS_AIMOCK) 2>/dev/null || echo 'aimock is not to be had here: it is left out'

$(HAS_AIMOCK): benchmarks/package.json benchmarks/package-lock.json
	@echo 'installing aimock'
	@npm ci --prefix benchmarks --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
