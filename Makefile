# The short way to everything; `make help` lists it. CMakeLists.txt and Cargo.toml do the work.

PREFIX ?= /usr/local
PORT ?= 43211
BUILD := target/cmake/build

# Where rustup puts cargo, for shells that don't know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: build demo check test install headers clean help

build: ## build the library and the C examples
	@scripts/setup build
	@cmake -S . -B $(BUILD) -DYOLANDA_CARGO_TARGET_DIR="$(CURDIR)/target" >/dev/null
	@env -u MAKEFLAGS -u MAKELEVEL cmake --build $(BUILD) -j

demo: build ## run the HTTP server example on PORT (43211)
	@scripts/demo $(BUILD)/c_examples/http_server $(PORT)

check: ## run what a change of a line needs: format, lint, unit, api and net
	@scripts/setup test
	@scripts/test check

test: ## run every test
	@scripts/setup test
	@scripts/test

install: build ## install below PREFIX (/usr/local); DESTDIR is respected
	@cmake --install $(BUILD) --prefix "$(PREFIX)"

headers: ## write the C headers anew from the Rust sources
	@scripts/setup build
	YOLANDA_HEADERS=write cargo build

clean: ## remove everything that was built
	rm -rf target

help: ## show this list
	@awk -F ':.* ## ' '/^[a-z]+:.* ## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
