# shellcheck shell=bash
# The scenarios of the programs around them: the raw stream, p1mqtt, and the examples of other programs that
# need a booted system. Part of tests/e2e.sh.

raw_over_tcp() {
    step "p1raw.socket: clients at once, each from a telegram on; the log stays empty; a hundred visits"
    [ "$(inside systemctl is-enabled p1raw.socket || true)" = disabled ] || fail "p1raw.socket is enabled by installing"
    quietly inside systemctl enable --now p1raw.socket
    local client clients=()
    for client in 1 2 3; do
        raw_stream 3 >"$work/raw.$client" &
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
    [ "$(raw_stream 1 | head -c 1)" = / ] || fail "no raw stream after a hundred visits"
    local lines
    # Without a single line, journalctl knows no such unit, and fails.
    lines=$({ inside journalctl -q -u 'p1raw@*' -u p1raw.socket -o cat --no-pager 2>/dev/null || true; } | wc -l)
    [ "$lines" -eq 0 ] || fail "$lines lines of p1raw in the journal"

    step "p1raw.socket: 3,000 connections at once and 200 a second for 20 s; the next client is served"
    nsenter -t "$leader" -n python3 - <<'END'
import socket, time
held = []
def knock(most):
    held.append(socket.socket())
    held[-1].setblocking(False)
    held[-1].connect_ex(("127.0.0.1", 2001))
    if len(held) > most:
        held.pop(0).close()
for _ in range(3000):
    knock(800)
start = time.monotonic()
for number in range(4000):
    knock(200)
    time.sleep(max(0, start + number / 200 - time.monotonic()))
END
    is p1raw.socket ActiveState active || fail "p1raw.socket does not survive $(state p1raw.socket NRefused) refusals"
    wait_until "a client that is served" raw_client_is_served
    wait_until "the clients' programs to end" no_raw_clients

    step "p1json.socket and p1metrics.socket: lines of JSON, and metrics for a scrape"
    quietly inside systemctl enable --now p1json.socket p1metrics.socket
    inside timeout 120 bash -c 'head -n 2 </dev/tcp/127.0.0.1/2002' >"$work/json"
    [ "$(grep -c '"telegram"' "$work/json")" -eq 2 ] || fail "no JSON of p1json.socket"
    inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/2005; printf "GET /metrics HTTP/1.1\\r\\n\\r\\n" >&3; cat <&3' >"$work/scrape"
    grep -q '^HTTP/1.1 200' "$work/scrape" || fail "no answer of p1metrics.socket"
    grep -q '^p1_power_watts' "$work/scrape" || fail "no metrics of p1metrics.socket"
    quietly inside systemctl disable --now p1json.socket p1metrics.socket

    step "where multicast does not reach, a listener takes that stream, as in p1-multicast(7)"
    inside sh -c "printf 'p1_listener:\n  port: tcp://127.0.0.1:2001\nmulticast:\n  interface: lo\n  port: 52021\n  raw_port: 52022\n' \
        >/etc/p1-multicast/away.yml"
    quietly inside systemctl start p1listener@away
    quietly inside p1cat --config-file /etc/p1-multicast/away.yml --count 1 --timeout 120
    grep -q '"1-0:1.8.1"' "$work/said" || fail "no telegram by way of TCP"
    quietly inside systemctl stop p1listener@away
    inside rm /etc/p1-multicast/away.yml
}

# What a client of the raw stream gets, up to the end of so many telegrams.
raw_stream() {
    # shellcheck disable=SC2016 # for the inner shell
    inside timeout 120 bash -c 'left=$0
        while [ "$left" -gt 0 ] && IFS= read -r line; do
            printf "%s\n" "$line"
            case $line in !*) left=$((left - 1)) ;; esac
        done </dev/tcp/127.0.0.1/2001' "$1"
}

raw_client_is_served() { raw_stream 1 | finds '^!'; }

