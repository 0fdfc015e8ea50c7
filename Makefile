# The short way to everything; `make help` lists it. CMakeLists.txt and Cargo.toml do the work.

PREFIX ?= /usr/local
PORT ?= 43211
BUILD := target/cmake/build
comma := ,

# Where rustup puts cargo, for shells that don't know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: build demo check test install headers bench-net clean help

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

bench-net: ## servers on the library next to others; BASE=PREFIX adds an installed yolanda, ARGS as in benches/net
	@scripts/setup bench
	@$(MAKE) --no-print-directory -C benches/net
	@$(if $(BASE),$(MAKE) --no-print-directory -C benches/net yolanda NAME=base PREFIX="$(abspath $(BASE))")
	@benches/net/compare.py -s epoll_raw,$(if $(BASE),base$(comma))ours \
		--base epoll_raw$(if $(BASE),$(comma)base) $(ARGS)

clean: ## remove everything that was built
	rm -rf target

help: ## show this list
	@awk -F ':.* ## ' '/^[a-z-]+:.* ## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
