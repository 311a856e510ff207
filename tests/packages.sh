#!/usr/bin/env bash
# The packages in target/debian are small, and lintian finds neither errors nor warnings in them.
# usage: tests/packages.sh      after make deb or make deb-all; needs lintian
set -euo pipefail
cd "$(dirname "$0")/.."

# A package of one program; that of the suite has five.
MOST=1500000
MOST_OF_SUITE=1750000
# lintian wants no root, and whoever it is must be able to read the packages.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
cp target/debian/*.deb "$place"
as_nobody=()
[ "$(id -u)" -ne 0 ] || as_nobody=(runuser -u nobody --)

for package in "$place"/*.deb; do
    size=$(stat -c %s "$package")
    echo "${package##*/}: $size bytes"
    most=$MOST
    case ${package##*/} in p1-multicast_*) most=$MOST_OF_SUITE ;; esac
    [ "$size" -le $most ] || { echo "FAILED: that is more than $most" >&2; exit 1; }
    "${as_nobody[@]}" lintian --fail-on error,warning --tag-display-limit 0 "$package"
done
