// SPDX-License-Identifier: MIT OR Apache-2.0
//! A terminal's keyboard: the same keys however the bytes arrive, none of them a control in disguise, and an unfinished sequence
//! never swallows what is typed later.

use homey_panel::hw::terminal::keys::{Key, Keys};
use homey_panel::time::Time;

use super::input::{Input, Pieces};

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let (mut keys, whole) = read(input.0, &[]);
    assert_eq!(whole, read(input.0, sizes).1, "{sizes:?}");
    for key in whole {
        match key {
            Key::Char(c) => assert!(!c.is_control()),
            Key::Ctrl(c) => assert!(('A'..='_').contains(&c)),
        }
    }
    let mut later = Vec::new();
    keys.feed(b"\x03", Time::from_millis(5000), |key| later.push(key));
    assert_eq!(later, [Key::Ctrl('C')]);
}

fn read(bytes: &[u8], sizes: &[u8]) -> (Keys, Vec<Key>) {
    let (mut keys, mut found) = (Keys::default(), Vec::new());
    for piece in Pieces::new(bytes, sizes) {
        keys.feed(piece, Time::from_millis(1000), |key| found.push(key));
    }
    (keys, found)
}
