#!/usr/bin/env bash
# Writes requirements/*.lock anew from pyproject.toml and requirements/*.in.
# Pins that still fit stay as they are; `tools/lock.sh --upgrade` moves them all to the newest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -x .venv/bin/uv ]]; then
    uv=.venv/bin/uv
elif ! uv=$(command -v uv); then
    echo "lock: uv is needed to write the lock files, and it is neither in .venv nor on PATH;" \
        "install it with '.venv/bin/pip install uv' and call 'make lock' again." >&2
    exit 1
fi

# A lock must not depend on where this machine happens to look for packages.
unset PIP_FIND_LINKS UV_FIND_LINKS UV_INDEX UV_DEFAULT_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL

compile() {
    local output=$1
    shift
    echo "lock: $output" >&2
    "$uv" --no-config pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" "$@" --output-file "$output"
}

cd requirements
uv=$(cd .. && realpath -s "$uv")
# Each lock is bound by those before it, because all of them meet in one environment.
compile base.lock "$@" ../pyproject.toml --extra referee
compile dev.lock "$@" ../pyproject.toml --extra test --extra lint --constraints base.lock
compile build.lock "$@" build.in --constraints dev.lock
compile rpy2-r-before-4.5.lock "$@" rpy2-r-before-4.5.in --constraints dev.lock --constraints build.lock
compile rpy2-r-4.5.lock "$@" rpy2-r-4.5.in --constraints dev.lock --constraints build.lock
