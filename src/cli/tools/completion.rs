// SPDX-License-Identifier: MIT OR Apache-2.0
//! `completion`: for the shell.

use crate::cli::Common;
use crate::failure::Failure;

/// `completion`
pub(in crate::cli) fn completion(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("completion is not built yet"))
}
