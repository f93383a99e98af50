// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fuzz targets: what strangers' bytes may do to the product, as functions over bytes ([`targets`]).
//!
//! `scripts/fuzz` builds one libFuzzer program for each file of `src/bin` and runs them; `tests/fuzz_kept.rs` of the product
//! runs the same functions over the inputs that once failed (`tests/data/fuzz/TARGET/`).

pub mod targets;

/// Every program here counts what its target allocates.
#[global_allocator]
static HEAP: targets::bounds::Heap = targets::bounds::Heap;
