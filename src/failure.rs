// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a command ends badly: one line for a person and a stable exit code for init systems and scripts.

use std::fmt;

/// The exit codes (sysexits.h values, so that `RestartPreventExitStatus=78` means what it says).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It was done and the answer is no: a reply with status 400 or above, a failed check, a write error.
    Failed = 1,
    /// The command line is wrong.
    Usage = 64,
    /// The hub or the network is not there, or what came back cannot be used.
    Unavailable = 69,
    /// Permission or credentials: an unreadable key file, a bearer that the hub refuses.
    Permission = 77,
    /// The configuration is wrong; restarting does not help.
    Config = 78,
}

/// An exit code and the line that goes with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub exit: Exit,
    /// Lower case, no full stop; may hold several lines where several things are wrong at once.
    pub message: String,
}

impl Failure {
    /// Any failure.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            message: message.into(),
        }
    }

    /// Exit code 64, with the pointer to `--help` that such a line needs.
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Usage, format!("{message}; see homey-panel --help"))
    }

    /// Exit code 64 where the words of the line are right and what they name is wrong: an unknown device, a
    /// value out of range.
    pub fn usage_plain(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Exit code 69.
    pub fn unavailable(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Unavailable, message)
    }

    /// Exit code 77.
    pub fn permission(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Permission, message)
    }

    /// Exit code 78.
    pub fn config(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Config, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Failure {
        Failure::usage(error)
    }
}
