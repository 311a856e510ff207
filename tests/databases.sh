#!/usr/bin/env bash
# The loaders of etc/examples on real databases: the history is loaded exactly once however often the loader is
# killed, and interval files are, whatever becomes of them.
# usage: tests/databases.sh PROGRAMS
# Needs root and the Debian package postgresql. What it tries beside PostgreSQL and SQLite, if it is there: DuckDB
# (its Python module), influxdb, victoria-metrics. All servers are its own, on sockets and the lo of a network
# namespace of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${IN_NAMESPACE:-}" != yes ]; then
    bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort | tail -n 1)
    if [ -z "$bin" ] || [ "$(id -u)" -ne 0 ]; then
        echo "skipped: the loaders for databases need PostgreSQL and root"
        exit 0
    fi
    programs=$(realpath "${1:?usage: tests/databases.sh PROGRAMS}")
    tests/interop/prepare.sh
    exec env IN_NAMESPACE=yes BIN="$bin" unshare -n --pid --fork --kill-child --mount-proc "$0" "$programs"
fi
ip link set lo up
python=python3
! [ -x target/interop/bin/python ] || python=$PWD/target/interop/bin/python
work=$(mktemp -d)
chmod 711 "$work"
as_postgres() { (cd "$work" && runuser -u postgres -- "$@"); }
finish() {
    as_postgres "$BIN/pg_ctl" -D "$work/server/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

install -d -o postgres "$work/server" "$work/records"
as_postgres "$BIN/initdb" -D "$work/server/data" -A trust >/dev/null
as_postgres "$BIN/pg_ctl" -D "$work/server/data" -w -l "$work/server/log" \
    -o "-k $work/server -c listen_addresses=''" start >/dev/null
export PGHOST=$work/server PGUSER=postgres PGDATABASE=postgres

"$python" tests/interop/databases.py "$work" "$1"

# States of houses: one that comes twice is there once, and what is none is passed over.
state=$("$1/p1cat" --input tests/data/reading-be-fluvius.txt --format readings)
# It is of today.
state=$(printf '%s' "$state" | sed -E "s/(\"timestamp\":\")[^T]*/\\1$(date +%F)/")
printf '%s\n' "p1/house-1/METER1/state $state" "p1/house-1/METER1/state $state" "p1/METER2/state $state" \
    'p1/METER3/state {"power_w":' 'p1/x/availability online' | etc/examples/load-mqtt.py
found=$(psql --no-psqlrc --tuples-only --no-align --command \
    "SELECT string_agg(meter || ' ' || power_w, ', ' ORDER BY meter) FROM p1_state")
[[ $found =~ ^METER1\ [0-9]+,\ METER2\ [0-9]+$ ]] || fail "load-mqtt.py: $found"
echo "  load-mqtt.py     2 states of 2"

# The interval files.
query() { psql --no-psqlrc --tuples-only --no-align --command "$1"; }
load() { TZ=Europe/Amsterdam etc/examples/postgresql.sh "$work/records"; }
rows() {
    local time
    for time in "$@"; do printf '2025-10-26 %s:00, 1, 1, 1, 1, 0, 0, 0, 0\n' "$time"; done
}
psql --quiet --file etc/examples/postgresql.sql
cp tests/data/reader-interval.csv "$work/records/p1_reader_interval-20261122-075000.csv"
# What is not complete has another name.
echo broken >"$work/records/.p1_reader_interval-20261122-080000.csv.tmp"
load
load
count=$(query 'SELECT count(*) FROM readings') expected=$(grep -c . tests/data/reader-interval.csv)
[ "$count" -eq "$expected" ] || fail "$count rows in the database, $expected in the file"
[ -e "$work/records/loaded/p1_reader_interval-20261122-075000.csv" ] || fail "the file is not kept"

# The hour that comes twice: in one file, in a file of the second one, in a file of the first one.
cd "$work/records"
rows 01:55 02:00 02:55 02:00 02:05 >p1_reader_interval-20251026-020500.csv
rows 02:10 02:15 >p1_reader_interval-20251026-021500.csv
touch -d 2025-10-26T01:15:03Z p1_reader_interval-20251026-021500.csv
rows 02:20 02:25 >p1_reader_interval-20251026-022500.csv
touch -d 2025-10-26T00:25:03Z p1_reader_interval-20251026-022500.csv
cd - >/dev/null
# One of them cannot be moved: it is loaded, said, and loaded again without harm.
mkdir "$work/records/loaded/p1_reader_interval-20251026-021500.csv"
! load 2>/dev/null || fail "nothing is said of a file that cannot be moved"
! load 2>/dev/null || fail "nothing is said of a file that cannot be moved"
rmdir "$work/records/loaded/p1_reader_interval-20251026-021500.csv"
load
found=$(query "SELECT string_agg(to_char(time_utc AT TIME ZONE 'UTC', 'HH24:MI'), ' ' ORDER BY time_utc)
               FROM readings WHERE time < '2025-10-27'")
expected="23:55 00:00 00:20 00:25 00:55 01:00 01:05 01:10 01:15"
[ "$found" = "$expected" ] || fail "the repeated hour is $found, not $expected"
! ls "$work"/records/p1_reader_interval-* 2>/dev/null || fail "files are left"
echo "  interval files   $count rows of $count; the hour that comes twice is there twice; a file that stays is loaded once"
