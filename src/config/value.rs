// SPDX-License-Identifier: MIT OR Apache-2.0
//! One value of the file: what it is, where it stands, and whether it is what was asked for.
//!
//! Knows TOML values and their places; no table and no key by name.

use toml_span::value::{Value as Toml, ValueInner};

use super::problem::Report;
use crate::homey::Value;

/// Longer texts are refused, in bytes.
pub(super) const MAX_TEXT: usize = 256;

/// A text and the byte offset at which it stands.
#[derive(Copy, Clone)]
pub(super) struct Text<'t> {
    pub(super) at: usize,
    pub(super) text: &'t str,
}

/// The text of `value`, called `name` in messages: at least one character, no control characters, at most [`MAX_TEXT`] bytes.
pub(super) fn text_of<'t>(
    report: &mut Report<'_>,
    value: &'t Toml<'t>,
    name: &str,
    expected: &str,
) -> Option<Text<'t>> {
    let at = value_at(report, value);
    let Some(text) = value.as_str() else {
        report
            .error(at, format!("{name} is {}", kind(value)))
            .expected(expected);
        return None;
    };
    if text.is_empty() {
        report
            .error(at, format!("{name} is empty"))
            .expected(expected);
        return None;
    }
    check_text(report, at, text, name).then_some(Text { at, text })
}

/// Whether `text` has no control characters and at most [`MAX_TEXT`] bytes; reported where not.
pub(super) fn check_text(report: &mut Report<'_>, at: usize, text: &str, name: &str) -> bool {
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        let what = format!("{name} holds the control character U+{:04X}", u32::from(c));
        report.error(at, what).expected("text on one line");
        return false;
    }
    if text.len() > MAX_TEXT {
        let what = format!("{name} is {} bytes long", text.len());
        report
            .error(at, what)
            .expected(format!("at most {MAX_TEXT}"));
        return false;
    }
    true
}

/// The finite number that `value` is; anything else is reported.
pub(super) fn number_of(report: &mut Report<'_>, value: &Toml<'_>, name: &str) -> Option<f64> {
    let number = match value.as_ref() {
        // Numbers in a house are far below 2^53, above which digits would be lost.
        #[allow(clippy::cast_precision_loss)]
        ValueInner::Integer(n) => Some(*n as f64),
        ValueInner::Float(n) => Some(*n).filter(|n| n.is_finite()),
        _ => None,
    };
    if number.is_none() {
        let bare = value.as_str().map(str::trim);
        let hint = bare.filter(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
        report
            .error(
                value_at(report, value),
                format!("{name} is {}", kind(value)),
            )
            .expected("a number")
            .meant(hint.map(|n| format!("{name} = {n}")));
    }
    number
}

/// Where `value` stands. The parser's place of a text is behind its quotes; people count from the quote.
pub(super) fn value_at(report: &Report<'_>, value: &Toml<'_>) -> usize {
    let start = value.span.start;
    let Some(text) = value.as_str() else {
        return start;
    };
    let bytes = report.text().as_bytes();
    let quote = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .copied()
            .filter(|byte| matches!(byte, b'"' | b'\''))
    };
    if text.is_empty() && value.span.end > start {
        return start;
    }
    let Some(mark) = quote(start.checked_sub(1)) else {
        return start;
    };
    let triple = [2, 3]
        .iter()
        .all(|back| quote(start.checked_sub(*back)) == Some(mark));
    start - if triple { 3 } else { 1 }
}

/// What a value is, with its article, for "… is a text".
pub(super) fn kind(value: &Toml<'_>) -> &'static str {
    match value.as_ref() {
        ValueInner::String(_) => "a text",
        ValueInner::Integer(_) => "a whole number",
        ValueInner::Float(n) if n.is_finite() => "a number with a point",
        ValueInner::Float(_) => "not finite",
        ValueInner::Boolean(true) => "true",
        ValueInner::Boolean(false) => "false",
        ValueInner::Array(_) => "a list",
        ValueInner::Table(_) => "a table",
    }
}

/// `true` or `false` for the words that people write in their place.
pub(super) fn truth(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some("true"),
        "false" | "no" | "off" | "0" => Some("false"),
        _ => None,
    }
}

/// The value of a capability: true, false, a finite number or a text.
pub(super) fn scalar(report: &mut Report<'_>, value: &Toml<'_>, name: &str) -> Option<Value> {
    match value.as_ref() {
        ValueInner::Boolean(flag) => Some(Value::Bool(*flag)),
        ValueInner::Integer(_) | ValueInner::Float(_) => {
            number_of(report, value, name).map(Value::Number)
        }
        ValueInner::String(text) => check_text(report, value_at(report, value), text, name)
            .then(|| Value::Text(text.as_ref().into())),
        ValueInner::Array(_) | ValueInner::Table(_) => {
            report
                .error(
                    value_at(report, value),
                    format!("{name} is {}", kind(value)),
                )
                .expected("true, false, a number or a text");
            None
        }
    }
}
