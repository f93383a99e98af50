# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# The step of scripts/test that measures; sourced with the working directory at the repository's top.

# Memory and wake-ups are the same on a busy machine. Times are not: they are measured where everything is.
step_bench() {
    "${CARGO:-cargo}" test --quiet --locked --package homey-bench
    # shellcheck disable=SC2154 # scripts/test's
    if [ "$limit_level" -lt 4 ]; then
        scripts/bench --quick --check memory idle
    else
        scripts/bench --check
    fi
}
