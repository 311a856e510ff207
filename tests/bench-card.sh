#!/bin/sh
# What a day of telegrams writes to an SD card: ext4 on a loop device, a day of 86,400 telegrams through
# the recorder with the default flush periods (and others for the details), all outputs but the page.
# Prints bytes written to the device, journal and all, per byte recorded, and flushes of the device.
set -eu

cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: bench-card needs root, for a loop device and mount"
    exit 0
fi
for tool in losetup mkfs.ext4; do
    command -v "$tool" >/dev/null || { echo "skipped: bench-card needs $tool"; exit 0; }
done

cargo=${CARGO:-cargo}
bench=$("$cargo" bench --locked --bench recorder --no-run 2>&1 | sed -n 's/.*(\(.*recorder-[0-9a-f]*\)).*/\1/p')
[ -x "$bench" ] || { echo "bench-card cannot build benches/recorder.rs" >&2; exit 1; }

scratch=$(mktemp -d)
device=
finish() {
    mountpoint -q "$scratch/card" && umount "$scratch/card"
    [ -z "$device" ] || losetup -d "$device"
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
mkdir "$scratch/card"

# Field 7 of stat: sectors of 512 bytes written; field 16: flushes (fsync and fdatasync make them).
statistic() {
    sync
    awk "{print \$$1}" "/sys/block/${device#/dev/}/stat"
}

printf '%s\n' "details flush   recorded    written   ratio   flushes a day"
for period in 60 300 600 900; do
    truncate -s 512M "$scratch/image"
    mkfs.ext4 -q -b 4096 -F "$scratch/image"
    device=$(losetup -f --show "$scratch/image") || { echo "skipped: no loop device here"; exit 0; }
    mount -o noatime "$device" "$scratch/card"
    sleep 1
    sectors=$(statistic 7)
    flushes=$(statistic 16)
    "$bench" "$scratch/card" "$period" >"$scratch/log"
    sectors=$(($(statistic 7) - sectors))
    flushes=$(($(statistic 16) - flushes))
    recorded=$(find "$scratch/card" -type f -exec cat {} + | wc -c)
    awk -v p="$period" -v r="$recorded" -v s="$sectors" -v f="$flushes" \
        'BEGIN { printf "%11d s %10d %10d   %5.2f   %d\n", p, r, s * 512, s * 512 / r, f }'
    umount "$scratch/card"
    losetup -d "$device"
    device=
    rm "$scratch/image"
done
