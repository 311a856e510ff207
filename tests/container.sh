#!/usr/bin/env bash
# The container image: static programs of a user that is not root, on a file system that cannot be written, from the
# meter over multicast to the records.
# usage: tests/container.sh      needs root, and podman (with runc) or buildah; says so where there is neither
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    cat "$work"/*.log >&2 || true
    echo "FAILED: $*" >&2
    exit 1
}

if ! command -v podman >/dev/null && ! command -v buildah >/dev/null; then
    echo "skipped: there is neither podman nor buildah"
    exit 0
fi
[ "$(id -u)" -eq 0 ] || { echo "skipped: the test of the image needs root"; exit 0; }
# All traffic stays in a network of our own, which is that of the host for the containers.
[ "${1:-}" = alone ] || exec unshare --net "$PWD/tests/container.sh" alone
ip link set lo up

run=
line=
work=$(mktemp -d)
# With its line, the meter and the listener end.
stop() {
    [ -z "$line" ] || kill "$line" || true
    [ "$run" != with_podman ] ||
        podman "${storage[@]}" --cgroup-manager cgroupfs "${runtime[@]}" kill --all >/dev/null 2>&1 || true
    wait || true
    rm -rf "$work"
}
trap stop EXIT

# Images that others have made are left alone.
storage=(--root "$work/storage" --runroot "$work/runroot" --storage-driver vfs)
tool=$(command -v podman || command -v buildah)
# It is the image that is tried, not the speed of what is in it.
CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    make --no-print-directory container IMAGE_TOOL="$tool ${storage[*]}" >"$work/make.log" 2>&1 || fail "make container"
for program in target/container/root/usr/bin/*; do
    ! readelf -d "$program" | grep NEEDED >/dev/null || fail "$program is not static"
done

with_podman() {
    podman "${storage[@]}" --cgroup-manager cgroupfs "${runtime[@]}" run --rm -i --network host --read-only \
        --volume "$work/files:/files" "${limits[@]}" p1-multicast "$@"
}
# Where no container may be started, as inside of some, its programs still run as its user on its files.
with_buildah() {
    local container
    container=$(buildah "${storage[@]}" from p1-multicast)
    buildah "${storage[@]}" run --isolation chroot --network host --volume "$work/files:/files" "$container" -- "$@"
}
works() { "$1" p1cat --version >>"$work/attempts.log" 2>&1; }

install -d -o 10001 -g 10001 "$work/files"
runtime=() limits=()
if command -v podman >/dev/null; then
    if works with_podman; then
        run=with_podman
    elif runtime=(--runtime runc) limits=(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024) && works with_podman; then
        run=with_podman
    fi
fi
[ -n "$run" ] || ! command -v buildah >/dev/null || ! works with_buildah || run=with_buildah
[ -n "$run" ] || fail "no container can be run here"

cat >"$work/files/p1reader.yml" <<'END'
p1_listener: {port: "-"}
multicast: {port: 52041, raw_port: 52042, interface: lo, TTL: 0}
END
settings=(--config-file /files/p1reader.yml)
mkfifo "$work/meter" "$work/line"
# Longer than it takes a busy machine to start the other containers.
$run p1sim --stdout --count 600 >"$work/meter" 2>"$work/p1sim.log" </dev/null &
cat "$work/meter" >"$work/line" &
line=$!
$run p1listener "${settings[@]}" <"$work/line" >"$work/p1listener.log" 2>&1 &
$run p1cat "${settings[@]}" --count 1 --timeout 300 </dev/null >"$work/telegram" 2>"$work/p1cat.log" || fail "p1cat"
grep -q '"1-0:1.8.1":[0-9]' "$work/telegram" || fail "no telegram"
$run p1reader "${settings[@]}" --test </dev/null >"$work/p1reader.log" 2>&1 || fail "p1reader --test"
# The shipped configuration writes to places that the user of the image may write to.
$run p1reader --check-config </dev/null >"$work/check.log" 2>&1 || fail "the configuration of the image"
echo "five telegrams from container to container (${run#with_}, $(du -sh target/container | cut -f 1) of programs)"
