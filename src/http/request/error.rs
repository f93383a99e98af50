// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a request head was not taken, in words that a user of a header profile can act on.
//!
//! Must not hold field values: they may be bearers.

use std::fmt;

/// Why a request head was not taken. Names are shortened for showing; values are never shown, since they may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// The method is no token.
    Method(String),
    /// The request target is empty.
    EmptyTarget,
    /// The request target holds a space, a control character or a character outside ASCII.
    Target { found: char },
    /// A field line of zero bytes, which would end the head.
    EmptyLine,
    /// A CR, LF, NUL or, in a checked line, another control byte.
    Control { name: String, byte: u8 },
    /// A line that begins with a space or tab, so that a server would join it to the line before.
    LeadingSpace,
    /// A line without a colon; its first word.
    NoColon(String),
    /// curl's way of writing an empty value, `Name;`.
    Semicolon(String),
    /// A line that begins with its colon.
    EmptyName,
    /// A field name with a space or tab in it or after it.
    NameSpace(String),
    /// A field name with a character that no token has.
    NameCharacter { name: String, found: char },
    /// Strict: no Host line.
    NoHost,
    /// Strict: two lines of a name that may stand once.
    Twice(&'static str),
    /// Strict: a Transfer-Encoding line.
    TransferEncoding,
    /// Strict: a Content-Length that is no number.
    Length(String),
    /// Strict: a body of that many bytes without a Content-Length line.
    NoLength { body: u64 },
    /// Strict: a Content-Length above 0 without a body.
    LengthWithoutBody { said: u64 },
    /// Strict: a Content-Length that is not the body's.
    WrongLength { said: u64, body: u64 },
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(method) => write!(
                f,
                "method \"{method}\" is no token: write one word such as GET or PUT"
            ),
            Self::EmptyTarget => write!(f, "the request target is empty: write at least /"),
            Self::Target { found } => {
                write!(
                    f,
                    "the request target contains {found:?}: percent-encode it"
                )
            }
            Self::EmptyLine => write!(
                f,
                "a field line is empty, which would end the head: leave it out"
            ),
            Self::Control { name, byte } => {
                write!(
                    f,
                    "field line \"{name}\" contains the control byte 0x{byte:02x}: take it out"
                )
            }
            Self::LeadingSpace => write!(
                f,
                "a field line begins with whitespace: begin it with the field name"
            ),
            Self::NoColon(word) => write!(
                f,
                "field line \"{word}\" has no colon: write \"Name: value\""
            ),
            Self::Semicolon(name) => {
                write!(
                    f,
                    "\"{name};\" is curl's way of writing an empty value, which is not supported here: write \"{name}:\" in the profile"
                )
            }
            Self::EmptyName => write!(
                f,
                "a field line begins with its colon: write \"Name: value\""
            ),
            Self::NameSpace(name) => {
                let cure = name.split_whitespace().collect::<Vec<_>>().join("-");
                write!(f, "field name \"{name}\" contains a space; write {cure}")
            }
            Self::NameCharacter { name, found } => {
                write!(
                    f,
                    "field name \"{name}\" contains {found:?}, which no field name may have"
                )
            }
            Self::NoHost => write!(
                f,
                "the head has no Host line, which HTTP/1.1 requires: add \"Host: name\""
            ),
            Self::Twice(name) => write!(f, "the head has two {name} lines: keep one"),
            Self::TransferEncoding => {
                write!(
                    f,
                    "the head has a Transfer-Encoding line, but the body goes out as it is: use Content-Length"
                )
            }
            Self::Length(value) => write!(f, "Content-Length \"{value}\" is no number of bytes"),
            Self::NoLength { body } => {
                write!(
                    f,
                    "a body of {body} bytes has no Content-Length line: add \"Content-Length: {body}\""
                )
            }
            Self::LengthWithoutBody { said } => {
                write!(
                    f,
                    "the head says Content-Length {said}, but there is no body: the server would wait for it"
                )
            }
            Self::WrongLength { said, body } => {
                write!(
                    f,
                    "the head says Content-Length {said}, but the body has {body} bytes"
                )
            }
        }
    }
}

impl std::error::Error for RequestError {}
