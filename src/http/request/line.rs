// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one field line of a request may look like (RFC 9110 §5.1, §5.5; RFC 9112 §5), and what is wrong with one that
//! may not leave.
//!
//! Sees one line at a time; must not know what any field means.

use super::RequestError;
use crate::http::field::{is_tchar, is_token, shown, trim};

/// Refuses what would let a line leave its place in the head (RFC 9110 §5.5: CR, LF and NUL are "invalid and dangerous").
pub(super) fn check_breaks(line: &[u8]) -> Result<(), RequestError> {
    if line.is_empty() {
        return Err(RequestError::EmptyLine);
    }
    match line.iter().find(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        Some(&byte) => Err(RequestError::Control {
            name: shown(first_word(line)),
            byte,
        }),
        None => Ok(()),
    }
}

/// The name and the trimmed value of a line that may be sent.
pub(super) fn check_line(line: &[u8]) -> Result<(&[u8], &[u8]), RequestError> {
    check_breaks(line)?;
    if matches!(line[0], b' ' | b'\t') {
        return Err(RequestError::LeadingSpace);
    }
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        // Only the first word is shown: what follows may be a bearer.
        let word = first_word(line);
        return Err(match word.split_last() {
            Some((b';', name)) if word.len() == line.len() => RequestError::Semicolon(shown(name)),
            _ => RequestError::NoColon(shown(word)),
        });
    };
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if !is_token(name) {
        return Err(name_error(name));
    }
    match value
        .iter()
        .find(|&&byte| byte.is_ascii_control() && byte != b'\t')
    {
        Some(&byte) => Err(RequestError::Control {
            name: shown(name),
            byte,
        }),
        None => Ok((name, value)),
    }
}

/// What is wrong with a field name that is no token.
pub(super) fn name_error(name: &[u8]) -> RequestError {
    if name.is_empty() {
        return RequestError::EmptyName;
    }
    let may_stay = |c: char| matches!(c, ' ' | '\t') || (c.is_ascii() && is_tchar(c as u8));
    match String::from_utf8_lossy(name)
        .chars()
        .find(|&c| !may_stay(c))
    {
        Some(found) => RequestError::NameCharacter {
            name: shown(name),
            found,
        },
        None => RequestError::NameSpace(shown(name)),
    }
}

fn first_word(line: &[u8]) -> &[u8] {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b':' | b'\r' | b'\n' | 0))
        .next()
        .unwrap_or(line)
}
