// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values as text for displays and notices: decimals, percent, templates, and nothing that could steer a terminal.

use std::borrow::Cow;

use crate::homey::{Traits, Value};

/// `text` on one line, without control characters, of at most `max` characters; a cut shows as `…`.
///
/// Texts come from the hub, from drivers and from whoever names a device, and end on terminals and serial displays.
pub(super) fn clean(text: &str, max: usize) -> String {
    let harmless = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().map(harmless).take(max).collect();
    if text.chars().nth(max).is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// Whether the capability runs 0..1 and is meant as percent (`capabilities.md` 1 rule 5).
pub(super) fn is_fraction(traits: Option<&Traits>) -> bool {
    traits.is_some_and(|traits| {
        traits.units.as_deref() == Some("%")
            && traits.max.is_some_and(|max| max <= 1.0)
            && traits.min.is_none_or(|min| min >= -1.0)
    })
}

/// A value as a person reads it: `on`, `21.5`, `60` of a fraction in percent, a text as it is; without units.
pub(super) fn plain<'v>(value: &'v Value, traits: Option<&Traits>) -> Cow<'v, str> {
    match value {
        Value::Null => Cow::Borrowed("-"),
        Value::Bool(on) => Cow::Borrowed(if *on { "on" } else { "off" }),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Number(number) => {
            let decimals = traits.and_then(|traits| traits.decimals);
            Cow::Owned(if is_fraction(traits) {
                digits(
                    number * 100.0,
                    Some(decimals.unwrap_or(2).saturating_sub(2)),
                )
            } else {
                digits(*number, decimals)
            })
        }
    }
}

/// `number` with so many digits after the point, or with as many as it needs up to three.
fn digits(number: f64, decimals: Option<u8>) -> String {
    // A driver's absurd number must not fill a display with zeros.
    if number.abs() >= 1e12 {
        return format!("{number:.2e}");
    }
    let count = usize::from(decimals.unwrap_or(3).min(6));
    let text = format!("{number:.count$}");
    let text = match decimals {
        None => text.trim_end_matches('0').trim_end_matches('.'),
        Some(_) => &text,
    };
    // "-0" and "-0.00" are nothing but rounding.
    let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if zero {
        text.trim_start_matches('-')
    } else {
        text
    }
    .to_owned()
}

/// `template` with each `{hole}` that `fill` knows filled in; the others stay as they are written. Ends trimmed, so that
/// `{value} {units}` needs no second form for values without units.
pub(super) fn fill<'a>(template: &str, fill: impl Fn(&str) -> Option<Cow<'a, str>>) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let hole = after
            .find('}')
            .and_then(|close| Some((close, fill(&after[..close])?)));
        if let Some((close, text)) = hole {
            out.push_str(&text);
            rest = &after[close + 1..];
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let fraction = Traits {
            units: Some("%".into()),
            min: Some(0.0),
            max: Some(1.0),
            decimals: Some(2),
            ..Traits::default()
        };
        let one = Traits {
            decimals: Some(1),
            ..Traits::default()
        };
        let wild = Traits {
            decimals: Some(255),
            ..Traits::default()
        };
        for (number, traits, want) in [
            (0.6, Some(&fraction), "60"),
            (0.125, Some(&fraction), "12"),
            (21.46, Some(&one), "21.5"),
            (21.0, Some(&one), "21.0"),
            (-0.04, Some(&one), "0.0"),
            (0.1 + 0.2, None, "0.3"),
            (1500.0, None, "1500"),
            (-3.25, None, "-3.25"),
            (-0.0, None, "0"),
            (1e300, Some(&one), "1.00e300"),
            (0.5, Some(&wild), "0.500000"),
        ] {
            assert_eq!(plain(&Value::Number(number), traits), want, "{number}");
        }
    }

    #[test]
    fn templates_keep_what_they_do_not_know() {
        let known = |hole: &str| match hole {
            "value" => Some(Cow::Borrowed("7")),
            "units" => Some(Cow::Borrowed("")),
            _ => None,
        };
        for (template, want) in [
            ("{value} {units}", "7"),
            ("a {value}b", "a 7b"),
            ("{other} {value}", "{other} 7"),
            ("{{value}}", "{7}"),
            ("{value", "{value"),
            ("", ""),
        ] {
            assert_eq!(fill(template, known), want);
        }
    }

    #[test]
    fn lines_are_short_and_harmless() {
        assert_eq!(clean("a\u{1b}[2Jb\nc", 99), "a [2Jb c");
        assert_eq!(clean("äöüäöü", 4), "äöü…");
        assert_eq!(clean("äöü", 3), "äöü");
    }
}
