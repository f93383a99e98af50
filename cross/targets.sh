# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh disable=SC2034 # the settings are for whoever sources this
# The targets that the project is built for: sourced, then `target_settings NAME`.
#
#   triple   cargo's name of the target
#   debian   Debian's name of the architecture, as in libstd-rust-web-dev:armhf
#   gnu      prefix of the cross compiler's programs and name of its system root
#   machines what `uname -m` says where such a binary runs without qemu
#   qemu     the user-mode emulator
#   flags    rustc's options for the target, the same as in .cargo/config.toml, which CARGO_ENCODED_RUSTFLAGS replaces
#   small    more of them for release programs: LLVM puts runs of instructions that come several times into functions of
#            their own, 2.5 % of the program. For aarch64 it does so unasked, for Thumb code of this kind of ARM it does not.

target_settings() {
    case $1 in
    armv7)
        triple=armv7-unknown-linux-gnueabihf debian=armhf gnu=arm-linux-gnueabihf
        machines="armv7l armv8l" qemu=qemu-arm flags=-Ctarget-feature=+thumb-mode
        small=-Cllvm-args=-enable-machine-outliner=always
        ;;
    aarch64)
        triple=aarch64-unknown-linux-gnu debian=arm64 gnu=aarch64-linux-gnu
        machines=aarch64 qemu=qemu-aarch64 flags='' small=''
        ;;
    *)
        echo "unknown target $1: expected armv7 or aarch64" >&2
        return 64
        ;;
    esac
    sysroot=/usr/$gnu
    # The packages that hold the cross compiler and the target's C library, each after what shows that it is there.
    target_packages="$gnu-gcc gcc-$gnu $sysroot/lib/crt1.o libc6-dev-$debian-cross"
}
