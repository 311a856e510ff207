#!/bin/sh
# Loads the interval files that are complete into PostgreSQL, each record once, and keeps them in loaded/.
# usage: postgresql.sh [DIRECTORY]     the database is that of PGHOST, PGDATABASE, PGUSER; see postgresql.sql
# To be run as root or p1-multicast: others may read the files, but not move them. Where a file cannot be moved
# it is loaded again the next time, and its records are there once all the same.
set -eu
cd "${1:-/var/lib/p1-multicast}"
mkdir -p loaded
# The zone of the times in the files.
zone=${TZ:-$(readlink -f /etc/localtime | sed 's|.*/zoneinfo/||')}
failed=0
psql --quiet --no-psqlrc --output /dev/null --command 'SELECT time_utc FROM readings LIMIT 0'
# A file appears by rename: what matches the pattern is whole.
for file in p1_reader_interval-20??????-??????.csv; do
    [ -e "$file" ] || continue
    # In the hour that comes twice, a record is of the first one when a later record of the file has an
    # earlier time, or when the file was there before the second one.
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set zone="$zone" --set written="$(stat -c %Y "$file")" \
        --file - <<END || { failed=1; continue; }
SET client_min_messages = warning;
BEGIN;
CREATE TEMP TABLE stage (n serial, LIKE readings) ON COMMIT DROP;
\copy stage (time, import, import_min, import_avg, import_max, export, export_min, export_avg, export_max) FROM '$file' WITH (FORMAT csv)
INSERT INTO readings (time_utc, time, import, import_min, import_avg, import_max, export, export_min, export_avg, export_max)
SELECT CASE WHEN is_twice AND (later <= time OR second > to_timestamp(:written)) THEN second - interval '1 hour' ELSE second END,
       time, import, import_min, import_avg, import_max, export, export_min, export_avg, export_max
FROM (SELECT *, (second - interval '1 hour') AT TIME ZONE :'zone' = time AS is_twice,
             min(time) OVER (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later
      FROM (SELECT *, time AT TIME ZONE :'zone' AS second FROM stage) AS moments) AS rows
ON CONFLICT DO NOTHING;
COMMIT;
END
    mv "$file" loaded/ || failed=1
done
exit $failed
