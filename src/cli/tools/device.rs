// SPDX-License-Identifier: MIT OR Apache-2.0
//! `device`: all about one device.

use crate::cli::Common;
use crate::failure::Failure;

/// `device`
pub(in crate::cli) fn device(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("device is not built yet"))
}
