# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # limit is of steps.sh
# The steps that run the program under tests/shim: faults in its I/O, and its clocks.

# Test binaries that run the product's edges in their own process: all of it is under faults but for the sides of a
# connection that the tests play themselves.
fault_inside="hw_line hw_panic hw_process hw_terminal session tls wan wire"

# What asks for more than a program can promise while its reads are put off though there is something to read: events in
# the very call in which their bytes came; no request of the kind that is never repeated on a connection whose end, known to
# poll(2), the read before it did not tell.
fault_unfair="--skip every_split_of_the_bytes_gives_the_same_events_in_the_same_call --skip an_idle_close_is_no_error
--skip a_press_that_waits_for_a_handshake_past_its_life_is_not_sent"

# Every call that the product uses has to have got these, or the library was not in place.
fault_wanted="read:short read:eagain recv:short recv:eagain recv:eintr write:eintr write:short writev:short writev:eagain
poll:eintr accept:eagain"

# T11: EINTR, EAGAIN, short reads and writes in one call of ten, by a fixed seed.
step_iofaults() {
    report=$(mktemp -d)/report
    cargo build --locked --package homey-sim
    cargo build --locked --package homey-shim
    runner=CARGO_TARGET_$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER
    export "$runner=env LD_PRELOAD=${CARGO_TARGET_DIR:-$PWD/target}/debug/libhomey_shim.so"
    export HOMEY_SHIM_REPORT="$report" HOMEY_SHIM_FAULTS=10 HOMEY_SHIM_SEED=1
    # The program itself, not the tests that start it, nor the simulator.
    HOMEY_SHIM_ONLY=homey-panel timeout "$limit" cargo test --package homey-panel --locked --no-fail-fast \
        --test run --test request
    set --
    for name in $fault_inside; do
        set -- "$@" --test "$name"
    done
    # shellcheck disable=SC2086 # words
    HOMEY_SHIM_ONLY=$(echo "$fault_inside" | tr ' ' ,) timeout "$limit" cargo test --package homey-panel --locked \
        --no-fail-fast "$@" -- $fault_unfair
    awk -v wanted="$fault_wanted" '
        { for (i = 5; i <= NF; i += 2) sum[$3 ":" $(i - 1)] += $i; seen[$3] = 1 }
        END {
            for (name in seen)
                printf "%-8s %8d calls: %d eintr, %d eagain, %d short\n", name, sum[name ":calls"], sum[name ":eintr"], \
                    sum[name ":eagain"], sum[name ":short"] | "sort"
            close("sort")
            n = split(wanted, want, /[ \n]+/)
            for (i = 1; i <= n; i++) if (!sum[want[i]]) { print "never given: " want[i]; bad = 1 }
            exit bad
        }' "$report"
    rm -r "${report%/*}"
}

# build_days: the product as it is released, by itself, so that no other package's features become its own; the others are
# not measured and built quickly, as for the soak.
build_days() {
    cargo build --quiet --release --locked --package homey-panel
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=2 \
        cargo build --quiet --release --locked --package homey-sim --package homey-shim --package homey-days
}

# T13: a month in virtual time, in less than a minute where nothing else runs; and one with a session that is renewed.
step_days() {
    build_days
    timeout "$limit" "${CARGO_TARGET_DIR:-target}/release/homey-days"
    timeout "$limit" "${CARGO_TARGET_DIR:-target}/release/homey-days" --session
}
