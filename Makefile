# What a developer or a user from source needs; `make help` lists it.

CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS = p1listener p1reader p1dashboard p1mqtt p1emeter p1cat p1report p1sim

.PHONY: help build units test test-all lint quick-lint msrv bench bench-card bench-decade fuzz demo interop deb source container deb-all apt-repo e2e install uninstall clean

FUZZ_SECONDS ?= 60

# The paths of the crates are in the programs, for messages of a panic: without the home of whoever builds
# them, so that the packages are the same, and tell nobody's name.
build bench bench-card bench-decade container: export RUSTFLAGS += --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

build: ## build the programs (target/release)
	@tests/prepare.sh
	$(CARGO) build --release --locked
	$(MAKE) --no-print-directory units

units: # of further meters, from those of the first one (target/units)
	systemd/make-instances target/units

test: ## run the tests that need no more than a compiler, and list the others
	@mkdir -p target
	bash -o pipefail -c '$(CARGO) test --locked | tee target/tests.log'
	@echo "Not run (make test-all runs them):"
	@sed -n 's/^test \(.*\) \.\.\. ignored, \(.*\)/  \1: \2/p' target/tests.log

test-all: ## run all tests; fails where one cannot run (root, network namespaces, tmux, mosquitto, chromium, ../shared)
	$(CARGO) test --locked -- --include-ignored

FEATURES = default "" dashboard mqtt

lint: quick-lint ## check format, lints for all sets of features, documentation, man pages and scripts
	for features in $(FEATURES); do \
	  $(CARGO) clippy --locked --all-targets --no-default-features --features "$$features" -- -D warnings || exit 1; \
	done
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

