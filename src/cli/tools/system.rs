// SPDX-License-Identifier: MIT OR Apache-2.0
//! `system`: the hub itself.

use crate::cli::Common;
use crate::failure::Failure;

/// `system`
pub(in crate::cli) fn system(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("system is not built yet"))
}
