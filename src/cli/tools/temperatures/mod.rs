// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::cli::Common;
use crate::failure::Failure;
pub(in crate::cli) fn temperatures(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("temperatures is not built yet"))
}
