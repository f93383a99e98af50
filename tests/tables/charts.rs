// SPDX-License-Identifier: MIT OR Apache-2.0
//! chart on the simulated hub: pictures that parse, graphs that fit, files that are whole.

use std::os::unix::fs::PermissionsExt;

use roxmltree::Document;

use homey_rig::beds::Hub;

#[test]
fn all_temperatures_in_one_picture() {
    for hub in [Hub::v3(), Hub::v2()] {
        let ended = hub.run(&["chart", "--svg", "home.svg"]);
        assert_eq!((ended.code, ended.text()), (0, String::new()), "{ended}");
        assert!(
            ended.err.contains("no data: Kitchen/New sensor"),
            "{}",
            ended.err
        );
        let path = hub.bed.dir.join("home.svg");
        let svg = std::fs::read_to_string(&path).unwrap();
        let doc = Document::parse(&svg).unwrap();
        assert_eq!(doc.root_element().attribute("role"), Some("img"));
        let lines: Vec<&str> = doc
            .descendants()
            .filter(|n| n.has_tag_name("path"))
            .filter_map(|n| n.first_element_child()?.text())
            .collect();
        assert_eq!(
            lines,
            [
                "Kitchen/Fridge (inside)",
                "Kitchen/Fridge (outside)",
                "Office/Heater"
            ]
        );
        // Not only for its owner: it is there to be shown.
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o400, 0o400);
        assert_ne!(mode & 0o044, 0);
        let names = hub.bed.names();
        assert!(!names.iter().any(|n| n.contains(".part")), "{names:?}");
        let out = hub.run(&["chart", "--svg", "-", "--last", "7d"]);
        Document::parse(&out.text()).unwrap();
    }
}

#[test]
fn graphs_fit_the_terminal_and_its_letters() {
    let hub = Hub::v3();
    let args = [
        "-c",
        "panel.toml",
        "chart",
        "--width",
        "60",
        "--height",
        "20",
    ];
    for (locale, unicode) in [
        (("LANG", "C.UTF-8"), true),
        (("LC_ALL", "nl_NL.utf8"), true),
        (("LANG", "C"), false),
        (("LC_CTYPE", "nl_NL@euro"), false),
    ] {
        let ended = hub.bed.prepare(&args).env(locale.0, locale.1).run();
        let text = ended.is_good().text();
        assert_eq!(text.contains('┤'), unicode, "{locale:?}\n{text}");
        assert!(unicode || text.is_ascii(), "{text}");
        assert!(!text.contains('\u{1b}'), "colours go to terminals only");
        let plot: Vec<&str> = text
            .lines()
            .filter(|l| l.contains(['┤', '│', '|']))
            .collect();
        assert!((5..20).contains(&plot.len()), "{text}");
        assert!(plot.iter().all(|l| l.chars().count() <= 60), "{text}");
        assert!(text.contains("no data: Kitchen/New sensor"));
        assert!(
            text.contains("times of UTC ($TZ); the hub is in Europe/Amsterdam"),
            "{text}"
        );
    }
}

#[test]
fn units_and_switches_have_their_places() {
    for hub in [Hub::v3(), Hub::v2()] {
        let pairs = [
            "Heater",
            "measure_temperature",
            "Motion sensor",
            "measure_luminance",
            "Coffee machine",
            "measure_power",
            "Motion sensor",
            "alarm_motion",
        ];
        let draw = |pairs: &[&str]| {
            let args = [&["-c", "panel.toml", "chart"], pairs].concat();
            let run = hub.bed.prepare(&args).env("LANG", "C.UTF-8");
            run.run().is_good().text()
        };
        let two = draw(&pairs[..4]);
        assert!(two.contains("(left)") && two.contains("(right)"), "{two}");
        let three = draw(&pairs);
        assert_eq!(three.matches('└').count(), 3, "{three}");
        assert!(three.contains("Motion sensor alarm_motion: "), "{three}");
        let band = draw(&pairs[6..]);
        assert!(
            band.contains('▁') && band.contains("% of the time"),
            "{band}"
        );
        for (args, words) in [
            (&["Heater"][..], "pairs of DEVICE CAPABILITY"),
            (&["Heater", "measure_x"], "keeps no log of measure_x"),
            (&["Nobody", "onoff"], "no device is called"),
            (&["--width", "7"], "expected 40 to 1000"),
            (
                &["--svg", "no/such/place.svg"],
                "chart: writing to no/such/place.svg",
            ),
        ] {
            let code = if words.contains("writing") { 1 } else { 64 };
            hub.run(&[&["chart"], args].concat()).fails(code, &[words]);
        }
    }
}

#[test]
fn a_picture_is_whole_or_not_there() {
    let hub = Hub::v3();
    hub.bed.file("old.svg", "old");
    hub.run(&["chart", "Heater", "measure_x", "--svg", "old.svg"])
        .fails(64, &["measure_x"]);
    let old = std::fs::read_to_string(hub.bed.dir.join("old.svg")).unwrap();
    assert_eq!(old, "old");
    hub.run(&["chart", "--svg", "/dev/full"]);
    let names = hub.bed.names();
    assert!(!names.iter().any(|n| n.contains(".part")), "{names:?}");
    hub.run(&["chart", "Heater", "measure_temperature", "--svg", "old.svg"])
        .is_good();
    let new = std::fs::read_to_string(hub.bed.dir.join("old.svg")).unwrap();
    Document::parse(&new).unwrap();
}
