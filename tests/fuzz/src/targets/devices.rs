// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device replies, lists and single ones, maps and arrays, of both dialects: the same readings however they arrive, and every
//! text and number of them within its bounds.

use homey_panel::homey::reply::{self, BoundDevice};
use homey_panel::homey::{MAX_TEXT, Reading, Value};

use super::input::{Input, Pieces, assert_line};

/// Two devices of the test data, the same one again, and one by a short name that a mutation may hit.
const CAPABILITIES: [(&str, u16); 4] = [
    ("onoff", 0),
    ("dim", 1),
    ("target_temperature", 2),
    ("onoff", 3),
];
const IDS: [&str; 5] = [
    "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01",
    "bound",
    "last",
    "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01",
    "a",
];

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    assert_eq!(read(input.0, &[]), read(input.0, sizes), "{sizes:?}");
}

/// What every reader of devices makes of the bytes.
fn read(bytes: &[u8], sizes: &[u8]) -> String {
    let bound = IDS.map(|id| BoundDevice {
        id,
        capabilities: &CAPABILITIES,
    });
    let pieces = || Pieces::new(bytes, sizes);
    let (mut readings, mut lone, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let list = reply::devices(pieces(), &bound, &mut |slot, reading| {
        check(&reading);
        assert!(slot < 4);
        readings.push((slot, reading));
    });
    if let Ok(list) = &list {
        assert!(list.seen.len() == bound.len() && list.seen[0] == list.seen[3]);
        assert!(readings.is_empty() || list.seen.contains(&true));
    } else {
        // What a sink got of a broken list counts for nothing, so it need not be the same.
        readings.clear();
    }
    let single = reply::device(pieces(), &bound[1], &mut |slot, reading| {
        check(&reading);
        lone.push((slot, reading));
    });
    let full = reply::devices_full(pieces(), &mut |row| {
        assert!(row.capabilities.len() <= 256);
        row.capabilities
            .iter()
            .for_each(|(_, reading)| check(reading));
        let texts = [
            Some(&row.name),
            row.zone.as_ref(),
            Some(&row.class),
            row.message.as_ref(),
        ];
        assert!(
            texts
                .into_iter()
                .flatten()
                .all(|text| text.len() <= MAX_TEXT)
        );
        rows.push(row);
    });
    if full.is_err() {
        rows.clear();
    }
    let row = reply::device_row(pieces());
    let errors = [
        list.as_ref().err(),
        single.as_ref().err(),
        full.as_ref().err(),
        row.as_ref().err(),
    ];
    errors
        .into_iter()
        .flatten()
        .for_each(|error| assert_line(&error.to_string()));
    // The list and its rows are read by the same rules.
    assert_eq!(
        list.as_ref().ok().map(|list| list.items),
        full.as_ref().ok().copied()
    );
    format!("{list:?} {readings:?}\n{single:?} {lone:?}\n{full:?} {rows:?}\n{row:?}")
}

fn check(reading: &Reading) {
    match &reading.value {
        Value::Number(number) => assert!(number.is_finite()),
        Value::Text(text) => assert!(text.len() <= MAX_TEXT),
        _ => {}
    }
    let Some(traits) = &reading.traits else {
        return;
    };
    for limit in [traits.min, traits.max, traits.step].into_iter().flatten() {
        assert!(limit.is_finite());
    }
    assert!(traits.step.is_none_or(|step| step > 0.0));
    assert!(traits.decimals.is_none_or(|digits| digits <= 15));
    assert!(traits.units.as_ref().is_none_or(|units| units.len() <= 16));
    assert!(traits.choices.len() <= 32);
}
