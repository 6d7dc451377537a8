# Everything a person does here. `make run` and `make test` need nothing but Debian's python3.

PYTHON_ = .venv/bin/python
# More options for pytest: make test ARGS="banking -k transfer"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test coverage nightly check lock css clean venv

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16
	@echo "  PORT=8001 chooses the port, FINTRUST_STATE=dir the state directory (var/);"
	@echo "  DATABASE_URL (an administrator's) and REDIS_URL choose servers of your own."

run: ## the whole bank with demo data, until Ctrl-C
	@tools/venv run && exec $(PYTHON_) -m fintrust.stack up

test: ## all tests, on throw-away servers, in parallel
	@tools/venv dev
	@tools/browser
	@$(PYTHON_) -m pytest -n auto $(ARGS)

coverage: override ARGS += --cov --cov-report=term
coverage: test ## the same, and how much of the code they reach

# Fifty histories of two hundred steps, twenty kills of a server with clients at work, and ten of
# who reads a stream of Kafka.
nightly: export LEDGER_HISTORIES = 50
nightly: export LEDGER_STEPS = 200
nightly: export LEDGER_KILLS = 20
nightly: export STREAM_KILLS = 10
nightly: ## the long trials: ten thousand random steps of the ledger, twenty kills, ten of streams
	@tools/venv dev
	@$(PYTHON_) -m pytest -n0 banking/tests/test_ledger_model.py banking/tests/test_ledger_crashes.py \
		fraud/tests/test_stream_kafka.py $(ARGS)

check: ## format, lint, types, import directions, migrations, deployment, templates, lock files
	@tools/venv dev
	$(PYTHON_) -m ruff format --check .
	$(PYTHON_) -m ruff check .
	$(PYTHON_) -m mypy
	.venv/bin/lint-imports --no-cache
	tools/check_django
	tools/lock --check

lock: ## requirements*.txt from requirements*.in (UPGRADE=1: newest versions)
	@tools/venv dev
	tools/lock

css: ## static/css and vendored scripts from assets/; needs npm, their results are committed
	npm --prefix assets ci
	npm --prefix assets run build

venv: ## .venv with everything, for an editor
	@tools/venv dev

clean: ## forget all data of the state directory, and caches
	@if [ -x $(PYTHON_) ]; then $(PYTHON_) -m fintrust.stack clean; fi
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