no_raw_clients() { [ -z "$(inside systemctl list-units --no-legend 'p1raw@*')" ]; }

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
    inside timeout 120 mosquitto_sub -u p1 -P sesam -t 'p1/+/state' -C 1 | finds '"power_w":' || fail "no state"
    inside timeout 120 mosquitto_sub -u p1 -P sesam -t 'homeassistant/device/+/config' -C 1 | finds '"cmps":' ||
        fail "no discovery"
    wait_until "the broker in the status" status_says p1mqtt 'messages to the broker localhost:1883'
    quietly inside systemctl reload p1mqtt
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y p1-mqtt
    ! inside test -e /etc/p1-multicast/mqtt-password || fail "purge left the password"
    inside test -f /etc/p1-multicast/p1reader.yml || fail "purge of p1-mqtt took the configuration"
}

encryption() {
    step "a meter that encrypts: the log asks for the key, and the credential is all that it needs"
    local key=00112233445566778899AABBCCDDEEF0 dropin=/run/systemd/system/meter@.service.d
    inside mkdir -p "$dropin"
    inside sh -c "umask 077 && echo $key >/root/key"
    inside sh -c "printf '[Service]\nExecStart=\nExecStart=p1sim --link /dev/%%i --encrypt --key-file /root/key\n' >$dropin/encrypt.conf"
    inside systemctl daemon-reload
    quietly inside systemctl restart meter@ttyUSB0
    wait_until "the key to set in the journal" journal_has p1listener 'they are encrypted'
    wait_until "the missing key in the status" status_says p1listener 'encrypts its telegrams, and there is no key'
    inside cp -p /root/key /etc/p1-multicast/decryption-key
    quietly inside systemctl restart p1listener
    wait_until "decrypted telegrams" journal_has p1listener 'their tags are verified'
    ! journal_has p1listener "$key" || fail "the key is in the journal"
    inside rm -r "$dropin" /etc/p1-multicast/decryption-key
    inside systemctl daemon-reload
    quietly inside systemctl restart meter@ttyUSB0 p1listener
}

energy_meter() {
    step "p1emeter: not started by installing; in its sandbox it sends what the meter says"
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get install -y p1-emeter
    is p1emeter ActiveState inactive || fail "p1emeter is started by installing"
    inside timeout 120 p1emeter --print | head -n 1 | finds '^serial number ' || fail "p1emeter --print"
    quietly inside systemctl enable --now p1emeter
    wait_until "datagrams in the status" status_says p1emeter 'datagrams sent as serial number'
    ! inside ss -lun | finds ':9522' || fail "p1emeter listens"
    quietly inside systemctl reload p1emeter
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y p1-emeter
}

autopkgtest() {
    step "the autopkgtest of the source package"
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get install -y p1-mqtt p1-emeter
    inside tee /tmp/chain >/dev/null <debian/tests/chain
    quietly inside runuser -l pi -c 'sh /tmp/chain'
    quietly inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y p1-mqtt p1-emeter
    inside rm /tmp/chain
}

metrics_by_timer() {
    step "the example for node_exporter: a timer writes metrics that others may read"
    local metrics=/var/lib/prometheus/node-exporter/p1.prom
    # As prometheus-node-exporter leaves it.
    quietly inside useradd --system --home-dir /var/lib/prometheus prometheus
    inside mkdir -p "${metrics%/*}"
    inside sh -c 'cp /usr/share/doc/p1-multicast/examples/p1-textfile.* /run/systemd/system/'
    inside sed -i 's/^OnBootSec=.*/OnActiveSec=1/' /run/systemd/system/p1-textfile.timer
    quietly inside systemctl daemon-reload
    quietly inside systemctl start p1-textfile.timer
    wait_until "the metrics" inside grep -q '^p1_power_watts' "$metrics"
    [ "$(inside stat -c %U:%a "$metrics")" = prometheus:644 ] || fail "the owner or the mode of $metrics"
    quietly inside systemctl stop p1-textfile.timer
    inside rm -f /run/systemd/system/p1-textfile.timer /run/systemd/system/p1-textfile.service
}

