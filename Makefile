# Wekeza. `make help` lists what can be made.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test bench check bootstrap

PYTHON := .venv/bin/python

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the release program and start the bank (demo mode unless WEKEZA_MODE says otherwise)
	@scripts/bootstrap run
	@swift build -c release --product wekeza
	@Web/build --program .build/release/wekeza
	@exec .build/release/wekeza serve

test: ## Everything: check, unit, property, crash and end-to-end tests against a real PostgreSQL
	@scripts/bootstrap test
	@$(MAKE) --no-print-directory check
	@swift build --build-tests
	@Web/build --program .build/debug/wekeza
	@Web/build --program .build/debug/wekeza --test
	@swift test --skip-build
	@$(PYTHON) -m pytest Tests/Tidy Tests/EndToEnd

bench: ## Measure the posting engine and the HTTP path beside pgbench (10 minutes, Benchmarks/README.md)
	@scripts/bootstrap test
	@swift build -c release --product Benchmarks
	@swift build -c release --product wekeza
	@.build/release/Benchmarks
	@Web/build --program .build/release/wekeza
	@$(PYTHON) Benchmarks/web/measure.py

check: ## Formatting, tidy and architecture tests: seconds, without a build
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks
	@python3 scripts/tidy.py
	@cd Web && ../.venv/bin/biome check --error-on-warnings

bootstrap: ## Install missing prerequisites (apt and pip), nothing else
	@scripts/bootstrap test
