// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arguments to command, failure to exit code.

// Release programs start without the standard library's own start: `footprint` says why.
#![cfg_attr(all(panic = "abort", target_os = "linux", target_env = "gnu"), no_main)]

#[macro_use]
mod footprint;

use std::io::Write;

use homey_panel::cli;

#[cfg(all(panic = "abort", target_os = "linux", target_env = "gnu"))]
start_with!(program);

#[cfg(not(all(panic = "abort", target_os = "linux", target_env = "gnu")))]
fn main() -> std::process::ExitCode {
    program().into()
}

/// The program; its exit code.
fn program() -> u8 {
    footprint::give_memory_back();
    footprint::keep_to_ourselves();
    match cli::main(std::env::args_os().skip(1)) {
        Ok(()) => 0,
        Err(failure) => {
            let mut text = String::new();
            for line in failure.message.lines() {
                // A place in a file comes first in its line, where editors and scripts look for it.
                if !is_placed(line) {
                    text.push_str("homey-panel: ");
                }
                // Much of it was said by hubs, servers and files.
                text.push_str(&cli::harmless(line));
                text.push('\n');
            }
            // In one write, so that lines of several programs in one log do not mix; nobody to tell if it fails.
            let _ = std::io::stderr().write_all(text.as_bytes());
            failure.exit as u8
        }
    }
}

/// Whether a line begins with `file:line:column: `.
fn is_placed(line: &str) -> bool {
    let mut parts = line.splitn(4, ':').skip(1);
    let mut number = || parts.next().is_some_and(|n| n.parse::<u32>().is_ok());
    number() && number() && parts.next().is_some_and(|rest| rest.starts_with(' '))
}
