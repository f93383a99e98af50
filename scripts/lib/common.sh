# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# What every script needs; sourced with the working directory at the repository's top.

# usage: the comment at the head of the running script, which is its help
usage() {
    awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
}

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

fail_usage() {
    echo "${0##*/}: $*; --help says more" >&2
    exit 64
}

# ensure WHAT PACKAGE ...: WHAT is a program or an absolute path that PACKAGE brings. As root on a Debian-like system it
# installs what is missing; else it says what to install. With everything there it needs neither root nor network.
ensure() {
    wanted=
    while [ $# -gt 0 ]; do
        case "$wanted " in
        *" $2 "*) ;;
        *)
            case $1 in
            /*) [ -e "$1" ] ;;
            *) command -v "$1" >/dev/null 2>&1 ;;
            esac || wanted="$wanted $2"
            ;;
        esac
        shift 2
    done
    [ -n "$wanted" ] || return 0
    command="apt-get install -y --no-install-recommends$wanted"
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        fail "missing here; as root: $command"
    fi
    echo "installing:$wanted"
    export DEBIAN_FRONTEND=noninteractive
    # Package lists may be absent or old: one try with them, one with fresh ones. Another vendor's index may fail.
    # shellcheck disable=SC2086 # a list of words
    $command -qq >/dev/null 2>&1 || {
        apt-get -qq update || true
        $command -qq >/dev/null || fail "could not run: $command"
    }
}

# ensure_rust: cargo and a C compiler, which ring and the linking need
ensure_rust() {
    command -v cargo >/dev/null 2>&1 || fail "cargo is missing: install Rust 1.85 or newer (rustup or the distribution's)"
    ensure cc gcc /usr/include/stdlib.h libc6-dev
}

# commit_epoch: the commit's date in seconds, or 0, as build.rs has it; a repository around an unpacked tarball is not ours
commit_epoch() {
    if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
        git log -1 --format=%ct
    else
        echo 0
    fi
}
