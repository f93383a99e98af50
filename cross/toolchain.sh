#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# cross/toolchain.sh [ARCH...]
#
# Fetches a Rust 1.85 compiler with the standard library of this machine and of each ARCH (armhf, arm64; none: only this
# machine's), and prints the path of its rustc, to be used as RUSTC=... with the cargo that is here.
#
# The compiler is the distribution's own (package rustc-web of Debian 12, or rustc where that is 1.85). Its packages are
# downloaded through a private apt state and unpacked, not installed: neither dpkg's architectures, nor the system's
# package lists, nor rustup are touched, and no root is needed. It is kept in
#     $HOMEY_PANEL_TOOLS, else $XDG_CACHE_HOME/homey-panel/tools, else ~/.cache/homey-panel/tools
# so that later runs, and other clones, need no network. About 725 MB with both ARCHs.
#
# Needs: apt-get, dpkg-deb, flock, and the network the first time.
set -eu

version=1.85

fail() {
    echo "cross/toolchain.sh: $*" >&2
    exit 1
}
case ${1-} in
-h | --help) awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; exit 0 ;;
esac
tools=${HOMEY_PANEL_TOOLS:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/homey-panel/tools}
for program in apt-get apt-cache dpkg dpkg-deb flock; do
    command -v "$program" >/dev/null 2>&1 ||
        fail "$program is missing; without a Debian-like system use rustup's targets: cross/README.md"
done
host=$(dpkg --print-architecture)
case $host in
amd64) multiarch=x86_64-linux-gnu ;;
arm64) multiarch=aarch64-linux-gnu ;;
*) fail "no compiler for a $host machine here; use rustup's targets: cross/README.md" ;;
esac
for arch; do
    case $arch in
    armhf | arm64 | amd64) ;;
    *) fail "unknown architecture $arch: expected armhf or arm64" ;;
    esac
done

dir=$tools/rust-$version
mkdir -p "$dir/have"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/lock"
flock 9 # another clone may be fetching

missing=
for arch in "$host" "$@"; do
    case " $missing " in *" $arch "*) continue ;; esac
    [ -e "$dir/have/$arch" ] || missing="$missing $arch"
done

# The one apt configuration of this script: own lists, own cache, foreign architectures beside the machine's.
private_apt() {
    rm -rf "$dir/apt"
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
    {
        echo "Dir::State::lists \"$dir/apt/lists\";"
        echo "Dir::Cache \"$dir/apt/cache\";"
        echo 'APT::Sandbox::User "root";'
        echo '#clear APT::Update::Post-Invoke;' # what a container image does to the system's cache
        echo '#clear APT::Architectures;'
        echo "APT::Architectures:: \"$host\";"
        for arch in $missing; do
            [ "$arch" = "$host" ] || echo "APT::Architectures:: \"$arch\";"
        done
        echo 'Acquire::Languages "none";'
    } >"$dir/apt/apt.conf"
    export APT_CONFIG="$dir/apt/apt.conf"
}

# newest PACKAGE REGEX: its newest version that matches
newest() {
    apt-cache madison "$1" | awk -v wanted="$2" '$3 ~ wanted { print $3; exit }'
}

# depends PACKAGE=VERSION: the names of the packages it depends on, one a line
depends() {
    apt-cache show "$1" | awk '/^Depends:/ { sub(/^Depends: /, ""); gsub(/ *\([^)]*\)/, ""); gsub(/ *[,|] */, "\n"); print; exit }'
}

installed() {
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$1:$host" 2>/dev/null) in ii*) ;; *) return 1 ;; esac
}

fetch() {
    echo "fetching a Rust $version compiler and the standard library for$missing into $dir (once)" >&2
    private_apt
    # One failing index (another vendor's, another architecture's) does not matter as long as the packages are found.
    apt-get -qq update >&2 || echo "cross/toolchain.sh: an index failed; going on with the others" >&2
    found=
    for family in rust-web rust; do
        case $family in rust-web) compiler=rustc-web ;; *) compiler=rustc ;; esac
        if [ -e "$dir/version" ]; then
            found=$(newest "$compiler" "^$(sed 's/[.+~]/[&]/g' "$dir/version")\$")
        else
            found=$(newest "$compiler" "^$(echo "$version" | sed 's/[.]/[.]/g')[.]")
        fi
        [ -z "$found" ] || break
    done
    [ -n "$found" ] || fail "no rustc $(cat "$dir/version" 2>/dev/null || echo "$version") in this system's package lists
    (a newer build of it may have replaced it: remove $dir and try again; else use rustup's targets: cross/README.md)"
    packages=
    for arch in $missing; do
        packages="$packages libstd-$family-dev:$arch=$found"
        [ "$arch" = "$host" ] || continue
        packages="$packages $compiler:$host=$found libstd-$family-$version:$host=$found"
        llvm=$(depends "libstd-$family-$version:$host=$found" | grep '^libllvm' | head -n 1)
        packages="$packages $llvm:$host"
        for library in $(depends "$llvm:$host" | grep '^lib'); do
            installed "$library" || packages="$packages $library:$host"
        done
    done
    # shellcheck disable=SC2086 # a list of words
    (cd "$dir/apt" && apt-get -qq download $packages >&2) || fail "could not download:$packages"
    for package in "$dir"/apt/*.deb; do
        dpkg-deb -x "$package" "$dir/root"
    done
    libraries=$dir/root/usr/lib/$multiarch:$dir/root/lib/$multiarch
    {
        echo '#!/bin/sh'
        # shellcheck disable=SC2016 # for the wrapper to expand
        printf 'LD_LIBRARY_PATH="%s${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "%s" "$@"\n' "$libraries" "$dir/root/usr/bin/rustc"
    } >"$dir/rustc"
    chmod +x "$dir/rustc"
    "$dir/rustc" --version >&2 || fail "the unpacked compiler does not start"
    echo "$found" >"$dir/version"
    for arch in $missing; do
        : >"$dir/have/$arch"
    done
    rm -rf "$dir/apt"
}

[ -z "$missing" ] || fetch
echo "$dir/rustc"
