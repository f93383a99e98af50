// SPDX-License-Identifier: MIT OR Apache-2.0
//! A command line up to the cursor, cut into words as bash cuts it, and a word written so that bash reads it back.
//!
//! What bash puts a completion in place of is not the whole word: it begins anew after an open quotation mark and after each
//! character of `COMP_WORDBREAKS` that is not quoted. So of a completed word only what follows there may be written.

/// Which quotation mark is open at the cursor.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Quote {
    None,
    Single,
    Double,
}

/// See the module's docs.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// The words before the one at the cursor, without the program and what is set for it alone (`A=1 homey-panel`).
    pub(super) words: Vec<String>,
    /// The word at the cursor, as far as it is there; its quotation marks taken off.
    pub(super) current: String,
    quote: Quote,
    /// So many characters of `current` stay as they are on the line.
    kept: usize,
}

impl Line {
    /// Cuts a line; `breaks` is `COMP_WORDBREAKS`.
    pub(super) fn split(line: &str, breaks: &str) -> Line {
        let mut words = Vec::new();
        let mut current = String::new();
        let (mut is_word, mut quote) = (false, Quote::None);
        // Behind the last character that breaks the word, and behind the mark that is open.
        let (mut broken, mut opened) = (0, 0);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Quote::None, ' ' | '\t' | '\n') => {
                    if is_word {
                        words.push(std::mem::take(&mut current));
                    }
                    (is_word, broken) = (false, 0);
                    continue;
                }
                (Quote::None, '\'' | '"') => {
                    quote = if c == '"' {
                        Quote::Double
                    } else {
                        Quote::Single
                    };
                    opened = current.chars().count();
                }
                (Quote::Single, '\'') | (Quote::Double, '"') => {
                    quote = Quote::None;
                }
                (Quote::None, '\\') => current.extend(chars.next()),
                (Quote::Double, '\\') => match chars.peek() {
                    Some('"' | '\\' | '$' | '`') => current.extend(chars.next()),
                    _ => current.push('\\'),
                },
                (Quote::None, c) if breaks.contains(c) => {
                    current.push(c);
                    broken = current.chars().count();
                }
                (_, c) => current.push(c),
            }
            is_word = true;
        }
        // The program, and what is set for it alone.
        let is_set = |word: &&String| word.contains('=') && !word.starts_with('-');
        let skip = words.iter().take_while(is_set).count() + 1;
        words.drain(..skip.min(words.len()));
        Line {
            words,
            current,
            quote,
            kept: if quote == Quote::None { broken } else { opened },
        }
    }

    /// The part of a completed word that goes in place of what is on the line, written as bash reads it.
    pub(super) fn quoted(&self, word: &str) -> String {
        let mut out = String::new();
        for c in word.chars().skip(self.kept) {
            match (self.quote, c) {
                (Quote::Single, '\'') => out.push_str("'\\''"),
                // Inside double quotation marks no backslash keeps bash's history away from it.
                (Quote::Double, '!') => out.push_str("\"'!'\""),
                (Quote::Double, '"' | '\\' | '$' | '`') => out.extend(['\\', c]),
                (Quote::None, c) if !is_plain(c) => out.extend(['\\', c]),
                (_, c) => out.push(c),
            }
        }
        out
    }
}

/// Whether bash takes a character as it is everywhere in a word, also when it completes the word once more.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || !c.is_ascii()
        || matches!(c, '-' | '_' | '.' | ',' | '/' | '+' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'><=;|&(:";

    fn split(line: &str) -> (Vec<String>, String, usize) {
        let line = Line::split(line, BREAKS);
        (line.words, line.current, line.kept)
    }

    #[test]
    fn words_are_cut_as_bash_cuts_them() {
        for (line, words, current, kept) in [
            ("homey-panel", &[][..], "homey-panel", 0),
            ("homey-panel ", &[], "", 0),
            ("A=1 B=2 homey-panel de", &[], "de", 0),
            ("homey-panel  get\t", &["get"], "", 0),
            ("homey-panel get Living\\ ro", &["get"], "Living ro", 0),
            ("homey-panel get \"Living ro", &["get"], "Living ro", 0),
            ("homey-panel get Living\" ro", &["get"], "Living ro", 6),
            (
                "homey-panel get \"Living room\"/C",
                &["get"],
                "Living room/C",
                0,
            ),
            ("homey-panel get 'it'\\'s", &["get"], "it's", 0),
            ("homey-panel get A:\"b\"c", &["get"], "A:bc", 2),
            ("homey-panel get it\\'s' o", &["get"], "it's o", 4),
            ("homey-panel get \"a\\\"b\\$c\\d", &["get"], "a\"b$c\\d", 0),
            ("homey-panel get A:b", &["get"], "A:b", 2),
            ("homey-panel get A\\:b", &["get"], "A:b", 0),
            ("homey-panel get \"A:b", &["get"], "A:b", 0),
            (
                "homey-panel devices --zone=Ki",
                &["devices"],
                "--zone=Ki",
                7,
            ),
            ("homey-panel get 'a b' c ", &["get", "a b", "c"], "", 0),
            ("homey-panel get ''", &["get"], "", 0),
            ("homey-panel get '' ", &["get", ""], "", 0),
            ("homey-panel get K\u{fc}che\\", &["get"], "K\u{fc}che", 0),
            ("", &[], "", 0),
        ] {
            let words = words.iter().map(|word| word.to_string()).collect();
            assert_eq!(split(line), (words, current.to_string(), kept), "{line}");
        }
    }

    #[test]
    fn a_word_is_written_as_bash_reads_it() {
        for (line, word, want) in [
            ("x get ", "Living room/It's", "Living\\ room/It\\'s"),
            (
                "x get ",
                "a$b`c!d\\e;f&g|h(i)j<k>l*m?n[o]p{q}r~s#t=u:v@w^",
                "a\\$b\\`c\\!d\\\\e\\;f\\&g\\|h\\(i\\)j\\<k\\>l\\*m\\?n\\[o\\]p\\{q\\}r\\~s\\#t\\=u\\:v\\@w\\^",
            ),
            (
                "x get \"L",
                "Li \"a\" $b `c` \\ !d 'e",
                "Li \\\"a\\\" \\$b \\`c\\` \\\\ \"'!'\"d 'e",
            ),
            ("x get 'L", "Li's \"!$\\", "Li'\\''s \"!$\\"),
            ("x get ", "K\u{fc}che \u{1f6cb}", "K\u{fc}che\\ \u{1f6cb}"),
            ("x get A:b", "A:bc d", "bc\\ d"),
            ("x get A\\:b", "A:bc d", "A\\:bc\\ d"),
            ("x get Living\" ro", "Living room", " room"),
            ("x devices --zone=Ki", "--zone=Kitchen", "Kitchen"),
        ] {
            assert_eq!(Line::split(line, BREAKS).quoted(word), want, "{line}");
        }
    }
}
