#!/usr/bin/env bash
# The packages on a real Debian: made with mmdebstrap, booted with systemd, installed by apt, with the
# commands of README.md as they stand there.
# usage: tests/e2e.sh [SUITE ...]      default: bookworm trixie
# Needs root, target/debian/*.deb (make deb), a Debian mirror (MIRROR), and:
#   apt-get install mmdebstrap systemd-container apt-utils gnupg
# It leaves nothing behind, also when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${MIRROR:-http://deb.debian.org/debian}
architecture=$(dpkg --print-architecture)
version=$(sed -n '1s/^[^(]*(\([^)]*\).*/\1/p' debian/changelog)
section="Install on Debian and Raspberry Pi OS"
work=$(mktemp -d)
export GNUPGHOME=$work/gnupg
machine=
examples=/usr/share/doc/p1-multicast/examples

# shellcheck source=tests/e2e/machine.sh
. tests/e2e/machine.sh
# shellcheck source=tests/e2e/asking.sh
. tests/e2e/asking.sh
# shellcheck source=tests/e2e/repository.sh
. tests/e2e/repository.sh
# shellcheck source=tests/e2e/daemons.sh
. tests/e2e/daemons.sh
# shellcheck source=tests/e2e/others.sh
. tests/e2e/others.sh

trap 'power_off; gpgconf --kill gpg-agent || true; rm -rf "$work"' EXIT
# Whatever is being run ends first: it could still write.
trap 'exit 1' HUP INT TERM

[ "$(id -u)" -eq 0 ] || { echo "tests/e2e.sh needs root" >&2; exit 77; }
place=$(block 1 | sed -n 's|.* file:\([^ ]*\) .*|\1|p')
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-gen-key 'p1-multicast test <test@example.org>' ed25519 sign
older_packages
for suite in "${@:-bookworm trixie}"; do
    for name in $suite; do
        echo "Debian $name"
        rm -rf "$work/apt"
        publish "$work/older"
        make_root "$name"
        boot
        install_and_start
        exposure
        sandbox
        journal_fields
        raw_over_tcp
        metrics_by_timer
        web_servers
        name_for_the_cable
        bridge
        encryption
        energy_meter
        autopkgtest
        settings
        history
        page_of_the_years
        turn_of_the_year
        old_records
        other_place
        changing_over
        further_meter
        faults
        reboot
        without_network
        upgrade
        remove_and_purge
        power_off
        rm -rf "$root"
    done
done
echo "all is well"
