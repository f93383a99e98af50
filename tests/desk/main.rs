// SPDX-License-Identifier: MIT OR Apache-2.0
//! The installer's desk from the outside: what its commands show, send and refuse, on the simulated hub in both dialects and
//! on hubs that answer nonsense; completion in a real bash, the man page through groff, progress on a pseudo-terminal.
#![cfg(feature = "tools")]

mod complete;
mod hostile;
mod lists;
mod manual;
mod odd;
mod scopes;
mod terminal;
mod writes;
