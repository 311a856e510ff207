# shellcheck shell=bash
# The scenarios of p1listener and p1reader, from the first installation to the purge. Part of tests/e2e.sh.

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
    inside p1dashboard --once | finds SIM5 || fail "p1dashboard shows nothing"
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
    for unit in p1reader p1reader@attic p1raw@0 p1json@0 p1metrics@0; do
        quietly inside systemd-analyze security --no-pager --threshold=13 $unit.service
    done
    # This systemd knows every line of the units. It has no manual pages to look for.
    quietly inside sh -c 'systemd-analyze verify --man=no --recursive-errors=no /usr/lib/systemd/system/p1*'
    [ ! -s "$work/said" ] || fail "the units: $(cat "$work/said")"
}

sandbox() {
    step "no service can run another program, not even its own files"
    local unit main
    for unit in p1listener p1reader; do
        main=$(state $unit MainPID)
        inside nsenter -t "$main" -m -- /usr/bin/sh -c true || fail "$unit cannot reload"
        ! inside nsenter -t "$main" -m -- /usr/bin/true 2>/dev/null || fail "$unit can run /usr/bin/true"
        inside cp /usr/bin/true "/proc/$main/root/tmp/own"
        ! inside nsenter -t "$main" -m -- /tmp/own 2>/dev/null || fail "$unit can run a file of its own"
        inside rm "/proc/$main/root/tmp/own"
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

settings() {
    step "reload takes new settings; a broken file is said, and the old settings stay"
    configure -e 's|^  #name: .*|  name: attic|' -e 's|^  flush_period: [0-9]*|  flush_period: 1|'
    quietly inside systemctl reload p1listener p1reader
    wait_until "the new name" sh -c "nsenter -t $leader -a -- p1cat --count 1 --timeout 60 | grep -q '\"source\":\"attic\"'"
    more_rows "with the new settings"
    configure 's|^  name: attic|  nonsense: attic|'
    inside systemctl reload p1listener || true
    wait_until "the fault in the journal" journal_has p1listener 'p1_listener.nonsense'
    is p1listener ActiveState active || fail "p1listener does not survive a broken file"

    step "a broken file at the start: status 78, no restart, and the unit's journal tells why"
    inside systemctl restart p1reader 2>/dev/null || true
    wait_until "the failure" is p1reader ActiveState failed
    is p1reader ExecMainStatus 78 || fail "the exit status is $(state p1reader ExecMainStatus)"
    wait_until "the fault in the journal" journal_has p1reader 'p1_listener.nonsense'
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

    step "a second recorder of the same files is refused, and by --check-config before"
    local etc=/etc/p1-multicast status
    inside p1reader --config-file $etc/attic.yml --check-config >/dev/null || fail "attic.yml"
    inside cp $etc/attic.yml $etc/copy.yml
    status=0 && inside p1reader --config-file $etc/copy.yml --check-config 2>/dev/null || status=$?
    [ "$status" -eq 78 ] || fail "--check-config of a copy ends with $status"
    status=0 && inside p1reader --config-file $etc/copy.yml 2>/dev/null || status=$?
    [ "$status" -eq 74 ] || fail "a second recorder ends with $status"

    step "a second service of the same files waits, names the first, and records when that has ended"
    local first
    first="p1reader (pid $(state p1reader@attic MainPID))"
    quietly inside systemctl start p1reader@copy
    wait_until "the first in the status of the second" status_has p1reader@copy "$first writes these files"
    is p1reader@copy NRestarts 0 || fail "the second service ended"
    [ "$(inside journalctl -u p1reader@copy -o cat --no-pager | grep -c '(waiting until then)')" -eq 1 ] ||
        fail "the second service has not said once that it waits"
    quietly inside systemctl stop p1reader@attic
    wait_until "the second to go on" journal_has p1reader@copy "$first has ended; recording"
    more_rows "of the second service" attic
    quietly inside systemctl stop p1reader@copy
    inside rm $etc/copy.yml
    quietly inside systemctl start p1reader@attic
    more_rows "of the first service again" attic
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
    wait_until "the restart by the watchdog" is_beyond p1listener NRestarts 0
    wait_until "it to be active" is p1listener ActiveState active
    # A host that is busy for seconds may have it restarted more often.
    local restarts
    restarts=$(state p1listener NRestarts)
    inside systemctl kill -s KILL p1listener
    wait_until "the restart after kill -9" is_beyond p1listener NRestarts "$restarts"
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

without_network() {
    step "a boot where no DHCP server answers: neither p1listener nor p1reader nor p1emeter waits for the network"
    local networks=$root/etc/systemd/network waits=$root/etc/systemd/system/systemd-networkd-wait-online.service.d began
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get install -y p1-emeter
    quietly inside systemctl enable p1emeter
    power_off
    mkdir -p "$networks" "$waits"
    # However long the rest of this takes.
    printf '[Service]\nExecStart=\nExecStart=/usr/lib/systemd/systemd-networkd-wait-online --timeout=0\n' >"$waits/test.conf"
    printf '[NetDev]\nName=eth9\nKind=veth\n[Peer]\nName=peer9\n' >"$networks/eth9.netdev"
    printf '[Match]\nName=eth9\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n' >"$networks/eth9.network"
    printf '[Match]\nName=peer9\n[Link]\nRequiredForOnline=no\n[Network]\nLinkLocalAddressing=no\n' >"$networks/peer9.network"
    printf '[Unit]\nWants=network-online.target\nAfter=network-online.target\n[Service]\nType=oneshot\nExecStart=true\n[Install]\nWantedBy=multi-user.target\n' \
        >"$root/etc/systemd/system/online.service"
    chroot "$root" systemctl --quiet enable systemd-networkd online
    began=$SECONDS
    boot are_active p1listener p1reader p1emeter
    # This system wants a network, and still waits for it.
    wait_until "others that wait for the network" is systemd-networkd-wait-online ActiveState activating
    is network-online.target ActiveState inactive || fail "there is a network"
    step "  active $((SECONDS - began)) s after the boot began"
    wait_until "the missing cable in the status" status_says p1listener 'is the cable plugged in'
    began=$SECONDS
    plug_in ttyUSB0
    quietly inside p1cat --count 1 --timeout 300
    is systemd-networkd-wait-online ActiveState activating || fail "a telegram came only when nobody waited for the network"
    step "  the first telegram came $((SECONDS - began)) s after the cable"
    more_rows "without a network"
    wait_until "datagrams of p1emeter" status_says p1emeter 'datagrams sent as serial number'
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y p1-emeter
    power_off
    rm -r "$networks"/*9.net* "$waits" "$root/etc/systemd/system/online.service"
    chroot "$root" systemctl --quiet disable systemd-networkd online 2>/dev/null || true
    rm -f "$root"/etc/systemd/system/*.wants/online.service
    boot
    plug_in ttyUSB0
    plug_in ttyUSB1
}

are_active() { for unit; do is "$unit" ActiveState active || return 1; done; }

upgrade() {
    step "apt upgrade from 1.0.0: asks about the changed configuration, which has another package now; keeps the records, restarts what runs"
    local one further
    one=$(state p1listener MainPID) further=$(state p1reader@attic MainPID)
    publish target/debian
    quietly inside apt-get update
    # apt-get would not install the package that is new.
    quietly inside sh -c 'echo n | apt upgrade'
    grep -q "Configuration file '/etc/p1-multicast/p1reader.yml'" "$work/said" || fail "the changed configuration is not asked about"
    for package in p1-multicast p1-multicast-common p1-dashboard; do
        inside dpkg -s $package | finds "^Version: $version$" || fail "$package is not upgraded"
    done
    inside grep -q '^  name: attic' /etc/p1-multicast/p1reader.yml || fail "the configuration is lost"
    inside dpkg -S /etc/p1-multicast/p1reader.yml | finds '^p1-multicast-common: ' || fail "the owner of the configuration"
    wait_until "the new process" is_other p1listener MainPID "$one"
    wait_until "the new process of the further meter" is_other p1reader@attic MainPID "$further"
    more_rows "after the upgrade"
    more_rows "of the further meter" attic
}

remove_and_purge() {
    step "installed again with a faulty configuration: the package is whole, though its services are not"
    inside sh -c 'echo "nonsense: 1" >>/etc/p1-multicast/p1reader.yml'
    quietly inside apt-get install --reinstall p1-multicast
    inside dpkg -s p1-multicast | finds '^Status: install ok installed' || fail "the package is left half installed"
    wait_until "the failure of p1reader" is p1reader ActiveState failed

    step "remove stops; autoremove --purge takes the configuration, and the records stay"
    quietly inside apt-get remove p1-multicast
    for unit in p1listener p1reader p1listener@attic p1reader@attic; do
        is $unit ActiveState inactive || is $unit ActiveState failed || fail "$unit runs after remove"
    done
    inside test -f /etc/p1-multicast/p1reader.yml || fail "remove took the configuration"
    inside rm /etc/p1-multicast/attic.yml
    quietly inside apt-get purge p1-multicast
    inside test -f /etc/p1-multicast/p1reader.yml || fail "purge of p1-multicast took the configuration of the others"
    quietly inside apt-get autoremove --purge
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
