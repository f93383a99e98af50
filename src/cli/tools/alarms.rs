// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alarms` and `alarm NAME`.

use crate::cli::Common;
use crate::failure::Failure;

/// `alarms`
pub(in crate::cli) fn alarms(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("alarms is not built yet"))
}

/// `alarm`
pub(in crate::cli) fn alarm(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("alarm is not built yet"))
}
