# All commands; `make` alone lists them. Each does its own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# uv installs packages: the machine's own, or one in .cache. `make UV= ...` uses pip.
UV ?= $(or $(shell uv pip install --help 2>/dev/null | grep -q -e --group && command -v uv),.cache/uv/bin/uv)
# The CDK and npm need Node.js that is in support: the machine's own, or one in .venv.
NODE := $(if $(shell node -e 'process.exit(parseInt(process.versions.node) < 22 ? 1 : 0)' 2>/dev/null && command -v npm),,.venv/node.ready)
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The system's certificates, as pip: they hold a company's own.
export UV_SYSTEM_CERTS := 1
# Compiled modules are kept, away from the sources: a test run starts some hundred processes.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache

PORT ?= 8080
WORKERS ?= 2
BASE ?=
NAME ?= digits
OLD ?= 1
NEW ?= 2
COUNT ?= 10000
STAGE ?= dev
IMAGE ?= postal-digits:latest
EMULATOR_PORT ?= 4566

.PHONY: help setup serve predict test lint fuzz model evaluate compare lock image test-container test-faults test-browser test-setup \
  screenshots load reliability bench base-image bootstrap scan-on-push synth diff deploy destroy smoke rollback copy-keys cost simulate \
  test-deploy deploy-local

help: ## lists the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

setup: .venv/dev.ready node_modules/ready .cache/checkov/checkov.ready .cache/emulator/emulator.ready ## sets up at once what each command but `make model` would set up itself

# GROUP.ready says that a group of pyproject.toml is installed beside it, in the versions that the file named here locks.
# Commands share .venv, and each adds the groups that it uses. Tools with versions of their own have a folder in .cache.
IN_VENV = deploy dev measure node serve test test-browser test-container test-deploy test-image
$(IN_VENV:%=.venv/%.ready): requirements-dev.txt
.venv/model.ready: model/requirements.txt
.cache/checkov/checkov.ready: tests/infra_cdk/requirements.txt
.cache/emulator/emulator.ready: tests/deploy/requirements.txt

# uv installs a group; pip, which takes whole files only, all that the file locks.
%.ready: pyproject.toml | $(filter .cache/%,$(UV))
	@echo "Setting up $(@D): $(*F) ..."
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed: make PYTHON=python3.13 ...")'
	@[ -x $(@D)/bin/$(if $(UV),python,pip) ] || $(PYTHON) -m venv $(if $(UV),--without-pip) $(@D)
	@$(if $(UV),$(UV) pip install --quiet --require-hashes --python $(@D) --group $(*F) --constraint $(filter %.txt,$^),$(@D)/bin/$(PIP) $(filter %.txt,$^))
	@touch $@

.cache/uv/bin/uv: requirements-uv.txt
	@echo "Setting up uv ..."
	@$(PYTHON) -m venv .cache/uv
	@.cache/uv/bin/$(PIP) $<
	@touch $@

PIP = python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement

node_modules/ready: package-lock.json | $(NODE)
	@echo "Setting up node_modules ..."
	@npm ci --loglevel=error --no-audit --no-fund --no-update-notifier
	@touch $@

serve: .venv/serve.ready ## serves the API on this machine (PORT=8080 WORKERS=2 BASE=/v1 API_KEY=...)
	@exec $(BIN)/python -m scripts.local.serve --port $(PORT) --workers $(WORKERS) --base "$(BASE)"

lint: .venv/test.ready ## checks style, types and imports
	@ruff check . && ruff format --check . && mypy && lint-imports --no-logo 2>/dev/null || (lint-imports; exit 1)

test: lint .venv/serve.ready .venv/deploy.ready node_modules/ready .cache/checkov/checkov.ready .mnist ## runs lint and all tests that need neither Docker nor a browser
	@$(BIN)/python -m pytest $(IN_PARALLEL) tests/infra_cdk tests/scripts tests/project tests/model tests/lambda_fn
# A file's tests share what they set up, so they stay together; the folders with the longest files come first.
IN_PARALLEL = --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

model: .venv/model.ready $(NODE) ## trains a model version and writes its folder (NAME=digits VERSION=1 EPOCHS=15 OUT=model/digits)
	@$(BIN)/python -m scripts.train.build_model --name $(NAME) --version $(or $(VERSION),1) $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(OUT),--out $(OUT))

predict: .venv/serve.ready $(if $(MNIST),.mnist) ## sends images to a running service (SET=folder-npz-or-file or MNIST=500, URL=... PLOT=chart.png)
	@$(BIN)/python -m scripts.predict $(SET) $(if $(MNIST),--mnist $(MNIST)) $(if $(URL),--url $(URL)) $(if $(PLOT),--plot $(PLOT))

