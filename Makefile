# All commands; `make` alone lists them. Each does its own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

PORT ?= 8080
WORKERS ?= 2
BASE ?=
NAME ?= digits
VERSION ?= 1
OLD ?= 1
NEW ?= 2
COUNT ?= 10000
STAGE ?= dev
IMAGE ?= postal-digits:latest
BASE_IMAGE ?= public.ecr.aws/lambda/python:3.13

.PHONY: help setup serve test lint fuzz model evaluate compare lock image test-container test-faults test-browser \
  screenshots load reliability bench bootstrap synth diff deploy destroy smoke cost simulate

help: ## lists the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

setup: .venv/ready node_modules/ready ## creates .venv/ and node_modules/ from the locked files

.venv/ready: requirements-dev.txt
	@echo "Setting up .venv (once: two or three minutes, 2 GB) ..."
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed: make PYTHON=python3.13 ...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/ready: package-lock.json .venv/ready
	@echo "Setting up node_modules (the CDK CLI) ..."
	@npm ci --loglevel=error --no-audit --no-fund --no-update-notifier
	@touch $@

.cache/checkov/ready: tests/infra_cdk/requirements.txt
	@echo "Setting up checkov (once, a minute or two) ..."
	@$(PYTHON) -m venv .cache/checkov
	@.cache/checkov/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

serve: setup ## serves the API on this machine (PORT=8080 WORKERS=2 BASE=/v1 API_KEY=...)
	@exec $(BIN)/python -m scripts.local.serve --port $(PORT) --workers $(WORKERS) --base "$(BASE)"

lint: setup ## checks style, types and imports
	@ruff check . && ruff format --check . && mypy && lint-imports --no-logo 2>/dev/null || (lint-imports; exit 1)

test: lint .cache/checkov/ready ## runs lint and all tests that need neither Docker nor a browser
	@$(BIN)/python -m model.digits.data.mnist >/dev/null
	@$(BIN)/python -m pytest tests/lambda_fn tests/infra_cdk tests/scripts tests/model tests/project

model: .venv/model-ready ## trains a model version and writes its folder (NAME=digits VERSION=1 EPOCHS=15 OUT=model/digits)
	@$(BIN)/python -m scripts.train.build_model --name $(NAME) --version $(VERSION) $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(OUT),--out $(OUT))

evaluate: setup ## shows accuracy and the worst mistakes on your own labelled images (SET=folder-npz-or-csv MODEL=version)
	@$(BIN)/python -m scripts.evaluate.evaluate $(SET) $(if $(MODEL),--model-version $(MODEL))

compare: setup ## compares two versions; fails if the new one is worse (OLD=1 NEW=2 FIELD="folders" COUNT=10000)
	@$(BIN)/python -m scripts.evaluate.compare --old $(OLD) --new $(NEW) --count $(COUNT) $(if $(FIELD),--field $(FIELD))

.venv/model-ready: .venv/ready model/requirements.txt
	@echo "Setting up the training tools (once, some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r model/requirements.txt
	@touch $@

fuzz: setup ## sends random bad requests to the handler (MINUTES=5)
	@$(BIN)/python -m scripts.measure.fuzz --minutes $(or $(MINUTES),5)

image: ## builds the container image (IMAGE=... BASE_IMAGE=...)
	@docker build --quiet --build-arg BASE_IMAGE=$(BASE_IMAGE) --file lambda_fn/Dockerfile --tag $(IMAGE) . >/dev/null

test-container: setup image ## builds the container image and tests it: emulator, sam local, locked down
	@$(BIN)/python -m model.digits.data.mnist >/dev/null
	@$(BIN)/python -m pytest tests/container --image $(IMAGE)

test-browser: setup .chromium ## tests the pages in Chromium: drawing, dropping, keyboard
	@$(BIN)/python -m model.digits.data.mnist >/dev/null
	@$(BIN)/python -m pytest tests/browser

screenshots: setup .chromium ## takes the screenshots in docs/ again
	@$(BIN)/python -m pytest --quiet tests/browser/test_screenshots.py --screenshots

