// SPDX-License-Identifier: MIT OR Apache-2.0
//! The holes `{name}` in texts. Header lines have braces of another kind: [`crate::homey::profile`].

use super::problem::{Report, choices, quoted};
use super::suggest::nearest;
use super::value::Text;

/// A place in a text that is filled later, or what should be one.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Hole<'t> {
    Named(&'t str),
    /// A `{` without its partner; a `}` alone is a brace.
    Open,
}

/// Reports a hole that is not one of `known`, or that does not end, in `text`.
pub(super) fn check_holes(
    report: &mut Report<'_>,
    text: Text<'_>,
    known: &[&'static str],
) -> Option<()> {
    let mut good = Some(());
    for hole in holes(text.text) {
        let braced: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
        let expected = choices(braced.iter().map(String::as_str));
        match hole {
            Hole::Named(name) if known.contains(&name) => continue,
            Hole::Named(name) => {
                let hint = nearest(name, known.iter().copied()).map(|near| format!("{{{near}}}"));
                let what = format!(
                    "there is nothing to fill {} with",
                    quoted(&format!("{{{name}}}"))
                );
                report.error(text.at, what).expected(expected).meant(hint);
            }
            Hole::Open => {
                let what = format!("a {{ in {} has no partner", quoted(text.text));
                report.error(text.at, what).expected(expected);
            }
        }
        good = None;
    }
    good
}

/// The holes of `text`, in order.
fn holes(text: &str) -> Vec<Hole<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        rest = after;
        match after.split_once(['{', '}']) {
            Some((name, behind)) if after.as_bytes().get(name.len()) == Some(&b'}') => {
                found.push(Hole::Named(name));
                rest = behind;
            }
            _ => found.push(Hole::Open),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Hole::{Named, Open};
    use super::*;

    #[test]
    fn holes_are_found_in_order() {
        let cases: [(&str, &[Hole<'_>]); 7] = [
            ("plain } text", &[]),
            ("{a}{b} {c}", &[Named("a"), Named("b"), Named("c")]),
            ("{}", &[Named("")]),
            ("{a", &[Open]),
            ("{a{b}", &[Open, Named("b")]),
            ("ü{ä}ö{", &[Named("ä"), Open]),
            ("", &[]),
        ];
        for (text, found) in cases {
            assert_eq!(holes(text), found, "{text}");
        }
    }
}
