#!/bin/sh
# Cargo.toml, CHANGELOG.md and debian/changelog tell of the same version.
set -eu
cd "$(dirname "$0")/.."

cargo=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
changelog=$(sed -n 's/^## \[\([0-9].*\)\].*/\1/p' CHANGELOG.md | head -n 1)
debian=$(sed -n '1s/^[^(]*(\([^)-]*\).*/\1/p' debian/changelog)
if [ "$cargo" != "$changelog" ] || [ "$cargo" != "$debian" ]; then
    echo "versions differ: Cargo.toml $cargo, CHANGELOG.md $changelog, debian/changelog $debian" >&2
    exit 1
fi
