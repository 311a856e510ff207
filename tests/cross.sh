#!/usr/bin/env bash
# Runs the programs of the packages of every architecture, those for ARM under qemu-user.
# usage: tests/cross.sh FOLDER      of debian/make-deb-all's work; needs qemu-user-static
# Through pipes, not through multicast: qemu-user 7.2 knows neither pseudo-terminals nor IP_MULTICAST_IF.
set -euo pipefail
cd "$(dirname "$0")/.."

libraries=$1/bookworm/usr/aarch64-linux-gnu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# programs NAME ARCHITECTURE [EMULATOR ...]
programs() {
    local name=$1 place=$work/$2 bin=$work/$2/usr/bin
    for package in target/debian/*_"$2".deb; do
        dpkg-deb -x "$package" "$place"
    done
    shift 2
    "$@" "$bin/p1sim" --stdout --speed 1000 --count 5 >"$place/telegrams" || fail "p1sim of $name"
    [ "$("$@" "$bin/p1cat" --input "$place/telegrams" | grep -c '"1-0:1.8.1"')" -eq 5 ] || fail "p1cat of $name"
    printf 'p1_listener: {port: "%s"}\n' "$place/telegrams" >"$place/p1reader.yml"
    "$@" "$bin/p1listener" --config-file "$place/p1reader.yml" --probe >"$place/probe" || fail "p1listener of $name"
    "$@" "$bin/p1reader" --config-file "$place/etc/p1-multicast/p1reader.yml" --check-config || fail "p1reader of $name"
    "$@" "$bin/p1dashboard" --input "$place/telegrams" --once | grep -q SIM5 || fail "p1dashboard of $name"
    "$@" "$bin/p1mqtt" --check-config --config-file "$place/etc/p1-multicast/p1reader.yml" || fail "p1mqtt of $name"
    echo "$name: five telegrams from the meter to the probe, the pipe and the screen"
}

programs amd64 amd64
programs arm64 arm64 qemu-aarch64-static -L "$libraries"
programs "armhf on a Pi 2 (Cortex-A7)" armhf qemu-arm-static -cpu cortex-a7
programs "armhf on a Pi Zero (ARM1176)" armhf qemu-arm-static -cpu arm1176
