#!/usr/bin/env bash
# The packages on a real Debian: made with mmdebstrap, booted with systemd, installed by apt.
# usage: tests/e2e.sh [SUITE ...]      default: bookworm trixie
# Needs root, target/debian/*.deb (make deb), a Debian mirror (MIRROR), and:
#   apt-get install mmdebstrap systemd-container apt-utils gnupg
# It leaves nothing behind, also when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
machine=

step() { printf '  %s\n' "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    if [ -n "$machine" ]; then
        inside journalctl --no-pager -n 40 >&2 || true
    fi
    exit 1
}

# Runs a command in the booted machine.
inside() { nsenter -t "$leader" -a -- "$@"; }
quietly() { "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "$*"; }; }

# Waits until a command succeeds.
wait_until() {
    local what=$1 tries=300
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain for: $what"
        sleep 0.2
    done
}

power_off() {
    [ -n "$machine" ] || return 0
    inside systemctl poweroff >/dev/null 2>&1 || true
    timeout 60 tail --pid="$machine" -f /dev/null || kill -9 "$machine" || true
    wait "$machine" 2>/dev/null || true
    machine=
}
trap 'power_off; rm -rf "$work"' EXIT

boot() {
    env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no --keep-unit \
        --private-network -M "p1e2e-$$" -D "$root" -b </dev/null >"$work/boot.log" 2>&1 &
    machine=$!
    local tries=300
    until leader=$(pgrep -P "$machine" | head -n 1) && [ -n "$leader" ] && inside true 2>/dev/null; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { cat "$work/boot.log" >&2; fail "the machine does not boot"; }
        sleep 0.1
    done
    wait_until "the end of booting" is_booted
    inside ip link set lo up
    inside ip link set lo multicast on
}
is_booted() {
    case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) true ;; *) false ;; esac
}

plug_in_meter() {
    # The unit before it may not be forgotten yet.
    wait_until "the start of the simulated meter" \
        inside systemd-run --quiet --unit=meter --property=Restart=no p1sim --link /run/meter
    wait_until "the simulated meter" inside test -e /run/meter
    # A cable has the group dialout; a pty has not.
    local pty
    pty=$(inside readlink -f /run/meter)
    inside chgrp dialout "$pty"
    inside chmod 660 "$pty"
}

rows() { inside sh -c 'cat /var/lib/p1-multicast/p1_reader_details-*.csv 2>/dev/null | grep -vc ^datum' || true; }
has_rows_beyond() { [ "$(rows)" -gt "$1" ]; }
state() { inside systemctl show --property "$2" --value "$1"; }
is() { [ "$(state "$1" "$2")" = "$3" ]; }
status_says() { inside systemctl status --no-pager "$1" | grep -q "$2"; }
journal_has() { inside journalctl -u "$1" -o cat --no-pager | grep -q "$2"; }

# The same package with an older version, to upgrade from.
older_package() {
    local package
    package=$(ls target/debian/p1-multicast_*_amd64.deb)
    dpkg-deb -R "$package" "$work/older"
    sed -i 's/^Version: .*/Version: 0.9.0-1/' "$work/older/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/older" "$work/apt/pool/p1-multicast_0.9.0-1_amd64.deb" >/dev/null
}

repository() {
    export GNUPGHOME=$work/gnupg
    mkdir -m 700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-gen-key 'p1-multicast test <test@example.org>' ed25519 sign
    mkdir -p "$work/apt/pool"
    older_package
    quietly debian/make-apt-repo "$work/apt" test@example.org
    gpgconf --kill gpg-agent
}

make_root() {
    root=$work/$1
    mmdebstrap --quiet --variant=minbase \
        --include=systemd,systemd-sysv,dbus,init-system-helpers,iproute2,ca-certificates,mosquitto,mosquitto-clients \
        "$1" "$root" "$MIRROR"
    echo '127.0.0.1 localhost' >"$root/etc/hosts" # as every installed system has it
    rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
    cp -r "$work/apt" "$root/opt/apt"
    cp "$work/apt/p1-multicast.gpg" "$root/usr/share/keyrings/"
    echo 'deb [signed-by=/usr/share/keyrings/p1-multicast.gpg] file:/opt/apt stable main' \
        >"$root/etc/apt/sources.list.d/p1-multicast.list"
}

