// SPDX-License-Identifier: MIT OR Apache-2.0
//! A library for LD_PRELOAD around the system calls by which homey-panel reads, writes, waits and tells the time.
//!
//! ```text
//!   calls    the C functions that are wrapped, each: inert? → faults → clock → the kernel
//!    ├ faults   EINTR, EAGAIN, short reads and writes, by probability, where the kernel could give them; counters
//!    ├ kill     SIGKILL before the nth call
//!    ├ clock    virtual time: clocks, poll(2) that advances instead of sleeping, a network that goes away
//!    │   └ layout   the file that the driver and this share
//!    └ real     the kernel itself, past the C library, so that nothing here calls itself
//! ```
//!
//! It is configured by environment variables when it is loaded (README.md) and does nothing in other programs than the one
//! that it is told to work in, so that a whole test run may be started under it. It allocates nothing, takes no lock, and
//! may be called between fork and exec.

// Without the wrappers, which a test program would link against itself, much is unused.
#![cfg_attr(test, allow(dead_code))]

#[cfg(not(target_pointer_width = "64"))]
compile_error!(
    "the system calls are those of 64-bit machines, where time_t needs no second set of them"
);

#[cfg(not(test))]
mod calls;
mod clock;
mod faults;
mod kill;
mod layout;
mod quiet;
mod real;
mod setup;
mod sockets;
mod text;
mod vector;
