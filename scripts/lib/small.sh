# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# The program for the wall, without the installer's desk (cargo feature `tools`): step small of scripts/test.

# What needs none of the desk's commands, and tests/small.rs, which holds what this program says of them.
small_tests="config docs request small"

step_small() {
    cargo clippy --package homey-panel --all-targets --no-default-features --locked -- -D warnings
    set -- --lib --bins
    for name in $small_tests; do
        set -- "$@" --test "$name"
    done
    cargo build --locked --package homey-sim
    code=0
    # shellcheck disable=SC2154 # of steps.sh
    HOMEY_PANEL_REQUIRE_PROXIES=1 timeout "$limit" cargo test --package homey-panel --no-default-features --locked --no-fail-fast "$@" || code=$?
    # Later steps find the whole program where they look for it.
    cargo build --locked --package homey-panel
    return "$code"
}
