#!/usr/bin/env bash
# Runs the packages of every architecture: p1sim, p1listener, p1reader and p1dashboard from each .deb,
# in a chain on lo, those for ARM under qemu-user.
# usage: tests/cross.sh FOLDER      of debian/make-deb-all's work; needs qemu-user-static
set -euo pipefail
cd "$(dirname "$0")/.."

libraries=$1/bookworm/usr/aarch64-linux-gnu
work=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# chain NAME ARCHITECTURE NUMBER [EMULATOR ...]
chain() {
    local name=$1 architecture=$2 place=$work/$3 port=$((27400 + 2 * $3))
    shift 3
    for package in target/debian/*_"$architecture".deb; do
        dpkg-deb -x "$package" "$place"
    done
    cat >"$place/p1reader.yml" <<END
p1_listener: {port: $place/meter}
multicast: {address: 239.255.79.80, port: $port, raw_port: $((port + 1)), interface: lo, TTL: 0}
p1_reader_details: {filename: $place/details-DAY.csv}
p1_reader_interval: {filename: $place/interval-PERIOD.csv}
p1_reader_day: {filename: $place/day-DAY.csv}
html_report: {filename: $place/lastm.html}
weekly_log: {filename: $place/log-YYYY-Www.log}
END
    run() { "$@" 2>>"$place/log" >>"$place/log" & started+=($!); }
    run "$@" "$place/usr/bin/p1sim" --link "$place/meter"
    run "$@" "$place/usr/bin/p1listener" --config-file "$place/p1reader.yml"
    timeout 60 "$@" "$place/usr/bin/p1reader" --config-file "$place/p1reader.yml" --test >>"$place/log" 2>&1 || {
        cat "$place/log" >&2
        echo "FAILED: p1reader of $name" >&2
        exit 1
    }
    local rows
    rows=$(grep -vc ^datum "$place"/details-*.csv)
    [ "$rows" -eq 5 ] || { echo "FAILED: $rows rows instead of 5 of $name" >&2; exit 1; }
    timeout 60 "$@" "$place/usr/bin/p1dashboard" --config-file "$place/p1reader.yml" --once | grep -q SIM5 ||
        { echo "FAILED: p1dashboard of $name" >&2; exit 1; }
    kill "${started[@]}"
    wait "${started[@]}" 2>/dev/null || true
    started=()
    echo "$name: five telegrams from the meter to the file, and one on the screen"
}

chain amd64 amd64 0
chain arm64 arm64 1 qemu-aarch64-static -L "$libraries"
chain "armhf on a Pi 2 (Cortex-A7)" armhf 2 qemu-arm-static -cpu cortex-a7
chain "armhf on a Pi Zero (ARM1176)" armhf 3 qemu-arm-static -cpu arm1176
