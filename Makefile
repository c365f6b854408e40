# bronzegate: what there is to do. `make` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help build demo demo-api test torture airbyte scale bench bench-aws check fmt words clippy docs deny advisories terraform terraform-newest checkov workflows schema \
	clean package-aws invoke-aws functions package-azure wheel invoke-azure bench-azure smoke-azure

VENV  := .venv
NODE  := .node
TOOLS := .tools
DENY  := $(TOOLS)/bin/cargo-deny
DENY_VERSION := 0.20.2
CHECKOV := $(TOOLS)/checkov
AIRBYTE := $(TOOLS)/airbyte
AIRBYTE_CDK_VERSION := 7.39.1
CHECKOV_VERSION := 3.3.30
ZIZMOR := $(TOOLS)/zizmor
ZIZMOR_VERSION := 1.32.0

# Where Terraform's providers cannot be downloaded, a script beside the repository tells where they are.
OFFLINE_PROVIDERS := ../shared/terraform/offline-providers
ifneq ($(wildcard $(OFFLINE_PROVIDERS)),)
PROVIDERS := $(TOOLS)/terraform/providers/terraformrc
test: export BRONZEGATE_TERRAFORM_CLI_CONFIG := $(abspath $(PROVIDERS))
PLAYED := $(TOOLS)/terraform/azapi/terraformrc
terraform: export TF_CLI_CONFIG_FILE := $(abspath $(PLAYED))
endif

EVENT := events/aws-schedule.json
invoke-azure: EVENT := events/azure-timer.json
APP   := infra/examples/azure/app
AZURE_TARGET := x86_64-unknown-linux-gnu
ZIG   := $(TOOLS)/zig
ARCH  := x86_64
# The folder of source files that a package brings, as `sources`; Terraform's `sources_path` names the same one.
SOURCES := sources
ifeq ($(ARCH),arm64)
PACKAGE_BUILD  := zigbuild --target aarch64-unknown-linux-gnu.2.34
PACKAGE_FOLDER := target/aarch64-unknown-linux-gnu/release
else
PACKAGE_BUILD  := build
PACKAGE_FOLDER := target/release
endif

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# What `bronzegate --version` says of where it comes from. Builds for work do not: each commit would build it again.
COMMIT = $(shell git rev-parse --short=12 HEAD 2> /dev/null)
build wheel: export BRONZEGATE_COMMIT = $(COMMIT)
build: ## build the command line, the demo API and the workbench (release)
	cargo build --release --locked --workspace --bin bronzegate --bin bronzegate-demo-api --bin workbench

# Without the clouds and unoptimised, and with ring in place of AWS-LC: two minutes from nothing, where `make build` takes ten.
demo: ## the demo API, with authentication, rate limits and faults, into ./bronze and a Delta table in ./tables
	cargo build --profile demo --locked -p bronzegate-cli -p bronzegate-demo-api --no-default-features --features bronzegate-cli/delta,bronzegate-cli/ring --bins
	$(or $(CARGO_TARGET_DIR),target)/demo/bronzegate-demo-api demo

demo-api: build ## serve the demo API of sources/demo.yaml until Ctrl-C
	target/release/bronzegate-demo-api --config crates/bronzegate-demo-api/src/demo/api.json

# A failure's words are at the end of what is printed, and not behind a hundred lines of a backtrace.
test: export RUST_BACKTRACE = 0
test: $(VENV)/installed $(NODE)/installed $(PROVIDERS) ## run the tests
	cargo build --workspace --bins --locked
	cargo test --workspace --locked

TRIALS := 3000
CASES  := 5000
STORE  := all
KIND   := all
WORKBENCH := $(or $(CARGO_TARGET_DIR),target)/debug/workbench
torture: $(VENV)/installed $(NODE)/installed ## thousands of trials and hostile inputs; TRIALS=, CASES=, SEED= (else random), STORE=local|s3|azure|all, KIND= (fuzz: inputs alone)
	cargo build --workspace --bins --locked
	$(if $(filter fuzz,$(KIND)),,$(WORKBENCH) torture --trials $(TRIALS) --store $(STORE) --kind '$(KIND)' \
		$(if $(SEED),--seed $(SEED)))
	$(if $(filter all fuzz,$(KIND)),$(WORKBENCH) fuzz --cases $(CASES) $(if $(SEED),--seed $(SEED)))

airbyte: $(AIRBYTE)/installed ## imported manifests against Airbyte's own runner, on the demo API
	cargo build --workspace --bins --locked
	$(WORKBENCH) airbyte $(AIRBYTE)/bin/python

scale: $(VENV)/installed $(NODE)/installed ## requests on the emulators with 10, 1,000 and 100,000 commits in the log, an hour of 5,000 streams, and its price; writes docs/operate/scale.md
	cargo build --workspace --bins --locked
	$(WORKBENCH) scale
	@python3 infra/costs.py 5000

bench: build ## measure against the yardstick; prints a Markdown table
	target/release/workbench bench

