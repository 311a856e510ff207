#!/bin/sh
# Cargo.toml, both lock files, CHANGELOG.md and debian/changelog have the same version; debian/p1-multicast.NEWS has none that
# debian/changelog does not know. Cargo.toml and debian/control have the same home page.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$*" >&2
    exit 1
}

locked() { sed -n '/^name = "p1-multicast"$/{n;s/^version = "\(.*\)"/\1/p;}' "$1"; }
entries() { sed -n 's/^p1-multicast (\([^)]*\)).*/\1/p' "$1"; }

cargo=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
changelog=$(sed -n 's/^## \[\([0-9].*\)\].*/\1/p' CHANGELOG.md | head -n 1)
debian=$(entries debian/changelog | head -n 1)
for other in "Cargo.lock $(locked Cargo.lock)" "fuzz/Cargo.lock $(locked fuzz/Cargo.lock)" \
    "CHANGELOG.md $changelog" "debian/changelog ${debian%-*}"; do
    [ "${other#* }" = "$cargo" ] || fail "versions differ: Cargo.toml $cargo, $other"
done
for version in $(entries debian/p1-multicast.NEWS); do
    entries debian/changelog | grep -xF "$version" >/dev/null || fail "debian/p1-multicast.NEWS has $version, which debian/changelog does not know"
done
home=$(sed -n 's/^homepage = "\(.*\)"/\1/p' Cargo.toml)
grep -qxF "Homepage: $home" debian/control || fail "home pages differ: Cargo.toml has $home"
