#!/usr/bin/env bash
# Every manual page begins with what most people need: NAME, SYNOPSIS, a DESCRIPTION of ten lines at most, EXAMPLES, and
# OPTIONS where there are any; and the first screen of p1cat(1) has an example.
# usage: tests/manuals.sh      needs mandoc
set -euo pipefail
cd "$(dirname "$0")/.."

MAX_LINES=10

fail() {
    echo "$*" >&2
    exit 1
}

rendered() { mandoc -Tascii -Owidth=78 "$1" 2>/dev/null | col -b; }

for page in man/*.[1-8]; do
    sections=$(sed -n 's/^\.Sh //p' "$page" | tr -d '\\&' | head -n 5 | tr '\n' ,)
    options=
    ! grep -q '^\.It Fl ' "$page" || options=OPTIONS,
    case $sections in
        NAME,SYNOPSIS,DESCRIPTION,EXAMPLES,$options* | NAME,DESCRIPTION,EXAMPLES,$options*) ;;
        *) fail "$page begins with $sections" ;;
    esac
    lines=$(rendered "$page" | sed -n '/^DESCRIPTION/,/^EXAMPLES/{/^ /p;}' | wc -l)
    [ "$lines" -le $MAX_LINES ] || fail "$page: the description has $lines lines, more than $MAX_LINES"
done
# less(1) shows 23 lines of a terminal of 24.
[[ $(rendered man/p1cat.1) =~ ^([^$'\n']*$'\n'){1,22}[^$'\n']*'$ p1cat' ]] || fail "man/p1cat.1: no example on the first screen"