bench-aws: build $(VENV)/installed ## measure the Lambda handler beside one in Python; prints Markdown tables
	cargo build --release --locked --workspace --bin bootstrap
	target/release/workbench bench-aws

bench-azure: build $(NODE)/installed ## measure the Functions handler; prints Markdown tables
	cargo build --release --locked --workspace --bin handler
	target/release/workbench bench-azure

package-aws: ## the Lambda function's zip; SOURCES=sources; ARCH=arm64 needs cargo-zigbuild and the target's standard library
	cargo $(PACKAGE_BUILD) --release --locked --workspace --bin bootstrap
	rm -rf target/package/aws && mkdir -p target/package/aws
	cp -r $(SOURCES) target/package/aws/sources
	cd target/package/aws && python3 $(abspath infra/package.py) $(abspath $(PACKAGE_FOLDER)/bootstrap) bootstrap \
		$(abspath target/package/bronzegate-aws.zip) 2.34 sources

invoke-aws: build $(VENV)/installed ## the real Lambda handler against moto and the demo API; EVENT=events/aws-backfill.json
	cargo build --release --locked --workspace --bin bootstrap
	target/release/workbench invoke-aws $(EVENT)

functions: ## the files of the Azure function app, made from the sources: SOURCES=sources, APP=infra/examples/azure/app
	cargo run --quiet --locked -p bronzegate-cli -- --sources $(SOURCES) functions --output $(APP)

# The image of Azure Functions has an older C library than this machine may have: Zig links against that one.
package-azure: $(ZIG)/installed ## the function app's zip, with the sources (SOURCES=sources) and the functions made from them
	PATH="$(abspath $(ZIG))/bin:$$PATH" cargo zigbuild --release --locked --workspace --bin handler \
		--target $(AZURE_TARGET).2.28
	rm -rf target/package/azure && mkdir -p target/package/azure
	cargo run --quiet --locked -p bronzegate-cli -- --sources $(SOURCES) functions --output target/package/azure
	cp -r $(SOURCES) target/package/azure/sources
	cd target/package/azure && python3 $(abspath infra/package.py) $(abspath target/$(AZURE_TARGET)/release/handler) handler \
		$(abspath target/package/bronzegate-azure.zip) 2.28 $$(ls)

# manylinux_2_28: RHEL 8, Debian 10, Ubuntu 20.04 and later. Zig links against that C library. The release workflow names
# other platforms: musllinux_1_2_<arch>, and on a Mac macosx_11_0_<arch>, which Apple's own linker makes.
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
WHEEL_ARCH     := $(if $(filter arm64,$(ARCH)),aarch64,x86_64)
WHEEL_PLATFORM := manylinux_2_28_$(WHEEL_ARCH)
WHEEL_TARGET   := $(WHEEL_ARCH)-unknown-linux-gnu
WHEEL_BUILD    := $(if $(filter macosx%,$(WHEEL_PLATFORM)),build,zigbuild) --target \
	$(WHEEL_TARGET)$(if $(filter manylinux_2_28%,$(WHEEL_PLATFORM)),.2.28)
wheel: $(ZIG)/installed ## the program as a Python wheel, for `pip install`; ARCH=arm64 needs the target's standard library
	PATH="$(abspath $(ZIG))/bin:$$PATH" cargo $(WHEEL_BUILD) --release --locked --workspace --bin bronzegate
	python3 infra/wheel.py target/$(WHEEL_TARGET)/release/bronzegate $(VERSION) target/package $(WHEEL_PLATFORM)

invoke-azure: build $(NODE)/installed ## the real Functions handler against Azurite and the demo API; EVENT=events/azure-timer.json
	cargo build --release --locked --workspace --bin handler
	target/release/workbench invoke-azure $(EVENT)

# tests/src/bin/workbench/smoke_azure.rs explains each variable.
smoke-azure: ## the checks of the tests on a subscription: BRONZEGATE_TARGET, BRONZEGATE_SECRETS, BRONZEGATE_SMOKE_APP
	cargo build --workspace --bins --locked
	$(or $(CARGO_TARGET_DIR),target)/debug/workbench smoke-azure

check: fmt words clippy docs deny terraform checkov workflows ## formatting, words, lints, documentation, licences, Terraform modules, workflows

fmt:
	cargo fmt --all --check

words: ## links of the documentation, long sentences, words that are hard to read
	python3 .ci/check_docs.py

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

deny: $(DENY) ## licences, banned crates, sources of crates
	$(DENY) --config .deny.toml --all-features --locked check --hide-inclusion-graph licenses bans sources

advisories: $(DENY) ## known vulnerabilities; needs the internet
	$(DENY) --config .deny.toml --all-features --locked check advisories

ifeq ($(shell command -v terraform),)
terraform terraform-newest:
	@echo "skipped: terraform is not installed"
