# bronzegate: what there is to do. `make` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help build demo demo-api test bench check fmt clippy docs deny advisories schema clean

VENV  := .venv
NODE  := .node
TOOLS := .tools
DENY  := $(TOOLS)/bin/cargo-deny
DENY_VERSION := 0.20.2

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## build the programs (release)
	cargo build --release --workspace --bins --locked

demo: build ## the demo API, with authentication, rate limits and faults, into ./bronze
	target/release/workbench demo

demo-api: build ## serve the demo API of sources/demo.yaml until Ctrl-C
	target/release/bronzegate-demo-api --config tests/fixtures/demo-api.json

test: $(VENV)/installed $(NODE)/installed ## run the tests
	cargo build --workspace --bins --locked
	cargo test --workspace --locked

bench: build ## measure against the yardstick; prints a Markdown table
	target/release/workbench bench

check: fmt clippy docs deny ## formatting, lints, documentation, licences

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

deny: $(DENY) ## licences, banned crates, sources of crates
	$(DENY) --config .deny.toml --all-features --locked check --hide-inclusion-graph licenses bans sources

advisories: $(DENY) ## known vulnerabilities; needs the internet
	$(DENY) --config .deny.toml --all-features --locked check advisories

schema: ## write sources/source.schema.json anew
	cargo run --quiet --locked -p bronzegate-cli -- schema > $(TOOLS)-schema.json
	mv $(TOOLS)-schema.json sources/source.schema.json

clean: ## remove what was built, installed and written
	rm -rf target $(VENV) $(NODE) $(TOOLS) bronze

# What the tests need of Python goes into a private virtual environment.
$(VENV)/installed: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

# And of Node.js into a private folder. The lock file names no registry
# (npm install --package-lock-only --omit-lockfile-registry-resolved writes it anew).
$(NODE)/installed: tests/package.json tests/package-lock.json
	mkdir -p $(NODE)
	cp tests/package.json tests/package-lock.json $(NODE)
	npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --loglevel error
	touch $@

# Built once into a private folder; unoptimised, because it runs for a second and builds for minutes.
$(DENY):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --root $(TOOLS) cargo-deny@$(DENY_VERSION)
