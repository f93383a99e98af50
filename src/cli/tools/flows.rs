// SPDX-License-Identifier: MIT OR Apache-2.0
//! `flows` and `flow NAME`.

use crate::cli::Common;
use crate::failure::Failure;

/// `flows`
pub(in crate::cli) fn flows(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("flows is not built yet"))
}
