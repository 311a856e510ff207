# shellcheck shell=bash
# A Debian of its own, made with mmdebstrap, booted with systemd-nspawn: how it begins and ends, and how
# commands get into it. Part of tests/e2e.sh, whose variables it uses.

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

# Waits until a command succeeds, for as long as a machine that does other work may need.
wait_until() {
    local what=$1 end=$((SECONDS + 300))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $what"
        sleep 0.2
    done
}

make_root() {
    root=$work/$1
    mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Retries "5"' \
        --include=systemd,systemd-sysv,dbus,init-system-helpers,iproute2,ca-certificates,sudo,mosquitto,mosquitto-clients,udev,faketime,logrotate,nginx-light,lighttpd \
        "$1" "$root" "$MIRROR"
    echo '127.0.0.1 localhost' >"$root/etc/hosts" # as every installed system has it
    # Two web servers want the same port: they are started one after the other.
    chroot "$root" systemctl --quiet disable nginx lighttpd
    rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
    meter_unit >"$root/etc/systemd/system/meter@.service"
    # Somebody who answers every question of apt with yes, and is who the first user of a Raspberry Pi is.
    echo 'APT::Get::Assume-Yes "true";' >"$root/etc/apt/apt.conf.d/90yes"
    chroot "$root" useradd --create-home --shell /bin/bash --groups adm,sudo pi
    echo 'pi ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/010_pi-nopasswd"
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

# A system that may use BPF keeps the units to their devices and addresses, as a real one does.
# boot [COMMAND ...]      returns when booting has ended, or when the command succeeds
boot() {
    make_groups
    # shellcheck disable=SC2016 # for the inner shell
    sh -c 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"' sh "${groups[@]}" -- \
        env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --register=no --keep-unit \
        --capability=CAP_BPF --system-call-filter=bpf --bind-ro="$work/apt:$place" \
        --private-network -M "p1e2e-$$" -D "$root" -b </dev/null >"$work/boot.log" 2>&1 &
    machine=$!
    local end=$((SECONDS + 300))
    until leader=$(pgrep -P "$machine" | head -n 1) && [ -n "$leader" ] && inside true 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || { cat "$work/boot.log" >&2; fail "the machine does not boot"; }
        sleep 0.1
    done
    wait_until "the end of booting" "${@:-is_booted}"
    inside ip link set lo up
    inside ip link set lo multicast on
}

is_booted() {
    case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) true ;; *) false ;; esac
}

# Makes the machine control groups of its own: another machine on this host would have units of the same names.
make_groups() {
    local mount
    groups=()
    for mount in $(findmnt -nf -o TARGET -t cgroup2) $(findmnt -nf -o TARGET -t cgroup -O name=systemd); do
        groups+=("$mount/p1e2e-$$")
    done
    mkdir "${groups[@]}"
}

power_off() {
    [ -n "$machine" ] || return 0
    inside systemctl poweroff >/dev/null 2>&1 || true
    timeout 60 tail --pid="$machine" -f /dev/null || kill -9 "$machine" || true
    wait "$machine" 2>/dev/null || true
    machine=
    find "${groups[@]}" -depth -type d -exec rmdir {} + || echo "could not remove ${groups[*]}" >&2
}
