// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the TOML parser says, in an installer's words. After such an error the rest of the file cannot be judged.

use toml_span::{Error, ErrorKind, Span};

use super::controls::gestures;
use super::problem::{Report, choices, quoted};
use super::value::truth;

/// Sections that may stand several times, and so take two pairs of brackets.
const REPEATED: [&str; 3] = ["panel", "control", "output"];

/// Characters that word processors and phones put in place of plain ones: character, its name, the plain one.
const LOOKALIKES: [(char, &str, &str); 18] = [
    ('\u{201c}', "a typographic quote", "\""),
    ('\u{201d}', "a typographic quote", "\""),
    ('\u{201e}', "a typographic quote", "\""),
    ('\u{201f}', "a typographic quote", "\""),
    ('\u{00ab}', "a typographic quote", "\""),
    ('\u{00bb}', "a typographic quote", "\""),
    ('\u{2033}', "a double prime", "\""),
    ('\u{ff02}', "a full-width quote", "\""),
    ('\u{2018}', "a typographic apostrophe", "'"),
    ('\u{2019}', "a typographic apostrophe", "'"),
    ('\u{201a}', "a typographic apostrophe", "'"),
    ('\u{2032}', "a prime", "'"),
    ('\u{00b4}', "an accent", "'"),
    ('\u{0060}', "a backtick", "\""),
    ('\u{2013}', "a long dash", "-"),
    ('\u{2014}', "a long dash", "-"),
    ('\u{2212}', "a minus sign", "-"),
    ('\u{2026}', "an ellipsis", "..."),
];

/// Reports the parser's `error`.
pub(super) fn explain(report: &mut Report<'_>, error: &Error) {
    let Span { start: at, end } = error.span;
    let text = report.text();
    let word = text.get(at..end).unwrap_or("").trim();
    match &error.kind {
        ErrorKind::Unexpected(c) => stray(report, at, *c),
        ErrorKind::UnquotedString => {
            let what = format!("{} stands without quotes", shown(report, at, word));
            match truth(word) {
                Some(truth) => report
                    .error(at, what)
                    .expected("true or false")
                    .meant(Some(truth)),
                None => report.error(at, what).expected("text in quotes: \"…\""),
            };
        }
        ErrorKind::InvalidNumber | ErrorKind::OutOfRange(_) => {
            let line = text
                .get(at..)
                .and_then(|rest| rest.lines().next())
                .unwrap_or("");
            let end = line.find([',', ']', '}', '#']).unwrap_or(line.len());
            let written = line.get(..end).unwrap_or("").trim();
            let digits = written.chars().all(|c| c.is_ascii_digit());
            let (what, expected) = match digits {
                true if written.starts_with('0') => (
                    "begins with a zero",
                    "a number without it, or text in quotes",
                ),
                true => ("is too large a number", "a smaller one, or text in quotes"),
                false => (
                    "is not a number",
                    "a number without a unit, or text in quotes",
                ),
            };
            let what = format!("{} {what}", shown(report, at, written));
            report.error(at, what).expected(expected);
        }
        ErrorKind::InvalidCharInString('\n') => open_quote(report, at, at),
        ErrorKind::UnterminatedString => {
            let line = text
                .get(at..)
                .and_then(|rest| rest.lines().next())
                .unwrap_or("");
            open_quote(report, at, at + line.len());
        }
        ErrorKind::InvalidCharInString(c) => {
            let what = format!(
                "the control character U+{:04X} stands in a text",
                u32::from(*c)
            );
            report.error(at, what).expected("text on one line");
        }
        ErrorKind::InvalidEscape(c) | ErrorKind::InvalidHexEscape(c) => {
            report
                .error(
                    at,
                    format!("{} after a backslash means nothing", quoted(&c.to_string())),
                )
                .expected("\\\\ for a backslash, or the text in single quotes");
        }
        ErrorKind::InvalidEscapeValue(_) => {
            report
                .error(at, "no character has this number")
                .expected("four or eight hex digits");
        }
        ErrorKind::DuplicateKey { key, first } => {
            let line = report.line(first.start);
            let expected = match key.as_str() {
                key if gestures(|_| true).any(|gesture| gesture == key) => {
                    "each gesture once; several actions are a list: [ {…}, {…} ]"
                }
                _ => "each key once",
            };
            let what = format!(
                "{} is written a second time, first in line {line}",
                quoted(key)
            );
            report.error(at, what).expected(expected);
        }
        ErrorKind::DuplicateTable { name, first } => {
            let line = report.line(first.start);
            let what = format!("[{name}] is written a second time, first in line {line}");
            let expected = match REPEATED.contains(&name.as_str()) {
                true => format!("[[{name}]] with two pairs of brackets"),
                false => "each section once".to_owned(),
            };
            report.error(at, what).expected(expected);
        }
        ErrorKind::RedefineAsArray => {
            let what = format!("{} is a section already", quoted(word));
            let repeated = REPEATED.map(|name| format!("[[{name}]]"));
            let repeated = choices(repeated.iter().map(String::as_str));
            report
                .error(at, what)
                .expected(format!("two pairs of brackets at {repeated} only"));
        }
        ErrorKind::DottedKeyInvalidType { first } => {
            let line = report.line(first.start);
            report
                .error(at, format!("the key goes on below a value of line {line}"))
                .expected("a key of its own");
        }
        ErrorKind::Wanted { expected, found } => wanted(report, at, expected, found),
        ErrorKind::UnexpectedEof => {
            report
                .error(at, "the file ends in the middle of a value")
                .expected("a value");
        }
        ErrorKind::ExceededDepthLimit => {
            report
                .error(at, "too many brackets inside each other")
                .expected("three at most");
        }
        ErrorKind::MultilineStringKey => {
            report
                .error(at, "a key of several lines")
                .expected("a key on one line");
        }
        _ => {
            report.error(at, error.to_string());
        }
    }
}

