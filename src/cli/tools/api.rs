// SPDX-License-Identifier: MIT OR Apache-2.0
//! `api`: any operation of the hub.

use crate::cli::Common;
use crate::failure::Failure;

/// `api`
pub(in crate::cli) fn api(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("api is not built yet"))
}
