#!/usr/bin/env bash
# What other people's programs in Python need, from PyPI, in target/interop: Home Assistant's parser, DuckDB, pandas.
# What cannot be had is left out, and its tests are skipped.
# usage: tests/interop/prepare.sh [PACKAGE:MODULE ...]
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/interop
[ -x $venv/bin/python ] || python3 -m venv $venv || { rm -rf $venv; exit 0; }
[ $# -gt 0 ] || set -- dsmr-parser==1.4.2:dsmr_parser duckdb:duckdb pandas:pandas
for package; do
    $venv/bin/python -c "import ${package#*:}" 2>/dev/null ||
        $venv/bin/pip install --quiet "${package%:*}" || echo "not installed: ${package%:*}"
done
