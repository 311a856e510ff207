#!/bin/sh
# Sees to it that there is a Rust compiler of 1.85 or later, and a linker; installs Debian's if not.
set -eu

WANTED=85

minor_version() {
    rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p'
}

good_enough() {
    minor=$(minor_version)
    [ -n "$minor" ] && [ "$minor" -ge $WANTED ] && command -v cargo >/dev/null && command -v cc >/dev/null
}

good_enough && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Rust 1.$WANTED or later and a C compiler are needed: see https://rustup.rs" >&2
    exit 69
fi

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

# The minor version of the rustc that apt would install.
candidate() {
    apt-cache policy rustc | sed -n 's/^ *Candidate: 1\.\([0-9]*\)\..*/\1/p'
}

$as_root apt-get update -q
compiler="cargo rustc"
minor=$(candidate)
if [ -z "$minor" ] || [ "$minor" -lt $WANTED ]; then
    # Debian 12 has a newer Rust beside its own, for building browsers.
    compiler="cargo-web rustc-web"
fi
echo "Installing what is missing to build: $compiler gcc libc6-dev" >&2
# shellcheck disable=SC2086 # two packages
$as_root apt-get install -q -y --no-install-recommends $compiler gcc libc6-dev ca-certificates

good_enough && exit 0
cat >&2 <<END
This system's Rust is $(rustc --version 2>/dev/null || echo missing); 1.$WANTED or later is needed.
Install the compiler from https://rustup.rs and run make again.
END
exit 69
