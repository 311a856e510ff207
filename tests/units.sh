#!/usr/bin/env bash
# The template of a unit for further meters is the unit itself, but for the instance.
set -euo pipefail
cd "$(dirname "$0")/../systemd"

# What a client gets is the only difference.
for service in p1json p1metrics; do
    diff <(grep -vE '^(Description|ExecStart|StandardInput)=' p1raw@.service) \
        <(grep -vE '^(Description|ExecStart|StandardInput)=' $service@.service)
    diff <(grep -v '^Description=' p1raw.socket | sed 's/p1raw/SERVICE/; s/2001/PORT/') \
        <(grep -v '^Description=' $service.socket | sed "s/$service/SERVICE/; s/2002\|2005/PORT/")
done

for template in *@.service; do
    unit=${template/@/}
    [ ! -e "$unit" ] ||
        diff "$unit" <(sed -e '/^Description/ s/, %i)/)/' -e '/^ExecStart/ s| --config-file [^ ]*%i.yml||' -e '/^LoadCredential/ s|-%i$||' "$template")
done
