#!/usr/bin/env bash
# The Debian source package builds on a clean Debian 13 without a network, with what its Build-Depends name, into packages
# with the files and the fields that those of make deb have; lintian finds neither errors nor warnings in it.
# usage: tests/source.sh      after make deb, of a tree without changes; needs root, lintian, mmdebstrap and a Debian
# mirror (MIRROR). The Debian 13 is that of tests/msrv.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

debian=$PWD/target/msrv/trixie
place=$(mktemp -d)
trap 'rm -rf "$place" "$debian/build"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || { echo "tests/source.sh needs root" >&2; exit 77; }
tests/msrv.sh compiler
debian/make-source >"$place/log" 2>&1 || { cat "$place/log" >&2; fail "make source"; }
ls -l target/source

# As nobody, for whom lintian wants to run.
chmod 755 "$place"
cp target/source/* "$place"
runuser -u nobody -- lintian --pedantic --fail-on error,warning --tag-display-limit 0 "$place"/*.dsc

# What is compiled is not used: the quickest way of compiling will do.
mkdir "$debian/build"
cp target/source/* "$debian/build"
# shellcheck disable=SC2016 # for the inner shell
unshare --mount --net sh -c '
    mount -t proc proc "$1/proc" && exec chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        sh -c "cd /build && dpkg-source -x *.dsc tree && cd tree && dpkg-buildpackage -us -uc -b"
' sh "$debian" >"$place/log" 2>&1 || { tail -n 40 "$place/log" >&2; fail "dpkg-buildpackage"; }

# What is in a package: the modes, owners and names of its files, its conffiles and scripts, and its fields. The libraries
# are those of this Debian, the size is that of other programs, and debhelper has another way of writing scripts.
content() {
    dpkg-deb -c "$1" | awk '$1 !~ /^d/ { print $1, $2, $6 }' | sort -k 3
    dpkg-deb -I "$1" conffiles 2>/dev/null || true
    for script in postinst prerm postrm; do
        ! dpkg-deb -I "$1" $script >/dev/null 2>&1 || echo $script
    done
    dpkg-deb -f "$1" | sed -e '/^Installed-Size:/d' -e 's/libc6 ([^)]*)/libc6/' -e 's/libgcc-s1 ([^)]*)/libgcc-s1/'
}
for package in target/debian/*_"$(dpkg --print-architecture)".deb target/debian/*_all.deb; do
    diff <(content "$package") <(content "$debian/build/${package##*/}") || fail "${package##*/} is another one from source"
    echo "${package##*/}: the same content from source"
done
