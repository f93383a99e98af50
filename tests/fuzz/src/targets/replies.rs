// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub's other replies: lists by name, zones, system, session, one value, the probe for its dialect, logs and their
//! entries.

use homey_panel::homey::reply;
use homey_panel::homey::{MAX_TEXT, Value};

use super::input::{Input, Pieces, assert_line};

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let status = [200, 204, 299, 300, 404][usize::from(input.last()) % 5];
    assert_eq!(read(input.0, &[]), read(input.0, sizes), "{sizes:?}");

    reply::probe_dialect(status, input.0);
    let values = [
        reply::capability_value(input.0).ok(),
        reply::set_reply(input.0),
    ];
    for value in values.into_iter().flatten() {
        match value {
            Value::Number(number) => assert!(number.is_finite()),
            Value::Text(text) => assert!(text.len() <= MAX_TEXT),
            _ => {}
        }
    }
}

fn read(bytes: &[u8], sizes: &[u8]) -> String {
    let pieces = || Pieces::new(bytes, sizes);
    let mut items = Vec::new();
    let names = reply::names(pieces(), &mut |item| {
        let texts = [Some(item.name), item.zone, item.zone_name, item.class];
        assert!(
            texts
                .into_iter()
                .flatten()
                .all(|text| text.len() <= MAX_TEXT)
        );
        items.push(format!("{item:?}"));
    });
    if names.is_err() {
        items.clear();
    }
    let zones = reply::zones(pieces());
    if let Ok(zones) = &zones {
        assert!(zones.len() <= reply::MAX_ZONES);
        for (id, name, _) in zones.iter() {
            assert_eq!(zones.outward(id).next(), Some(name));
            assert!(zones.outward(id).count() <= zones.len());
        }
    }
    let (system, session) = (reply::system(pieces()), reply::session(pieces()));
    if let Ok(session) = &session {
        assert!(session.scopes.len() <= 64);
    }
    let mut kept = Vec::new();
    let logs = reply::logs(pieces(), &mut |log| {
        assert!(!log.owner.is_empty() && !log.id.is_empty() && log.wire_id.len() < MAX_TEXT);
        kept.push(format!("{log:?}"));
    });
    if logs.is_err() {
        kept.clear();
    }
    let entries = reply::entries(pieces());
    if let Ok(entries) = &entries {
        assert!(entries.values.len() <= reply::MAX_ENTRIES);
        assert!(entries.values.windows(2).all(|two| two[0].0 < two[1].0));
        let mut values = entries.values.iter().filter_map(|(_, v)| *v);
        assert!(values.all(f64::is_finite));
    }
    let errors = [
        logs.as_ref().err(),
        entries.as_ref().err(),
        names.as_ref().err(),
        zones.as_ref().err(),
        system.as_ref().err(),
        session.as_ref().err(),
    ];
    errors
        .into_iter()
        .flatten()
        .for_each(|error| assert_line(&error.to_string()));
    let past = format!("{logs:?} {kept:?}\n{entries:?}");
    format!("{names:?} {items:?}\n{zones:?}\n{system:?}\n{session:?}\n{past}")
}
