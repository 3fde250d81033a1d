# Everything a newcomer or CI runs. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check lock reference clean spark torture peers
PYTHON ?= python3
WORKERS ?= 1 2
BIN := .venv/bin
SETUP := .venv/.runtime
DEVELOPMENT := .venv/.development

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(SETUP) ## Install Yinuo into .venv; the command is .venv/bin/yinuo

demo: $(SETUP) ## Make a marketplace (or take DATA=<Olist folder>), score it, serve it at http://127.0.0.1:8000 (DEMO=--no-serve: end there)
	$(BIN)/yinuo demo $(if $(DATA),--data "$(DATA)") $(DEMO)

test: $(DEVELOPMENT) ## Run the tests, or those in TESTS=tests/kit (YINUO_DATABASE=postgresql://... for PostgreSQL)
	@folder=$$(mktemp -d) && YINUO_DATA=$$folder $(BIN)/pytest $(foreach worker,$(WORKERS),--tx popen//env:YINUO_DATA=$$folder/$(worker)) \
		--dist loadfile $(TESTS); code=$$?; rm -rf "$$folder"; exit $$code

torture: $(DEVELOPMENT) ## Kill two sequencers of the record, and a witness, 500 times at random moments
	YINUO_TORTURE_KILLS=500 $(BIN)/pytest tests/record/test_torture.py tests/kit/test_witness.py

check: $(DEVELOPMENT) ## Run ruff, mypy and import-linter
	$(BIN)/ruff check src tests tools clients
	$(BIN)/mypy
	cd clients/python && ../../$(BIN)/mypy
	PYTHONPATH=src:. $(BIN)/lint-imports

reference: $(DEVELOPMENT) ## Write docs/reference anew from the code
	$(BIN)/python -m tools.reference

spark: $(DEVELOPMENT) ## Add Spark (needs Java 17) to the development set
	$(BIN)/uv pip install -q -r requirements/spark.txt --require-hashes

lock: ## Compile the requirement files anew
	$(PYTHON) -m venv .venv && $(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/runtime.txt
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements/dev.txt
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra spark -o requirements/spark.txt
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --group pyproject.toml:peers -o requirements/peers.txt

peers: $(DEVELOPMENT) ## Add what `yinuo bench record` measures itself against (GPL, used there only)
	$(BIN)/uv pip install -q -r requirements/peers.txt --require-hashes

clean: ## Remove the virtual environment and everything made here
	rm -rf .venv var build dist

.venv/bin/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check uv

define install
	$(BIN)/uv pip install -q --require-hashes -r $(1)
	$(BIN)/uv pip install -q --no-deps -e .
endef

$(SETUP): .venv/bin/uv requirements/runtime.txt pyproject.toml
	$(call install,requirements/runtime.txt)
	@touch $@

$(DEVELOPMENT): .venv/bin/uv requirements/dev.txt pyproject.toml
	$(call install,requirements/dev.txt)
	@touch $@
