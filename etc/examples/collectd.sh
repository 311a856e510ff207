#!/bin/sh
# For the exec plugin of collectd, see collectd.conf.
host=${COLLECTD_HOSTNAME:-localhost}
interval=${COLLECTD_INTERVAL:-10}
put() { printf 'PUTVAL "%s/p1/%s" interval=%s %%{epoch}:%%{%s}\\n' "$host" "$1" "$interval" "$2"; }
# Values that a meter does not send are left out by the sed: collectd knows no `-`.
p1cat --every "${interval%.*}" --format "$(
    put power-net power_w
    put voltage-l1 voltage_l1_v
    put current-l1 current_l1_a
    put derive-import_wh_t1 1-0:1.8.1
    put derive-import_wh_t2 1-0:1.8.2
    put derive-export_wh_t1 1-0:2.8.1
    put derive-export_wh_t2 1-0:2.8.2
)" | sed -u -e '/:-$/d' -e '/^$/d'
