// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;

fn home() -> Zones {
    let mut zones = Zones::default();
    for (id, name, parent) in [
        ("z0", "Home", None),
        ("z1", "Kitchen", Some("z0")),
        ("z2", "Upstairs", Some("z0")),
        ("z3", "Downstairs", Some("z0")),
        ("z4", "Bathroom", Some("z2")),
        ("z5", "Bathroom", Some("z3")),
        ("z6", "In/Out", Some("z0")),
        ("z7", "Ring", Some("z8")),
        ("z8", "Ring", Some("z7")),
    ] {
        zones.insert(id, name, parent);
    }
    zones
}

const DEVICES: [(&str, &str, &str); 12] = [
    ("d1", "Lamp", "z1"),
    ("d2", "Lamp", "z4"),
    ("d3", "Lamp", "z5"),
    ("d4", "Door", "z6"),
    ("d5", "Kitchen/Fan", "z2"),
    ("d6", " Spot \u{1f4a1} ", "z1"),
    ("d7", "Say \"hi\"", "z1"),
    ("d8", "SPOT", "z2"),
    ("d9", "spot", "z3"),
    ("d10", "Heater", "z99"),
    ("d11", "Loop", "z7"),
    ("d12", "d1", "z2"),
];

fn resolve(text: &str, kind: RefKind) -> Result<Resolved, NameError> {
    let zones = home();
    let references = [Reference { text, kind }];
    let mut resolver = Resolver::new(&references);
    resolver.zones(&zones);
    // Twice: a list that failed half-way and was read again.
    for _ in 0..2 {
        for (id, name, zone) in DEVICES {
            resolver.item(ItemKind::Device, id, name, Some(zone));
        }
        resolver.item(ItemKind::Flow, "f1", "Good night", None);
        resolver.item(ItemKind::AdvancedFlow, "f2", "Good night", None);
        resolver.item(ItemKind::AdvancedFlow, "f3", "Away / Holiday", None);
        resolver.item(ItemKind::Mood, "m1", "Relax", Some("z1"));
    }
    resolver.finish().remove(0)
}

#[test]
fn one_meaning_is_found() {
    for (text, want) in [
        ("d2", "d2"),
        ("d1", "d1"),
        ("Kitchen/Lamp", "d1"),
        ("Upstairs/Bathroom/Lamp", "d2"),
        ("Home/Downstairs/Bathroom/Lamp", "d3"),
        ("In/Out/Door", "d4"),
        ("Home/In/Out/Door", "d4"),
        ("Door", "d4"),
        ("Kitchen/Fan", "d5"),
        ("Upstairs/Kitchen/Fan", "d5"),
        ("kitchen / lamp", "d1"),
        (" KITCHEN/LAMP ", "d1"),
        ("home / downstairs / bathroom / lamp", "d3"),
        ("Kitchen/ Spot \u{1f4a1} ", "d6"),
        ("kitchen/spot \u{1f4a1}", "d6"),
        ("Say \"hi\"", "d7"),
        ("SPOT", "d8"),
        ("spot", "d9"),
        ("upstairs/Spot", "d8"),
        ("z99/Heater", "d10"),
        ("Ring/Loop", "d11"),
        ("Ring/Ring/Loop", "d11"),
        ("Upstairs/d1", "d12"),
    ] {
        assert_eq!(
            resolve(text, RefKind::Device).map(|r| r.id),
            Ok(want.to_owned()),
            "{text}"
        );
    }
    assert_eq!(
        resolve("f2", RefKind::Flow).unwrap().kind,
        ItemKind::AdvancedFlow
    );
    assert_eq!(resolve("away / holiday", RefKind::Flow).unwrap().id, "f3");
    let mood = resolve("kitchen/relax", RefKind::Mood).unwrap();
    assert_eq!(mood.zone.as_deref(), Some("Kitchen"));
}

#[test]
fn several_meanings_are_listed() {
    for (text, kind, want) in [
        ("Lamp", RefKind::Device, &["d1", "d2", "d3"][..]),
        ("bathroom/lamp", RefKind::Device, &["d2", "d3"]),
        ("Spot", RefKind::Device, &["d8", "d9"]),
        ("Good night", RefKind::Flow, &["f1", "f2"]),
    ] {
        let Err(NameError::Ambiguous {
            candidates, count, ..
        }) = resolve(text, kind)
        else {
            panic!("{text} is ambiguous");
        };
        let ids: Vec<&str> = candidates.iter().map(|c| c.id.as_str()).collect();
        assert_eq!((ids.as_slice(), count), (want, want.len()), "{text}");
    }
    let error = resolve("Good night", RefKind::Flow)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "2 flows are called \"Good night\", write the zone too or the id: \"Good night\" (f1), advanced flow \"Good night\" (f2)"
    );
}

#[test]
fn only_five_of_many_are_kept() {
    let references = [Reference {
        text: "Lamp",
        kind: RefKind::Device,
    }];
    let mut resolver = Resolver::new(&references);
    for i in 0..1000 {
        resolver.item(ItemKind::Device, &format!("d{i}"), "lamp", Some("Hall"));
    }
    let error = resolver.finish().remove(0).unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("\"Hall/lamp\" (d4) and 995 more"), "{text}");
}

#[test]
fn nothing_of_the_kind_names_what_is_near() {
    let near = |text: &str, kind| match resolve(text, kind) {
        Err(NameError::NotFound { nearest, .. }) => {
            nearest.into_iter().map(|n| n.id).collect::<Vec<_>>()
        }
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(near("Kitchen/Haeter", RefKind::Device), ["d10"]);
    assert_eq!(near("Garage/Lamp", RefKind::Device), ["d1", "d2", "d3"]);
    assert_eq!(near("Good nihgt", RefKind::Flow), ["f1", "f2"]);
    assert_eq!(near("Door", RefKind::Flow), [""; 0]);
    assert_eq!(near("", RefKind::Device), [""; 0]);
    assert_eq!(near("/", RefKind::Device), [""; 0]);
    assert_eq!(near("Relax!", RefKind::Mood), ["m1"]);
    let error = resolve("Kitchen/Haeter", RefKind::Device).unwrap_err();
    let want = "no device is called \"Kitchen/Haeter\"; near it: \"z99/Heater\" (d10)";
    assert_eq!(error.to_string(), want);
}

#[test]
fn items_without_names_match_by_id_alone() {
    let references = ["", "/", "Hall/", "d1"].map(|text| Reference {
        text,
        kind: RefKind::Device,
    });
    let mut resolver = Resolver::new(&references);
    resolver.item(ItemKind::Device, "d1", "", Some("Hall"));
    resolver.item(ItemKind::Device, "d2", " ", Some(""));
    let found = resolver.finish();
    assert!(found[..3].iter().all(Result::is_err), "{found:?}");
    assert_eq!(found[3].as_ref().unwrap().id, "d1");
}