else
MANY_SOURCES := $(TOOLS)/terraform/many-sources
# What Terraform downloads stays out of the tree.
terraform: $(PLAYED) ## modules and examples: format, validity, and what the modules plan, also of 150 sources
	terraform fmt -check -recursive infra
	python3 infra/many_sources.py $(MANY_SOURCES)
	set -e; for root in modules/aws modules/azure modules/azure-flex-site examples/aws examples/azure; do \
		echo "infra/$$root"; \
		export TF_DATA_DIR="$(abspath $(TOOLS)/terraform)/$$root"; \
		terraform -chdir=infra/$$root init -backend=false -input=false -no-color > /dev/null; \
		terraform -chdir=infra/$$root validate; \
		terraform -chdir=infra/$$root test; \
		if [ -d infra/$$root/tests/many ]; then \
			terraform -chdir=infra/$$root test -test-directory=tests/many -var sources_path=$(abspath $(MANY_SOURCES)); \
		fi; \
	done

# In a copy, without the lock files of the other versions.
terraform-newest: ## the modules against the schemas of the newest versions of aws and azurerm that were tried
	rm -rf $(TOOLS)/terraform/newest/infra && mkdir -p $(TOOLS)/terraform/newest && cp -r infra $(TOOLS)/terraform/newest
	find $(TOOLS)/terraform/newest/infra -name .terraform.lock.hcl -delete
	set -e; export TF_CLI_CONFIG_FILE=$$(.ci/played-providers $(TOOLS)/terraform/newest newest); \
	for module in aws azure; do \
		terraform -chdir=$(TOOLS)/terraform/newest/infra/modules/$$module init -backend=false -input=false -no-color > /dev/null; \
		terraform -chdir=$(TOOLS)/terraform/newest/infra/modules/$$module validate; \
		terraform -chdir=$(TOOLS)/terraform/newest/infra/modules/$$module test; \
	done
endif

workflows: $(ZIZMOR)/installed ## the workflows of GitHub against zizmor's rules; installs it first
	$(ZIZMOR)/bin/zizmor --offline --quiet .github

checkov: $(CHECKOV)/installed ## the modules against checkov's rules; installs it first
	$(CHECKOV)/bin/checkov --directory infra --framework terraform --skip-download --quiet --compact

schema: ## write sources/source.schema.json and the tables of keys in docs/source-files
	cargo run --quiet --locked -p bronzegate-cli -- schema > $(TOOLS)-schema.json
	mv $(TOOLS)-schema.json sources/source.schema.json
	cargo build --workspace --bin workbench --locked
	$(WORKBENCH) key-tables

clean: ## remove what was built, installed and written
	rm -rf target $(VENV) $(NODE) $(TOOLS) bronze

# What the tests need of Python goes into a private virtual environment.
$(VENV)/installed: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# Chromium comes packed in its npm package, which unpacks it into the temporary folder; the libraries it links to
# only where it takes the machine for Lambda.
UNPACK_BROWSER := TMPDIR=$(abspath $(NODE)) AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x \
	node -e "require('@sparticuz/chromium').executablePath()"

# And of Node.js into a private folder. The lock file names no registry
# (npm install --package-lock-only --omit-lockfile-registry-resolved writes it again).
$(NODE)/installed: tests/package.json tests/package-lock.json
	mkdir -p $(NODE)
	cp tests/package.json tests/package-lock.json $(NODE)
	npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --loglevel error
	cd $(NODE) && $(UNPACK_BROWSER) || echo "no browser for this machine: the tests look for Chromium on the PATH"
	touch $@

$(ZIG)/installed:
	python3 -m venv $(ZIG)
	$(ZIG)/bin/pip install --quiet --disable-pip-version-check cargo-zigbuild==0.24.0 ziglang==0.15.2
	touch $@

$(ZIZMOR)/installed:
	python3 -m venv $(ZIZMOR)
	$(ZIZMOR)/bin/pip install --quiet --disable-pip-version-check zizmor==$(ZIZMOR_VERSION)
	touch $@

# It is large, and its pins are its own: so it has an environment for itself.
$(AIRBYTE)/installed:
	python3 -m venv $(AIRBYTE)
	$(AIRBYTE)/bin/pip install --quiet --disable-pip-version-check airbyte-cdk==$(AIRBYTE_CDK_VERSION)
	touch $@

$(CHECKOV)/installed:
	python3 -m venv $(CHECKOV)
	$(CHECKOV)/bin/pip install --quiet --disable-pip-version-check checkov==$(CHECKOV_VERSION)
	touch $@

ifdef PROVIDERS
$(PROVIDERS): $(OFFLINE_PROVIDERS)
	$(OFFLINE_PROVIDERS) $(TOOLS)/terraform/providers > /dev/null

$(PLAYED): $(PROVIDERS) .ci/played-providers
	.ci/played-providers $(dir $(PLAYED)) azapi $(PROVIDERS) > /dev/null
endif

# Built once into a private folder; unoptimised, because it runs for a second and builds for minutes.
$(DENY):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --root $(TOOLS) cargo-deny@$(DENY_VERSION)
