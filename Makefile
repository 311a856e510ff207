# What a developer or a user from source needs; `make help` lists it.

CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS = p1listener p1reader p1dashboard p1mqtt p1cat p1sim

.PHONY: help build test lint bench bench-card fuzz demo interop deb deb-all apt-repo e2e install clean

FUZZ_SECONDS ?= 60

# The paths of the crates are in the programs, for messages of a panic: without the home of whoever builds
# them, so that the packages are the same, and tell nobody's name.
build bench bench-card: export RUSTFLAGS += --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

build: ## build the programs (target/release)
	@tests/prepare.sh
	$(CARGO) build --release --locked

test: ## run the tests
	$(CARGO) test --locked

lint: ## check format, lints, documentation, man pages and scripts
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	mandoc -Tlint -W warning man/*.[1-8]
	! mandoc -Tlint man/*.[1-8] 2>/dev/null | grep -v -e 'longer than 80 bytes' -e 'referenced manual not found'
	shellcheck -x -a tests/*.sh etc/examples/*.sh debian/make-* debian/*inst debian/*rm debian/mqtt/* .ci/run
	tests/versions.sh
	tests/units.sh

bench: ## measure speed, latency and memory
	$(CARGO) build --release --locked
	$(CARGO) bench --locked

bench-card: ## measure what a day of records writes to an SD card; needs root
	$(CARGO) build --release --locked
	tests/bench-card.sh

fuzz: ## fuzz each target for FUZZ_SECONDS (60); needs a nightly compiler and cargo-fuzz
	tests/fuzz.sh $(FUZZ_SECONDS)

INTEROP_SECONDS ?= 40

interop: build ## run the other programs of etc/examples, all at once, for INTEROP_SECONDS (40); needs root
	tests/interop.sh target/release $(INTEROP_SECONDS)
	tests/postgresql.sh

demo: build ## show the main job without any hardware
	@tests/demo.sh target/release

deb: build ## build the Debian packages for this machine (target/debian); needs cargo-deb
	debian/make-packages

deb-all: ## build the packages for amd64, arm64 and armhf, from Debian's compilers; needs root
	debian/make-deb-all

apt-repo: ## make a signed apt repository of the packages: REPOSITORY=directory KEY=gpg-key; needs apt-utils
	debian/make-apt-repo "$(REPOSITORY)" "$(KEY)"

e2e: deb ## install the packages on a booted Debian 12 and 13 and try everything; needs root
	tests/e2e.sh

install: TO = $(DESTDIR)$(PREFIX)
install: ## install below DESTDIR and PREFIX (run make build before)
	install -d $(addprefix $(TO)/,bin lib/sysusers.d lib/systemd/system share/man/man1 share/man/man5 \
	  share/man/man7 share/man/man8 share/bash-completion/completions share/zsh/site-functions \
	  share/fish/vendor_completions.d share/doc/p1-multicast/examples share/p1-multicast) $(DESTDIR)/etc/p1-multicast
	install -m 755 $(addprefix target/release/,$(PROGRAMS)) $(TO)/bin
	for page in man/*.[1578]; do install -m 644 $$page $(TO)/share/man/man$${page##*.} || exit 1; done
	install -m 644 etc/completions/bash/* $(TO)/share/bash-completion/completions
	install -m 644 etc/completions/zsh/* $(TO)/share/zsh/site-functions
	install -m 644 etc/completions/fish/* $(TO)/share/fish/vendor_completions.d
	install -m 644 $(filter-out %.sh %.py,$(wildcard etc/examples/*)) $(TO)/share/doc/p1-multicast/examples
	install -m 755 $(wildcard etc/examples/*.sh etc/examples/*.py) $(TO)/share/doc/p1-multicast/examples
	install -m 644 etc/p1-multicast.schema.json $(TO)/share/p1-multicast
	install -m 644 $(wildcard systemd/*.service systemd/*.socket) $(TO)/lib/systemd/system
	install -m 644 systemd/p1-multicast.sysusers $(TO)/lib/sysusers.d/p1-multicast.conf
	sed -i -E 's,/usr/(bin/p1|share/(doc/)?p1-multicast),$(PREFIX)/\1,g' $(TO)/lib/systemd/system/p1* \
	  $(TO)/share/man/man?/p1* $(TO)/share/doc/p1-multicast/examples/*
	[ -e $(DESTDIR)/etc/p1-multicast/p1reader.yml ] || \
	  install -m 644 etc/p1reader.yml $(DESTDIR)/etc/p1-multicast

clean: ## remove what was built
	$(CARGO) clean
