#!/usr/bin/env bash
# Every other program at once: one simulated meter, one listener, and all that is told in etc/examples, as
# it stands there, each of which must get every telegram or its due share.
# usage: tests/interop.sh PROGRAMS [SECONDS]     default: 40; before that a minute or less with none
# Needs root (or `unshare -r`), and of these what is to be tried: python3-venv and PyPI, mosquitto,
# mosquitto-clients, socat, rrdtool, collectd-core, prometheus-node-exporter, promtool, node and npm, systemd.
# All traffic stays on the lo of a network namespace of its own. It leaves nothing behind.
set -euo pipefail

if [ "${IN_NAMESPACE:-}" != yes ]; then
    cd "$(dirname "$0")/.."
    programs=$(realpath "${1:?usage: tests/interop.sh PROGRAMS [SECONDS]}")
    tests/interop/prepare.sh
    # The language of Node-RED's expressions.
    if [ ! -e target/interop/package/jsonata.js ] && command -v npm >/dev/null; then
        (cd target/interop && npm pack --silent jsonata@2.2.2 >/dev/null && tar xf jsonata-2.2.2.tgz) || true
    fi
    rights=()
    [ "$(id -u)" -eq 0 ] || rights=(-r)
    # Processes, too, have a namespace of their own: with this script all of them end, those that scripts
    # have begun included.
    exec env IN_NAMESPACE=yes unshare "${rights[@]}" -n --pid --fork --kill-child --mount-proc "$PWD/tests/interop.sh" "$programs" "${2:-40}"
fi

seconds=$2
cd "$(dirname "$0")/.."
here=$PWD
work=$(mktemp -d)
# Where every user may run them: collectd runs nothing as root.
chmod 711 "$work"
mkdir -m 755 "$work/bin"
cp "$1"/p1{listener,reader,dashboard,mqtt,emeter,cat,report,sim} "$work/bin"
cp -r etc/examples "$work/examples"
chmod -R go+rX "$work/examples"
programs=$work/bin examples=$work/examples
PATH=$programs:$PATH:/usr/sbin
pids=()
failed=0

finish() {
    ! has tmux >/dev/null || tmux -L "p1interop-$$" kill-server 2>/dev/null || true
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# Runs a command in the background; what it says is in $work/NAME.out and $work/NAME.err.
start() {
    local name=$1
    shift
    "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    pids+=($!)
}
has() { command -v "$1" >/dev/null || { printf 'skipped: there is no %s\n' "$1"; return 1; }; }
# Says whether a count is within what is due.
due() {
    local what=$1 count=$2 least=$3
    if [ "$count" -ge "$least" ]; then
        printf '  %-52s %5s of at least %s\n' "$what" "$count" "$least"
    else
        printf '  %-52s %5s of at least %s  FAILED\n' "$what" "$count" "$least"
        failed=1
    fi
}
wait_for() {
    local end=$((SECONDS + 300))
    until "${@:2}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "waited in vain for $1" >&2; tail -n 5 "$work"/*.err >&2; exit 1; }
        sleep 0.2
    done
}
# Processor time of a process so far in ms, and its memory (PSS) in KiB.
cpu_ms() {
    awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / ticks }' "/proc/$1/stat"
}
cpu_us() { awk '{ print int($1 / 1000) }' "/proc/$1/schedstat"; }
pss() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
frame_number() { p1cat --config-file "$work/p1.yml" --count 1 --timeout 120 --format '%{frame_number}'; }

# measure WHAT SECONDS      what the listener needs; sets `sent`
measure() {
    local from to cpu_from cpu_to
    from=$(frame_number)
    cpu_from=$(cpu_us "$listener")
    sleep "$2"
    to=$(frame_number)
    cpu_to=$(cpu_us "$listener")
    sent=$((to - from))
    printf '%s: p1listener needed %s us a telegram of %s, and has %s KiB (PSS)\n' \
        "$1" $(((cpu_to - cpu_from) / sent)) $sent "$(pss "$listener")"
}

no_more_clients_than() { [ "$(pgrep -c -P "$raw")" -le "$1" ]; }

