#!/usr/bin/env bash
# Runs the programs of the packages of every architecture, those for ARM under qemu-user: a meter on a
# pseudo-terminal, the listener, multicast, the recorder and the other subscribers.
# usage: tests/cross.sh FOLDER      of debian/make-deb-all's work; needs root
# The emulator is Debian 13's: Debian 12's (7.2) knows neither pseudo-terminals nor IP_MULTICAST_IF.
set -euo pipefail
cd "$(dirname "$0")/.."

# All traffic stays in a network of our own.
[ "${2:-}" = alone ] || exec unshare --net "$PWD/tests/cross.sh" "$1" alone
ip link set lo up

emulators=$1/trixie/usr/bin
libraries=$1/bookworm/usr/aarch64-linux-gnu
work=$(mktemp -d)
trap 'stop; rm -rf "$work"' EXIT

# Ends what was started last first: the listener before the meter.
stop() {
    for process in $(jobs -p | tac); do
        kill "$process" 2>/dev/null || true
        wait "$process" || true
    done
}

fail() {
    cat "$place"/*.log >&2
    echo "FAILED: $*" >&2
    exit 1
}

configuration() {
    cat <<END
p1_listener: {port: $place/meter}
multicast: {interface: lo}
p1_reader_details: {filename: $place/details-DAY.csv}
p1_reader_interval: {enabled: false}
p1_reader_day: {enabled: false}
p1_reader_history: {enabled: false}
html_report: {filename: $place/lastm.html}
weekly_log: {enabled: false}
END
}

# chain NAME ARCHITECTURE [EMULATOR ...]
chain() {
    local name=$1 architecture=$2 settings bin records
    place=$(mktemp -d -p "$work")
    bin=$place/usr/bin
    settings=$place/p1reader.yml
    shift 2
    for package in target/debian/*_"$architecture".deb target/debian/*_all.deb; do
        dpkg-deb -x "$package" "$place"
    done
    configuration >"$settings"
    "$@" "$bin/p1reader" --config-file "$place/etc/p1-multicast/p1reader.yml" --check-config >"$place/check.log" 2>&1 ||
        fail "the shipped configuration on $name"

    "$@" "$bin/p1sim" --link "$place/meter" --speed 5 >"$place/p1sim.log" 2>&1 &
    "$@" "$bin/p1listener" --config-file "$settings" >"$place/p1listener.log" 2>&1 &
    "$@" "$bin/p1cat" --config-file "$settings" --count 1 --timeout 30 | grep -q '"1-0:1.8.1"' || fail "p1cat of $name"
    TMPDIR=$place timeout 60 "$@" "$bin/p1reader" --config-file "$settings" --test >"$place/p1reader.log" 2>&1 || fail "p1reader of $name"
    records=$(sed -n 's/^the files of this test are in //p' "$place/p1reader.log")$place
    [ "$(cat "$records"/details-*.csv | grep -c '^[0-9][0-9]-')" -eq 5 ] || fail "the records on $name"
    grep -q '</html>' "$records/lastm.html" || fail "the page on $name"
    "$@" "$bin/p1dashboard" --config-file "$settings" --once | grep -q SIM5 || fail "p1dashboard of $name"
    "$@" "$bin/p1mqtt" --config-file "$settings" --check-config >"$place/p1mqtt.log" 2>&1 || fail "p1mqtt of $name"
    "$@" "$bin/p1emeter" --config-file "$settings" --check-config >"$place/p1emeter.log" 2>&1 || fail "p1emeter of $name"
    stop
    echo "$name: five telegrams from the meter over multicast to the records, the pipe and the screen"
}

chain amd64 amd64
chain arm64 arm64 "$emulators/qemu-aarch64" -L "$libraries"
chain "armhf on a Pi 2 (Cortex-A7)" armhf "$emulators/qemu-arm" -cpu cortex-a7
chain "armhf on a Pi Zero (ARM1176)" armhf "$emulators/qemu-arm" -cpu arm1176
