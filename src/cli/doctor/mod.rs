// SPDX-License-Identifier: MIT OR Apache-2.0
//! `doctor`: what is wrong between here and the hub.

use crate::cli::Common;
use crate::failure::Failure;

/// `doctor`
pub(in crate::cli) fn doctor(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("doctor is not built yet"))
}
