// SPDX-License-Identifier: MIT OR Apache-2.0
//! Secrets from where they may come: standard input, a file, the credentials' directory, the terminal. Never an argument.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::homey::auth::Password;
use crate::homey::secret::Secret;

use super::args::Source;
use super::terminal;

/// No file with a secret is longer, in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// The text of one secret. `what` names it in questions and errors; `name` is its file in `$CREDENTIALS_DIRECTORY`; `options`
/// says how else it can be given.
fn text(source: &Source, what: &str, name: &str, options: &str) -> Result<String, Failure> {
    match source {
        Source::Stdin => terminal::read_line(what),
        Source::File(path) => file(path, what),
        Source::Usual => match credential(name) {
            Some(path) => file(&path, what),
            None if terminal::is_there() => terminal::ask_hidden(what),
            None => Err(Failure::usage(format!(
                "login: no {what}, and no terminal to ask on; give it with {options}, or as {name} in $CREDENTIALS_DIRECTORY"
            ))),
        },
    }
}

/// The file of that name that the service manager gave, where it did.
fn credential(name: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(dir).join(name)).filter(|path| path.exists())
}

fn file(path: &Path, what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
    read.map_err(|e| {
        Failure::permission(format!(
            "reading the {what} from {}: {e}; check that it exists and that this user may read it",
            path.display()
        ))
    })?;
    Ok(text)
}

pub(super) fn password(source: &Source) -> Result<Password, Failure> {
    let text = text(
        source,
        "password",
        "homey-panel.password",
        "--password-file FILE or --password-stdin",
    )?;
    Password::parse(&text).ok_or_else(|| {
        Failure::permission(
            "the password is empty, longer than 1024 bytes, or has a line break or control character inside; put it alone on one line",
        )
    })
}

/// The second factor's code, where it was given beforehand; empty: not.
pub(super) fn early_otp(source: &Source) -> Result<String, Failure> {
    let text = match (source, credential("homey-panel.otp")) {
        (Source::Usual, None) => return Ok(String::new()),
        (Source::Usual, Some(path)) => file(&path, "code")?,
        _ => terminal::read_line("code of the second factor")?,
    };
    otp(&text)
}

/// A code as people type it: spaces are for the eye.
pub(super) fn otp(text: &str) -> Result<String, Failure> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let good = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
    match good {
        true => Ok(code),
        false => Err(Failure::usage_plain(
            "the code of the second factor: expected the digits that the authenticator shows",
        )),
    }
}

/// An API key or a bearer.
pub(super) fn token(source: &Source, what: &str, name: &str) -> Result<Secret, Failure> {
    let text = text(source, what, name, "a file, or - for standard input")?;
    Secret::parse(&text).map_err(|e| Failure::permission(format!("the {what}: {e}")))
}
