#!/usr/bin/env bash
# Brings a machine that has Python 3.11+, git and make to where `make run` and `make test` work:
# R with lme4 (by apt, where that is allowed), the virtual environment .venv, the locked
# dependencies, this package. Calling it again does nothing where nothing changed.
#
#   PYTHON=/path/to/python   the interpreter for .venv, instead of the first that is new enough
#   PARITY_WITHOUT_R=1       leave R as it is found: nothing is installed for it with apt
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$(pwd -P)

readonly VENV=.venv
readonly STAMP=$VENV/.setup
readonly R_PACKAGES=(lme4 nlme lmerTest pbkrtest emmeans)

say() { echo "setup: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# Two calls at once, say from two terminals, must not build one environment together.
if command -v flock >/dev/null; then
    exec 9<"tools/setup.sh"
    flock 9
fi

# --- Python ------------------------------------------------------------------------------------

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        is_new_enough "$PYTHON" ||
            fail "PYTHON names '$PYTHON', which is no Python 3.11 or newer that runs;" \
                "name another, or unset PYTHON to let the newest on PATH be found."
        command -v "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and neither python3 nor python3.11 to python3.14 on PATH" \
        "is one; install it (Debian 12 and Ubuntu 23.04 or later: apt-get install python3) or name" \
        "one with 'make PYTHON=/path/to/python'."
}

venv_is_usable() {
    # pip's script names the place where the environment was made: a moved checkout shows there.
    is_new_enough "$VENV/bin/python" && "$VENV/bin/python" -c 'import pip' 2>/dev/null &&
        head -n 3 "$VENV/bin/pip" 2>/dev/null | grep -qF "$ROOT/$VENV/bin/python"
}