install_and_start() {
    step "apt install p1-multicast, from the signed repository (an older version of it)"
    quietly inside apt-get update
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get install -y p1-multicast=0.9.0-1
    for unit in p1listener p1reader; do
        [ "$(inside systemctl is-enabled $unit || true)" = disabled ] || fail "$unit is enabled by installing"
        is $unit ActiveState inactive || fail "$unit is started by installing"
    done
    inside getent passwd p1-multicast >/dev/null || fail "no user p1-multicast"

    step "enabled and started without a cable: active, and says what is missing"
    inside sed -i -e 's|^  port: /dev/ttyUSB0|  port: /run/meter|' -e 's|^  #interface: eth0|  interface: lo|' \
        -e 's|^  flush_period: [0-9]*|  flush_period: 1|' /etc/p1-multicast/p1reader.yml
    quietly inside systemctl enable --now p1listener p1reader
    wait_until "the missing cable in the status" status_says p1listener 'is the cable plugged in'

    step "a meter: telegrams arrive, files grow, the status tells"
    plug_in_meter
    wait_until "ten telegrams" has_rows_beyond 9
    wait_until "the number of telegrams in the status" status_says p1listener '[0-9] telegrams'
    wait_until "the page" inside test -s /run/p1-multicast/lastm.html
    inside p1cat --count 1 --timeout 10 | grep -q '"1-0:1.8.1"' || fail "p1cat hears nothing"
    [ "$(inside stat -c %U:%G:%a /var/lib/p1-multicast)" = p1-multicast:p1-multicast:750 ] ||
        fail "the mode of /var/lib/p1-multicast"
    [ "$(inside stat -c %a /run/p1-multicast/lastm.html)" = 644 ] || fail "the mode of the page"
}

journal_fields() {
    step "the journal has our fields"
    inside journalctl -u p1reader -o json --no-pager | grep '"SYSLOG_IDENTIFIER":"p1reader"' | grep -q '"PRIORITY"' ||
        fail "no fields in the journal"
    local lines
    lines=$(inside journalctl -u p1listener -o cat --no-pager | wc -l)
    [ "$lines" -le 25 ] || fail "$lines lines of p1listener in the journal"
}

bridge() {
    step "p1mqtt: without the password it says so; with the credential the state is at the broker"
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get install -y p1-mqtt
    is p1mqtt ActiveState inactive || fail "p1mqtt is started by installing"
    inside mosquitto_passwd -b -c /etc/mosquitto/p1 p1 sesam
    inside chmod 644 /etc/mosquitto/p1
    inside sh -c 'printf "listener 1883 127.0.0.1\npassword_file /etc/mosquitto/p1\n" >/etc/mosquitto/conf.d/p1.conf'
    quietly inside systemctl restart mosquitto
    inside sed -i 's|^  #user: p1|  user: p1|' /etc/p1-multicast/p1reader.yml
    quietly inside systemctl enable --now p1mqtt
    wait_until "the wrong password in the journal" journal_has p1mqtt 'refuses the user "p1"'
    inside sh -c 'umask 077 && echo sesam >/etc/p1-multicast/mqtt-password'
    quietly inside systemctl restart p1mqtt
    inside timeout 60 mosquitto_sub -u p1 -P sesam -t 'p1/+/state' -C 1 | grep -q '"power_w":' || fail "no state"
    inside timeout 60 mosquitto_sub -u p1 -P sesam -t 'homeassistant/device/+/config' -C 1 | grep -q '"cmps":' ||
        fail "no discovery"
    wait_until "the broker in the status" status_says p1mqtt 'messages to the broker localhost:1883'
    quietly inside systemctl reload p1mqtt
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y p1-mqtt
    ! inside test -e /etc/p1-multicast/mqtt-password || fail "purge left the password"
    inside test -f /etc/p1-multicast/p1reader.yml || fail "purge of p1-mqtt took the configuration"
}

