# shellcheck shell=bash
# Helpers of the commands in script/: source it after "set -euo pipefail".

# Ansible refuses to start without a UTF-8 locale, which a fresh machine may lack.
export LC_ALL=C.UTF-8

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '%s\n' "$*" >&2; }

# Exit status 2 says that the machine, not the code, is at fault.
fail() { say "$(basename "$0"): $*"; exit 2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

need_debian() {
    local ID=an VERSION_ID=unknown
    # shellcheck source=/dev/null
    [ ! -r /etc/os-release ] || . /etc/os-release
    case "$ID $VERSION_ID" in
        "debian 12" | "debian 13") ;;
        *) fail "needs Debian 12 or 13 with apt (this is $ID $VERSION_ID); elsewhere, bring podman, runc, netavark and mmdebstrap yourself" ;;
    esac
    command -v apt-get >/dev/null || fail "needs apt-get, which is missing"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "needs root, or sudo, which is missing"
}

# Installs the packages named in FILE, one a line, that are missing.
need_packages() {
    local wanted missing
    wanted=$(grep -v -e '^#' -e '^$' "$1")
    missing=$(comm -23 <(sort <<<"$wanted") \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort))
    [ -n "$missing" ] || return 0
    say "Installing Debian packages: $(tr '\n' ' ' <<<"$missing")"
    local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5)
    "${apt[@]}" update
    # shellcheck disable=SC2086 # one argument a package
    "${apt[@]}" install --yes --no-install-recommends $missing >/dev/null
}

# unpack_packages FILE DIR: DIR holds what is in the Debian packages named in FILE. Their programs are run from there, and the
# services that they would bring to this machine are not.
unpack_packages() {
    local list=$1 dir=$2 stamp fresh
    stamp=$(cat "$list" /etc/debian_version; dpkg --print-architecture)
    [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
    say "Unpacking Debian packages: $(grep -v '^#' "$list" | tr '\n' ' ')"
    fresh=$(mktemp -d "$dir.XXXXXX")
    as_root apt-get -qq update
    # shellcheck disable=SC2046 # one argument a package
    (cd "$fresh" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=5 download $(grep -v '^#' "$checkout/$list"))
    for archive in "$fresh"/*.deb; do dpkg-deb --extract "$archive" "$fresh"; done
    rm -rf "$fresh"/*.deb "$dir"
    printf '%s' "$stamp" >"$fresh/.stamp"
    chmod 0755 "$fresh"
    mv "$fresh" "$dir"
}

# make_venv DIR REQUIREMENTS [PYTHON]: DIR becomes a virtual environment of PYTHON (/usr/bin/python3) holding REQUIREMENTS.
# The stamp is written last, so an interrupted run is done again; it names the place, since an environment cannot be moved.
make_venv() {
    local dir=$1 requirements=$2 python=${3:-/usr/bin/python3} place stamp
    place="$(realpath -m "$dir"), $("$python" --version)"
    stamp="$place"$'\n'"$(sha256sum <"$requirements")"
    [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
    say "Making $dir from $requirements"
    [ "$(head -n 1 "$dir/.stamp" 2>/dev/null)" = "$place" ] || "$python" -m venv --clear "$dir"
    rm -f "$dir/.stamp"
    "$dir/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --retries 6 --timeout 30 \
        --requirement "$requirements"
    printf '%s' "$stamp" >"$dir/.stamp"
}

# Ansible finds a collection only below a directory of this name, so the checkout appears there too.
link_collection() {
    local parent=$checkout/.cache/collections/ansible_collections/groundcrew
    [ "$(readlink "$parent/fleet")" = ../../../.. ] || { mkdir -p "$parent" && ln -sfn ../../../.. "$parent/fleet"; }
}
