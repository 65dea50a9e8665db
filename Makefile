# SPDX-License-Identifier: Apache-2.0
# Everything a person or a build machine does with this repository. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
SWIFT_FOLDERS := Sources Tests plugins
# Why so: docs/decisions/0006-how-releases-are-linked.md.
RELEASE := swift build -c release --static-swift-stdlib
RELEASE_PLUGIN := $(RELEASE) -Xlinker -s

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

.PHONY: set-up
set-up: ## Install missing system packages (Debian, Ubuntu)
	@scripts/set-up.sh

.PHONY: set-up-tests
set-up-tests:
	@scripts/set-up.sh --for-tests

.PHONY: drill
drill: set-up ## Build, then rehearse the shipped runbook against the embedded cloud simulator
	@echo "1 of 4: muster (the first time this takes some minutes, the others less)"
	$(RELEASE) --product muster
	@echo "2 of 4: the cloud simulator"
	$(RELEASE) --product muster-cloud-simulator
	@echo "3 of 4: the plugin FailoverGroupKeySwap"
	$(RELEASE_PLUGIN) --product FailoverGroupKeySwap
	@echo "4 of 4: the plugin TestFailover"
	$(RELEASE_PLUGIN) --product TestFailover
	.build/release/muster rehearse failover-group-key-swap

.PHONY: plugins
plugins: set-up ## Build all shipped plugins, and what they are rehearsed with
	$(RELEASE) --product muster
	$(RELEASE) --product muster-cloud-simulator
	for plugin in $(notdir $(wildcard plugins/*)); do $(RELEASE_PLUGIN) --product $$plugin || exit 1; done

.PHONY: build
build: set-up-tests ## Build everything, tests included
	swift build --build-tests

# Tests write a row for each kind of fault that they made; the table of them is what a reader is shown.
CAMPAIGN_LOG := $(CURDIR)/.build/campaigns.jsonl
CAMPAIGNS := MusterApprovalTests|MusterDocumentsTests|MusterModelTests|MusterRecordTests|SimulationTests|TortureTests|MusterGitTests|MusterJournalTests|MusterPluginHostTests
RUN_TESTS = rm -f $(CAMPAIGN_LOG); MUSTER_CAMPAIGN_LOG=$(CAMPAIGN_LOG) swift test --skip-build --disable-xctest $(1); \
	status=$$?; scripts/campaign-table $(CAMPAIGN_LOG) || status=1; exit $$status

.PHONY: test
test: build ## Run all tests, with a sample of each campaign of faults
	@$(call RUN_TESTS)

.PHONY: torture
torture: export MUSTER_TORTURE := full
torture: export MUSTER_TEST_PRODUCTS := $(CURDIR)/.build/release
torture: build ## Make every campaign of faults in full, on the release build, and print the table of what they found
	$(RELEASE) --product muster
	$(RELEASE_PLUGIN) --product noop-plugin
	@$(call RUN_TESTS,--filter '$(CAMPAIGNS)')

.PHONY: format-lint
format-lint: ## Say where the sources are not formatted
	swift format lint --strict --recursive --parallel $(SWIFT_FOLDERS)

.PHONY: check
check: format-lint test ## What a change must pass: format and tests

.PHONY: format
format: ## Format the sources in place
	swift format --in-place --recursive --parallel $(SWIFT_FOLDERS)

.PHONY: bench
bench: set-up ## Measure the budgets beside this machine's own cost of a synced write
	$(RELEASE) --product muster
	$(RELEASE_PLUGIN) --product noop-plugin
	benchmarks/run

.PHONY: errors
errors: ## Write docs/errors.md anew from the error codes in the sources
	UPDATE_GOLDEN=1 swift test --disable-xctest --filter PolicyTests

.PHONY: clean
clean: ## Remove what was built
	swift package clean
