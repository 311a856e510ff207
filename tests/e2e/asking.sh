# shellcheck shell=bash
# What the scenarios ask of the machine, and do to its meters. Part of tests/e2e.sh.

# plug_in NAME      puts a simulated meter at /dev/NAME
plug_in() { quietly inside systemctl start "meter@$1"; }

pull() { quietly inside systemctl stop "meter@$1"; }

# rows [BEGINNING]      of the details, as they are on the disk
rows() { inside sh -c "cat /var/lib/p1-multicast/${1:-p1_reader}_details-*.csv 2>/dev/null | grep -c '^[0-9]'" || true; }

has_rows_beyond() { [ "$(rows "${2:-}")" -gt "$1" ]; }
more_rows() { wait_until "telegrams $1" has_rows_beyond "$(($(rows "${2:-}") + 3))" "${2:-}"; }

state() { inside systemctl show --property "$2" --value "$1"; }
is() { [ "$(state "$1" "$2")" = "$3" ]; }
is_other() { [ "$(state "$1" "$2")" != "$3" ]; }
is_beyond() { [ "$(state "$1" "$2")" -gt "$3" ]; }
# finds ARGUMENT ...      as `grep -q` in a pipe, which would end before who writes, whose signal counts as a failure
finds() { grep "$@" >/dev/null; }
status_says() { inside systemctl status --no-pager "$1" | finds "$2"; }
status_has() { [[ $(state "$1" StatusText) == *"$2"* ]]; }
journal_has() { inside journalctl -u "$1" -o cat --no-pager | finds "$2"; }
configure() { inside sed -i "$@" /etc/p1-multicast/p1reader.yml; }
