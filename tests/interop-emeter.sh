#!/usr/bin/env bash
# p1sim, p1listener, p1emeter, and two receivers of other people at once: each second's watts are those of p1cat.
# usage: tests/interop-emeter.sh PROGRAMS SECONDS      needs root, python3 with venv, node and npm, and PyPI and
# npm, or what of them was fetched before; a receiver that cannot be had is skipped, and said
#        tests/interop-emeter.sh fetch                 only fetches them
set -euo pipefail
cd "$(dirname "$0")/.."

fetched=$PWD/target/interop-emeter
if [ "${3:-}" != alone ]; then
    mkdir -p "$fetched"
    if [ ! -x "$fetched/venv/bin/python" ] || ! "$fetched/venv/bin/python" -c 'import pysmaplus' 2>/dev/null; then
        rm -rf "$fetched/venv"
        { python3 -m venv "$fetched/venv" && "$fetched/venv/bin/pip" -q install pysma-plus==0.5.4; } ||
            rm -rf "$fetched/venv"
    fi
    if [ ! -e "$fetched/package/main.js" ]; then
        (cd "$fetched" && npm pack --silent iobroker.sma-em@1.4.0 && tar xf iobroker.sma-em-1.4.0.tgz) || true
    fi
    [ "$1" != fetch ] || exit 0
    # All traffic stays in a network of our own.
    exec unshare --net "$PWD/tests/interop-emeter.sh" "$1" "$2" alone
fi

work=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT
# start NAME COMMAND ...
start() {
    local name=$1
    shift
    "$@" >"$work/$name.out" 2>"$work/$name.err" &
    pids+=($!)
}

cp "$1"/p1{sim,listener,emeter,cat} "$work"
ip link set lo up
ip link add meter0 type veth peer name meter1
ip address add 192.0.2.1/24 dev meter0
ip link set meter1 up
ip link set meter0 up
cat >"$work/p1.yml" <<END
p1_listener: {port: $work/meter}
multicast:   {interface: lo}
p1_emeter:   {interface: meter0}
END
start cat "$work/p1cat" --config-file "$work/p1.yml"
if [ -e "$fetched/venv" ]; then
    start pysma "$fetched/venv/bin/python" tests/interop/emeter/receive.py 192.0.2.1
else
    echo "skipped: pysma-plus of PyPI is not there"
fi
if [ -e "$fetched/package/main.js" ] && command -v node >/dev/null; then
    mkdir -p "$work/node/node_modules/@iobroker"
    cp -r "$fetched/package" "$work/node/adapter"
    cp tests/interop/emeter/adapter-core.js "$work/node/node_modules/@iobroker/adapter-core.js"
    OWN=192.0.2.1 start iobroker node "$work/node/adapter/main.js"
else
    echo "skipped: iobroker.sma-em of npm is not there"
fi
# A receiver is there when it is a member of the group.
receivers=$((${#pids[@]} - 1)) end=$((SECONDS + 300))
until [ $receivers -eq 0 ] || ip maddress show dev meter0 | grep "239.12.255.254.*users $receivers\$" >/dev/null ||
    { [ $receivers -eq 1 ] && ip maddress show dev meter0 | grep 239.12.255.254 >/dev/null; }; do
    [ "$SECONDS" -lt "$end" ] || { tail -n 5 "$work"/*.err >&2; echo "the receivers do not begin" >&2; exit 1; }
    sleep 0.2
done
start emeter "$work/p1emeter" --config-file "$work/p1.yml"
until grep ' started: ' "$work/emeter.err" >/dev/null; do sleep 0.2; done
start listener "$work/p1listener" --config-file "$work/p1.yml"
start sim "$work/p1sim" --link "$work/meter"
sleep "$2"
# What is on its way arrives; then p1emeter says what it has sent.
kill "${pids[-1]}"
sleep 3
kill "${pids[-3]}"
wait "${pids[-3]}"
python3 tests/interop/emeter/compare.py "$work"/{cat,pysma,iobroker}.out "$work/emeter.err" || {
    tail -n 5 "$work"/*.err
    exit 1
}
