# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# The soak's programs and its step of scripts/test; sourced with the working directory at the repository's top.

# Where build_soak leaves all three programs.
# shellcheck disable=SC2034 # for scripts/soak
soak_programs=${CARGO_TARGET_DIR:-target}/release

# build_soak: the product as it is released, by itself, so that no other package's features become its own. The simulator
# and the driver are not measured: they are built quickly.
build_soak() {
    "${CARGO:-cargo}" build --quiet --release --locked --package homey-panel >&2
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=2 \
        "${CARGO:-cargo}" build --quiet --release --locked --package homey-sim --package homey-soak >&2
}

# In an hour's run of everything the counts are the full ones.
step_soak() {
    # The accounting itself can fail.
    "${CARGO:-cargo}" test --quiet --locked --package homey-soak
    tier=ci
    # shellcheck disable=SC2154 # scripts/test's
    [ "$limit_level" -lt 4 ] || tier=full
    scripts/soak --tier "$tier"
}
