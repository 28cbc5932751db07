#!/usr/bin/env bash
# Builds the container image lme4-parity with docker or buildah; arguments go to the builder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    exec docker build --tag lme4-parity "$@" .
elif command -v buildah >/dev/null; then
    exec buildah bud --layers=false --tag lme4-parity "$@" .
fi
echo "image: an image is built by docker with its engine running, or by buildah, and neither is" \
    "here; 'apt-get install buildah' is enough." >&2
exit 1
