// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a call to the hub did not give what was asked for.

use std::fmt;
use std::time::Duration;

use crate::failure::{Exit, Failure};
use crate::homey::error::{HubError, Kind};
use crate::homey::reply::ReplyError;
use crate::net;

/// The three sides that can say no.
#[derive(Debug)]
pub enum Refusal {
    /// It could not be put into bytes: the configuration or an argument is at fault.
    Local(String),
    /// The way to the hub.
    Net(net::Error),
    /// The hub itself, with a complete reply.
    Hub {
        error: HubError,
        retry_after: Option<Duration>,
    },
    /// A complete reply that is not what was asked for.
    Reply(String),
    /// Somebody else answers there.
    WrongHub(String),
}

/// What a hub's refusal of a call that needs `scope` says to people: short, and with the scope where that is missing.
pub fn told(scope: Option<&str>, error: &HubError) -> String {
    match (error.kind, scope) {
        (Kind::MissingScopes, Some(scope)) => {
            format!("the API key or session lacks the scope {scope}; make a key that has it")
        }
        _ => error.to_string(),
    }
}

impl Refusal {
    /// The exit code that a command ends with because of this.
    pub fn failure(self, doing: &str) -> Failure {
        let exit = match &self {
            Refusal::Local(_) => Exit::Config,
            Refusal::Net(net::Error::Trust(_)) => Exit::Config,
            Refusal::Net(_) | Refusal::Reply(_) | Refusal::WrongHub(_) => Exit::Unavailable,
            Refusal::Hub { error, .. } if matches!(error.status, 401 | 403) => Exit::Permission,
            Refusal::Hub { error, .. } => match error.kind {
                Kind::Unavailable | Kind::ServerError | Kind::TooManyRequests | Kind::NotJson => {
                    Exit::Unavailable
                }
                // The hub is there, and this is its answer.
                _ => Exit::Failed,
            },
        };
        Failure::new(exit, format!("{doing}: {self}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Local(text) | Refusal::Reply(text) | Refusal::WrongHub(text) => {
                f.write_str(text)
            }
            Refusal::Net(error) => error.fmt(f),
            Refusal::Hub { error, .. } => error.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<net::Error> for Refusal {
    fn from(error: net::Error) -> Refusal {
        Refusal::Net(error)
    }
}

impl From<HubError> for Refusal {
    fn from(error: HubError) -> Refusal {
        Refusal::Hub {
            error,
            retry_after: None,
        }
    }
}

impl From<ReplyError> for Refusal {
    fn from(error: ReplyError) -> Refusal {
        match error {
            // What broke off is the network's doing, with words of its own.
            ReplyError::Read(e) => Refusal::Net(net::Error::from_io(e)),
            other => Refusal::Reply(other.to_string()),
        }
    }
}
