#!/usr/bin/env bash
# apt takes the packages from the repository of make apt-repo, for each architecture, by the key that lies in
# it; and what there is stays when it cannot be made anew.
# usage: tests/repository.sh      after make deb; needs apt-utils and gnupg
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
export GNUPGHOME=$work/gnupg
trap 'gpgconf --kill gpg-agent || true; rm -rf "$work"' EXIT
repository=$work/repository

fail() {
    cat "$work/log" >&2
    echo "FAILED: $*" >&2
    exit 1
}

mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-gen-key 'p1-multicast test <test@example.org>' ed25519 sign

# Packages for every architecture: but for the name of it, those for this machine.
mkdir "$work/packages" "$work/none"
cp target/debian/*_all.deb "$work/packages"
for package in target/debian/*_"$(dpkg --print-architecture)".deb; do
    for architecture in amd64 arm64 armhf; do
        rm -rf "$work/package"
        dpkg-deb -R "$package" "$work/package"
        sed -i "s/^Architecture: .*/Architecture: $architecture/" "$work/package/DEBIAN/control"
        dpkg-deb --root-owner-group -b "$work/package" "$work/packages" >/dev/null
    done
done

(umask 077 && debian/make-apt-repo "$repository" test@example.org "$work/packages") >"$work/log" 2>&1 || fail "make-apt-repo"
[ -z "$(find "$repository" ! -perm -o+r)" ] || fail "the repository is not for everyone to read"
signed=$(sha256sum "$repository/dists/stable/InRelease")
! debian/make-apt-repo "$repository" nobody@example.org "$work/packages" >"$work/log" 2>&1 || fail "a key that is not there"
! debian/make-apt-repo "$repository" test@example.org "$work/none" >"$work/log" 2>&1 || fail "no packages"
[ "$(sha256sum "$repository/dists/stable/InRelease")" = "$signed" ] || fail "an attempt that failed touched what there was"

# ask ARCHITECTURE ARGUMENT ...      apt-get of a system that has nothing but this repository
ask() {
    local architecture=$1 system=$work/system-$1
    shift
    mkdir -p "$system"/{etc/apt/preferences.d,var/lib/apt/lists/partial,var/cache/apt/archives/partial}
    echo "deb [signed-by=$repository/p1-multicast.gpg] file:$repository stable main" >"$system/etc/apt/sources.list"
    touch "$system/status"
    apt-get -q -o Dir="$system" -o Dir::State::Status="$system/status" -o Dir::Etc::TrustedParts=/nonexistent \
        -o Dir::Etc::Trusted=/nonexistent -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
        -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any "$@"
}

for architecture in amd64 arm64 armhf; do
    ask "$architecture" update >"$work/log" 2>&1 || fail "apt-get update for $architecture"
    for package in p1-multicast p1-dashboard p1-mqtt p1-emeter; do
        (cd "$work" && ask "$architecture" download $package) >"$work/log" 2>&1 || fail "apt-get download $package for $architecture"
        cmp "$work/$package"_*_"$architecture.deb" "$work/packages/$package"_*_"$architecture.deb"
    done
    (cd "$work" && ask "$architecture" download p1-multicast-common) >"$work/log" 2>&1 || fail "apt-get download for $architecture"
    cmp "$work"/p1-multicast-common_*.deb "$work"/packages/p1-multicast-common_*.deb
    echo "$architecture: apt has all packages"
done
