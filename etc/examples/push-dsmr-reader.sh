#!/bin/sh
# Sends a telegram to DSMR-reader's API every ten seconds, from wherever p1cat hears the meter.
# usage: push-dsmr-reader.sh URL KEY      such as http://dsmr.local/api/v1/datalogger/dsmrreading
# The key is that of DSMR-reader's configuration, API. Simpler, where it can connect here: see README.md.
set -eu
while :; do
    p1cat --raw --count 1 --timeout 60 |
        curl --silent --show-error --fail --max-time 8 --output /dev/null --header "Authorization: Token $2" \
            --data-urlencode telegram@- "$1" || true
    sleep 9
done