.PHONY: .chromium
APT = env DEBIAN_FRONTEND=noninteractive apt-get -qq
.chromium:
	@command -v chromium chromium-browser >/dev/null || { \
	  command -v apt-get >/dev/null && SUDO=$$([ $$(id -u) = 0 ] || echo "sudo -n") \
	  && echo "Installing chromium (once) ..." \
	  && $$SUDO $(APT) update && $$SUDO $(APT) install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	} || { echo "The browser tests need Chromium: install your system's package, such as apt-get install chromium"; exit 1; }

test-faults: setup image ## breaks the container in every way that needs no AWS account
	@$(BIN)/python -m pytest tests/faults --image $(IMAGE)

load: setup ## puts ten minutes of load on the service (QUICK=1 PHASES="steady hostile" URL=... WORKERS=2)
	@$(BIN)/python -m model.digits.data.mnist >/dev/null
	@$(BIN)/python -m scripts.measure.load --workers $(WORKERS) $(if $(URL),--url $(URL)) $(if $(PHASES),--phases $(PHASES)) $(if $(QUICK),--quick)

reliability: setup ## writes docs/reliability.md from the results of test, test-faults and load
	@$(BIN)/python -m scripts.measure.reliability

bench: IMAGE = postal-digits:bench
bench: setup ## compares the service with others and writes docs/benchmark.md (ROUNDS=5 QUICK=1)
	@$(BIN)/python -m model.digits.data.mnist
	@$(MAKE) --no-print-directory image IMAGE=$(IMAGE) >/dev/null || echo "No image: the benchmark will have no figures of the container."
	@$(BIN)/python -m scripts.measure.bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick) --image $(IMAGE) --base-image $(BASE_IMAGE)

# Another value than in infra_cdk/stages/, for a trial: make synth STAGE=prod CONTEXT="-c concurrency=900"
CDK = node_modules/.bin/cdk
STACK = PostalDigits-$(STAGE) -c stage=$(STAGE) $(if $(ALARM_EMAIL),-c alarm_email=$(ALARM_EMAIL)) $(CONTEXT)
# Any Node.js will do; without this, each command warns about one that is out of support.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 1
# Lambda takes an image manifest, not the index that attestations turn it into.
export BUILDX_NO_DEFAULT_ATTESTATIONS := 1

bootstrap: setup ## prepares an account and region for deployments, once
	@$(CDK) bootstrap

synth: setup ## writes the stack's template to cdk.out and checks it (STAGE=dev CONTEXT="-c key=value")
	@$(CDK) synth --quiet $(STACK)

diff: setup ## shows what a deployment would change
	@$(CDK) diff $(STACK)

deploy: setup ## builds and deploys (STAGE=dev ALARM_EMAIL=... CONTEXT="-c key=value")
	@$(CDK) deploy $(STACK) $(DEPLOY)

destroy: setup ## removes a stage; prod only after its protection is off
	@$(CDK) destroy $(STACK)

smoke: setup ## checks a deployment, local or real (URL=... API_KEY=...)
	@$(BIN)/python -m scripts.operate.smoke "$(URL)"

cost: setup ## computes a month's cost (RPS=100 BATCH=1); without RPS, writes the table in docs/operations.md
	@$(BIN)/python -m scripts.operate.cost $(if $(RPS),--rps $(RPS)) $(if $(BATCH),--batch $(BATCH))

simulate: setup ## runs days of mail with faults through prod's alarms; writes the runbook's table
	@$(BIN)/python -m model.digits.data.mnist >/dev/null
	@$(BIN)/python -m scripts.simulate.simulate

lock: setup ## writes the requirements files from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@uv pip compile $(LOCK) --group dev -o requirements-dev.txt
	@uv pip compile $(LOCK) --group lambda -c requirements-dev.txt -o lambda_fn/requirements.txt
	@uv pip compile $(LOCK) --group deploy -c requirements-dev.txt -o requirements.txt
	@uv pip compile $(LOCK) --group test -c requirements-dev.txt -o tests/requirements.txt
	@uv pip compile $(LOCK) --group checkov -o tests/infra_cdk/requirements.txt
	@uv pip compile $(LOCK) --group model -c requirements-dev.txt -o model/requirements.txt
	@for peer in scripts/measure/bench/over_http/peers/*/requirements.in; do uv pip compile $(LOCK) $$peer -o $${peer%.in}.txt; done
LOCK = --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE)
