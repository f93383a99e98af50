// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a text means an item: whole names, `Zone/Name` at any slash, zone paths.

use crate::letters::small_text;

/// How well a reference fits, the weakest first.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    Folded,
    Exact,
    Id,
}

/// Lower case without white space around it.
pub(super) fn fold(text: &str) -> String {
    small_text(text.trim())
}

/// Whether `text` is `name`, or ends in `/name` after the zone. Since the name is known, there is one slash to look at,
/// whatever other slashes are in either part.
pub(super) fn exact(text: &str, name: &str, zone: &[&str]) -> bool {
    match text.strip_suffix(name) {
        _ if name.is_empty() => false,
        Some("") => true,
        Some(before) => before
            .strip_suffix('/')
            .is_some_and(|before| is_zone(before, zone, false)),
        None => false,
    }
}

/// An item's name and zones, folded once for all references.
pub(super) struct Folded {
    pub(super) name: String,
    zone: Vec<String>,
}

impl Folded {
    pub(super) fn new(name: &str, zone: &[&str]) -> Folded {
        Folded {
            name: fold(name),
            zone: zone.iter().map(|zone| fold(zone)).collect(),
        }
    }

    /// The same as [`exact`] for a folded text, with white space around each slash allowed.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.name.is_empty() {
            return false;
        }
        let Some(before) = text.strip_suffix(self.name.as_str()) else {
            return false;
        };
        if before.is_empty() {
            return true;
        }
        let zone: Vec<&str> = self.zone.iter().map(String::as_str).collect();
        before
            .trim_end()
            .strip_suffix('/')
            .is_some_and(|before| is_zone(before, &zone, true))
    }
}

/// Whether `text` is the innermost zone's name, or a path of zones that ends in it. `zone` is from the inside out.
fn is_zone(text: &str, zone: &[&str], spaces: bool) -> bool {
    let mut rest = text;
    for name in zone {
        if spaces {
            rest = rest.trim();
        }
        if name.is_empty() {
            return false;
        }
        let Some(before) = rest.strip_suffix(name) else {
            return false;
        };
        if before.is_empty() {
            return true;
        }
        let before = if spaces { before.trim_end() } else { before };
        let Some(outer) = before.strip_suffix('/') else {
            return false;
        };
        rest = outer;
    }
    false
}
