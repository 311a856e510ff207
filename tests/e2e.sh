#!/usr/bin/env bash
# The packages on a real Debian: made with mmdebstrap, booted with systemd, installed by apt, with the
# commands of README.md as they stand there.
# usage: tests/e2e.sh [SUITE ...]      default: bookworm trixie
# Needs root, target/debian/*.deb (make deb), a Debian mirror (MIRROR), and:
#   apt-get install mmdebstrap systemd-container apt-utils gnupg
# It leaves nothing behind, also when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${MIRROR:-http://deb.debian.org/debian}
architecture=$(dpkg --print-architecture)
version=$(sed -n '1s/^[^(]*(\([^)]*\).*/\1/p' debian/changelog)
section="Install on Debian and Raspberry Pi OS"
work=$(mktemp -d)
export GNUPGHOME=$work/gnupg
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
    find "${groups[@]}" -depth -type d -exec rmdir {} + || echo "could not remove ${groups[*]}" >&2
}
trap 'power_off; gpgconf --kill gpg-agent || true; rm -rf "$work"' EXIT
# Whatever is being run ends first: it could still write.
trap 'exit 1' HUP INT TERM

# Makes the machine control groups of its own: another machine on this host would have units of the same names.
make_groups() {
    local mount
    groups=()
    for mount in $(findmnt -nf -o TARGET -t cgroup2) $(findmnt -nf -o TARGET -t cgroup -O name=systemd); do
        groups+=("$mount/p1e2e-$$")
    done
    mkdir "${groups[@]}"
}