/// A value for a message; not that of a key that may hold a secret.
fn shown(report: &Report<'_>, at: usize, value: &str) -> String {
    let before = report.text().get(..at).unwrap_or("");
    let line = before
        .rsplit('\n')
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    let secret = ["key", "token", "bearer", "password", "secret"];
    match secret.iter().any(|word| line.contains(word)) {
        true => "the value".to_owned(),
        false => quoted(value),
    }
}

fn stray(report: &mut Report<'_>, at: usize, c: char) {
    let code = u32::from(c);
    if let Some((_, name, plain)) = LOOKALIKES.iter().find(|(like, ..)| *like == c) {
        report
            .error(
                at,
                format!("the character {c} (U+{code:04X}, {name}) is not allowed here"),
            )
            .expected(format!("the plain character {plain}"));
    } else if c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
    {
        report
            .error(
                at,
                format!("the invisible character U+{code:04X} is not allowed here"),
            )
            .expected("a plain space, or nothing");
    } else {
        report
            .error(
                at,
                format!("the character {c} (U+{code:04X}) is not allowed here"),
            )
            .expected("a key, a value or # before a comment");
    }
}

/// A text whose closing quote is missing on its line, which ends at `end`.
fn open_quote(report: &mut Report<'_>, at: usize, end: usize) {
    let before = report.text().get(..end).unwrap_or("");
    let line_at = before.rfind('\n').map_or(0, |last| last + 1);
    let line = before.get(line_at..).unwrap_or("");
    let fancy = line.char_indices().find_map(|(offset, c)| {
        let found = LOOKALIKES
            .iter()
            .find(|(like, _, plain)| *like == c && *plain == "\"");
        found.map(|_| (line_at + offset, c))
    });
    match fancy {
        Some((at, c)) => stray(report, at, c),
        None => {
            report
                .error(at, "the text has no closing quote")
                .expected("\" at its end");
        }
    }
}

fn wanted(report: &mut Report<'_>, at: usize, expected: &str, found: &str) {
    if (expected, found) == ("newline", "a period") {
        // 192.168.1.17: a number up to the second point.
        let text = report.text();
        let line_at = text
            .get(..at)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |last| last + 1);
        let line = text
            .get(line_at..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or("");
        if let Some((key, value)) = line.split_once('=') {
            let at = line_at + key.len() + 1 + value.len() - value.trim_start().len();
            let value = value.split('#').next().unwrap_or("").trim();
            let what = format!("{} stands without quotes", shown(report, at, value));
            report.error(at, what).expected("text in quotes: \"…\"");
            return;
        }
    }
    let found = match found {
        "eof" => "the end of the file",
        "an identifier" => "a word",
        "an equals" => "an equals sign",
        other => other,
    };
    let expected = match expected {
        "an equals" => "an equals sign: key = value",
        "a table key" => "a key",
        "newline" => "the end of the line",
        "a right bracket" => "a closing bracket ]",
        "a right brace" => "a closing brace }",
        "a comma" => "a comma",
        other => other,
    };
    report
        .error(at, format!("{found} stands here"))
        .expected(expected);
}
