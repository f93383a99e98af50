// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every file of `tests/data/requests`: what is asked, and the exact bytes that must leave or the exact refusal.
//!
//! A file holds one case. Above the line `---`, one instruction a line, done in order:
//!
//! ```text
//! # comment
//! method: PUT              once, before target
//! target: /api/            once
//! line: Host: x            one field line; everything after "line: " is the line
//! unchecked: Odd : x       likewise, without the checks
//! replace: Host: y         likewise, in the place of the line of that name
//! field: Name|value        name and value apart
//! body: {"a":1}            the body; without it there is none
//! send: unchecked          finish without the strict checks
//! ```
//!
//! In instructions `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` stand for bytes; a space at the end is
//! written `\x20`, so that no editor eats it. Below `---` stands either `error: ` and the whole message, or
//! every line that leaves, its `\r\n` written out, and last the body without anything added.

mod support;

use homey_panel::http::{Check, RequestError, RequestHead};
use support::{case_files, unescape};

#[test]
fn every_request_leaves_as_its_file_says() {
    let files = case_files("requests");
    assert!(
        files.len() >= 30,
        "only {} request cases found",
        files.len()
    );
    for (name, text) in files {
        let (asked, expected) = text
            .split_once("\n---\n")
            .unwrap_or_else(|| panic!("{name}: no ---"));
        let expected = expected.strip_suffix('\n').unwrap_or(expected);
        match (build(&name, asked), expected.strip_prefix("error: ")) {
            (Err(error), Some(message)) => assert_eq!(error.to_string(), message, "{name}"),
            (Err(error), None) => panic!("{name}: refused: {error}"),
            (Ok(sent), Some(_)) => panic!("{name}: not refused: {}", sent.escape_ascii()),
            (Ok(sent), None) => {
                let bytes: Vec<u8> = expected.lines().flat_map(unescape).collect();
                assert_eq!(
                    sent.escape_ascii().to_string(),
                    bytes.escape_ascii().to_string(),
                    "{name}"
                );
            }
        }
    }
}

/// Does what a case asks for; gives head and body as they would leave.
fn build(name: &str, asked: &str) -> Result<Vec<u8>, RequestError> {
    let (mut method, mut head, mut body, mut check) = (String::new(), None, None, Check::Strict);
    for line in asked
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (key, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("{name}: {line}"));
        let value = value.strip_prefix(' ').unwrap_or(value);
        let bytes = unescape(value);
        match (key, &mut head) {
            ("method", None) => method = String::from_utf8(bytes).expect("a method in UTF-8"),
            ("target", None) => {
                let target = String::from_utf8(bytes).expect("a target in UTF-8");
                head = Some(RequestHead::new(&method, &target)?);
            }
            ("line", Some(head)) => head.line(&bytes)?,
            ("unchecked", Some(head)) => head.line_unchecked(&bytes)?,
            ("replace", Some(head)) => head.replace_line(&bytes)?,
            ("field", Some(head)) => {
                let (field, value) = value.split_once('|').expect("a field with |");
                head.field(field, &unescape(value))?;
            }
            ("body", Some(_)) => body = Some(bytes),
            ("send", Some(_)) if value == "unchecked" => check = Check::Unchecked,
            _ => panic!("{name}: cannot do {line:?} here"),
        }
    }
    let head = head.unwrap_or_else(|| panic!("{name}: no target"));
    let body_len = body.as_ref().map(|body| body.len() as u64);
    let mut sent = head.finish(body_len, check)?;
    sent.extend_from_slice(&body.unwrap_or_default());
    Ok(sent)
}
