// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole charts, character by character, and pictures as an XML parser sees them.

use roxmltree::Document;

use crate::cli::tools::local::Zone;
use crate::cli::tools::series::Series;

use super::model::{Chart, Item};
use super::text::Look;
use super::{svg, text};

/// 2026-03-01T00:00:00Z.
const T: i64 = 1_772_323_200_000;
const MINUTE: i64 = 60_000;
const STEP: i64 = 30 * MINUTE;

/// One value each half hour from midnight; `None` is a gap.
fn item(label: &str, units: &str, values: &[Option<f64>]) -> Item {
    let at = |i: usize| T + i as i64 * STEP;
    Item {
        label: label.into(),
        series: Series {
            device: label.into(),
            capability: "measure_x".into(),
            units: Some(units.into()).filter(|_| units != "bool"),
            is_boolean: units == "bool",
            decimals: Some(1),
            from: T,
            to: at(values.len() - 1),
            step: STEP,
            values: values
                .iter()
                .enumerate()
                .map(|(i, v)| (at(i), *v))
                .collect(),
        },
    }
}

fn line(label: &str, units: &str, from: f64, to: f64) -> Item {
    let at = |i: usize| Some(from + (to - from) * i as f64 / 12.0);
    let values: Vec<Option<f64>> = (0..13).map(at).collect();
    item(label, units, &values)
}

fn look(unicode: bool, colour: bool) -> Look {
    Look {
        columns: 48,
        rows: 14,
        unicode,
        colour,
    }
}

fn drawn(title: &str, items: &[Item], look: Look) -> String {
    text::draw(
        &Chart::new(title, items),
        &Zone::utc(),
        look,
        "times of UTC",
    )
}

fn picture(title: &str, items: &[Item]) -> String {
    svg::draw(&Chart::new(title, items), &Zone::utc(), "times of UTC")
}

fn gap() -> Vec<Item> {
    let mut values: Vec<Option<f64>> = (0..13).map(|i| Some(f64::from(i % 5) + 18.0)).collect();
    for v in values.iter_mut().take(8).skip(5) {
        *v = None;
    }
    let on = [0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0].map(|on| Some(f64::from(on)));
    let mut door = on.to_vec();
    door[6] = None;
    door[7] = None;
    door[9] = Some(0.5);
    vec![
        item("Hall", "°C", &values),
        item("Door", "bool", &door),
        item("New", "°C", &[None; 13]),
    ]
}

/// One of the charts in tests/data/chart.
macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/data/chart/", $name))
    };
}

fn two() -> Vec<Item> {
    vec![
        line("Hall", "°C", 18.0, 22.0),
        line("Sun", "lx", 900.0, 0.0),
    ]
}

fn three() -> Vec<Item> {
    let mut all = two();
    all.push(line("Plug", "W", 3.0, 3.0));
    all
}

#[test]
fn charts_are_those_that_were_looked_at() {
    for (name, items, look, want) in [
        // A line and a band with a gap each, and a series without data.
        ("gap", gap(), look(true, false), golden!("gap.txt")),
        ("gap", gap(), look(false, false), golden!("gap_ascii.txt")),
        ("gap", gap(), look(true, true), golden!("gap_colour.txt")),
        ("two", two(), look(true, false), golden!("two.txt")),
        (
            "three",
            three(),
            look(false, false),
            golden!("three_ascii.txt"),
        ),
    ] {
        let got = drawn(name, &items, look);
        assert_eq!(got, want, "{name} {look:?}\n{got}");
    }
    for (name, items, want) in [
        ("gap", gap(), golden!("gap.svg")),
        ("two", two(), golden!("two.svg")),
        ("three", three(), golden!("three.svg")),
    ] {
        let got = picture(name, &items);
        assert_eq!(got, want, "{name}\n{got}");
    }
}

