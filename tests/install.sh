#!/usr/bin/env bash
# make install puts everything below its PREFIX, where what it tells of a place is right; make uninstall takes
# it all away again, but what is the user's.
# usage: tests/install.sh      after make build
set -euo pipefail
cd "$(dirname "$0")/.."

place=$(mktemp -d)
trap 'rm -rf "$place" "$place.log"' EXIT
settings=$place/etc/p1-multicast

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

run() { make --no-print-directory "$1" DESTDIR="$place" PREFIX="$prefix" >"$place.log" 2>&1 || { cat "$place.log" >&2; fail "$1"; }; }

# Files and links, and folders of our own.
left() { find "$place" ! -type d -o -name "p1-multicast" -o -name "examples" | sort; }

for prefix in /usr/local /usr; do
    run install
    "$place$prefix/bin/p1cat" --version
    grep -rhoEI '/usr/(local/)?(bin/p1|share/(doc/)?p1-)[a-z0-9./-]*[a-z0-9]' "$place" | sort -u | while read -r file; do
        [[ $file == $prefix/[bs]* ]] || fail "$file is not below $prefix"
        [ -e "$place$file" ] || fail "$file is not there"
    done
    [ "$(find "$place" -name 'p1*.[1578]' | wc -l)" -eq "$(find man -type f | wc -l)" ] || fail "a man page is missing"

    run uninstall
    [ -z "$(left)" ] || fail "uninstall with $prefix left: $(left)"

    # What others have put beside it, and what the user has changed, stays.
    run install
    echo '# Edited.' >>"$settings/p1reader.yml"
    touch "$settings/attic.yml" "$place$prefix/bin/p1other"
    run install
    run uninstall
    [ "$(left)" = "$(printf '%s\n' "$settings"{,/attic.yml,/p1reader.yml} "$place$prefix/bin/p1other")" ] || fail "left: $(left)"
    grep -q '# Edited' "$settings/p1reader.yml" || fail "the edited configuration is lost"
    grep -q "p1reader.yml stays" "$place.log" || fail "nothing is said of what stays"
    rm -r "$settings" "$place$prefix/bin/p1other"
done
