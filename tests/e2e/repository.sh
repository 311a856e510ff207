# shellcheck shell=bash
# The packages, how they are offered to the machine, and the commands of README.md that install them. Part
# of tests/e2e.sh, whose variables it uses.

# A block of commands in the section on installing, the first, second, … of them.
block() {
    awk -v section="## $section" -v wanted="$1" '
        /^## / { inside = $0 == section }
        !inside { next }
        /^    / { if (!in_block) number++; in_block = 1; if (number == wanted) print substr($0, 5); next }
        NF { in_block = 0 }' README.md
}

# Has the user of the machine type a block of the README.
as_in_readme() {
    local commands
    commands=$(block "$1")
    [ -n "$commands" ] || fail "README.md has no block $1 of commands in: $section"
    quietly inside runuser -l pi -c "set -e
$commands"
}

# The same programs in packages as those of 1.0.0 were, to upgrade from: p1-multicast-common was a part of p1-multicast,
# and no other one depended on it. The configuration is another one.
older_packages() {
    mkdir "$work/older"
    for package in target/debian/*_"${version}_$architecture.deb"; do
        rm -rf "$work/package"
        dpkg-deb -R "$package" "$work/package"
        sed -i -e 's/^Version: .*/Version: 1.0.0-1/' -e 's/p1-multicast-common ([^)]*), //' "$work/package/DEBIAN/control"
        case $package in
            */p1-multicast_*)
                dpkg-deb -x target/debian/p1-multicast-common_"$version"_all.deb "$work/package"
                rm -r "$work/package/usr/share/doc/p1-multicast-common"
                echo '# Older.' >>"$work/package/etc/p1-multicast/p1reader.yml"
                echo /etc/p1-multicast/p1reader.yml >"$work/package/DEBIAN/conffiles"
                ;;
        esac
        dpkg-deb --root-owner-group -b "$work/package" "$work/older" >/dev/null
    done
}

# Puts the packages of a folder into the repository.
publish() {
    quietly debian/make-apt-repo "$work/apt" test@example.org "$1"
    gpgconf --kill gpg-agent
}
