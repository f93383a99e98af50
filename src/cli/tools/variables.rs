// SPDX-License-Identifier: MIT OR Apache-2.0
//! `variables` and `variable set`.

use crate::cli::Common;
use crate::failure::Failure;

/// `variables`
pub(in crate::cli) fn variables(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("variables is not built yet"))
}

/// `variable`
pub(in crate::cli) fn variable(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("variable is not built yet"))
}
