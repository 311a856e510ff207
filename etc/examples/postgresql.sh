#!/bin/sh
# Loads the interval files that are complete into PostgreSQL, each once, and keeps them in loaded/.
# usage: postgresql.sh [DIRECTORY]     the data base is that of PGHOST, PGDATABASE, PGUSER; see postgresql.sql
# To be run as root or p1-multicast: others may read the files, but not move them.
set -eu
cd "${1:-/var/lib/p1-multicast}"
mkdir -p loaded
# A file appears by rename: what matches the pattern is whole.
for file in p1_reader_interval-20??????-??????.csv; do
    [ -e "$file" ] || continue
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command \
        "COPY readings (time, import, import_min, import_avg, import_max, export, export_min, export_avg, export_max)
         FROM STDIN WITH (FORMAT csv)" <"$file"
    mv "$file" loaded/
done
