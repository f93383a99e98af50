// SPDX-License-Identifier: MIT OR Apache-2.0
mod scale;
use crate::cli::Common;
use crate::failure::Failure;
pub(in crate::cli) fn chart(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("chart is not built yet"))
}