evaluate: .venv/measure.ready ## shows accuracy and the worst mistakes on your own labelled images (SET=folder-npz-or-csv MODEL=version)
	@$(BIN)/python -m scripts.evaluate.evaluate $(SET) $(if $(MODEL),--model-version $(MODEL))

compare: .venv/measure.ready ## compares two versions; fails if the new one is worse (OLD=1 NEW=2 FIELD="folders" COUNT=10000)
	@$(BIN)/python -m scripts.evaluate.compare --old $(OLD) --new $(NEW) --count $(COUNT) $(if $(FIELD),--field $(FIELD))

fuzz: .venv/test-image.ready ## sends random bad requests to the handler, or looks for costly ones (MINUTES=5 COST=1)
	@$(BIN)/python -m scripts.measure.fuzz --minutes $(or $(MINUTES),5) $(if $(COST),--cost)

image: ## builds the container image (IMAGE=... BASE_IMAGE=another than the Dockerfile's)
	@docker build --quiet $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) --file lambda_fn/Dockerfile --tag $(IMAGE) . >/dev/null

test-container: .venv/test-container.ready image .mnist ## builds the container image and tests it: emulator, sam local, locked down
	@$(BIN)/python -m pytest tests/container --image $(IMAGE)

test-browser: .venv/test-browser.ready node_modules/ready .chromium .mnist ## tests the pages in Chromium: drawing, dropping, keyboard
	@$(BIN)/python -m pytest tests/browser

screenshots: .venv/test-browser.ready node_modules/ready .chromium ## takes the screenshots in docs/ again
	@$(BIN)/python -m pytest --quiet tests/browser/test_screenshots.py --screenshots

.PHONY: .mnist
.mnist: .venv/serve.ready $(NODE)
	@$(BIN)/python -m model.digits.data.mnist >/dev/null

.PHONY: .chromium
APT = env DEBIAN_FRONTEND=noninteractive apt-get -qq
.chromium:
	@command -v chromium chromium-browser >/dev/null || { \
	  command -v apt-get >/dev/null && SUDO=$$([ $$(id -u) = 0 ] || echo "sudo -n") \
	  && echo "Installing chromium (once) ..." \
	  && $$SUDO $(APT) update && $$SUDO $(APT) install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	} || { echo "The browser tests need Chromium: install your system's package, such as apt-get install chromium"; exit 1; }

test-setup: .venv/test-image.ready ## clones the repository and sets it up with an empty home
	@$(BIN)/python -m pytest tests/setup

# All that its commands need as well: nothing leaves the machine while it runs.
EMULATOR = .venv/test-deploy.ready .venv/deploy.ready .venv/serve.ready node_modules/ready $(NODE) .cache/emulator/emulator.ready

test-deploy: $(EMULATOR) ## deploys dev and prod to an emulator of AWS, from bootstrap to destroy (TRANSCRIPT=page.md BASE_IMAGE=...)
	@$(BIN)/python -m pytest tests/deploy --exitfirst $(if $(TRANSCRIPT),--transcript $(TRANSCRIPT))

deploy-local: $(EMULATOR) ## runs a whole stage in an emulator of AWS until Ctrl+C (STAGE=dev EMULATOR_PORT=4566)
	@exec $(BIN)/python -m tests.deploy --stage $(STAGE) --port $(EMULATOR_PORT) --context="$(CONTEXT)"

test-faults: .venv/test-container.ready image ## breaks the container in every way that needs no AWS account
	@$(BIN)/python -m pytest tests/faults --image $(IMAGE)

load: .venv/measure.ready .mnist ## puts ten minutes of load on the service (QUICK=1 PHASES="steady hostile" URL=... WORKERS=2)
	@$(BIN)/python -m scripts.measure.load --workers $(WORKERS) $(if $(URL),--url $(URL)) $(if $(PHASES),--phases $(PHASES)) $(if $(QUICK),--quick)

reliability: .venv/measure.ready ## writes docs/reliability.md from the results of test, test-faults and load
	@$(BIN)/python -m scripts.measure.reliability

bench: IMAGE = postal-digits:bench
bench: .venv/measure.ready .mnist ## compares the service with others and writes docs/benchmark.md (ROUNDS=5 QUICK=1)
	@$(MAKE) --no-print-directory image IMAGE=$(IMAGE) >/dev/null || echo "No image: the benchmark will have no figures of the container."
	@$(BIN)/python -m scripts.measure.bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick) --image $(IMAGE) $(if $(BASE_IMAGE),--base-image $(BASE_IMAGE))

