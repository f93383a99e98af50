// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arguments to command, failure to exit code.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match homey_panel::cli::main(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let mut text = String::new();
            for line in failure.message.lines() {
                text.push_str("homey-panel: ");
                text.push_str(line);
                text.push('\n');
            }
            // In one write, so that lines of several programs in one log do not mix; nobody to tell if it fails.
            let _ = std::io::stderr().write_all(text.as_bytes());
            ExitCode::from(failure.exit as u8)
        }
    }
}
