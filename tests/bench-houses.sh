#!/usr/bin/env bash
# A thousand simulated houses at one mosquitto, and etc/examples/load-mqtt.py behind it into PostgreSQL: messages a
# second, processor time, and how long after its publication a state is in the database. It asserts nothing but that
# every state is there.
# usage: tests/bench-houses.sh PROGRAMS [HOUSES]       default: 1000
# Needs root, postgresql, mosquitto and mosquitto-clients, else it is skipped. All in a network namespace of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${IN_NAMESPACE:-}" != yes ]; then
    bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort | tail -n 1)
    PATH=$PATH:/usr/sbin
    if [ -z "$bin" ] || [ "$(id -u)" -ne 0 ] || ! command -v mosquitto mosquitto_sub >/dev/null; then
        echo "skipped: many houses need root, PostgreSQL, mosquitto and mosquitto-clients"
        exit 0
    fi
    programs=$(realpath "${1:?usage: tests/bench-houses.sh PROGRAMS [HOUSES]}")
    exec env IN_NAMESPACE=yes BIN="$bin" PATH="$PATH" unshare -n --pid --fork --kill-child --mount-proc \
        "$0" "$programs" "${2:-1000}"
fi
programs=$1 houses=$2
ip link set lo up
ulimit -n 20000
work=$(mktemp -d)
chmod 711 "$work"
as_postgres() { (cd "$work" && runuser -u postgres -- "$@"); }
finish() {
    as_postgres "$BIN/pg_ctl" -D "$work/server/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
install -d -o postgres "$work/server"
as_postgres "$BIN/initdb" -D "$work/server/data" -A trust >/dev/null
as_postgres "$BIN/pg_ctl" -D "$work/server/data" -w -l "$work/server/log" \
    -o "-k $work/server -c listen_addresses=''" start >/dev/null
export PGHOST=$work/server PGUSER=postgres PGDATABASE=postgres
printf 'listener 1883 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\n' >"$work/mosquitto.conf"
mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
broker=$!
query() { psql --no-psqlrc --tuples-only --no-align --command "$1"; }
until mosquitto_pub -h 127.0.0.1 -t test -n 2>/dev/null; do sleep 0.1; done
mkfifo "$work/pipe"
mosquitto_sub -h 127.0.0.1 -F '%t %p' -t 'p1/+/state' >"$work/pipe" &
subscriber=$!
etc/examples/load-mqtt.py <"$work/pipe" &
loader=$!
until query 'SELECT 1 FROM p1_state' >/dev/null 2>&1; do sleep 0.1; done
state=$("$programs/p1cat" --input tests/data/reading-be-fluvius.txt --format readings)

# Processor time so far in ms, of a process with its children, and of all of PostgreSQL.
cpu() { awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); sum += ($12 + $13) * 1000 / ticks } END { print int(sum) }' "$@"; }
measure() {
    local interval=$1 seconds=$2 before after sent rows servers lags
    stats() {
        # shellcheck disable=SC2086
        echo "$(cpu /proc/$broker/stat) $(cpu /proc/$subscriber/stat /proc/$loader/stat) $(cpu $servers)"
    }
    # The loader's own server process, and those that write.
    servers=$(query "SELECT '/proc/' || pid || '/stat' FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    query 'TRUNCATE p1_state' >/dev/null
    read -ra before < <(stats)
    read -r sent _ < <(python3 tests/interop/houses.py 1883 "$houses" "$interval" "$seconds" <<<"$state")
    # The last ones are on their way for a second.
    for _ in {1..100}; do
        rows=$(query 'SELECT count(*) FROM p1_state')
        [ "$rows" -lt "$sent" ] || break
        sleep 0.1
    done
    read -ra after < <(stats)
    lags=$(query "SELECT round((extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY received - time)))::numeric, 2)
        || ' s, ' || round((extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY received - time)))::numeric, 2)
        || ' s, ' || round((extract(epoch FROM max(received - time)))::numeric, 2) || ' s' FROM p1_state")
    printf '%s houses, each every %s s, for %s s: %s states a second\n' "$houses" "$interval" "$seconds" "$((sent / seconds))"
    printf '  %-44s %s of %s\n' "rows in PostgreSQL" "$rows" "$sent"
    printf '  %-44s %s\n' "from publication to row: median, p99, most" "$lags"
    printf '  %-44s %s, %s, %s us a state\n' "processor time: mosquitto, loader, PostgreSQL" \
        $(((after[0] - before[0]) * 1000 / sent)) $(((after[1] - before[1]) * 1000 / sent)) $(((after[2] - before[2]) * 1000 / sent))
    [ "$rows" -eq "$sent" ] || { echo "FAILED: states are missing" >&2; exit 1; }
}
measure 10 30
measure 1 20
size=$(query "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('p1_state')")
rows=$(query 'SELECT count(*) FROM p1_state')
printf '  %-44s %s bytes\n' "a row with its index" $((size / rows))
