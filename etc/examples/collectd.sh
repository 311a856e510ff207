#!/bin/sh
# For the exec plugin of collectd, see collectd.conf.
host=${COLLECTD_HOSTNAME:-localhost}
interval=${COLLECTD_INTERVAL:-10}
put() { printf 'PUTVAL "%s/p1/%s" interval=%s %%{epoch}:%%{%s}\\n' "$host" "$1" "$interval" "$2"; }
# Values that a meter does not send are left out by the sed: collectd knows no `-`.
p1cat --every "${interval%.*}" --format "$(
    put power-net power_w
    for phase in l1 l2 l3; do
        put power-$phase power_${phase}_w
        put voltage-$phase voltage_${phase}_v
        put current-$phase current_${phase}_a
    done
    # Registers in Wh, which are whole numbers: a meter has those of the tariffs, or the total.
    put derive-import_wh 1-0:1.8.0
    put derive-import_wh_t1 1-0:1.8.1
    put derive-import_wh_t2 1-0:1.8.2
    put derive-export_wh 1-0:2.8.0
    put derive-export_wh_t1 1-0:2.8.1
    put derive-export_wh_t2 1-0:2.8.2
    put gauge-gas_m3 gas_m3
    put gauge-water_m3 water_m3
)" | sed -u -e '/:-$/d' -e '/^$/d'
