// SPDX-License-Identifier: MIT OR Apache-2.0
//! `discover`: which hubs there are, and by which ways they answer.

use crate::cli::Common;
use crate::failure::Failure;

/// `discover`
pub(in crate::cli) fn discover(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("discover is not built yet"))
}
