// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables of words, and the list of promises that were broken.

use std::fmt::Write;

/// What a scenario found.
#[derive(Default)]
pub struct Report {
    /// The summary, ready to print.
    pub table: String,
    /// One line each; empty is good.
    pub broken: Vec<String>,
}

impl Report {
    /// Notes a promise that does not hold.
    pub fn promise(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(what());
        }
    }
}

/// Rows under heads, columns as wide as their widest word.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let wide = |column: usize| {
        let of_rows = rows.iter().filter_map(|row| row.get(column));
        let words = of_rows.map(|word| word.chars().count());
        words.chain(heads.get(column).map(|h| h.len())).max()
    };
    let widths: Vec<usize> = (0..heads.len()).filter_map(wide).collect();
    let mut text = String::new();
    let mut line = |words: &mut dyn Iterator<Item = &str>| {
        let mut row = String::new();
        for (word, width) in words.zip(&widths) {
            let _ = write!(row, "{word:width$}  ");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    };
    line(&mut heads.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}
