// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names from the configuration against names from the hub, and the small rules for foreign texts.

use homey_panel::homey::names::{ItemKind, NameError, RefKind, Reference, Resolver};
use homey_panel::homey::reply::Zones;
use homey_panel::homey::text::{cut, distance, nearness, one_line};

use super::input::{Input, assert_line};

const KINDS: [(ItemKind, RefKind); 4] = [
    (ItemKind::Device, RefKind::Device),
    (ItemKind::Flow, RefKind::Flow),
    (ItemKind::AdvancedFlow, RefKind::Flow),
    (ItemKind::Mood, RefKind::Mood),
];

/// The first lines are references, the next zones with their parents, the rest items of those zones.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (asked, rooms) = (usize::from(input.last() % 8), usize::from(input.last() % 8));
    let text = String::from_utf8_lossy(input.0);
    let lines: Vec<&str> = text.split('\n').take(64).collect();
    let (asked, rest) = lines.split_at(asked.min(lines.len()));
    let (rooms, items) = rest.split_at(rooms.min(rest.len()));
    let references: Vec<Reference<'_>> = asked
        .iter()
        .enumerate()
        .map(|(index, text)| Reference {
            text,
            kind: KINDS[index % 4].1,
        })
        .collect();
    let mut zones = Zones::default();
    for (index, name) in rooms.iter().enumerate() {
        // Each in the one after it, the last in the first: a ring.
        zones.insert(
            &index.to_string(),
            name,
            Some(&((index + 1) % rooms.len()).to_string()),
        );
    }
    let mut resolver = Resolver::new(&references);
    resolver.zones(&zones);
    for (index, name) in items.iter().enumerate() {
        let zone = [None, Some("0"), Some("1"), Some("nowhere")][index / 4 % 4];
        resolver.item(KINDS[index % 4].0, &format!("id{index}"), name, zone);
    }
    let found = resolver.finish();
    assert_eq!(found.len(), references.len());
    for (reference, result) in references.iter().zip(found) {
        match result {
            Ok(item) => {
                assert!(reference.kind.covers(item.kind));
                let at: usize = item.id[2..].parse().expect("an id of ours");
                assert_eq!(items[at], item.name);
                assert_line(&item.to_string());
            }
            Err(error) => {
                if let NameError::Ambiguous { count, .. } = &error {
                    assert!(*count > 1);
                }
                assert_line(&error.to_string());
            }
        }
    }
    texts(lines.first().unwrap_or(&""), lines.get(1).unwrap_or(&""));
}

fn texts(a: &str, b: &str) {
    for max in [0, 1, 7, 64] {
        assert!(a.starts_with(cut(a, max)) && cut(a, max).len() <= max);
        let line = one_line(a, max);
        assert!(line.len() <= max);
        assert_line(&line);
        assert_eq!(one_line(&line, max), line, "twice is once");
    }
    assert_eq!(distance(a, b, 8), distance(b, a, 8));
    assert_eq!(distance(a, a, 0), Some(0));
    assert_eq!(nearness(a, a), Some(0));
}
