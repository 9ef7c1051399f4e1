#!/usr/bin/env bash
# install-packages.sh [--optional] PACKAGE...
#
# Makes sure that Debian packages are there. What is missing is installed with apt-get when we are
# root or have password-less sudo; otherwise the command to run is printed and the exit status is 1
# (0 with --optional, for packages that something has a fallback for).
set -euo pipefail

optional=0
if [[ ${1:-} == --optional ]]; then
    optional=1
    shift
fi

if ! command -v dpkg-query >/dev/null; then
    # Not Debian or a descendant: the names are different there, so the compiler will have to say.
    exit 0
fi

missing=()
for package in "$@"; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [[ $status == 'install ok installed' ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $EUID -eq 0 ]]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    {
        echo "missing system packages: ${missing[*]}"
        echo "install them with:"
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    } >&2
    [[ $optional -eq 1 ]] && exit 0
    exit 1
fi

echo "installing system packages: ${missing[*]}" >&2
install_missing() {
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "${missing[@]}"
}
if ! install_missing >&2; then
    echo "could not install: ${missing[*]}" >&2
    [[ $optional -eq 1 ]] && exit 0
    exit 1
fi