# Debian and Ubuntu leave ensurepip out of python3; python3 -m venv needs it.
venv_apt_package() {
    local name
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    name=$(basename "$1")
    [[ $(readlink -f "$1") == /usr/bin/* ]] ||
        fail "'$1' cannot make a virtual environment, because its modules venv and ensurepip are" \
            "missing; use a complete Python, named with 'make PYTHON=/path/to/python'."
    echo "$name-venv"
}

# --- R -----------------------------------------------------------------------------------------

# R's version, then those of R_PACKAGES that R does not find, on one line; empty without R.
probe_r() {
    command -v R >/dev/null && command -v Rscript >/dev/null || return 0
    Rscript --vanilla - "${R_PACKAGES[@]}" 2>/dev/null <<'R' || true
packages <- commandArgs(TRUE)
found <- nzchar(vapply(packages, function(package) system.file(package = package), ""))
cat(format(getRversion()), packages[!found])
R
}

r_apt_packages() {
    local package
    if [[ -z $R_VERSION ]]; then
        echo r-base-core
        for package in "${R_PACKAGES[@]}"; do
            echo "r-cran-${package,,}"
        done
        return
    fi
    for package in $R_MISSING; do
        echo "r-cran-${package,,}"
    done
}

read_r() {
    local probe
    probe=$(probe_r)
    read -r R_VERSION R_MISSING <<<"$probe" || true
}

# apt's packages are seen by apt's R alone.
r_is_foreign() {
    [[ -n $R_VERSION && $(readlink -f "$(command -v R)") != /usr/lib/R/bin/R ]]
}

rpy2_lock() {
    local newest
    newest=$(printf '%s\n' 4.5.0 "$R_VERSION" | sort --version-sort | tail -n 1)
    if [[ $newest == "$R_VERSION" ]]; then
        echo requirements/rpy2-r-4.5.lock
    else
        echo requirements/rpy2-r-before-4.5.lock
    fi
}

# --- apt ---------------------------------------------------------------------------------------

apt_install() {
    local words
    local -a as_root=()
    command -v apt-get >/dev/null || return 1
    if [[ $EUID -ne 0 ]]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    say "installing with apt, which may take some minutes: $*"
    "${as_root[@]}" apt-get update -qq >&2 ||
        say "apt-get update failed; going on with the package lists that are here."
    # apt has a page to say about a success, and is worth reading only after a failure.
    words=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" 2>&1) || {
        printf '%s\n' "$words" | tail -n 20 >&2
        return 1
    }
}

install_system_packages() {
    local venv_package='' names
    local -a wanted=()
    if ! venv_is_usable; then
        venv_package=$(venv_apt_package "$BASE_PYTHON")
        [[ -z $venv_package ]] || wanted+=("$venv_package")
    fi
    if [[ -z ${PARITY_WITHOUT_R:-} ]] && ! r_is_foreign; then
        mapfile -t -O "${#wanted[@]}" wanted < <(r_apt_packages)
    fi
    [[ ${#wanted[@]} -gt 0 ]] || return 0
    if ! apt_install "${wanted[@]}"; then
        names="${wanted[*]}"
        say "these packages are missing and could not be installed from here: $names"
        if command -v apt-get >/dev/null; then
            say "call this once, then make again:"
            say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $names"
        else
            say "this machine has no apt-get: install R with the packages ${R_PACKAGES[*]} in its own way."
        fi
        [[ -z $venv_package ]] ||
            fail "without $venv_package there is no virtual environment, so nothing more can be done."
    fi
    read_r
}

say_what_r_lacks() {
    if [[ -z $R_VERSION ]]; then
        say "going on without R: lme4's recorded results stand in for it."
    elif [[ -n $R_MISSING ]]; then
        say "R $R_VERSION lacks $R_MISSING: going on with what is there."
        ! r_is_foreign ||
            say "this R is not apt's; call: Rscript -e 'install.packages(commandArgs(TRUE))' $R_MISSING"
    fi
}

# --- the virtual environment -------------------------------------------------------------------

# Everything that a set-up depends on; the stamp holds the answer of the last one that succeeded.
fingerprint() {
    echo "$ROOT"
    echo "R: $R_VERSION"
    "$VENV/bin/python" --version 2>&1 || true
    sha256sum tools/setup.sh pyproject.toml requirements/*.lock
}

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --progress-bar off "$@" >&2
}

make_venv() {
    venv_is_usable && return
    say "making $VENV with $("$BASE_PYTHON" --version) ($BASE_PYTHON)"
    rm -rf "$VENV"
    "$BASE_PYTHON" -m venv "$VENV" >&2
}

install_python_packages() {
    say "installing the locked Python packages"
    # The locks name every package, so pip has nothing to resolve, and no build may fetch its own.
    pip_install --require-hashes --no-deps --only-binary :all: \
        -r requirements/build.lock -r requirements/dev.lock
    pip_install --no-deps --no-build-isolation --editable .
}

install_rpy2() {
    [[ -n $R_VERSION ]] || return 0
    local lock
    lock=$(rpy2_lock)
    say "installing rpy2 for R $R_VERSION ($lock)"
    # ABI mode builds without a compiler or R's headers. The cache is left out because a wheel in
    # it may have been built for another R.
    if ! PATH="$ROOT/$VENV/bin:$PATH" RPY2_CFFI_MODE=ABI pip_install --require-hashes --no-deps \
        --no-build-isolation --no-cache-dir -r "$lock"; then
        say "rpy2 could not be built for R $R_VERSION (pip's words are above): going on without it."
        return 1
    elif ! RPY2_CFFI_MODE=ABI "$VENV/bin/python" -c 'import rpy2.rinterface' >&2; then
        say "rpy2 is installed but cannot load R $R_VERSION (its words are above): going on without" \
            "it. It needs an R built as a shared library, as Debian's and Ubuntu's are."
        return 1
    fi
}

read_r
BASE_PYTHON=$(find_python)
install_system_packages
say_what_r_lacks
if [[ -f $STAMP ]] && venv_is_usable && [[ $(fingerprint) == "$(<"$STAMP")" ]]; then
    exit 0
fi
make_venv
rm -f "$STAMP"
install_python_packages
# Without the stamp the next call tries again, and says again what is wrong.
if install_rpy2; then
    fingerprint >"$STAMP"
fi
say "done: $("$VENV/bin/python" --version), R ${R_VERSION:-absent}"
