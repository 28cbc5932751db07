#!/usr/bin/env bash
# Builds the image of the Dockerfile without Docker and uses it as a user would.
#
#   image_test.sh            makes the base image once, builds, checks; keeps all in the store
#   image_test.sh --clean    the same, then removes the store; alone after a failure: --only-clean
#
# Needs root, buildah and debootstrap. The base stands in for debian:bookworm-slim and bears its
# name, in a store of this test's own ($IMAGE_TEST_STORE), so nothing else on the machine is
# touched. A build behind a proxy with its own certificate authority takes it from $PIP_CERT.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly BASE=docker.io/library/debian:bookworm-slim
readonly IMAGE=localhost/lme4-parity:test
readonly STORE=${IMAGE_TEST_STORE:-/var/tmp/lme4-parity-image-test}
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

say() { echo "image test: $*"; }

fail() {
    say "FAILED: $*" >&2
    exit 1
}

in_store() { buildah --root "$STORE/storage" --runroot "$STORE/run" "$@"; }

make_base() {
    local rootfs=$STORE/rootfs mirror container
    in_store inspect --type image "$BASE" >/dev/null 2>&1 && return
    say "making the base image with debootstrap"
    rm -rf "$rootfs"
    debootstrap --variant=minbase bookworm "$rootfs" >"$STORE/debootstrap.log" 2>&1 ||
        fail "debootstrap stopped; its words are in $STORE/debootstrap.log."
    # As in Debian's own slim image: updates and security are on, documentation is off.
    mirror=$(awk '$1 == "deb" {print $2; exit}' "$rootfs/etc/apt/sources.list")
    printf 'deb %s %s main\n' "$mirror" bookworm "$mirror" bookworm-updates \
        "${mirror%/debian}/debian-security" bookworm-security >"$rootfs/etc/apt/sources.list"
    printf 'path-exclude /usr/share/%s/*\n' doc info locale man >"$rootfs/etc/dpkg/dpkg.cfg.d/slim"
    rm -rf "$rootfs"/usr/share/{doc,info,locale,man}/* "$rootfs"/var/cache/apt/archives/*.deb \
        "$rootfs"/var/lib/apt/lists/*
    container=$(in_store from scratch)
    in_store copy --quiet "$container" "$rootfs" / >/dev/null
    in_store config --cmd bash "$container"
    in_store commit --quiet --rm "$container" "$BASE" >/dev/null
    rm -rf "$rootfs"
}

build() {
    local -a certificate=()
    if [[ -n ${PIP_CERT:-} ]]; then
        certificate=(--volume "$PIP_CERT:/run/pip-cert.crt:ro" --build-arg PIP_CERT=/run/pip-cert.crt)
    fi
    say "building $IMAGE"
    in_store bud --quiet --layers=false --pull-never "${certificate[@]}" --tag "$IMAGE" . >/dev/null
}

config_of() { in_store inspect --type image --format "{{.OCIv1.Config.$1}}" "$IMAGE"; }

expect_config() {
    local found
    found=$(config_of "$1")
    [[ $found == "$2" ]] || fail "the image's $1 is $found; expected $2."
}

# What `docker run -v DATA:/data IMAGE ARGS...` does; buildah run takes neither ENTRYPOINT nor CMD.
run_image() {
    local data=$1 container status=0
    shift
    container=$(in_store from --pull-never "$IMAGE")
    in_store run --volume "$data:/data" "$container" -- "$@" || status=$?
    in_store rm "$container" >/dev/null
    return "$status"
}

check() {
    local data=$STORE/data status=0
    expect_config Entrypoint '[parity]'
    expect_config Cmd '[run]'
    expect_config User parity
    expect_config WorkingDir /data
    rm -rf "$data"
    mkdir -p "$data"

    say "who runs, and lme4 through rpy2"
    [[ $(run_image "$data" id --user) == 1000 ]] || fail "the user's id is not 1000."
    run_image "$data" Rscript -e \
        'write.csv(with(lme4::Dyestuff, data.frame(y = Yield, x = seq_along(Yield), g = Batch)), stdout(), row.names = FALSE)' \
        >"$data/d.csv"
    [[ $(wc -l <"$data/d.csv") -eq 31 ]] || fail "R in the image did not write Dyestuff's 30 rows."

    say "the default command: parity run"
    run_image "$data" parity run >"$STORE/run.txt" || status=$?
    head -n 12 "$STORE/run.txt"
    [[ $status -eq 0 ]] || fail "parity run left with $status; the report is $STORE/run.txt."
    grep -q 'lme4' <(head -n 12 "$STORE/run.txt") || fail "the report's head does not name lme4."
    grep -q '^Reference: lme4 (.*, live)' <(head -n 1 "$STORE/run.txt") ||
        fail "the report was made from recorded results, so lme4 did not run in the image."

    say "a user's own data: parity check 'y ~ x + (1 | g)' d.csv"
    run_image "$data" parity check 'y ~ x + (1 | g)' d.csv || status=$?
    [[ $status -eq 0 ]] || fail "parity check left with $status."
    say "passed; the image's files take $(size_of_image)"
}

size_of_image() {
    local container
    container=$(in_store from --pull-never "$IMAGE")
    du --summarize --human-readable --one-file-system "$(in_store mount "$container")" | cut -f 1
    in_store rm "$container" >/dev/null
}

[[ $EUID -eq 0 ]] || fail "root is needed to make and mount images; call it with sudo."
for program in buildah debootstrap; do
    command -v "$program" >/dev/null ||
        fail "$program is missing; 'apt-get install buildah debootstrap' brings what is needed."
done
case ${1:-} in
    '' | --clean | --only-clean) ;;
    *) fail "expected --clean, --only-clean or nothing, got '$1'." ;;
esac
if [[ ${1:-} != --only-clean ]]; then
    mkdir -p "$STORE"
    make_base
    build
    check
fi
[[ -z ${1:-} ]] || rm -rf "$STORE"
