#!/usr/bin/env bash
# The template of a unit for further meters is the unit itself, but for the instance.
set -euo pipefail
cd "$(dirname "$0")/../systemd"

for template in *@.service; do
    unit=${template/@/}
    [ ! -e "$unit" ] ||
        diff "$unit" <(sed -e '/^Description/ s/, %i)/)/' -e '/^ExecStart/ s| --config-file [^ ]*%i.yml||' -e '/^LoadCredential/ s|-%i$||' "$template")
done