# A system that may use BPF keeps the units to their devices and addresses, as a real one does.
boot() {
    make_groups
    # shellcheck disable=SC2016 # for the inner shell
    sh -c 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"' sh "${groups[@]}" -- \
        env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no --keep-unit \
        --capability=CAP_BPF --system-call-filter=bpf --bind-ro="$work/apt:$place" \
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

# plug_in NAME      puts a simulated meter at /dev/NAME
plug_in() { quietly inside systemctl start "meter@$1"; }
pull() { quietly inside systemctl stop "meter@$1"; }

# rows [BEGINNING]      of the details, as they are on the disk
rows() { inside sh -c "cat /var/lib/p1-multicast/${1:-p1_reader}_details-*.csv 2>/dev/null | grep -c '^[0-9]'" || true; }
has_rows_beyond() { [ "$(rows "${2:-}")" -gt "$1" ]; }
more_rows() { wait_until "telegrams $1" has_rows_beyond "$(($(rows "${2:-}") + 3))" "${2:-}"; }
state() { inside systemctl show --property "$2" --value "$1"; }
is() { [ "$(state "$1" "$2")" = "$3" ]; }
is_other() { [ "$(state "$1" "$2")" != "$3" ]; }
status_says() { inside systemctl status --no-pager "$1" | grep -q "$2"; }
journal_has() { inside journalctl -u "$1" -o cat --no-pager | grep -q "$2"; }
configure() { inside sed -i "$@" /etc/p1-multicast/p1reader.yml; }

# A block of commands in the section on installing, the first, second, … of them.
block() {
    awk -v section="## $section" -v wanted="$1" '
        /^## / { inside = $0 == section }
        !inside { next }
        /^    / { if (!in_block) number++; in_block = 1; if (number == wanted) print substr($0, 5); next }
        NF { in_block = 0 }' README.md
}

# Has the user of the machine type a block of the README.
as_in_readme() {
    local commands
    commands=$(block "$1")
    [ -n "$commands" ] || fail "README.md has no block $1 of commands in: $section"
    quietly inside runuser -l pi -c "set -e
$commands"
}

# The same packages with an older version and another configuration, to upgrade from.
older_packages() {
    mkdir "$work/older"
    for package in target/debian/*_"${version}_$architecture.deb"; do
        rm -rf "$work/package"
        dpkg-deb -R "$package" "$work/package"
        sed -i 's/^Version: .*/Version: 0.9.0-1/' "$work/package/DEBIAN/control"
        for file in "$work"/package/etc/p1-multicast/*; do
            [ ! -e "$file" ] || echo '# Older.' >>"$file"
        done
        dpkg-deb --root-owner-group -b "$work/package" "$work/older" >/dev/null
    done
}

# Puts the packages of a folder into the repository.
publish() {
    quietly debian/make-apt-repo "$work/apt" test@example.org "$1"
    gpgconf --kill gpg-agent
}

# The unit of a meter. A cable has the group dialout; a pty has not.
meter_unit() {
    cat <<'END'
[Service]
ExecStart=p1sim --link /dev/%i
ExecStartPost=sh -c 'until [ -e /dev/%i ]; do sleep 0.1; done; chgrp dialout $$(readlink -f /dev/%i)'
ExecStartPost=sh -c 'chmod 660 $$(readlink -f /dev/%i)'
END
}

make_root() {
    root=$work/$1
    mmdebstrap --quiet --variant=minbase \
        --include=systemd,systemd-sysv,dbus,init-system-helpers,iproute2,ca-certificates,sudo,mosquitto,mosquitto-clients \
        "$1" "$root" "$MIRROR"
    echo '127.0.0.1 localhost' >"$root/etc/hosts" # as every installed system has it
    rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
    meter_unit >"$root/etc/systemd/system/meter@.service"
    # Somebody who answers every question of apt with yes, and is who the first user of a Raspberry Pi is.
    echo 'APT::Get::Assume-Yes "true";' >"$root/etc/apt/apt.conf.d/90yes"
    chroot "$root" useradd --create-home --shell /bin/bash --groups adm,sudo pi
    echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/010_pi-nopasswd"
}

install_and_start() {
    step "apt install p1-multicast, as in README.md, from the signed repository: enables and starts nothing"
    as_in_readme 1
    for unit in p1listener p1reader; do
        [ "$(inside systemctl is-enabled $unit || true)" = disabled ] || fail "$unit is enabled by installing"
        is $unit ActiveState inactive || fail "$unit is started by installing"
    done
    inside getent passwd p1-multicast >/dev/null || fail "no user p1-multicast"

    step "a cable, and the commands of README.md to listen and to record"
    plug_in ttyUSB0
    as_in_readme 2
    grep -q '"1-0:1.8.1"' "$work/said" || fail "no telegram is shown"
    as_in_readme 3
    [ -z "$(block 4)" ] || fail "README.md has commands that nobody tries"
    wait_until "the number of telegrams in the status" status_says p1listener '[0-9] telegrams'
    wait_until "the page" inside test -s /run/p1-multicast/lastm.html
    inside p1dashboard --once | grep -q SIM5 || fail "p1dashboard shows nothing"
    quietly inside systemctl kill -s USR1 p1reader
    wait_until "records that the user can read" inside runuser -l pi -c 'grep -q "^[0-9]" /var/lib/p1-multicast/*.csv'
    [ "$(inside stat -c %U:%G:%a /var/lib/p1-multicast)" = p1-multicast:p1-multicast:750 ] ||
        fail "the mode of /var/lib/p1-multicast"
    [ "$(inside stat -c %a /run/p1-multicast/lastm.html)" = 644 ] || fail "the mode of the page"
}

exposure() {
    step "little is exposed: $(inside systemctl --version | head -n 1)"
    for unit in p1listener p1listener@attic; do
        quietly inside systemd-analyze security --no-pager --threshold=17 $unit.service
    done
    for unit in p1reader p1reader@attic p1raw@0; do
        quietly inside systemd-analyze security --no-pager --threshold=13 $unit.service
    done
}

journal_fields() {
    step "the journal has our fields, and few lines"
    local fields
    fields=$(inside journalctl -u p1reader -o json --no-pager | grep '"SYSLOG_IDENTIFIER":"p1reader"')
    grep -q '"PRIORITY"' <<<"$fields" || fail "no priority in the journal"
    grep -q '"METER"' <<<"$fields" || fail "no meter in the journal"
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
    configure 's|^  #user: p1|  user: p1|'
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

# What a client of the raw stream gets in so many seconds.
raw_stream() { inside timeout "$1" bash -c 'cat </dev/tcp/127.0.0.1/2001' || [ $? -eq 124 ]; }

raw_over_tcp() {
    step "p1raw.socket: clients at once, each from a telegram on; the log stays empty; a hundred visits"
    [ "$(inside systemctl is-enabled p1raw.socket || true)" = disabled ] || fail "p1raw.socket is enabled by installing"
    quietly inside systemctl enable --now p1raw.socket
    local client clients=()
    for client in 1 2 3; do
        raw_stream 5 >"$work/raw.$client" &
        clients+=($!)
    done
    wait "${clients[@]}"
    for client in 1 2 3; do
        [ "$(head -c 1 "$work/raw.$client")" = / ] || fail "client $client does not begin with a telegram"
        [ "$(grep -c '^!' "$work/raw.$client")" -ge 3 ] || fail "client $client gets too few telegrams"
    done
    inside bash -c 'for visit in {1..100}; do exec 3<>/dev/tcp/127.0.0.1/2001; exec 3>&-; done'
    wait_until "the clients' programs to end" no_raw_clients
    is p1raw.socket ActiveState active || fail "p1raw.socket does not survive a hundred visits"
    [ "$(raw_stream 3 | head -c 1)" = / ] || fail "no raw stream after a hundred visits"
    local lines
    # Without a single line, journalctl knows no such unit, and fails.
    lines=$({ inside journalctl -q -u 'p1raw@*' -u p1raw.socket -o cat --no-pager 2>/dev/null || true; } | wc -l)
    [ "$lines" -eq 0 ] || fail "$lines lines of p1raw in the journal"
}

metrics_by_timer() {
    step "the example for node_exporter: a timer writes metrics that others may read"
    local metrics=/var/lib/prometheus/node-exporter/p1.prom
    inside mkdir -p "${metrics%/*}"
    inside sh -c 'cp /usr/share/doc/p1-multicast/examples/p1-textfile.* /run/systemd/system/'
    inside sed -i 's/^OnBootSec=.*/OnActiveSec=1/' /run/systemd/system/p1-textfile.timer
    quietly inside systemctl daemon-reload
    quietly inside systemctl start p1-textfile.timer
    wait_until "the metrics" inside grep -q '^p1_power_watts' "$metrics"
    [ "$(inside stat -c %a "$metrics")" = 644 ] || fail "the mode of $metrics"
    quietly inside systemctl stop p1-textfile.timer
    inside rm -f /run/systemd/system/p1-textfile.timer /run/systemd/system/p1-textfile.service
}
no_raw_clients() { [ -z "$(inside systemctl list-units --no-legend 'p1raw@*')" ]; }

settings() {
    step "reload takes new settings; a broken file is said, and the old settings stay"
    configure -e 's|^  #name: .*|  name: attic|' -e 's|^  flush_period: [0-9]*|  flush_period: 1|'
    quietly inside systemctl reload p1listener p1reader
    wait_until "the new name" sh -c "nsenter -t $leader -a -- p1cat --count 1 --timeout 10 | grep -q '\"source\":\"attic\"'"
    more_rows "with the new settings"
    configure 's|^  name: attic|  nonsense: attic|'
    inside systemctl reload p1listener || true
    wait_until "the fault in the journal" journal_has p1listener 'p1_listener.nonsense'
    is p1listener ActiveState active || fail "p1listener does not survive a broken file"

    step "a broken file at the start: status 78, and no restart"
    inside systemctl restart p1reader 2>/dev/null || true
    wait_until "the failure" is p1reader ActiveState failed
    is p1reader ExecMainStatus 78 || fail "the exit status is $(state p1reader ExecMainStatus)"
    configure 's|^  nonsense: attic|  name: attic|'
    quietly inside systemctl restart p1reader p1listener
}

further_meter() {
    step "a further meter: instances of the units, ports and files of its own"
    inside sh -c "sed -e 's|ttyUSB0|ttyUSB1|' -e 's|5200|5201|' -e 's|/p1_reader|/attic|' -e 's|lastm|attic|' \
        /etc/p1-multicast/p1reader.yml >/etc/p1-multicast/attic.yml"
    plug_in ttyUSB1
    quietly inside systemctl enable --now p1listener@attic p1reader@attic
    more_rows "of the further meter" attic
}

faults() {
    step "the cable is pulled and put back"
    pull ttyUSB0
    wait_until "the loss in the journal" journal_has p1listener 'is gone'
    plug_in ttyUSB0
    more_rows "again"

    step "an adapter whose driver was not there at the start may be opened"
    local name number
    for class in ttyUSB:188 ttyACM:166; do
        name=/dev/${class%:*}9 number=${class#*:}
        configure "s|^  port: /dev/tty.*|  port: $name|"
        # No driver has this one: no such device, which is not the same as no permission.
        inside mknod --mode=660 "$name" c "$number" 255
        inside chgrp dialout "$name"
        quietly inside systemctl reload p1listener
        wait_until "the attempt to open $name" status_says p1listener "cannot open $name .*No such device"
    done
    configure 's|^  port: /dev/tty.*|  port: /dev/ttyUSB0|'
    quietly inside systemctl reload p1listener

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
    more_rows "after the restarts"
}

reboot() {
    step "a reboot: it all comes back, before the cables do"
    power_off
    boot
    for unit in p1listener p1reader p1listener@attic p1reader@attic; do
        wait_until "$unit" is $unit ActiveState active
    done
    wait_until "the missing cable in the status" status_says p1listener 'is the cable plugged in'
    plug_in ttyUSB0
    plug_in ttyUSB1
    more_rows "after the reboot"
    more_rows "of the further meter" attic
}

upgrade() {
    step "apt upgrade: asks about the changed configuration, keeps the records, restarts what runs"
    local one further
    one=$(state p1listener MainPID) further=$(state p1reader@attic MainPID)
    publish target/debian
    quietly inside apt-get update
    quietly inside sh -c 'echo n | apt-get upgrade'
    grep -q "Configuration file '/etc/p1-multicast/p1reader.yml'" "$work/said" || fail "the changed configuration is not asked about"
    for package in p1-multicast p1-dashboard; do
        inside dpkg -s $package | grep -q "^Version: $version$" || fail "$package is not upgraded"
    done
    inside grep -q '^  name: attic' /etc/p1-multicast/p1reader.yml || fail "the configuration is lost"
    wait_until "the new process" is_other p1listener MainPID "$one"
    wait_until "the new process of the further meter" is_other p1reader@attic MainPID "$further"
    more_rows "after the upgrade"
    more_rows "of the further meter" attic
}

remove_and_purge() {
    step "remove stops; purge takes the configuration and leaves the records"
    quietly inside apt-get remove p1-multicast
    for unit in p1listener p1reader p1listener@attic p1reader@attic; do
        is $unit ActiveState inactive || is $unit ActiveState failed || fail "$unit runs after remove"
    done
    inside test -f /etc/p1-multicast/p1reader.yml || fail "remove took the configuration"
    inside rm /etc/p1-multicast/attic.yml
    inside systemctl disable --quiet p1listener@attic p1reader@attic
    quietly inside apt-get purge p1-multicast
    ! inside test -e /etc/p1-multicast || fail "purge left /etc/p1-multicast"
    [ "$(rows)" -gt 0 ] || fail "purge took the records"
    local left
    left=$(inside sh -c 'find /etc /usr /run /var/lib/systemd -name "*p1listener*" -o -name "*p1reader*" -o -name "*p1-multicast*"' |
        grep -v -e /etc/apt -e p1listener.service.d || true)
    [ -z "$left" ] || fail "purge left: $left"

    step "installed again, as in README.md: the records go on"
    local before
    before=$(rows)
    pull ttyUSB0
    as_in_readme 1
    plug_in ttyUSB0
    as_in_readme 2
    as_in_readme 3
    wait_until "telegrams for p1reader" status_says p1reader ' [1-9][0-9]* telegram'
    quietly inside systemctl stop p1reader
    has_rows_beyond "$before" || fail "the records do not go on"
}

[ "$(id -u)" -eq 0 ] || { echo "tests/e2e.sh needs root" >&2; exit 77; }
place=$(block 1 | sed -n 's|.* file:\([^ ]*\) .*|\1|p')
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-gen-key 'p1-multicast test <test@example.org>' ed25519 sign
older_packages
for suite in "${@:-bookworm trixie}"; do
    for name in $suite; do
        echo "Debian $name"
        rm -rf "$work/apt"
        publish "$work/older"
        make_root "$name"
        boot
        install_and_start
        exposure
        journal_fields
        raw_over_tcp
        metrics_by_timer
        bridge
        settings
        further_meter
        faults
        reboot
        upgrade
        remove_and_purge
        power_off
        rm -rf "$root"
    done
done
echo "all is well"
