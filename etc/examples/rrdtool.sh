#!/bin/sh
# Feeds a round-robin data base: registers in Wh as DERIVE (so a rate in Wh a second), power as GAUGE.
# usage: rrdtool.sh FILE.rrd
set -eu
rrd=$1
[ -e "$rrd" ] || rrdtool create "$rrd" --step 10 \
    DS:import1:DERIVE:60:0:U DS:import2:DERIVE:60:0:U DS:export1:DERIVE:60:0:U DS:export2:DERIVE:60:0:U \
    DS:power:GAUGE:60:-30000:30000 RRA:AVERAGE:0.5:1:8640 RRA:AVERAGE:0.5:30:8928 RRA:MAX:0.5:30:8928
# What a telegram does not tell is `-` in p1cat's line, and U to rrdtool.
p1cat --every 10 --format "update $rrd %{epoch}:%{1-0:1.8.1}:%{1-0:1.8.2}:%{1-0:2.8.1}:%{1-0:2.8.2}:%{power_w}" |
    sed -u -e 's/:-:/:U:/g' -e 's/:-:/:U:/g' -e 's/:-$/:U/' | rrdtool - >/dev/null
