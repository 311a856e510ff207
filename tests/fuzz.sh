#!/bin/sh
# Fuzzes each target for so many seconds, beginning with the fixtures of the tests.
# Exit status 69: there is no nightly compiler or no cargo-fuzz.
set -eu

seconds=${1:-60}
cd "$(dirname "$0")/.."

if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "fuzzing needs a nightly compiler (rustup toolchain install nightly): nothing is fuzzed" >&2
    exit 69
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzzing needs cargo-fuzz (cargo install cargo-fuzz --locked): nothing is fuzzed" >&2
    exit 69
fi

# The fixtures have LF; meters send CR LF.
seed_telegrams() {
    mkdir -p "fuzz/corpus/$1"
    for file in tests/data/*.txt; do
        sed 's/$/\r/' "$file" >"fuzz/corpus/$1/$(basename "$file")"
    done
}

seed() {
    target=$1
    shift
    mkdir -p "fuzz/corpus/$target"
    cp "$@" "fuzz/corpus/$target"
}

# A file begins with the byte that chooses the options.
seed_cat() {
    mkdir -p fuzz/corpus/cat
    for choice in 000 001 002 003 004 005 006 007 010 047 110 201; do
        for file in tests/data/*.txt; do
            { printf '%b' "\\0$choice" && sed 's/$/\r/' "$file"; } >"fuzz/corpus/cat/$choice-$(basename "$file")"
        done
    done
}

# A file begins with the byte that chooses how its bytes are packed: two lists that meters push, in hexadecimal.
seed_dlms() {
    seed_telegrams dlms
    time=07E80B0E04120C0C00FFC400
    number=0600005AB1
    by_position=0F000000010C${time}0209090C$time$number$number$number$number$number$number$number$number
    by_code=0F0000000100020309060100010700FF${number}02020FFF161B
    for choice in 00 01 02 03; do
        bytes "$choice$by_position" >"fuzz/corpus/dlms/$choice-by-position"
        bytes "$choice$by_code" >"fuzz/corpus/dlms/$choice-by-code"
    done
}

bytes() {
    digits=$1
    while [ -n "$digits" ]; do
        rest=${digits#??}
        printf '%b' "\\0$(printf %o "0x${digits%"$rest"}")"
        digits=$rest
    done
}

seed_telegrams telegram
seed_telegrams round_trip
seed_dlms
seed message tests/data/*.json
seed config etc/p1reader.yml src/config/testdata/*.yml
seed_cat
seed signature tests/data/*.json

for target in telegram message config round_trip cat dlms signature; do
    case $target in
    message) length=16384 ;; # Datagrams are longer than telegrams.
    *) length=4096 ;;
    esac
    echo "== $target, $seconds s"
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len="$length" -timeout=120 -rss_limit_mb=1024 \
        -print_final_stats=1 -verbosity=0
done