ip link set lo up
ip link set lo multicast on
ip route add 224.0.0.0/4 dev lo
cat >"$work/p1.yml" <<END
p1_listener:        {port: $work/meter, name: interop}
multicast:          {interface: lo}
p1_reader:          {min_free: 0}
p1_reader_details:  {filename: $work/reader/details-DAY.csv, flush_period: 1}
p1_reader_interval: {filename: $work/reader/p1_reader_interval-PERIOD.csv, flush_period: 5}
p1_reader_day:      {filename: $work/reader/day-DAY.csv, flush_period: 5}
p1_reader_history:  {filename: $work/reader/history-YEAR.csv, flush_period: 5}
html_report:        {filename: $work/reader/lastm.html}
weekly_log:         {filename: $work/reader/YYYY-ww.log}
p1_mqtt:            {broker: 127.0.0.1, interval: 5}
END
start sim p1sim --link "$work/meter"
wait_for "the simulated meter" test -e "$work/meter"
start listener p1listener --config-file "$work/p1.yml"
listener=${pids[-1]}
wait_for "the first telegram" frame_number
measure "with none" $((seconds < 60 ? seconds : 60))

# Those that begin at the first telegram, so that they can be counted.
start reader p1reader --config-file "$work/p1.yml"
if has tmux; then
    tmux -L "p1interop-$$" new-session -d -x 120 -y 40 "p1dashboard --config-file $work/p1.yml"
fi
start json p1cat
start csv p1cat --format csv --fields time,power_w
start influx p1cat --format influx
start every p1cat --every 5 --format '%{frame_number}'
mkdir "$work/metrics"
start prom p1cat --every 5 --format prometheus --output "$work/metrics/p1.prom"
has python3 && start subscriber "$examples/subscriber.py"
if has systemd-socket-activate; then
    start raw systemd-socket-activate --accept --inetd -l 127.0.0.1:2001 \
        "$programs/p1cat" --raw --config-file "$work/p1.yml"
    raw=${pids[-1]}
    wait_for "the raw port" bash -c 'exec 3<>/dev/tcp/127.0.0.1/2001'
    has socat && start raw_socat socat -u TCP:127.0.0.1:2001 STDOUT
    has python3 && start raw_reconnecting python3 "$here/tests/interop/reconnecting.py" 127.0.0.1 2001
    if target/interop/bin/python -c "import dsmr_parser" 2>/dev/null; then
        start raw_parser target/interop/bin/python "$here/tests/interop/parser.py" 127.0.0.1 2001
    else
        echo "skipped: dsmr-parser of PyPI is not there"
    fi
    # One that never reads, for as long as it lasts.
    start raw_stalled bash -c 'exec 3<>/dev/tcp/127.0.0.1/2001; exec sleep infinity'
fi
has rrdtool && start rrdtool "$examples/rrdtool.sh" "$work/p1.rrd"
if has collectd; then
    # The exec plugin wants a user that is not root.
    mkdir -m 755 "$work/collectd"
    # A plugin takes the interval that stands above it.
    {
        printf 'Hostname home\nInterval 5\n'
        sed -e "s|/usr/share/doc/p1-multicast/examples|$examples|" "$examples/collectd.conf"
    } >"$work/collectd.conf"
    cat >>"$work/collectd.conf" <<END
PIDFile "$work/collectd.pid"
LoadPlugin csv
<Plugin csv>
  DataDir "$work/collectd"
</Plugin>
END
    start collectd collectd -f -C "$work/collectd.conf"
fi
if has prometheus-node-exporter; then
    start exporter prometheus-node-exporter --web.listen-address=127.0.0.1:9100 \
        --collector.disable-defaults --collector.textfile --collector.textfile.directory="$work/metrics"
fi
if has mosquitto; then
    start mosquitto mosquitto -p 1883
    wait_for "mosquitto" mosquitto_pub -h 127.0.0.1 -t test -n
    start discovery mosquitto_sub -h 127.0.0.1 -t 'homeassistant/#'
    start states mosquitto_sub -h 127.0.0.1 -t 'p1/+/state'
    start mqtt p1mqtt --config-file "$work/p1.yml"
    start mqtt_sub mosquitto_sub -h 127.0.0.1 -t 'p1/readings'
    start mqtt_pub bash -c 'p1cat --format readings --every 5 | mosquitto_pub -h 127.0.0.1 -l -t p1/readings'
