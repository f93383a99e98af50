// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hub that says what no hub should: nothing panics, nothing grows, nothing reaches the terminal.

use roxmltree::Document;

use crate::fake::Fake;

const DEVICE: &str = "homey:device:d1";

/// A home with one sensor of this name, and this reply for its entries.
fn home(name: &str, units: &str, entries: String) -> Fake {
    let name = serde_json::to_string(name).unwrap();
    let units = serde_json::to_string(units).unwrap();
    Fake::new(move |target| {
        let body = match target {
            t if t.ends_with("/zones/zone") => "{}".to_owned(),
            t if t.ends_with("/devices/device") => format!(
                "{{\"d1\":{{\"id\":\"d1\",\"name\":{name},\"zone\":\"z\",\"capabilitiesObj\":{{\"measure_temperature\":\
                 {{\"id\":\"measure_temperature\",\"type\":\"number\",\"value\":7,\"units\":{units}}}}}}}}}"
            ),
            t if t.ends_with("/insights/log") => format!(
                "[null,{{\"id\":\"{DEVICE}:measure_temperature\",\"ownerUri\":\"{DEVICE}\",\"type\":\"number\",\"units\":{units}}}]"
            ),
            t if t.contains("/entry?") => entries.clone(),
            _ => "{}".to_owned(),
        };
        (200, body)
    })
}

fn entry(t: impl std::fmt::Display, v: &str) -> String {
    format!("{{\"t\":{t},\"v\":{v}}}")
}

#[test]
fn odd_entries_are_drawn_or_refused() {
    let rising: Vec<String> = (1..=50_000).map(|i| entry(i * 1000, "1.5")).collect();
    let falling: Vec<String> = (1..=1000).rev().map(|i| entry(i * 1000, "2")).collect();
    for (what, entries, code, words) in [
        ("nothing", "{}".to_owned(), 1, "no value"),
        (
            "no object",
            "[]".to_owned(),
            69,
            "is not the entries of a log",
        ),
        (
            "a text",
            "\"x\"".to_owned(),
            69,
            "is not the entries of a log",
        ),
        (
            "a cut",
            "{\"values\":[{\"t\":1".to_owned(),
            69,
            "ends in the middle",
        ),
        (
            "nulls",
            format!("{{\"values\":[{}]}}", entry(1, "null")),
            1,
            "no value",
        ),
        (
            "texts",
            format!("{{\"values\":[{}]}}", entry("\"x\"", "\"y\"")),
            1,
            "no value",
        ),
        ("one", format!("{{\"values\":[{}]}}", entry(5, "7")), 0, ""),
        (
            "many",
            format!("{{\"values\":[{}],\"step\":1000}}", rising.join(",")),
            0,
            "",
        ),
        (
            "back",
            format!("{{\"values\":[{}]}}", falling.join(",")),
            0,
            "",
        ),
        (
            "far apart",
            format!(
                "{{\"values\":[{},{}],\"start\":\"1970-01-01T00:00:00Z\",\"end\":\"9999-12-31T23:59:59Z\",\"step\":1e300}}",
                entry(1, "1e308"),
                entry(8_999_999_999_999_999u64, "-1e308")
            ),
            0,
            "",
        ),
        (
            "huge",
            format!(
                "{{\"values\":[{},{}]}}",
                entry(1000, "1e999"),
                entry(2000, "123456789012345678901234567890")
            ),
            0,
            "",
        ),
    ] {
        let fake = home("Door", "°C", entries);
        for args in [
            &["insights", "Door", "measure_temperature"][..],
            &["insights", "Door", "measure_temperature", "--csv"],
            &["insights", "Door", "measure_temperature", "--json"],
            &["chart"],
            &["chart", "--last", "700d", "--svg", "-"],
        ] {
            let ended = fake.run(args);
            assert_eq!(ended.code, code, "{what} {args:?}: {ended}");
            assert!(ended.err.contains(words), "{what} {args:?}: {ended}");
            assert!(ended.out.len() < 3_000_000, "{what} {args:?}: {ended}");
            if code == 0 && args.last() == Some(&"-") {
                Document::parse(&ended.text()).unwrap();
            }
        }
    }
}

#[test]
fn odd_names_reach_no_terminal_and_break_no_picture() {
    let entries = format!(
        "{{\"values\":[{},{}],\"step\":1000}}",
        entry(1000, "1"),
        entry(2000, "2")
    );
    for name in [
        "\u{1b}[2J<svg onload='x'>&\"",
        "]]>\u{202e}x\u{0}\u{85}\u{fffe}",
        "\r\nname",
    ] {
        let fake = home(name, "\u{1b}<&", entries.clone());
        for args in [
            &["temperatures"][..],
            &["chart"],
            &["insights", "d1", "measure_temperature"],
            &["insights", "d1", "nothing"],
            &["chart", "d1", "measure_temperature"],
        ] {
            let ended = fake.run(args);
            let all = format!("{}{}", ended.text(), ended.err);
            let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!all.contains(steers), "{args:?}: {all:?}");
        }
        // Nor by the words of a failure.
        let empty = home(name, "", "{}".to_owned());
        for args in [
            &["insights", "d1", "measure_temperature"][..],
            &["insights", "d1", "measure_temperature", "--csv"],
            &["chart"],
            &["chart", "d1", "measure_temperature"],
        ] {
            let ended = empty.run(args);
            let last = ended.err.lines().last().unwrap_or_default();
            assert!(last.contains("has no value of"), "{args:?}: {ended}");
            let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!ended.err.contains(steers), "{args:?}: {:?}", ended.err);
        }
        let ended = fake.run(&["chart", "--svg", "-"]);
        let text = ended.text();
        let doc = Document::parse(&text).unwrap();
        assert!(
            doc.descendants().all(|n| n.attribute("onload").is_none()),
            "{text}"
        );
        let json = fake.run(&["temperatures", "--json"]);
        let got: serde_json::Value = serde_json::from_slice(&json.is_good().out).unwrap();
        assert_eq!(got["sensors"][0]["name"], name);
    }
}

#[test]
fn odd_lists_are_read_over() {
    let fake = Fake::new(|target| {
        match target {
        t if t.ends_with("/devices/device") => (200, "[1,null,{\"id\":7},{\"id\":\"d\",\"capabilitiesObj\":{\"measure_temperature\":{\"value\":\"warm\",\"lastUpdated\":\"never\"}}}]".into()),
        t if t.ends_with("/zones/zone") => (200, "[]".into()),
        t if t.ends_with("/insights/log") => (200, "{\"a\":7}".into()),
        t if t.ends_with("/system") => (200, "[]".into()),
        _ => (404, "{}".into()),
    }
    });
    let table = fake.run(&["temperatures"]).is_good().text();
    assert_eq!(table.lines().count(), 2, "{table}");
    let ended = fake.run(&["chart"]);
    let last = ended.err.lines().last().unwrap();
    assert_eq!(ended.code, 1);
    assert!(
        last.contains("keeps no log of any temperature sensor"),
        "{ended}"
    );
    let fake = Fake::new(|_| (200, "{}".into()));
    fake.run(&["temperatures"])
        .fails(1, &["no device of this home measures"]);
    fake.run(&["chart"])
        .fails(1, &["no device of this home measures"]);
}
