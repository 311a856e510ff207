#!/usr/bin/env bash
# Compiles the programs with the oldest compiler that we promise to support: Debian 13's, rust-version in Cargo.toml.
# usage: tests/msrv.sh [compiler]      needs root, mmdebstrap, and a Debian mirror (MIRROR)
# The compiler stays in target/msrv for the next time; with "compiler", that is all. tests/source.sh uses it, too.
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${MIRROR:-http://deb.debian.org/debian}
work=$PWD/target/msrv
debian=$work/trixie

packages=cargo,rustc,build-essential,debhelper
[ "$(id -u)" -eq 0 ] || { echo "tests/msrv.sh needs root" >&2; exit 77; }
mkdir -p "$work"
if [ "$(cat "$work/made" 2>/dev/null)" != "$packages" ]; then
    rm -rf "$debian"
    mmdebstrap --quiet --variant=apt --include=$packages trixie "$debian" "$MIRROR"
    echo "$packages" >"$work/made"
fi

promised=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
compiler=$(chroot "$debian" rustc --version)
case $compiler in
    "rustc $promised."*) echo "$compiler" ;;
    *) echo "Cargo.toml promises Rust $promised, Debian 13 has $compiler" >&2; exit 1 ;;
esac
[ "${1:-}" != compiler ] || exit 0

cargo vendor --quiet --locked "$work/vendor" >/dev/null
mkdir -p "$debian/source" "$debian/work"
# The mounts are in a namespace of their own: they go with the compiler, whatever happens.
# shellcheck disable=SC2016 # for the inner shell
unshare --mount sh -c '
    mount --bind -o ro "$1" "$2/source" && mount --bind "$3" "$2/work" &&
    exec chroot "$2" env -i PATH=/usr/bin:/bin HOME=/root CARGO_TARGET_DIR=/work/target sh -c "
        cd /source && cargo check --quiet --offline --locked --all-features \
            --config source.crates-io.replace-with=\\\"vendored\\\" --config source.vendored.directory=\\\"/work/vendor\\\""
' sh "$PWD" "$debian" "$work"
