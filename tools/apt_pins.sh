#!/usr/bin/env bash
# The pinned Debian packages of the container image.
#
#   apt_pins.sh install FILE.lock       installs exactly what the file names, or says what is gone
#   apt_pins.sh refresh FILE.in...      writes FILE.lock beside each, from what Debian offers now
#
# Both run as root, inside Debian bookworm. Debian keeps one version of a package: after a point
# release or a security update a pin may be gone, and the image does not build until the pin has
# moved. To move the pins, from the checkout, with docker or podman:
#
#   docker run --rm -v "$PWD:/src" debian:bookworm-slim \
#       bash -c 'bash /src/tools/apt_pins.sh refresh /src/requirements/apt-*.in'
set -euo pipefail

usage() {
    echo "apt_pins: expected 'install FILE.lock' or 'refresh FILE.in...', got '$*'." >&2
    exit 2
}

names() { grep -v '^#' "$1"; }

install_pins() {
    local lock=$1 pin name version offered
    local -a pins gone=()
    mapfile -t pins < <(names "$lock")
    for pin in "${pins[@]}"; do
        name=${pin%%=*}
        version=${pin#*=}
        if ! apt-cache madison "$name" | awk '{print $3}' | grep -qxF "$version"; then
            offered=$(apt-cache madison "$name" | awk 'NR == 1 {print $3}')
            gone+=("    $pin is gone; Debian now offers ${offered:-no $name at all}")
        fi
    done
    if [[ ${#gone[@]} -gt 0 ]]; then
        {
            echo "apt_pins: Debian no longer has these pinned versions:"
            printf '%s\n' "${gone[@]}"
            echo "Write the offered versions into requirements/$(basename "$lock")" \
                "(the head of tools/apt_pins.sh has a command that does) and build again."
        } >&2
        exit 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${pins[@]}"
}

refresh_pins() {
    local input=$1
    local -a wanted
    mapfile -t wanted < <(names "$input")
    # "Inst name (version Debian:12/stable [amd64])" is what apt's simulation says of each package.
    {
        echo "# Written by tools/apt_pins.sh refresh, on Debian $(cat /etc/debian_version)," \
            "$(dpkg --print-architecture)."
        apt-get install -s --no-install-recommends "${wanted[@]}" |
            sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*/\1=\2/p' | LC_ALL=C sort
    } >"${input%.in}.lock.new"
    mv "${input%.in}.lock.new" "${input%.in}.lock"
}

[[ $# -ge 2 ]] || usage "$@"
command=$1
shift
apt-get update -qq
case $command in
    install) for file in "$@"; do install_pins "$file"; done ;;
    refresh) for file in "$@"; do refresh_pins "$file"; done ;;
    *) usage "$command" "$@" ;;
esac