quick-lint: # what takes seconds
	$(CARGO) fmt --check
	! mandoc -Tlint man/*.[1-8] 2>/dev/null | grep -v -e 'longer than 80 bytes' -e 'referenced manual not found'
	tests/manuals.sh
	shellcheck -x -a tests/*.sh tests/interop/*.sh etc/examples/*.sh debian/make-* debian/assets debian/tests/chain \
	  debian/*inst debian/*rm debian/common/* debian/mqtt/* debian/emeter/* systemd/make-instances .ci/run
	tests/versions.sh
	tests/units.sh

msrv: ## compile with the oldest compiler that we promise, Debian 13's; needs root and mmdebstrap
	tests/msrv.sh

bench: ## measure speed, latency and memory
	$(CARGO) build --release --locked
	mkdir -p target/shipped
	find target/release -maxdepth 1 -type f -name 'p1*' -perm -u+x -exec cp -t target/shipped {} +
	tests/interop/prepare.sh duckdb:duckdb
	$(CARGO) bench --locked
	tests/bench-houses.sh target/shipped

bench-card: ## measure what a day of records writes to an SD card; needs root
	$(CARGO) build --release --locked
	tests/bench-card.sh

YEARS ?= 10

bench-decade: ## record YEARS (10) simulated years with power cuts and clock jumps, and verify every row
	TZ=Europe/Amsterdam $(CARGO) bench --locked --bench decade -- $(YEARS)

fuzz: ## fuzz each target for FUZZ_SECONDS (60); needs a nightly compiler and cargo-fuzz
	tests/fuzz.sh $(FUZZ_SECONDS)

INTEROP_SECONDS ?= 40

interop: build ## run the other programs of etc/examples, all at once, for INTEROP_SECONDS (40); needs root
	tests/interop.sh target/release $(INTEROP_SECONDS)
	tests/interop-emeter.sh target/release $(INTEROP_SECONDS)
	tests/databases.sh target/release

demo: build ## show the main job without any hardware
	@tests/demo.sh target/release

deb: build ## build the Debian packages for this machine (target/debian); needs cargo-deb and dpkg-dev
	debian/make-packages

source: ## make the Debian source package of the last commit, with all crates (target/source); needs dpkg-dev
	debian/make-source

deb-all: ## build the packages for amd64, arm64 and armhf, from Debian's compilers; needs root
	debian/make-deb-all

apt-repo: ## make a signed apt repository of the packages: REPOSITORY=directory KEY=gpg-key; needs apt-utils
	debian/make-apt-repo "$(REPOSITORY)" "$(KEY)"

HOST = $(shell rustc -vV | sed -n 's/^host: //p')
IMAGE_TOOL ?= $(or $(shell command -v podman),$(shell command -v buildah),podman)

container: ## make a container image with all programs (p1-multicast); needs podman or buildah, and a static C library
	@tests/prepare.sh
	RUSTFLAGS="$(RUSTFLAGS) -C target-feature=+crt-static" $(CARGO) build --release --locked --target $(HOST)
	rm -rf target/container
	install -D -t target/container/root/usr/bin $(PROGRAMS:%=target/$(HOST)/release/%)
	install -D -m 644 -t target/container/root/etc/p1-multicast etc/p1reader.yml
	echo 'p1-multicast:x:10001:10001::/:/' >target/container/root/etc/passwd
	echo 'p1-multicast:x:10001:' >target/container/root/etc/group
	install -d $(addprefix target/container/own/,run/p1-multicast var/lib/p1-multicast)
	install -d -m 1777 target/container/own/tmp
	$(IMAGE_TOOL) build --file Containerfile --tag p1-multicast target/container

e2e: deb ## install the packages on a booted Debian 12 and 13 and try everything; needs root
	tests/e2e.sh

TO = $(DESTDIR)$(PREFIX)
SETTINGS = $(DESTDIR)/etc/p1-multicast
INSTANCES = $(patsubst %,target/units/%@.service,p1emeter p1listener p1mqtt p1reader)
# What is installed, for make install and make uninstall: mode, place below PREFIX, source.
entries = $(foreach file,$(3),$(1):$(2)/$(notdir $(file)):$(file))
INSTALLED = $(call entries,755,bin,$(PROGRAMS:%=target/release/%)) \
  $(foreach n,1 5 7 8,$(call entries,644,share/man/man$(n),$(wildcard man/*.$(n)))) \
  $(call entries,644,share/bash-completion/completions,$(wildcard etc/completions/bash/*)) \
  $(call entries,644,share/zsh/site-functions,$(wildcard etc/completions/zsh/*)) \
  $(call entries,644,share/fish/vendor_completions.d,$(wildcard etc/completions/fish/*)) \
  $(call entries,755,share/doc/p1-multicast/examples,$(wildcard etc/examples/*.sh etc/examples/*.py)) \
  $(call entries,644,share/doc/p1-multicast/examples,$(filter-out %.sh %.py,$(wildcard etc/examples/*))) \
  $(call entries,644,share/p1-multicast,etc/p1-multicast.schema.json) \
  $(call entries,644,lib/systemd/system,$(wildcard systemd/*.service systemd/*.socket systemd/*.timer) $(INSTANCES)) \
  644:lib/sysusers.d/p1-multicast.conf:systemd/p1-multicast.sysusers

install: ## install below DESTDIR and PREFIX (run make build before)
	for entry in $(INSTALLED); do \
	  IFS=:; set -- $$entry; file=$(TO)/$$2; install -D -m $$1 $$3 $$file || exit 1; \
	  case $$2 in bin/*) continue; esac; \
	  sed -i -E 's,/usr/(bin/p1|share/(doc/)?p1-multicast),$(PREFIX)/\1,g' $$file || exit 1; \
	done
	[ -e $(SETTINGS)/p1reader.yml ] || install -D -m 644 etc/p1reader.yml $(SETTINGS)/p1reader.yml

uninstall: ## remove what make install put there, with the same DESTDIR and PREFIX
	for entry in $(INSTALLED); do IFS=:; set -- $$entry; rm -f $(TO)/$$2 || exit 1; done
	! cmp -s etc/p1reader.yml $(SETTINGS)/p1reader.yml || rm $(SETTINGS)/p1reader.yml
	for folder in $(addprefix $(TO)/share/,doc/p1-multicast/examples doc/p1-multicast p1-multicast) $(SETTINGS); do \
	  [ ! -d $$folder ] || rmdir --ignore-fail-on-non-empty $$folder; \
	done
	@for left in $(SETTINGS)/* $(DESTDIR)/var/lib/p1-multicast; do \
	  [ ! -e $$left ] || echo "$$left stays: it is yours"; \
	done

clean: ## remove what was built
	$(CARGO) clean