web_servers() {
    step "the examples for nginx and lighttpd serve the page"
    local server
    inside sh -c "echo 'server { listen 127.0.0.1:80 default_server; include $examples/nginx.conf; }' \
        >/etc/nginx/sites-enabled/default"
    inside cp "$examples/lighttpd.conf" /etc/lighttpd/conf-enabled/90-meter.conf
    for server in nginx lighttpd; do
        quietly inside systemctl start $server
        wait_until "the page from $server" page_from_web
        quietly inside systemctl stop $server
    done
}
page_from_web() {
    inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/80
        printf "GET /meter/lastm.html HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3
        cat <&3' | tr '\r\n' '  ' | finds '^HTTP/1.[01] 200 .*<!DOCTYPE html>.*</html>'
}

old_records() {
    step "the example for logrotate: old records are compressed, and the new ones go on"
    local old=/var/lib/p1-multicast/p1_reader_details-20200101.csv
    quietly inside cp "$examples/logrotate" /etc/logrotate.d/p1-multicast
    inside runuser -u p1-multicast -- sh -c "echo 01-01-2020 >$old; touch -d '8 days ago' $old"
    # Two days ago it was seen for the first time.
    inside sh -c "printf 'logrotate state -- version 2\n\"%s\" %s-0:0:0\n' $old \$(date -d '2 days ago' +%Y-%-m-%-d) >/run/seen"
    quietly inside logrotate --state /run/seen /etc/logrotate.d/p1-multicast
    ! inside test -e $old || fail "the old records are not rotated"
    inside sh -c "zcat $old-*.gz" | finds '^01-01-2020' || fail "the old records are lost"
    inside sh -c 'test ! -e /var/lib/p1-multicast/*-????????.csv-*.gz.* && rm /var/lib/p1-multicast/*.gz'
    more_rows "after logrotate"
    inside rm /etc/logrotate.d/p1-multicast
}

history() {
    step "the history has its first row at once, and one when the service ends"
    local file="/var/lib/p1-multicast/p1_reader_history-????.csv"
    wait_until "the first row" inside sh -c "grep -q '^[0-9-]*T[0-9:]*Z,.*,1,' $file"
    quietly inside systemctl restart p1reader
    wait_until "a row of more telegrams" inside sh -c "grep -qE '^[0-9-]*T[0-9:]*Z,[^,]*,[^,]*,([2-9]|[0-9]{2,}),' $file"
    inside sh -c "cat $file" | head -n 1 | finds '^time_utc,time_local,unique_id,telegrams,energy_import_kwh,' ||
        fail "the header of the history"
}

page_of_the_years() {
    step "p1report.timer has the page of the years written, and that of the last minutes links to it"
    quietly inside systemctl enable --now p1report.timer
    inside systemctl list-timers --no-legend p1report.timer | finds 'p1report.service' || fail "the timer"
    quietly inside systemctl start p1report.service
    inside grep -q '<svg' /run/p1-multicast/report.html || fail "the page of the years"
    [ "$(inside stat -c '%U %a' /run/p1-multicast/report.html)" = "p1-multicast 644" ] || fail "whose page it is"
    wait_until "the link" inside grep -q 'href="report.html"' /run/p1-multicast/lastm.html
    quietly inside systemctl disable --now p1report.timer
}

# The listener's clock dates the rows: faketime(1) sets it to a minute before midnight.
turn_of_the_year() {
    step "at the turn of the year the history goes on in a new file, and p1report reads both"
    inside mkdir /tmp/years
    inside tee /tmp/years/p1reader.yml >/dev/null <<'END'
multicast: {port: 52101, raw_port: off, interface: lo}
p1_listener: {port: /tmp/years/meter}
p1_reader_history: {filename: /tmp/years/history-YEAR.csv}
p1_reader_details: {enabled: false}
p1_reader_interval: {enabled: false}
p1_reader_day: {enabled: false}
weekly_log: {enabled: false}
html_report: {enabled: false}
END
    inside sh -s >"$work/said" 2>&1 <<'END' || { cat "$work/said" >&2; fail "the turn of the year"; }
set -e
cd /tmp/years
p1sim --link meter --start '2027-01-01 00:59:00' & meter=$!
p1reader --config-file p1reader.yml & reader=$!
until [ -e meter ]; do sleep 0.1; done
LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketime.so.1) FAKETIME='@2026-12-31 23:59:00' \
    FAKETIME_DONT_FAKE_MONOTONIC=1 p1listener --config-file p1reader.yml & listener=$!
