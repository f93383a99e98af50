// SPDX-License-Identifier: MIT OR Apache-2.0
//! `manual`: the man page.

use crate::cli::Common;
use crate::failure::Failure;

/// `manual`
pub(in crate::cli) fn manual(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("manual is not built yet"))
}
