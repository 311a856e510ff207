#!/usr/bin/env bash
# No unit of a further meter is kept by hand beside the plain one, and systemd/make-instances changes just what differs:
# every path below /etc/p1-multicast but the broker's password is of the instance, and only three kinds of lines change.
set -euo pipefail
cd "$(dirname "$0")/.."

# What a client gets is the only difference.
for service in p1json p1metrics; do
    diff <(grep -vE '^(Description|ExecStart|StandardInput)=' systemd/p1raw@.service) \
        <(grep -vE '^(Description|ExecStart|StandardInput)=' systemd/$service@.service)
    diff <(grep -v '^Description=' systemd/p1raw.socket | sed 's/p1raw/SERVICE/; s/2001/PORT/') \
        <(grep -v '^Description=' systemd/$service.socket | sed "s/$service/SERVICE/; s/2002\|2005/PORT/")
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
systemd/make-instances "$folder"

fail() {
    echo "$*" >&2
    exit 1
}

for unit in systemd/*@.service; do
    [ ! -e "${unit/@/}" ] || fail "$unit is a second copy: systemd/make-instances makes it"
done
for unit in "$folder"/*; do
    name=${unit##*/}
    changed=$({ diff "systemd/${name/@/}" "$unit" || true; } | sed -n 's/^> \([A-Za-z]*\)=.*/\1/p' | sort -u | tr '\n' ' ')
    [[ $changed =~ ^Description\ ExecStart\ (LoadCredential\ )?$ ]] || fail "$name: changed lines: $changed"
    shared=$(sed '/^#/d' "$unit" | grep -o '/etc/p1-multicast/[^ ]*' | grep -v -e '%i' -e mqtt-password || true)
    [ -z "$shared" ] || fail "$name shares $shared"
    grep -q '^Description=.*, %i)$' "$unit" || fail "$name: its description does not name the instance"
done