# Some telegrams of the new year are recorded.
p1cat --config-file p1reader.yml --format csv --fields time | grep -m 4 '^2027-'
kill $reader $listener $meter
wait
p1report --config-file p1reader.yml years --csv >years.csv
END
    inside sh -c "grep -h -c '^20' /tmp/years/history-2026.csv /tmp/years/history-2027.csv" | tr '\n' ' ' |
        finds '^1 2 $' || fail "the rows on both sides of midnight"
    inside grep -q '^2026' /tmp/years/years.csv || fail "the year that is over"
    inside grep -q '^2027' /tmp/years/years.csv || fail "the year that begins"
    inside rm -r /tmp/years
}

# Tells the service of a place, as p1reader(8) does.
tell_of_place() {
    inside install -d -o p1-multicast -g p1-multicast -m 750 "$1"
    inside mkdir -p /run/systemd/system/p1reader.service.d
    inside sh -c "printf '[Unit]\nRequiresMountsFor=$1\n[Service]\nReadWritePaths=$1\n' \
        >/run/systemd/system/p1reader.service.d/place.conf"
    quietly inside systemctl daemon-reload
}

forget_places() {
    inside rm -r /run/systemd/system/p1reader.service.d
    quietly inside systemctl daemon-reload
}

records_in() { inside sh -c "grep -q '^[0-9]' $1/p1_reader_details-*.csv"; }

other_place() {
    step "records at another place, as in p1reader(8): the service is refused until it is told of it"
    local place=/srv/meter
    configure "s|/var/lib/p1-multicast/p1_reader_details|$place/p1_reader_details|"
    quietly inside systemctl reload p1reader
    wait_until "the way out in the journal" journal_has p1reader 'cannot write /srv/meter.*PLACES in p1reader(8)'
    wait_until "the output in the status" status_says p1reader 'cannot write details'
    tell_of_place $place
    quietly inside systemctl restart p1reader
    wait_until "the records there" records_in $place
    forget_places
    configure "s|$place/|/var/lib/p1-multicast/|"
    quietly inside systemctl restart p1reader
}

changing_over() {
    step "a P1reader.yml of 2021, as in README.md"
    local place=/var/ram/p1
    tell_of_place $place
    inside cp /etc/p1-multicast/p1reader.yml /root/kept.yml
    # shellcheck disable=SC2016 # a variable of that file
    sed 's|${P1_LOGS}|/dev/shm|' src/config/testdata/P1reader.yml | inside sh -c 'cat >/home/pi/P1reader.yml'
    section="Changing over from the Python programs" as_in_readme 1
    wait_until "the records where they were" records_in $place
    wait_until "the page where it was" inside test -s /dev/shm/lastm.html
    wait_until "the weekly log where it was" inside sh -c 'test -s /dev/shm/p1_reader-*.log'
    forget_places
    inside cp /root/kept.yml /etc/p1-multicast/p1reader.yml
    quietly inside systemctl restart p1listener p1reader
}

name_for_the_cable() {
    step "the example for udev is a rule that udev understands"
    quietly inside cp "$examples/60-p1-port.rules" /etc/udev/rules.d
    if inside udevadm verify --help >/dev/null 2>&1; then
        quietly inside udevadm verify /etc/udev/rules.d/60-p1-port.rules
    else
        echo "  skipped: this udevadm cannot verify rules"
    fi
}
