// SPDX-License-Identifier: MIT OR Apache-2.0
//! "Did you mean …": the nearest of a list of words. Bounded in time and memory, for any input.

use crate::letters::small;

/// Longer words are not compared: nobody mistypes a novel.
const MAX_WORD: usize = 64;

/// The candidate that `word` was probably meant to be, or none that is near enough.
///
/// Near is, in this order: equal but for case, blanks, `-` and `_`; one to three slips (a third of the word's length at
/// most); one is the beginning of the other (`interval` for `interval_ms`). The first candidate wins a tie. Never an equal word.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = fold(word)?;
    let limit = (folded.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let Some(other) = fold(candidate) else {
            continue;
        };
        if candidate == word {
            continue;
        }
        let slips = distance(&folded, &other);
        let rank = if slips <= limit && slips < folded.len() {
            slips
        } else if folded.len().min(other.len()) >= 3
            && (folded.starts_with(&other) || other.starts_with(&folded))
        {
            limit + slips
        } else {
            continue;
        };
        if best.is_none_or(|(found, _)| rank < found) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Lower-case characters without the ones that people leave out or swap.
fn fold(word: &str) -> Option<Vec<char>> {
    let folded: Vec<char> = word
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .map(small)
        .take(MAX_WORD + 1)
        .collect();
    (1..=MAX_WORD).contains(&folded.len()).then_some(folded)
}

/// Slips between two words: a letter more, less, other, or two neighbours swapped (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(from != to))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        let cases = [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("onof", "onoff", 1),
            ("kitten", "sitting", 3),
        ];
        for (a, b, slips) in cases {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!(distance(&a, &b), slips);
            assert_eq!(distance(&b, &a), slips);
        }
    }

    #[test]
    fn the_nearest_word_is_found_or_none() {
        let keys = ["address", "id", "interval_ms", "hold_ms", "hold", "press"];
        let cases = [
            ("adress", Some("address")),
            ("Address", Some("address")),
            ("addr", Some("address")),
            ("interval", Some("interval_ms")),
            ("interval-ms", Some("interval_ms")),
            ("holdms", Some("hold_ms")),
            ("hodl", Some("hold")),
            ("pres", Some("press")),
            ("address", None),
            ("banana", None),
            ("x", None),
            ("", None),
        ];
        for (word, found) in cases {
            assert_eq!(nearest(word, keys), found, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(5000), keys), None);
        assert_eq!(nearest("Küche", ["Kuche"]), Some("Kuche"));
    }
}
