// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way in: `login`, `session`, `token`, `logout`.

use crate::cli::Common;
use crate::failure::Failure;

/// `login`
pub(in crate::cli) fn login(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("login is not built yet"))
}

/// `session`
pub(in crate::cli) fn session(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("session is not built yet"))
}

/// `token`
pub(in crate::cli) fn token(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("token is not built yet"))
}

/// `logout`
pub(in crate::cli) fn logout(_: &mut lexopt::Parser, _: &mut Common) -> Result<(), Failure> {
    Err(Failure::usage("logout is not built yet"))
}
