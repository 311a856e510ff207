#!/bin/sh
# Sends the readings to InfluxDB, VictoriaMetrics or QuestDB every ten seconds, without Telegraf.
# usage: push-influx.sh URL      such as http://localhost:8086/write?db=p1 (InfluxDB 1),
#   http://localhost:8086/api/v2/write?org=home&bucket=p1 (2 and 3, with $INFLUX_TOKEN),
#   http://localhost:8428/write (VictoriaMetrics). While the database is away, readings are lost: load-history.py
#   sends the history when it is back.
set -eu
url=$1
p1cat --every 10 --format influx | while read -r line; do
    printf '%s\n' "$line" | curl --silent --show-error --fail --max-time 8 --data-binary @- \
        ${INFLUX_TOKEN:+--header "Authorization: Token $INFLUX_TOKEN"} "$url" || true
done