fi

if has python3; then
    # Signed telegrams, in a group of their own.
    p1listener --make-key "$work/key" >/dev/null
    cat >"$work/signed.yml" <<END
p1_listener: {port: $work/signed-meter, name: signed}
multicast:   {interface: lo, port: 52011, raw_port: 52012, key_file: $work/key}
END
    start signed_sim p1sim --link "$work/signed-meter"
    wait_for "the second simulated meter" test -e "$work/signed-meter"
    start signed_listener p1listener --config-file "$work/signed.yml"
    # shellcheck disable=SC2016
    start verify bash -c 'p1cat --config-file "$1/signed.yml" | "$2/verify.py" "$1/key"' verify "$work" "$examples"
fi
if has curl; then
    start receiver python3 "$here/tests/interop/receiver.py" 8000 "$work/received"
    wait_for "the receiver" curl --silent --fail http://127.0.0.1:8000/
    start push_influx "$examples/push-influx.sh" http://127.0.0.1:8000/influx
    start push_dsmr "$examples/push-dsmr-reader.sh" http://127.0.0.1:8000/dsmr secret
fi
if [ -n "${raw:-}" ] && has socat >/dev/null; then
    # As the unit does: again and again.
    sed -n 's/^ExecStart=//p' "$examples/p1-pty.service" | sed "s|/run/p1-pty/meter|$work/pty|; s|,group=dialout||" >"$work/pty.command"
    # shellcheck disable=SC2016
    start pty bash -c 'while :; do bash "$0"; sleep 1; done' "$work/pty.command"
fi
if has systemd-socket-activate; then
    for service in p1json p1metrics; do
        port=$(sed -n 's/^ListenStream=127.0.0.1:\([0-9]*\)$/\1/p' systemd/$service.socket)
        read -ra command < <(sed -n 's|^ExecStart=/usr/bin/||p' "systemd/$service@.service")
        start $service systemd-socket-activate --accept --inetd -l "127.0.0.1:$port" \
            "$programs/${command[0]}" "${command[@]:1}" --config-file "$work/p1.yml"
    done
    wait_for "the metrics" curl --silent --fail --output "$work/metrics.txt" http://127.0.0.1:2005/metrics
    has socat && start json_socat socat -u TCP:127.0.0.1:2002 STDOUT
fi

# Whoever is to get every telegram has begun to: on a busy machine that takes some of them a while.
for name in json csv influx subscriber raw_socat raw_parser json_socat verify; do
    [ ! -e "$work/$name.out" ] || wait_for "the first telegram at $name" test -s "$work/$name.out"
done
measure "with all" "$seconds"
# A hundred clients that come and go.
if has systemd-socket-activate >/dev/null; then
    for _ in {1..100}; do bash -c 'exec 3<>/dev/tcp/127.0.0.1/2001'; done
fi

least=$((sent - 2)) samples=$((seconds / 5 - 2))
echo "with all, each got:"
due "p1reader, rows" "$(cat "$work"/reader/details-*.csv | grep -vc ^datum)" $least
if has tmux >/dev/null; then
    tmux -L "p1interop-$$" capture-pane -p >"$work/screen"
    due "p1dashboard, lines of its screen" "$(grep -c '[0-9]' "$work/screen")" 10
fi
due "p1cat --format json" "$(wc -l <"$work/json.out")" $least
due "p1cat --format csv" "$(wc -l <"$work/csv.out")" $least
due "p1cat --format influx" "$(wc -l <"$work/influx.out")" $least
due "p1cat --every 5" "$(wc -l <"$work/every.out")" $samples
due "p1cat --output p1.prom, series" "$(grep -vc '^#' "$work/metrics/p1.prom")" 20
[ ! -e "$work/subscriber.out" ] || due "subscriber.py" "$(grep -c W "$work/subscriber.out")" $least
[ ! -e "$work/raw_socat.out" ] || due "raw TCP: socat" "$(grep -ac '^!' "$work/raw_socat.out")" $least
[ ! -e "$work/raw_reconnecting.out" ] ||
    due "raw TCP: a client that connects for each" "$(wc -l <"$work/raw_reconnecting.out")" $((least / 3))
