// SPDX-License-Identifier: MIT OR Apache-2.0
//! One table of the file, read by typed questions that report what is wrong and go on.
//!
//! Knows TOML values and their places; no key of the file by name.

use core::ops::RangeInclusive;

use toml_span::value::{Table, Value, ValueInner};

use super::problem::{Report, choices, quoted};
use super::suggest::nearest;
use super::value::{Text, kind, number_of, text_of, truth, value_at};

/// The keys that a table may have.
pub(super) struct Keys {
    pub(super) known: &'static [&'static str],
    /// Keys of a later version: refused, but not as unknown.
    pub(super) later: &'static [&'static str],
    /// Keys that people write and that have a cure: key, what is wrong with it, what is expected.
    pub(super) cures: &'static [(&'static str, &'static str, &'static str)],
}

/// A table with its title for messages, such as `[hub]`.
pub(super) struct Section<'t> {
    title: &'t str,
    /// Where the table begins; where there is none, where its owner begins.
    pub(super) at: usize,
    table: Option<&'t Table<'t>>,
    /// It had keys that were refused, so that something missing is no news.
    pub(super) flawed: bool,
}

impl<'t> Section<'t> {
    /// Opens a value that should be a table, and reports its unknown keys; `None` (and reported) where it is none.
    pub(super) fn open(
        report: &mut Report<'_>,
        value: &'t Value<'t>,
        title: &'t str,
        keys: &Keys,
    ) -> Option<Section<'t>> {
        let at = value_at(report, value);
        let ValueInner::Table(table) = value.as_ref() else {
            let expected = match title.starts_with('[') {
                true => format!("the section {title} on a line of its own"),
                false => "a table { … }".to_owned(),
            };
            report
                .error(at, format!("{title} is {}", kind(value)))
                .expected(expected);
            return None;
        };
        let mut section = Section {
            title,
            at,
            table: Some(table),
            flawed: false,
        };
        for key in table.keys() {
            section.flawed |= !section.check_key(report, &key.name, key.span.start, keys);
        }
        Some(section)
    }

    /// Opens the table under `key` of `owner`; an empty one where there is none, or something else (reported).
    pub(super) fn child(
        report: &mut Report<'_>,
        owner: &Section<'t>,
        key: &str,
        title: &'t str,
        keys: &Keys,
    ) -> Section<'t> {
        let opened = owner
            .get(key)
            .and_then(|value| Section::open(report, value, title, keys));
        opened.unwrap_or(Section {
            title,
            at: owner.at,
            table: None,
            flawed: owner.has(key),
        })
    }

    /// A table whose keys are names of the user's own.
    pub(super) fn plain(value: &'t Value<'t>) -> Section<'t> {
        Section {
            title: "",
            at: value.span.start,
            table: value.as_table(),
            flawed: false,
        }
    }

    fn check_key(&self, report: &mut Report<'_>, key: &str, at: usize, keys: &Keys) -> bool {
        let title = self.title;
        if keys.known.contains(&key) {
            return true;
        }
        if let Some((_, what, expected)) = keys.cures.iter().find(|(name, ..)| *name == key) {
            report.error(at, *what).expected(*expected);
        } else if keys.later.contains(&key) {
            let what = format!(
                "{} in {title} is not supported in this version",
                quoted(key)
            );
            report
                .error(at, what)
                .expected(choices(keys.known.iter().copied()));
        } else {
            let home = super::home_of(key).filter(|home| *home != title);
            let hint = match (nearest(key, keys.known.iter().copied()), home) {
                (Some(near), _) => Some(near.to_owned()),
                (None, Some(home)) => Some(format!("{key} in {home}")),
                (None, None) => None,
            };
            report
                .error(at, format!("unknown key {} in {title}", quoted(key)))
                .expected(choices(keys.known.iter().copied()))
                .meant(hint);
        }
        false
    }

    /// The title, for messages.
    pub(super) fn title(&self) -> &'t str {
        self.title
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t Value<'t>> {
        self.table?.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether the file has this table at all.
    pub(super) fn written(&self) -> bool {
        self.table.is_some()
    }

    /// Where the value of `key` stands, else the table.
    pub(super) fn at_value(&self, report: &Report<'_>, key: &str) -> usize {
        self.get(key)
            .map_or(self.at, |value| value_at(report, value))
    }

    /// Where the value of `key` in the table `child` of this one stands, else the next best place.
    pub(super) fn at_child_value(&self, report: &Report<'_>, child: &str, key: &str) -> usize {
        let Some(value) = self.get(child) else {
            return self.at;
        };
        let inner = value.as_table().and_then(|table| table.get(key));
        value_at(report, inner.unwrap_or(value))
    }

    /// Where `key` itself stands, else the table.
    pub(super) fn at_key(&self, key: &str) -> usize {
        let entry = self.table.and_then(|table| table.get_key_value(key));
        entry.map_or(self.at, |(key, _)| key.span.start)
    }

    /// All entries in the order of the file: key, its place, value.
    pub(super) fn entries(&self) -> Vec<(&'t str, usize, &'t Value<'t>)> {
        let table = self.table.into_iter().flatten();
        let mut entries: Vec<(&str, usize, &Value<'_>)> = Vec::new();
        for (key, value) in table {
            // std's sort would be 8 KiB of code for a dozen keys.
            let at = entries.partition_point(|(_, at, _)| *at <= key.span.start);
            entries.insert(at, (key.name.as_ref(), key.span.start, value));
        }
        entries
    }

    /// A text of at least one character without control characters; anything else is reported.
    pub(super) fn text(
        &self,
        report: &mut Report<'_>,
        key: &str,
        expected: &str,
    ) -> Option<Text<'t>> {
        text_of(report, self.get(key)?, key, expected)
    }

    pub(super) fn flag(&self, report: &mut Report<'_>, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.as_ref() {
            ValueInner::Boolean(flag) => Some(*flag),
            other => {
                let hint = match other {
                    ValueInner::String(text) => truth(text),
                    ValueInner::Integer(0) => Some("false"),
                    ValueInner::Integer(1) => Some("true"),
                    _ => None,
                };
                report
                    .error(value_at(report, value), format!("{key} is {}", kind(value)))
                    .expected("true or false")
                    .meant(hint);
                None
            }
        }
    }

    /// A whole number in `range`; the default where it is absent or wrong (reported). `unit` is for the message.
    pub(super) fn whole(
        &self,
        report: &mut Report<'_>,
        key: &str,
        range: RangeInclusive<u64>,
        unit: &str,
        default: u64,
    ) -> u64 {
        let Some(value) = self.get(key) else {
            return default;
        };
        let written = match value.as_ref() {
            ValueInner::Integer(n) => u64::try_from(*n).ok().filter(|n| range.contains(n)),
            _ => None,
        };
        if let Some(n) = written {
            return n;
        }
        let what = match value.as_ref() {
            ValueInner::Integer(n) => format!("{key} is {n}"),
            ValueInner::Float(n) => format!("{key} is {n}"),
            _ => format!("{key} is {}", kind(value)),
        };
        let bare = value
            .as_str()
            .and_then(|text| text.trim().parse::<u64>().ok());
        report
            .error(value_at(report, value), what)
            .expected(format!(
                "a whole number from {} to {} ({unit})",
                range.start(),
                range.end()
            ))
            .meant(
                bare.filter(|n| range.contains(n))
                    .map(|n| format!("{key} = {n}")),
            );
        default
    }

    /// A finite number with its place; anything else is reported.
    pub(super) fn number(&self, report: &mut Report<'_>, key: &str) -> Option<(usize, f64)> {
        let value = self.get(key)?;
        Some((value_at(report, value), number_of(report, value, key)?))
    }

    /// A list of 1 to `max` values; anything else is reported.
    pub(super) fn list(
        &self,
        report: &mut Report<'_>,
        key: &str,
        max: usize,
        expected: &str,
    ) -> Option<&'t [Value<'t>]> {
        let value = self.get(key)?;
        let at = value_at(report, value);
        let Some(list) = value.as_array() else {
            report
                .error(at, format!("{key} is {}", kind(value)))
                .expected(expected);
            return None;
        };
        if list.is_empty() {
            report
                .error(at, format!("{key} is empty"))
                .expected(expected);
            return None;
        }
        if let Some(surplus) = list.get(max) {
            let at = value_at(report, surplus);
            report
                .error(at, format!("{key} has {} entries", list.len()))
                .expected(format!("at most {max}"));
        }
        Some(list.get(..max).unwrap_or(list))
    }
}

/// The tables `[[key]]` of the root, at most `max`; more, or something else, is reported.
pub(super) fn tables<'t>(
    report: &mut Report<'_>,
    root: &Section<'t>,
    key: &str,
    max: usize,
) -> &'t [Value<'t>] {
    let Some(value) = root.get(key) else {
        return &[];
    };
    let at = value_at(report, value);
    let Some(list) = value.as_array() else {
        let what = match value.as_table() {
            Some(_) => format!("[{key}] stands in one pair of brackets"),
            None => format!("{key} is not a section"),
        };
        report
            .error(at, what)
            .expected(format!("[[{key}]] on a line of its own"));
        return &[];
    };
    if let Some(surplus) = list.get(max) {
        let at = value_at(report, surplus);
        report
            .error(at, format!("there are {} [[{key}]]", list.len()))
            .expected(format!("at most {max}"));
    }
    list.get(..max).unwrap_or(list)
}
