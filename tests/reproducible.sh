#!/bin/sh
# The packages of a commit are the same to the byte, whoever builds them and in which directory. (The
# compiler is the same.)
# usage: tests/reproducible.sh      after make deb, of a tree without changes
set -eu
cd "$(dirname "$0")/.."

second=$(mktemp -d)
trap 'rm -rf "$second"' EXIT
git clone --quiet . "$second/clone"
# The crates lie in a home of their own.
mkdir "$second/cargo"
ln -s "${CARGO_HOME:-$HOME/.cargo}"/* "$second/cargo"
CARGO_HOME=$second/cargo make -C "$second/clone" deb >"$second/log" 2>&1 || { cat "$second/log" >&2; exit 1; }

for package in target/debian/*_"$(dpkg --print-architecture)".deb target/debian/*_all.deb; do
    cmp "$package" "$second/clone/$package"
    echo "$package: the same twice"
done