reload_and_faults() {
    step "reload takes new settings; a broken file is said, and the old settings stay"
    inside sed -i 's|^  #name: .*|  name: attic|' /etc/p1-multicast/p1reader.yml
    quietly inside systemctl reload p1listener p1reader
    wait_until "the new name" sh -c "nsenter -t $leader -a -- p1cat --count 1 --timeout 10 | grep -q '\"source\":\"attic\"'"
    inside sed -i 's|^  name: attic|  nonsense: attic|' /etc/p1-multicast/p1reader.yml
    inside systemctl reload p1listener || true
    wait_until "the fault in the journal" journal_has p1listener 'p1_listener.nonsense'
    is p1listener ActiveState active || fail "p1listener does not survive a broken file"

    step "a broken file at the start: status 78, and no restart"
    inside systemctl restart p1reader 2>/dev/null || true
    wait_until "the failure" is p1reader ActiveState failed
    is p1reader ExecMainStatus 78 || fail "the exit status is $(state p1reader ExecMainStatus)"
    inside sed -i 's|^  nonsense: attic|  name: attic|' /etc/p1-multicast/p1reader.yml
    quietly inside systemctl restart p1reader p1listener

    step "the cable is pulled and put back"
    local before
    inside systemctl stop meter
    wait_until "the loss in the journal" journal_has p1listener 'is gone'
    inside systemctl reset-failed meter 2>/dev/null || true
    plug_in_meter
    before=$(rows)
    wait_until "telegrams again" has_rows_beyond "$((before + 3))"

    step "a hang: the watchdog restarts it; kill -9: systemd does"
    inside mkdir -p /run/systemd/system/p1listener.service.d
    inside sh -c 'printf "[Service]\nWatchdogSec=3s\nRestartSec=1s\nTimeoutAbortSec=1s\n" >/run/systemd/system/p1listener.service.d/test.conf'
    quietly inside systemctl daemon-reload
    quietly inside systemctl restart p1listener
    inside systemctl kill -s STOP p1listener
    wait_until "the restart by the watchdog" is p1listener NRestarts 1
    wait_until "it to be active" is p1listener ActiveState active
    inside systemctl kill -s KILL p1listener
    wait_until "the restart after kill -9" is p1listener NRestarts 2
    before=$(rows)
    wait_until "telegrams after the restarts" has_rows_beyond "$((before + 3))"
}

reboot() {
    step "a reboot: it all comes back"
    power_off
    boot
    wait_until "p1listener" is p1listener ActiveState active
    wait_until "p1reader" is p1reader ActiveState active
    local before
    before=$(rows)
    plug_in_meter
    wait_until "telegrams after the reboot" has_rows_beyond "$((before + 3))"
}

remove_and_purge() {
    step "apt upgrade: the configuration and the records stay, what runs is restarted"
    local before pid
    before=$(rows)
    pid=$(state p1listener MainPID)
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get upgrade -y
    ! inside dpkg -s p1-multicast | grep -q '^Version: 0.9' || fail "nothing was upgraded"
    inside grep -q '^  name: attic' /etc/p1-multicast/p1reader.yml || fail "the configuration is lost"
    wait_until "the new process" sh -c "[ \"\$(nsenter -t $leader -a -- systemctl show -p MainPID --value p1listener)\" != $pid ]"
    wait_until "telegrams after the upgrade" has_rows_beyond "$((before + 3))"

    step "remove stops; purge takes the configuration and leaves the records"
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get remove -y p1-multicast
    is p1listener ActiveState inactive || is p1listener ActiveState failed || fail "p1listener runs after remove"
    inside test -f /etc/p1-multicast/p1reader.yml || fail "remove took the configuration"
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y p1-multicast
    ! inside test -e /etc/p1-multicast || fail "purge left /etc/p1-multicast"
    [ "$(rows)" -gt 0 ] || fail "purge took the records"
    local left
    left=$(inside sh -c 'find /etc /usr /run /var/lib/systemd -name "*p1listener*" -o -name "*p1reader*" -o -name "*p1-multicast*"' |
        grep -v -e /etc/apt -e /usr/share/keyrings -e /etc/passwd -e p1listener.service.d || true)
    [ -z "$left" ] || fail "purge left: $left"
}

[ "$(id -u)" -eq 0 ] || { echo "tests/e2e.sh needs root" >&2; exit 77; }
repository
for suite in "${@:-bookworm trixie}"; do
    for name in $suite; do
        echo "Debian $name"
        make_root "$name"
        boot
        install_and_start
        journal_fields
        bridge
        reload_and_faults
        reboot
        remove_and_purge
        power_off
        rm -rf "$root"
    done
done
echo "all is well"
