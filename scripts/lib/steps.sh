# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# The steps of scripts/test, one function each: it fails or it does not, and prints what a reader of a failure needs.
# A step runs by itself in a shell with `set -e`. Steps of another kind (fuzz, soak, vm, bench) get a file beside this one.

# What of the tests also runs as ARMv7 code, under qemu: the pure modules, where 32 bits matter, and these tests of
# tests/, where they exist.
arm_modules="http:: homey:: panel:: config:: time:: letters::"
arm_tests="wire session"

# Seconds: no single test run may eat the time of all others.
limit=1200

step_format() {
    cargo fmt --version >/dev/null 2>&1 || fail "cargo fmt is missing: rustup component add rustfmt"
    cargo fmt --all --check
}

step_clippy() {
    cargo clippy --version >/dev/null 2>&1 || fail "cargo clippy is missing: rustup component add clippy"
    cargo clippy --workspace --all-targets --locked -- -D warnings
}

step_layers() {
    scripts/check-layers --self-test
    scripts/check-layers
}

step_shell() {
    # Every file that starts with #!, and what they source.
    find scripts cross .ci -type f | sort | while read -r file; do
        case $file:$(head -n 1 "$file") in
        *.sh:* | *:'#!/bin/sh') echo "$file" ;;
        esac
    done | xargs shellcheck --external-sources
}

step_tests() {
    # Plain libtest everywhere, so that every machine runs the same, documentation tests too.
    # Each package by itself: together, the simulator's serde_json feature would also be the product's, which ships without.
    cargo build --locked --package homey-sim
    # So many moments of login and renewal get a kill -9.
    # shellcheck disable=SC2154 # of scripts/test
    case $tier in
    all) export HOMEY_KILLS=500 ;;
    esac
    HOMEY_PANEL_REQUIRE_PROXIES=1 timeout "$limit" cargo test --package homey-panel --locked --no-fail-fast
    timeout "$limit" cargo test --package homey-sim --locked --no-fail-fast
    timeout "$limit" cargo test --package homey-shim --locked --no-fail-fast
}

# They run in `tests` too, but pass unmade there if no network namespace can be had; here that is a failure.
step_find() {
    unshare -rn true 2>/dev/null || fail "no network namespaces here (unshare -rn): run it as root, or allow user namespaces"
    cargo build --locked --package homey-sim
    HOMEY_PANEL_REQUIRE_NETNS=1 timeout "$limit" cargo test --package homey-panel --locked --test find
}

# The main job, as README shows it: what the tour's panel must have said, in this order.
step_demo() {
    for dialect in v3 v2; do
        out=$(timeout 300 scripts/demo --script tests/data/demo/tour.txt --dialect "$dialect")
        echo "$out" | awk -v dialect="$dialect" '
            BEGIN {
                n = split("\"panel\":|\"link\":\"loading\"|\"link\":\"ready\"|\"feedback\":\"worktop\",\"result\":\"taken\"|" \
                    "\"show\":\"worktop\",\"state\":\"pending\",\"on\":true|\"feedback\":\"worktop\",\"result\":\"confirmed\"|" \
                    "\"show\":\"worktop\",\"state\":\"ready\",\"on\":true|\"feedback\":\"goodnight\",\"result\":\"confirmed\"|" \
                    "\"text\":\"25.5|\"link\":\"no-hub\"|\"show\":\"room\",\"state\":\"stale\"|\"link\":\"loading\"|" \
                    "\"show\":\"room\",\"state\":\"ready\"|\"feedback\":\"worktop\",\"result\":\"confirmed\"", want, "|")
                i = 1
            }
            i <= n && index($0, want[i]) { i++ }
            END {
                if (i <= n) { print "demo " dialect ": never said, in its turn: " want[i]; exit 1 }
                print "demo " dialect ": " n " milestones in order"
            }'
    done
    ! pgrep -f "homey-sim --devices 30 --dialect" >/dev/null || fail "the demo left a simulator running"
}

step_msrv() {
    scripts/msrv
}

step_arm_tests() {
    set -- test --package homey-panel --no-fail-fast
    # shellcheck disable=SC2034 # for cross_cargo
    run_limit=$limit
    # shellcheck disable=SC2086 # a list of words
    cross_cargo armv7 "$@" --lib -- $arm_modules
    for name in $arm_tests; do
        [ -e "tests/$name.rs" ] || [ -e "tests/$name/main.rs" ] || continue
        set -- "$@" --test "$name"
    done
    [ $# -eq 4 ] || cross_cargo armv7 "$@"
}

# In CI one ARM build is enough: each takes minutes.
arm_targets() {
    # shellcheck disable=SC2154 # of scripts/test
    case $tier in
    ci) echo armv7 ;;
    *) echo armv7 aarch64 ;;
    esac
}

step_size() {
    # shellcheck disable=SC2046 # a list of words
    scripts/size host $(arm_targets)
}

step_arm_start() {
    # The release binaries as they ship start and end well.
    # shellcheck disable=SC2046 # a list of words
    scripts/build $(arm_targets)
    for target in $(arm_targets); do
        cross/run "$target" "$(binary "$target")" --version
    done
}
