# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# The step of scripts/test that fuzzes; sourced after common.sh.

# Proof that fuzzing finds things first, then 10 s a target; with --all 600 s a target.
step_fuzz() {
    cargo fmt --manifest-path tests/fuzz/Cargo.toml --all --check
    CARGO_TARGET_DIR=target/fuzz cargo clippy --quiet --locked --manifest-path tests/fuzz/Cargo.toml --workspace --all-targets -- -D warnings
    scripts/fuzz --self-test
    # shellcheck disable=SC2154 # scripts/test's
    case $tier in
    all) scripts/fuzz --seconds 600 ;;
    *) scripts/fuzz --seconds 10 ;;
    esac
}
