// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a profile, as data and in words.

use std::fmt;

use super::Hole;
use super::line::{MAX_LINE, is_name};
use crate::homey::call::CallError;

/// Why a profile or a request cannot be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProfileError {
    /// What is wrong with line `line` (from 1).
    Line { line: usize, flaw: Flaw },
    /// What should fill a hole holds CR, LF or NUL.
    Filling { hole: Hole },
    /// The call itself cannot be put into bytes.
    Call(CallError),
}

/// What is wrong with a line. Displays as just that; [`Flaw::expected`] and [`Flaw::meant`] are the cure. Names of fields and
/// holes are shown, at most 60 bytes of them; of a value nothing but codings: it may be a bearer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// A control character that is no tab: it would end the line, or hide in it.
    Control(char),
    /// So many bytes.
    TooLong(usize),
    /// It would end the head.
    Empty,
    /// And its first word.
    NoColon(String),
    NoName,
    /// A field name with a character that no token has (RFC 9110 §5.6.2; `api.md` 15 no. 1: `Content Type:`).
    Name {
        name: String,
        holds: char,
    },
    /// A hole that is none of ours.
    UnknownHole {
        hole: String,
        nearest: Option<&'static str>,
    },
    /// A brace without its partner, in the field of that name.
    Brace {
        name: String,
        brace: char,
    },
    /// A Content-Length that is no hole.
    FixedLength,
    /// Transfer-Encoding.
    Chunked,
    /// A coding offered that is not decoded here.
    Coding(String),
    /// Expect, Upgrade: lines that ask for answers of another kind.
    NotUnderstood,
    /// An Authorization without the hole. A profile can be used with it.
    FixedToken,
}

/// The holes, as a message lists them.
pub(super) const KNOWN: &str = "{host}, {token}, {hub}, {length}, {type}, {etag}, {name} or {Name}";

impl Flaw {
    /// Whether it is only to be warned of.
    pub fn is_warning(&self) -> bool {
        *self == Flaw::FixedToken
    }

    /// What would be right.
    pub fn expected(&self) -> String {
        let words = match self {
            Flaw::Control(_) => "text on one line",
            Flaw::TooLong(_) => return format!("at most {MAX_LINE}"),
            Flaw::Empty => "a header line, such as \"Accept: application/json\"",
            Flaw::NoColon(_) | Flaw::NoName => "name: value",
            Flaw::Name { .. } => "letters, digits and dashes up to the colon",
            Flaw::UnknownHole { .. } => KNOWN,
            Flaw::Brace { brace, .. } => {
                return format!("{KNOWN}; {brace}{brace} for a plain {brace}");
            }
            Flaw::FixedLength | Flaw::Chunked => "Content-Length: {length}",
            Flaw::Coding(_) => "gzip, deflate, br or identity",
            Flaw::NotUnderstood => "no such line",
            Flaw::FixedToken => "Authorization: Bearer {token}",
        };
        words.to_owned()
    }

    /// What was probably meant.
    pub fn meant(&self) -> Option<String> {
        match self {
            Flaw::Name { name, .. } => {
                let dashed = name.trim().replace([' ', '_'], "-");
                let fits = dashed != *name && is_name(&dashed);
                fits.then(|| format!("\"{dashed}:\""))
            }
            Flaw::UnknownHole { nearest, .. } => nearest.map(|near| format!("{{{near}}}")),
            _ => None,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Control(c) => {
                return write!(
                    f,
                    "a line holds the control character U+{:04X}",
                    u32::from(*c)
                );
            }
            Flaw::TooLong(len) => return write!(f, "a line is {len} bytes long"),
            Flaw::Empty => "a line is empty",
            Flaw::NoColon(word) => {
                return write!(f, "the line that begins with \"{word}\" has no colon");
            }
            Flaw::NoName => "the line has no header name",
            Flaw::Name { name, holds: '\t' } => {
                return write!(f, "the header name \"{name}\" holds a tab");
            }
            Flaw::Name { name, holds } => {
                return write!(f, "the header name \"{name}\" holds \"{holds}\"");
            }
            Flaw::UnknownHole { hole, .. } => {
                return write!(f, "there is nothing to fill \"{{{hole}}}\" with");
            }
            Flaw::Brace { name, brace } => {
                return write!(f, "a {brace} in \"{name}\" has no partner");
            }
            Flaw::FixedLength => "a fixed Content-Length is wrong for every other body",
            Flaw::Chunked => "bodies are sent whole, with their length",
            Flaw::Coding(coding) => {
                return write!(
                    f,
                    "Accept-Encoding offers \"{coding}\", which cannot be decoded here"
                );
            }
            Flaw::NotUnderstood => "the hub's answer to this line is not understood here",
            Flaw::FixedToken => {
                "a bearer written here is never renewed, and readable for all who read this file"
            }
        })
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProfileError::Line { line, flaw } => {
                write!(
                    f,
                    "header line {line}: {flaw}; expected {}",
                    flaw.expected()
                )?;
                match flaw.meant() {
                    Some(meant) => write!(f, "; did you mean {meant}"),
                    None => Ok(()),
                }
            }
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