fn texts(doc: &Document<'_>) -> Vec<String> {
    let all = doc
        .descendants()
        .filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    all.map(|n| n.text().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_picture_says_in_words_what_it_shows() {
    let svg = picture("Home", &gap());
    let doc = Document::parse(&svg).unwrap();
    let root = doc.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let named = root.attribute("aria-labelledby").unwrap();
    let said: Vec<&str> = named
        .split(' ')
        .map(|id| {
            let node = doc.descendants().find(|n| n.attribute("id") == Some(id));
            node.unwrap().text().unwrap()
        })
        .collect();
    assert_eq!(
        said,
        [
            "Home, 1 Mar 2026 00:00 to 1 Mar 2026 06:00",
            "Hall: 20.0 °C (18.0 to 22.0). Door: off, on 50 % of the time. New: no data."
        ]
    );
    let texts = texts(&doc);
    for want in [
        "1 Mar",
        "02:00",
        "°C",
        "22",
        "Door",
        "New: no data",
        "times of UTC",
    ] {
        assert!(texts.iter().any(|t| t == want), "{want}: {texts:?}");
    }
}

/// The line of an item: the path that has its name.
fn path_of(svg: &str, label: &str) -> String {
    let doc = Document::parse(svg).unwrap();
    let is_its = |n: &roxmltree::Node<'_, '_>| {
        n.has_tag_name("path") && n.children().any(|c| c.text() == Some(label))
    };
    let found = doc.descendants().find(is_its).unwrap();
    found.attribute("d").unwrap().to_owned()
}

#[test]
fn gaps_stay_gaps_in_a_picture() {
    let path = path_of(&picture("Home", &gap()), "Hall");
    assert_eq!(path.matches('M').count(), 2, "{path}");
    // 13 values less 3, two of which begin a run.
    assert_eq!(path.matches('L').count(), 8, "{path}");
    let lone = [item("A", "°C", &[None, Some(1.0), None, None])];
    assert_eq!(path_of(&picture("x", &lone), "A").matches('H').count(), 1);
    // An entry that is not there is a gap like one without a value.
    let mut jump = line("A", "°C", 1.0, 2.0);
    jump.series.values.remove(6);
    assert_eq!(path_of(&picture("x", &[jump]), "A").matches('M').count(), 2);
}

#[test]
fn hostile_names_and_values_make_no_broken_picture() {
    let names = [
        "<script>alert(1)</script>",
        "]]></text><a href='x'>\"&amp;",
        "a\u{0}b\u{1b}[2J\u{85}\u{fffe}\u{ffff}",
        "\u{202e}turned \u{2066}x",
        "日本語 🎄 e\u{301}",
        "",
    ];
    let odd = [f64::MAX, f64::MIN, 5e-324, -0.0, 1e300];
    for (i, name) in names.iter().enumerate() {
        let mut items = vec![
            item(name, name, &[Some(1.0), Some(odd[i % 5]), None, Some(2.0)]),
            item(name, "bool", &[Some(7.0), Some(-3.0), Some(0.3)]),
            item(name, "W", &[Some(odd[i % 5])]),
        ];
        // Times that are far apart, or the same.
        items[0].series.from = [0, i64::MAX, T][i % 3];
        items[2].series.step = [0, i64::MAX][i % 2];
        let svg = picture(name, &items);
        let doc = Document::parse(&svg).unwrap();
        for tag in ["script", "a"] {
            assert!(doc.descendants().all(|n| !n.has_tag_name(tag)), "{svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        for plain in [true, false] {
            let text = drawn(name, &items, look(plain, false));
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{85}']), "{text:?}");
            assert!(plain || text.is_ascii(), "{text}");
        }
    }
}

#[test]
fn many_lines_are_told_apart_by_colour_and_mark() {
    let items: Vec<Item> = (0..32)
        .map(|i| line(&format!("S{i}"), "°C", f64::from(i), f64::from(i) + 5.0))
        .collect();
    for unicode in [true, false] {
        let mut looks = Vec::new();
        for i in 0..items.len() {
            looks.push((look(unicode, false).mark(i), i % 6));
        }
        looks.sort_unstable();
        looks.dedup();
        assert_eq!(looks.len(), items.len());
    }
    let coloured = drawn("x", &items, look(true, true));
    assert!(coloured.contains("\u{1b}[36m●"), "{coloured}");
    assert!(!drawn("x", &items, look(true, false)).contains('\u{1b}'));
    let svg = picture("x", &items);
    Document::parse(&svg).unwrap();
    let strokes = |label: &str| {
        let doc = Document::parse(&svg).unwrap();
        let is_its = |n: &roxmltree::Node<'_, '_>| {
            n.has_tag_name("path") && n.children().any(|c| c.text() == Some(label))
        };
        let node = doc.descendants().find(is_its).unwrap();
        let of = |name| node.attribute(name).unwrap_or_default().to_owned();
        (of("stroke"), of("stroke-dasharray"))
    };
    assert_ne!(strokes("S0"), strokes("S6"));
    assert_eq!(strokes("S0").0, strokes("S6").0);
    // Every line has marks: one where it has few values, several where it is long.
    let marks = svg.matches("m-4 0a4 4").count();
    assert!(marks >= 6 * 4, "{marks}");
}

#[test]
fn long_series_stay_small() {
    let values: Vec<Option<f64>> = (0..20_000).map(|i| Some(f64::from(i % 97))).collect();
    let items = [item("Long", "W", &values), item("On", "bool", &values)];
    let text = drawn("x", &items, look(true, true));
    assert!(
        text.lines().count() < 40 && text.len() < 20_000,
        "{}",
        text.len()
    );
    assert!(picture("x", &items).len() < 4_000_000);
}