# Another value than in infra_cdk/stages/, for a trial: make synth STAGE=prod CONTEXT="-c concurrency=900"
CDK = .venv/deploy.ready node_modules/ready
STACK = PostalDigits-$(STAGE) -c stage=$(STAGE) $(if $(ALARM_EMAIL),-c alarm_email=$(ALARM_EMAIL)) $(CONTEXT)
# The CDK prefers AWS_REGION, and boto3 reads only the other one.
ifdef AWS_REGION
export AWS_REGION
export AWS_DEFAULT_REGION := $(AWS_REGION)
endif
# Lambda takes an image manifest, not the index that attestations turn it into.
export BUILDX_NO_DEFAULT_ATTESTATIONS := 1

bootstrap: $(CDK) ## prepares an account and region for deployments of a stage, once (STAGE=dev)
	@$(BIN)/python -m scripts.operate.bootstrap $(STAGE)

scan-on-push: .venv/deploy.ready ## makes ECR scan the images that the CDK pushes, once for an account and region
	@$(BIN)/python -m scripts.operate.scan_on_push

synth: $(CDK) ## writes the stack's template to cdk.out and checks it (STAGE=dev CONTEXT="-c key=value")
	@node_modules/.bin/cdk synth --quiet $(STACK)

diff: $(CDK) ## shows what a deployment would change
	@node_modules/.bin/cdk diff $(STACK)

deploy: synth ## builds and deploys (STAGE=dev CONTEXT="-c key=value" DEPLOY="..." REMOVE="client alarm_email")
	@$(BIN)/python -m scripts.operate.preflight PostalDigits-$(STAGE) --remove "$(REMOVE)"
	@node_modules/.bin/cdk deploy --app cdk.out PostalDigits-$(STAGE) $(DEPLOY)

destroy: $(CDK) ## removes a stage; prod only after its protection is off
	@node_modules/.bin/cdk destroy $(STACK) $(DESTROY)

# With a stage on its command line it asks AWS, too.
OF_STAGE = $(findstring command,$(origin STAGE))
smoke: .venv/serve.ready $(if $(OF_STAGE),.venv/deploy.ready) ## checks a deployment, local or real (URL=... API_KEY=... STAGE=...)
	@$(BIN)/python -m scripts.operate.smoke "$(URL)" $(if $(OF_STAGE),--stage $(STAGE))

rollback: .venv/serve.ready .venv/deploy.ready ## moves the alias to another version, once that answers right; without VERSION, lists them (STAGE=prod VERSION=7)
	@$(BIN)/python -m scripts.operate.rollback PostalDigits-$(STAGE) $(if $(VERSION),--version "$(VERSION)")

copy-keys: .venv/deploy.ready ## makes the clients' keys of a region valid in another (STAGE=prod FROM=eu-central-1 TO=eu-west-1)
	@$(BIN)/python -m scripts.operate.copy_keys PostalDigits-$(STAGE) --from "$(FROM)" --to "$(TO)"

cost: .venv/deploy.ready ## computes a month's cost (RPS=100 BATCH=1); without RPS, writes the table in docs/operations.md
	@$(BIN)/python -m scripts.operate.cost $(if $(RPS),--rps $(RPS)) $(if $(BATCH),--batch $(BATCH))

simulate: .venv/test.ready $(NODE) .mnist ## runs days of mail with faults through prod's alarms; writes the runbook's table
	@$(BIN)/python -m scripts.simulate.simulate

base-image: .venv/serve.ready ## writes the digest of the base image's latest build into lambda_fn/Dockerfile
	@$(BIN)/python -m scripts.operate.base_image

lock: .cache/uv/bin/uv ## writes the requirements files from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@$(COMPILE) --group dev -o requirements-dev.txt
	@$(COMPILE) --group lambda -c requirements-dev.txt -o lambda_fn/requirements.txt
	@$(COMPILE) --group deploy -c requirements-dev.txt -o requirements.txt
	@$(COMPILE) --group test-image -c requirements-dev.txt -o tests/requirements.txt
	@$(COMPILE) --group model -c requirements-dev.txt -o model/requirements.txt
	@$(COMPILE) --group checkov -o tests/infra_cdk/requirements.txt
	@$(COMPILE) --group emulator -o tests/deploy/requirements.txt
	@$(COMPILE) --group base-image -c requirements-dev.txt -o tests/deploy/base_image/requirements.txt
	@$(COMPILE) --group uv -o requirements-uv.txt
	@for peer in scripts/measure/bench/over_http/peers/*/requirements.in; do $(COMPILE) $$peer -o $${peer%.in}.txt; done
COMPILE = .cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(UPGRADE)
