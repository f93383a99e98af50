// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a profile, as data and in words.

use std::fmt;

use super::Hole;
use crate::homey::call::CallError;

/// Why a profile or a request cannot be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProfileError {
    /// Line `line` (from 1) has a hole that is none of ours.
    UnknownHole {
        line: usize,
        hole: String,
        nearest: Option<&'static str>,
    },
    /// Line `line` has a brace without its partner.
    Brace { line: usize },
    /// Line `line` is empty: it would end the head.
    EmptyLine { line: usize },
    /// Line `line` holds CR, LF or NUL.
    Control { line: usize },
    /// What should fill a hole holds CR, LF or NUL.
    Filling { hole: Hole },
    /// The call itself cannot be put into bytes.
    Call(CallError),
}

/// What a profile lacks or does, found before the first request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// No line has this hole, and no line stands in for it.
    Missing(Hole),
    /// The line has no colon, or white space before it (`api.md` 15 no. 1: `Content Type:`).
    NotAField { line: usize },
    /// A fixed `Content-Length` is wrong for every other body.
    FixedLength { line: usize },
    /// A bearer written into the profile ends up in configuration backups, and is never renewed.
    FixedToken { line: usize },
    /// `Accept-Encoding` offers a coding that we do not decode.
    Coding { line: usize, coding: String },
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProfileError::UnknownHole {
                line,
                hole,
                nearest,
            } => {
                write!(f, "header line {line}: unknown hole {{{hole}}}")?;
                match nearest {
                    Some(near) => write!(f, ", did you mean {{{near}}}"),
                    None => f.write_str(
                        ", known are {host} {token} {hub} {length} {type} {etag} {name} {Name}; write {{ for a brace",
                    ),
                }
            }
            ProfileError::Brace { line } => write!(
                f,
                "header line {line}: a brace without its partner; write {{{{ or }}}} for a plain one"
            ),
            ProfileError::EmptyLine { line } => write!(
                f,
                "header line {line} is empty, which would end the head; remove it"
            ),
            ProfileError::Control { line } => write!(
                f,
                "header line {line} has a line break or NUL inside; write one line for each field"
            ),
            ProfileError::Filling { hole } => write!(
                f,
                "the text for {{{}}} has a line break or NUL inside",
                hole.name()
            ),
            ProfileError::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProfileError {}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Missing(hole) => {
                let harm = match hole {
                    Hole::Host => "the hub will answer 400",
                    Hole::Token => "the hub will answer 401",
                    Hole::Length => "the hub will not see the end of a body",
                    Hole::Type => "the hub will not read a body as JSON",
                    _ => "the hub may refuse",
                };
                write!(f, "missing {{{}}}: {harm}", hole.name())
            }
            Warning::NotAField { line } => write!(
                f,
                "header line {line} is no field: a name without spaces, a colon and a value are expected"
            ),
            Warning::FixedLength { line } => write!(
                f,
                "header line {line} has a fixed length, wrong for every other body; write {{length}}"
            ),
            Warning::FixedToken { line } => write!(
                f,
                "header line {line} has a fixed bearer, never renewed and readable in the configuration; write {{token}}"
            ),
            Warning::Coding { line, coding } => write!(
                f,
                "header line {line} offers {coding}, which we do not decode; offer gzip, deflate or br"
            ),
        }
    }
}
