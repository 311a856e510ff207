#!/bin/sh
# The main job without any hardware: a simulated meter, the listener, the recorder, and the dashboard;
# without a terminal, 20 seconds of telegrams in a pipe instead of the dashboard.
# Everything stays on this machine (interface lo) and in a scratch directory.
set -eu

programs=$(cd "${1:?usage: demo.sh DIRECTORY-OF-THE-PROGRAMS}" && pwd)
scratch=$(mktemp -d)
seconds=20

cat >"$scratch/p1reader.yml" <<END
p1_listener: {port: $scratch/meter, name: demo}
multicast: {port: 52011, raw_port: 52012, interface: lo, TTL: 0}
p1_dashboard: {fuse: 25}
p1_reader_details: {filename: $scratch/p1_reader_details-DAY.csv, flush_period: 5}
p1_reader_interval: {filename: $scratch/p1_reader_interval-PERIOD.csv, flush_period: 300}
p1_reader_day: {filename: $scratch/p1_reader_day-DAY.csv, flush_period: 300}
p1_reader_history: {filename: $scratch/p1_reader_history-YEAR.csv, flush_period: 300}
html_report: {filename: $scratch/lastm.html, flush_period: 5}
weekly_log: {filename: $scratch/p1_reader-YYYY-Www.log, measurement_period: 5, flush_period: 5}
END

pids=
start() {
    program=$1
    shift
    "$programs/$program" "$@" >"$scratch/$program.log" 2>&1 &
    pids="$! $pids"
}

finish() {
    trap - EXIT INT TERM HUP
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    show_files
    rm -rf "$scratch"
}

show_files() {
    rows=$(cat "$scratch"/p1_reader_details-*.csv 2>/dev/null | grep -vc '^datum' || true)
    echo
    echo "Recorded: ${rows:-0} telegrams, in these files:"
    for file in "$scratch"/p1_reader* "$scratch"/lastm.html; do
        [ -f "$file" ] || continue
        [ "$file" != "$scratch/p1reader.yml" ] || continue
        printf '  %8s bytes  %s\n' "$(wc -c <"$file")" "${file##*/}"
    done
    for file in "$scratch"/p1_reader_details-*.csv; do
        [ -f "$file" ] || continue
        echo "The last row of ${file##*/}:"
        tail -n 1 "$file" | cut -c 1-100
    done
}

# The number under a code of a telegram in JSON.
number() {
    printf '%s\n' "$line" | sed -n "s/.*\"$1\":\(-\{0,1\}[0-9.]*\).*/\1/p"
}

trap 'finish; exit 0' INT TERM HUP
trap 'finish' EXIT

start p1sim --link "$scratch/meter"
start p1reader --config-file "$scratch/p1reader.yml"
start p1listener --config-file "$scratch/p1reader.yml"

if [ -t 1 ] && [ -t 0 ]; then
    echo "A simulated meter, p1listener and p1reader are at work in $scratch; q ends the dashboard."
    sleep 2
    "$programs/p1dashboard" --config-file "$scratch/p1reader.yml"
    exit 0
fi

echo "A simulated meter, p1listener and p1reader at work for $seconds seconds:"
mkfifo "$scratch/pipe"
"$programs/p1cat" --config-file "$scratch/p1reader.yml" --timeout 120 --count "$seconds" \
    >"$scratch/pipe" 2>"$scratch/p1cat.log" &
pids="$! $pids"
seen=0
while read -r line; do
    seen=$((seen + 1))
    printf '%s  telegram %4s   in %5s W   out %5s W   meter %9s Wh   gas %8s dm3\n' \
        "$(date +%H:%M:%S)" "$(number frame-number)" "$(number 1-0:1.7.0)" "$(number 1-0:2.7.0)" \
        "$(($(number 1-0:1.8.1) + $(number 1-0:1.8.2)))" "$(number 0-1:24.2.1.B)"
done <"$scratch/pipe"

if [ "$seen" -lt "$seconds" ]; then
    echo "Only $seen telegrams came." >&2
    exit 1
fi
