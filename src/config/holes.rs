// SPDX-License-Identifier: MIT OR Apache-2.0
//! The holes `{name}` in header lines and texts.

/// A place in a text that is filled later, or what should be one.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Hole<'t> {
    Named(&'t str),
    /// A brace without its partner.
    Lone(char),
}

/// How braces are read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Braces {
    /// Header lines: `{{` and `}}` stand for a brace, and one alone is a mistake.
    Doubled,
    /// Texts: a `}` alone is a brace.
    Plain,
}

/// The holes of `text`, in order.
pub(super) fn holes(text: &str, braces: Braces) -> Vec<Hole<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let tail = rest.get(at..).unwrap_or("");
        let doubled = tail.starts_with("{{") || tail.starts_with("}}");
        if braces == Braces::Doubled && doubled {
            rest = tail.get(2..).unwrap_or("");
            continue;
        }
        let after = tail.get(1..).unwrap_or("");
        rest = after;
        if tail.starts_with('}') {
            found.extend((braces == Braces::Doubled).then_some(Hole::Lone('}')));
            continue;
        }
        match after.split_once(['{', '}']) {
            Some((name, behind)) if after.as_bytes().get(name.len()) == Some(&b'}') => {
                found.push(Hole::Named(name));
                rest = behind;
            }
            _ => found.push(Hole::Lone('{')),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Braces::{Doubled, Plain};
    use super::Hole::{Lone, Named};
    use super::*;

    #[test]
    fn holes_are_found_in_order() {
        let cases: [(Braces, &str, &[Hole<'_>]); 12] = [
            (Plain, "plain } text", &[]),
            (Plain, "{a}{b} {c}", &[Named("a"), Named("b"), Named("c")]),
            (Plain, "{}", &[Named("")]),
            (Plain, "{a", &[Lone('{')]),
            (Plain, "{a{b}", &[Lone('{'), Named("b")]),
            (Plain, "ü{ä}ö{", &[Named("ä"), Lone('{')]),
            (Doubled, "{a} {{b}} {{{c}}}", &[Named("a"), Named("c")]),
            (Doubled, "}", &[Lone('}')]),
            (Doubled, "{", &[Lone('{')]),
            (Doubled, "{a}}", &[Named("a"), Lone('}')]),
            (Doubled, "{a}{", &[Named("a"), Lone('{')]),
            (Doubled, "", &[]),
        ];
        for (braces, text, found) in cases {
            assert_eq!(holes(text, braces), found, "{text}");
        }
    }
}
