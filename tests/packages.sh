#!/usr/bin/env bash
# The packages in target/debian are small, and lintian finds neither errors nor warnings in them; each has a synopsis of
# its own, a home page and checksums of its files.
# usage: tests/packages.sh      after make deb or make deb-all; needs lintian
set -euo pipefail
cd "$(dirname "$0")/.."

# A package of one program; that of the suite has five, and each of them brings what it needs of the library.
MOST=1500000
MOST_OF_SUITE=2000000
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
    "${as_nobody[@]}" lintian --pedantic --fail-on error,warning --tag-display-limit 0 "$package"
    [ -n "$(dpkg-deb -f "$package" Homepage)" ] || { echo "FAILED: no home page" >&2; exit 1; }
    rm -rf "$place/files"
    dpkg-deb -R "$package" "$place/files"
    (cd "$place/files" && md5sum --quiet -c DEBIAN/md5sums)
    [ "$(wc -l <"$place/files/DEBIAN/md5sums")" -eq "$(find "$place/files" -type f ! -path '*/DEBIAN/*' | wc -l)" ] ||
        { echo "FAILED: a file without a checksum" >&2; exit 1; }
    dpkg-deb -f "$package" Description | sed -n 1p >>"$place/synopses"
done
[ "$(dpkg-deb -f target/debian/*_all.deb Architecture)" = all ]
same=$(sort "$place/synopses" | uniq -d)
# Packages of several architectures have the same.
[ -z "$same" ] || [ "$(find target/debian -name 'p1-mqtt_*.deb' | wc -l)" -gt 1 ] ||
    { echo "FAILED: two packages are: $same" >&2; exit 1; }
