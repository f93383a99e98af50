// SPDX-License-Identifier: MIT OR Apache-2.0
//! Text from the hub, from devices and from configuration, made fit to show: no control characters, no
//! escape sequences, and cut by the columns that it takes. Pure.

/// At most `max` characters of `text`, on one line, harmless to a terminal.
///
/// Whole escape sequences go (ECMA-48: CSI, OSC and the other strings), other controls and the marks that
/// turn the writing direction too; a tab or line end becomes a space.
pub(super) fn clean(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut kept = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' | '\u{90}' | '\u{9b}' | '\u{9d}' => {
                let kind = if c == '\u{1b}' {
                    chars.next()
                } else {
                    char::from_u32(u32::from(c) - 0x40)
                };
                match kind {
                    Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                    Some(']' | 'P' | 'X' | '^' | '_') => {
                        while let Some(c) = chars.next() {
                            if matches!(c, '\u{7}' | '\u{9c}')
                                || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some())
                            {
                                break;
                            }
                        }
                    }
                    _ => {}
                }
            }
            '\t' | '\n' | '\r' => {
                out.push(' ');
                kept += 1;
            }
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{2028}'
            | '\u{2029}' => {}
            c if c.is_control() => {}
            c => {
                out.push(c);
                kept += 1;
            }
        }
        if kept >= max {
            break;
        }
    }
    out
}

/// How many columns `c` takes on a terminal: 0, 1 or 2. Good enough for names: the wide blocks of Unicode
/// (East Asian Width W and F) and the usual emoji by range, combining marks by block.
pub(super) fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x00..=0x1f | 0x7f..=0x9f => 0,
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f => 0,
        0xe31 | 0xe34..=0xe3a | 0xe47..=0xe4e | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff => 0,
        0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x20d0..=0x20ff => 0,
        0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xfeff | 0xe0000..=0xe01ef | 0x1f3fb..=0x1f3ff => 0,
        0x1100..=0x115f | 0x231a..=0x231b | 0x23e9..=0x23ec | 0x23f0 | 0x23f3 | 0x25fd..=0x25fe => {
            2
        }
        0x2614..=0x2615 | 0x2648..=0x2653 | 0x267f | 0x2693 | 0x26a1 | 0x26aa..=0x26ab => 2,
        0x26bd..=0x26be | 0x26c4..=0x26c5 | 0x26ce | 0x26d4 | 0x26ea | 0x26f2..=0x26f3 | 0x26f5 => {
            2
        }
        0x26fa | 0x26fd | 0x2705 | 0x270a..=0x270b | 0x2728 | 0x274c | 0x274e | 0x2753..=0x2755 => {
            2
        }
        0x2757 | 0x2795..=0x2797 | 0x27b0 | 0x27bf | 0x2b1b..=0x2b1c | 0x2b50 | 0x2b55 => 2,
        0x2e80..=0x303e | 0x3041..=0xa4cf | 0xa960..=0xa97c | 0xac00..=0xd7a3 => 2,
        0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f004 | 0x1f0cf | 0x1f18e | 0x1f191..=0x1f19a | 0x1f1e6..=0x1f202 | 0x1f210..=0x1f23b => {
            2
        }
        0x1f240..=0x1f265 | 0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f7e0..=0x1f7eb => 2,
        0x1f90c..=0x1f9ff | 0x1fa70..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// How many columns `text` takes.
pub fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// `text` in at most `columns` columns; what was cut ends in `more`, a mark one column wide.
pub fn cut(text: &str, columns: usize, more: char) -> String {
    if width(text) <= columns {
        return text.to_string();
    }
    let mut out = String::new();
    let mut left = columns.saturating_sub(1);
    for c in text.chars() {
        let wide = char_width(c);
        if wide > left {
            break;
        }
        left -= wide;
        out.push(c);
    }
    if columns > 0 {
        out.push(more);
    }
    out
}

/// `text` in exactly `columns` columns, cut or filled with spaces.
pub fn fit(text: &str, columns: usize, more: char) -> String {
    let mut out = cut(text, columns, more);
    let fill = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', fill));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_would_obey_is_left() {
        let table = [
            ("Desk", "Desk"),
            ("a\u{1b}[2Jb", "ab"),
            ("a\u{1b}[38;5;1mred\u{1b}[0m", "ared"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("a\u{1b}Pq\u{9c}b", "ab"),
            ("a\u{9b}2Jb", "ab"),
            ("a\u{9d}x\u{7}b", "ab"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("a\u{1b}]never ends", "a"),
            ("a\u{1b}cb", "ab"),
            ("a\r\nb\tc\u{0}\u{8}\u{7f}\u{85}d", "a  b cd"),
            ("\u{202e}evil\u{2066}", "evil"),
            ("Wohnküche ✓ 🛋", "Wohnküche ✓ 🛋"),
        ];
        for (text, want) in table {
            assert_eq!(clean(text, 120), want, "{text:?}");
        }
        assert_eq!(clean("abcdef", 3), "abc");
    }

    #[test]
    fn text_is_cut_by_columns() {
        let table = [
            ("Desk", 4, "Desk"),
            ("Desk", 6, "Desk  "),
            ("Desk lamp", 6, "Desk …"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日… "),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
            ("🛋 sofa", 4, "🛋 …"),
            ("x", 0, ""),
            ("xy", 1, "…"),
        ];
        for (text, columns, want) in table {
            assert_eq!(fit(text, columns, '…'), want, "{text:?} in {columns}");
            assert_eq!(width(want), columns, "{want:?}");
        }
    }
}
