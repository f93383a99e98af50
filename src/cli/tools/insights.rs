// SPDX-License-Identifier: MIT OR Apache-2.0
//! `insights`: what a capability was.

use crate::cli::Common;
use crate::failure::Failure;

/// `insights`
pub(in crate::cli) fn insights(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("insights is not built yet"))
}
