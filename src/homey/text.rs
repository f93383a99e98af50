// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small rules for texts from outside: cutting, showing on one line, and how near two names are.

/// The longest start of `text` that has at most `max` bytes and ends between two characters.
pub fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Appends `text` percent-encoded: all but the unreserved characters of RFC 3986 §2.3 and those in `kept`.
pub fn percent(out: &mut String, text: &str, kept: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        for half in [byte >> 4, byte & 15] {
            out.push(char::from(
                HEX.get(usize::from(half)).copied().unwrap_or(b'0'),
            ));
        }
    }
}

/// `text` fit for one line of a log or a terminal: at most `max` bytes, no control characters, and none of
/// the invisible ones that turn the direction of writing.
pub fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for c in text.chars() {
        let c = match c {
            '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => continue,
            c if c.is_control() => ' ',
            c => c,
        };
        if c == ' ' && line.ends_with(' ') {
            continue;
        }
        if line.len() + c.len_utf8() > max {
            break;
        }
        line.push(c);
    }
    line.truncate(line.trim_end().len());
    line
}

/// Longer names are compared by their first characters only, so that a comparison stays cheap.
const MAX_COMPARED: usize = 64;

/// How many single-character changes lead from `a` to `b` (Levenshtein), or `None` when it is more than
/// `limit`. Looks at the first 64 characters. Case counts: fold before calling.
pub fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().take(MAX_COMPARED).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut rows = 0;
    for from in a.chars().take(MAX_COMPARED) {
        let mut diagonal = rows;
        rows += 1;
        row[0] = rows;
        let mut least = rows;
        for (i, to) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(from != *to))
                .min(row[i] + 1)
                .min(row[i + 1] + 1);
            diagonal = row[i + 1];
            row[i + 1] = cost;
            least = least.min(cost);
        }
        if least > limit {
            return None;
        }
    }
    row.last().copied().filter(|cost| *cost <= limit)
}

/// How far apart two already folded names are for the purpose of a suggestion: 0 equal, then one that starts
/// with the other, then by changed characters; `None` when it is no help.
pub fn nearness(asked: &str, found: &str) -> Option<usize> {
    if asked == found {
        return Some(0);
    }
    let short = asked.len().min(found.len());
    if short >= 2 && (found.starts_with(asked) || asked.starts_with(found)) {
        return Some(1);
    }
    let long = asked.chars().count().max(found.chars().count());
    distance(asked, found, (long / 3).clamp(1, 8)).map(|d| d + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("kitchen", 3), "kit");
        assert_eq!(cut("kit", 9), "kit");
        assert_eq!(cut("a°C", 2), "a");
        assert_eq!(cut("°", 1), "");
    }

    #[test]
    fn percent_keeps_what_it_is_told_to() {
        for (text, kept, want) in [
            ("aZ09-._~", "", "aZ09-._~"),
            ("a:b/c d%+", "", "a%3Ab%2Fc%20d%25%2B"),
            ("a:b/c", ":", "a:b%2Fc"),
            ("\u{7f}\r\n°", "", "%7F%0D%0A%C2%B0"),
        ] {
            let mut out = String::new();
            percent(&mut out, text, kept.as_bytes());
            assert_eq!(out, want);
        }
    }

    #[test]
    fn one_line_has_no_control_and_no_direction_marks() {
        assert_eq!(one_line("a\r\n\tb\u{1b}[31m", 99), "a b [31m");
        assert_eq!(one_line("x\u{202e}y\0 ", 99), "xy");
        assert_eq!(one_line("°°°", 4), "°°");
    }

    #[test]
    fn distance_counts_changes_and_gives_up_at_the_limit() {
        for (a, b, want) in [
            ("", "", 0),
            ("lamp", "lamp", 0),
            ("lamp", "lamb", 1),
            ("kitchen", "kithcen", 2),
            ("", "abc", 3),
            ("träger", "traeger", 2),
        ] {
            assert_eq!(distance(a, b, 8), Some(want), "{a} {b}");
            assert_eq!(distance(b, a, 8), Some(want), "{b} {a}");
        }
        assert_eq!(distance("lamp", "door", 2), None);
        assert_eq!(distance(&"a".repeat(500), &"a".repeat(400), 0), Some(0));
    }

    #[test]
    fn near_names_come_in_order() {
        assert_eq!(nearness("desk light", "desk light"), Some(0));
        assert_eq!(nearness("desk", "desk light"), Some(1));
        assert_eq!(nearness("desk ligth", "desk light"), Some(3));
        assert_eq!(nearness("desk light", "garage door"), None);
        assert_eq!(nearness("", "garage door"), None);
    }
}
