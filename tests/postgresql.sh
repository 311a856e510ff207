#!/usr/bin/env bash
# The example for PostgreSQL on a real server: interval files are loaded whole, each once.
# Needs root and the Debian package postgresql; the server is one of our own, without network.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort | tail -n 1)
if [ -z "$bin" ] || [ "$(id -u)" -ne 0 ]; then
    echo "skipped: the example for PostgreSQL needs PostgreSQL and root"
    exit 0
fi
work=$(mktemp -d)
chmod 711 "$work"
as_postgres() { (cd "$work" && runuser -u postgres -- "$@"); }
finish() {
    as_postgres "$bin/pg_ctl" -D "$work/server/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

install -d -o postgres "$work/server" "$work/records"
as_postgres "$bin/initdb" -D "$work/server/data" -A trust >/dev/null
as_postgres "$bin/pg_ctl" -D "$work/server/data" -w -l "$work/server/log" \
    -o "-k $work/server -c listen_addresses=''" start >/dev/null
export PGHOST=$work/server PGUSER=postgres PGDATABASE=postgres
psql --quiet --file etc/examples/postgresql.sql

cp tests/data/reader-interval.csv "$work/records/p1_reader_interval-20261122-075000.csv"
# What is not complete has another name.
echo broken >"$work/records/.p1_reader_interval-20261122-080000.csv.tmp"
etc/examples/postgresql.sh "$work/records"
etc/examples/postgresql.sh "$work/records"
rows=$(psql --tuples-only --no-align --command 'SELECT count(*) FROM readings')
expected=$(grep -c . tests/data/reader-interval.csv)
[ "$rows" -eq "$expected" ] || { echo "FAILED: $rows rows in the data base, $expected in the file" >&2; exit 1; }
[ -e "$work/records/loaded/p1_reader_interval-20261122-075000.csv" ] || { echo "FAILED: not kept" >&2; exit 1; }
echo "PostgreSQL has all $rows records"
