# shellcheck shell=sh
# Offers crew-trouble in the version of the first argument on this host, whose repository keeps the earlier ones. 2.0 comes with a
# file that has the shop listen where nobody asks it; the file goes with the version.
set -eu
root=$(mktemp -d)
name=crew-trouble_$1_all.deb
mkdir -p /srv/crew "$root/DEBIAN"
cat > "$root/DEBIAN/control" << END
Package: crew-trouble
Version: $1
Architecture: all
Maintainer: Crew <crew@example.com>
Description: A test
END
cat > "$root/DEBIAN/postinst" << 'END'
#!/bin/sh
systemctl daemon-reload
# With a version before it only, as an update.
[ -z "$2" ] || systemctl try-restart shop.service
END
chmod 755 "$root/DEBIAN/postinst"
if [ "$1" = 2.0 ]; then
    mkdir -p "$root/usr/lib/systemd/system/shop.service.d"
    printf '[Service]\nEnvironment=SHOP_PORT=8001\n' > "$root/usr/lib/systemd/system/shop.service.d/trouble.conf"
fi
dpkg-deb --root-owner-group --build "$root" "/srv/crew/$name"
rm -r "$root"

cd /srv/crew
{
    dpkg-deb --field "$name"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$name" "$(stat -c %s "$name")" "$(sha256sum "$name" | cut -d ' ' -f 1)"
} >> Packages
printf 'Origin: Crew\nLabel: Crew\nDate: %s\nSHA256:\n %s %s Packages\n' \
    "$(LC_ALL=C date --utc '+%a, %d %b %Y %H:%M:%S UTC')" "$(sha256sum Packages | cut -d ' ' -f 1)" "$(stat -c %s Packages)" > Release
echo 'deb [trusted=yes] file:/srv/crew ./' > /etc/apt/sources.list.d/crew.list
apt-get -qq -o Dir::Etc::SourceList=sources.list.d/crew.list -o Dir::Etc::SourceParts=- -o APT::Get::List-Cleanup=0 update
