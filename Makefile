# Everything happens in .venv beside this file; the run-time lock makes the bot, the development lock adds what tests and linters need.
# Only Python >= 3.11 with venv, and make, are wanted of the machine.

VENV := .venv
PY := $(VENV)/bin/python
PIP := PIP_USER=0 $(PY) -m pip --disable-pip-version-check --no-input install --quiet --require-hashes

# Texts are UTF-8 whatever the machine's locale is, and nothing is read from a person's own site-packages.
export PYTHONUTF8 := 1
export PYTHONNOUSERSITE := 1

.DEFAULT_GOAL := help
.PHONY: help setup dev demo test soak check lock clean

help:
	@echo 'make demo    set up and start the demo: a page with three phones, no token and no network needed'
	@echo 'make test    set up and run the whole test suite'
	@echo 'make soak    kill the bot again and again for some minutes (KILLS=40 CHATS=200 SEED=…): nothing may be lost or doubled'
	@echo 'make check   linters, types, import contracts, catalogues, packages, migrations'
	@echo 'make setup   only the set-up of the bot, into .venv       make dev   the same with the development tools'
	@echo 'make lock    write both locks anew from pyproject.toml (UPGRADE=--upgrade takes the newest releases)'
	@echo 'make clean   take .venv and the caches away; data/ stays'

setup: $(VENV)/.runtime

dev: $(VENV)/.dev

demo: $(VENV)/.runtime
	$(PY) -m bot demo $(ARGS)

test: $(VENV)/.dev
	$(PY) -m pytest -n 2 $(ARGS)

# Of the packages it says whether the locks are whole and installed. Whether a release was found dangerous or taken back
# since it was locked, only an advisory service and the index know: ask them (pip-audit) where the network has them.
# As many kills and chats for each database, by polling and by webhook; SEED=… repeats a run that failed.
KILLS ?= 40
CHATS ?= 200
SEED ?= $(shell date +%s)
soak: $(VENV)/.dev
	CRASH_KILLS=$(KILLS) CRASH_CHATS=$(CHATS) CRASH_SEED=$(SEED) $(PY) -m pytest tests/crash/test_kill.py -n 0 -s -p no:randomly $(ARGS)

check: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as check; check()'
	$(PY) -m locales check
	$(PY) -m pip check
	$(PY) -m pytest -q -p no:randomly tests/operation/test_packages.py
	@if [ -d tests/migrations ]; then $(PY) -m pytest -q tests/migrations; fi

$(VENV)/.runtime: requirements.txt
	@$(MAKE) --no-print-directory -s venv
	@echo 'Fetching what the bot needs into $(VENV) (under a minute on most lines) ...'
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo 'Fetching what tests and linters need into $(VENV) (a minute or two) ...'
	@$(PIP) -r requirements-dev.txt
	@touch $@

# A command's presence says little (a version manager leaves stand-ins that only fail), so each candidate is run.
# PYTHON=/some/python decides it by hand.
.PHONY: venv
venv:
	@if $(PY) -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	bare=; \
	for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		if $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			$$python -m venv --clear $(VENV) && exit 0 || exit 1; \
		fi; \
		[ -n "$$bare" ] || bare=$$($$python -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); \
	done; \
	if [ -n "$$bare" ]; then \
		echo "$$bare is here without its venv part, which on Debian and Ubuntu comes with: sudo apt-get install $$bare-venv" >&2; \
	else \
		echo 'Python 3.11 or newer is missing, which on Debian and Ubuntu comes with: sudo apt-get install python3 python3-venv' >&2; \
	fi; \
	exit 1

# uv resolves for all systems and Python versions at once; it lives in a folder of its own only as long as it works.
UV_COMPILE = compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet $(UPGRADE)
lock: $(VENV)/.runtime
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PY) -m venv "$$folder"; \
	"$$folder/bin/python" -m pip --disable-pip-version-check --no-input install --quiet uv; \
	"$$folder/bin/uv" pip $(UV_COMPILE) pyproject.toml -o requirements.txt; \
	"$$folder/bin/uv" pip $(UV_COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt; \
	if grep -n '://' requirements.txt requirements-dev.txt; then echo 'a lock names an address: it would bind others to it' >&2; exit 1; fi

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
