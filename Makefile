# What a developer or a user from source needs; `make help` lists it.

CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS = p1listener p1reader p1dashboard p1mqtt p1cat p1sim

.PHONY: help build test lint bench bench-card fuzz demo deb deb-all apt-repo e2e install clean

FUZZ_SECONDS ?= 60

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
	shellcheck tests/*.sh debian/make-* debian/*inst debian/*rm debian/mqtt/* .ci/run
	tests/versions.sh

bench: ## measure speed, latency and memory
	$(CARGO) build --release --locked
	$(CARGO) bench --locked

bench-card: ## measure what a day of records writes to an SD card; needs root
	$(CARGO) build --release --locked
	tests/bench-card.sh

fuzz: ## fuzz each target for FUZZ_SECONDS (60); needs a nightly compiler and cargo-fuzz
	tests/fuzz.sh $(FUZZ_SECONDS)

demo: build ## show the main job without any hardware
	@tests/demo.sh target/release

# The time in a package is that of its changelog, so that every build of a commit gives the same bytes.
deb deb-all: export SOURCE_DATE_EPOCH = $(shell date -d "$$(sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)" +%s)

deb: build ## build the Debian packages for this machine (target/debian); needs cargo-deb
	$(CARGO) deb --no-build --quiet
	$(CARGO) deb --no-build --quiet --variant=dashboard
	$(CARGO) deb --no-build --quiet --variant=mqtt

deb-all: ## build the packages for amd64, arm64 and armhf, from Debian's compilers; needs root
	debian/make-deb-all

apt-repo: ## make a signed apt repository of the packages: REPOSITORY=directory KEY=gpg-key
	debian/make-apt-repo "$(REPOSITORY)" "$(KEY)"

e2e: deb ## install the packages on a booted Debian 12 and 13 and try everything; needs root
	tests/e2e.sh

install: ## install below DESTDIR and PREFIX (run make build before)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7 \
	  $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(addprefix target/release/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin
	for page in man/*.[1578]; do \
	  install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} || exit 1; done
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions \
	  zsh/site-functions fish/vendor_completions.d)
	install -m 644 etc/completions/bash/* $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 etc/completions/zsh/* $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	install -m 644 etc/completions/fish/* $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -d $(DESTDIR)/etc/p1-multicast
	[ -e $(DESTDIR)/etc/p1-multicast/p1reader.yml ] || \
	  install -m 644 etc/p1reader.yml $(DESTDIR)/etc/p1-multicast

clean: ## remove what was built
	$(CARGO) clean
