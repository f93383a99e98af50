# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# Cargo for the ARM targets; sourced after common.sh.

# shellcheck source=cross/targets.sh
. cross/targets.sh

# Apart from the host's target directory: another compiler, so neither throws away the other's work.
cross_dir=$PWD/target/cross

# ensure_cross TARGET...: installs or fetches what building for TARGETs needs
ensure_cross() {
    set -- "$@" --
    while [ "$1" != -- ]; do
        target_settings "$1"
        shift
        # shellcheck disable=SC2086,SC2154 # pairs of words, set by target_settings
        set -- "$@" $target_packages
    done
    shift
    ensure "$@"
}

# ensure_qemu: the user-mode emulators, where this machine does not run the targets itself
ensure_qemu() {
    ensure qemu-arm qemu-user qemu-aarch64 qemu-user
}

# rust_185 [ARCH...]: prints the path of rustc 1.85 with the libraries of ARCHs; RUSTC in the environment wins
rust_185() {
    if [ -n "${RUSTC-}" ]; then
        echo "$RUSTC"
    else
        cross/toolchain.sh "$@"
    fi
}

# cross_flags COMMAND [ARGUMENT...]: rustc's options for what cross_cargo is to do, as CARGO_ENCODED_RUSTFLAGS wants them
cross_flags() {
    # In the paths of the dependencies' panic messages nothing of this machine, and nothing before crate/src/file.rs.
    registry=${CARGO_HOME:-$HOME/.cargo}
    # shellcheck disable=SC2086,SC2154 # a list of words, set by target_settings
    set -- "$@" =flags= $flags "--remap-path-prefix=$registry=/cargo"
    for index in "$registry"/registry/src/*; do
        set -- "$@" "--remap-path-prefix=$index="
    done
    # shellcheck disable=SC2086,SC2154 # a list of words, set by target_settings
    case " $* " in
    # Tests, and profiles other than release, unwind when they panic.
    *" build "*" release "*) set -- "$@" $small -Cforce-unwind-tables=no "-Clink-arg=-Wl,-T,cross/no-unwind.ld" \
            "-Clink-arg=-Wl,-T,cross/layout.ld" ;;
    esac
    # A `--` may stand among the arguments of `cargo test`, so the mark is a word of our own.
    while [ "$1" != =flags= ]; do
        shift
    done
    shift
    (IFS=$(printf '\037') && printf %s "$*")
}

# cross_cargo TARGET COMMAND [ARGUMENT...]: cargo COMMAND for TARGET, reproducible: the commit's date as
# SOURCE_DATE_EPOCH and no path of this machine in the binary. With run_limit set it is stopped after so many seconds.
cross_cargo() {
    target_settings "$1"
    cargo_command=$2
    shift 2
    # shellcheck disable=SC2154 # set by target_settings
    rustc=$(rust_185 "$debian")
    # The directory that the crates are unpacked into is known when they are.
    # shellcheck disable=SC2154
    "${CARGO:-cargo}" fetch --locked --quiet --target "$triple"
    encoded=$(cross_flags "$cargo_command" "$@")
    # A C compiler chosen for this machine (CC) is not the target's; one chosen for the target (CC_triple) is.
    # shellcheck disable=SC2154
    cc=CC_$(echo "$triple" | tr - _)
    # shellcheck disable=SC2154
    ${run_limit:+timeout "$run_limit"} env "$cc=$(printenv "$cc" || echo "$gnu-gcc")" \
        RUSTC="$rustc" \
        CARGO_TARGET_DIR="$cross_dir" \
        CARGO_ENCODED_RUSTFLAGS="$encoded" \
        SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(commit_epoch)}" \
        "${CARGO:-cargo}" "$cargo_command" --locked --target "$triple" "$@"
}

# host_triple: cargo's name of this machine
host_triple() {
    "${RUSTC:-rustc}" -vV | sed -n 's/^host: //p'
}

# host_cargo COMMAND [ARGUMENT...]: cargo COMMAND for this machine, as cross_cargo does it. The target is named: so the flags
# are not those of build scripts, and the program is apart from what plain cargo makes.
host_cargo() {
    triple=$(host_triple) flags='' small=''
    "${CARGO:-cargo}" fetch --locked --quiet --target "$triple"
    encoded=$(cross_flags "$@")
    cargo_command=$1
    shift
    CARGO_ENCODED_RUSTFLAGS="$encoded" SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(commit_epoch)}" \
        "${CARGO:-cargo}" "$cargo_command" --locked --target "$triple" "$@"
}

# binary TARGET [PROFILE]: where scripts/build leaves the program
binary() {
    profile=${2:-release}
    [ "$profile" != dev ] || profile=debug
    if [ "$1" = host ]; then
        echo "${CARGO_TARGET_DIR:-target}/$(host_triple)/$profile/homey-panel"
    else
        target_settings "$1"
        echo "target/cross/$triple/$profile/homey-panel"
    fi
}