[ ! -e "$work/raw_parser.out" ] || due "raw TCP: dsmr-parser" "$(wc -l <"$work/raw_parser.out")" $least
[ ! -e "$work/rrdtool.out" ] ||
    due "rrdtool, values" "$(rrdtool fetch "$work/p1.rrd" AVERAGE -s -"$seconds" | grep -c 'e[+-]')" $((seconds / 10 - 3))
[ ! -e "$work/collectd.out" ] ||
    due "collectd, values of power, from its first interval" \
        "$(cat "$work"/collectd/home/p1/power-net-* | grep -vc ^epoch)" $((samples - 2))
[ ! -e "$work/exporter.out" ] ||
    due "node_exporter, series of the meter" "$(python3 "$here/tests/interop/scrape.py" | grep -c '^p1_')" 20
if [ -e "$work/mqtt.out" ]; then
    due "p1mqtt, states" "$(grep -c power_w "$work/states.out")" $samples
    due "p1mqtt, sensors that Home Assistant finds" "$(grep -o '"unique_id"' "$work/discovery.out" | wc -l)" 20
fi
[ ! -e "$work/mqtt_sub.out" ] || due "mosquitto_pub, messages" "$(grep -c power_w "$work/mqtt_sub.out")" $samples
if [ -e "$work/receiver.out" ]; then
    due "push-influx.sh, lines" "$(wc -l <"$work/received.influx")" $((seconds / 10 - 2))
    due "push-dsmr-reader.sh, telegrams that are whole" "$(wc -l <"$work/received.dsmr")" $((seconds / 10 - 2))
fi
[ ! -e "$work/metrics.txt" ] || due "p1metrics.socket, series" "$(grep -c '^p1_' "$work/metrics.txt")" 20
[ ! -e "$work/json_socat.out" ] || due "p1json.socket, lines" "$(grep -c '"telegram"' "$work/json_socat.out")" $((least - 3))
if [ -e "$work/pty.out" ]; then
    # Twice, the second time after a while in which nobody read.
    due "p1-pty.service, telegrams that are fresh" "$(python3 "$here/tests/interop/pty_reader.py" "$work/pty")" 2
fi
[ ! -e "$work/verify.out" ] || due "verify.py, telegrams with a good signature" "$(grep -c '^good$' "$work/verify.out")" $((least - 3))
if [ -e target/interop/package/jsonata.js ] && has node; then
    node tests/interop/node-red.js "$examples/node-red.json" "$programs/p1cat" || failed=1
else
    echo "skipped: the expression of node-red.json needs node and jsonata of npm"
fi
if has python3; then
    p1cat --count 1 | python3 tests/interop/telegraf.py "$examples/telegraf.conf" >"$work/telegraf"
    due "telegraf.conf, fields, and a line of its command" "$(wc -l <"$work/telegraf")" 5
fi
if has systemd-analyze; then
    mkdir "$work/units"
    for unit in "$examples"/*.service "$examples"/*.timer; do
        sed "s|/usr/share/doc/p1-multicast/examples|$examples|; s|/usr/bin/p1|$programs/p1|" "$unit" >"$work/units/${unit##*/}"
    done
    # It names what it does not understand, and ends well.
    systemd-analyze verify --man=no "$work"/units/* 2>&1 | tee "$work/units.err"
    ! grep -F "$work/units" "$work/units.err" || failed=1
fi
if has promtool; then
    promtool check rules "$examples/p1-alerts.yml" >/dev/null || failed=1
    promtool check metrics <"$work/metrics/p1.prom" || failed=1
fi
python=python3
[ ! -x "$here/target/interop/bin/python" ] || python=$here/target/interop/bin/python
"$python" tests/interop/tables.py "$work/tables" "$programs"
if [ -n "${raw:-}" ]; then
    # Four stay, and the pty's; of the one that connects for each telegram, two more may be about to end.
    wait_for "the end of the programs of the clients that went" no_more_clients_than 7
fi
[ $failed -eq 0 ] || exit 1
