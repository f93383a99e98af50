// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spans, gaps and numbers, without a hub.

use super::*;

#[test]
fn the_finest_resolution_that_covers_the_time_is_taken() {
    for (last, resolution, want) in [
        (None, None, Ok(("last24Hours", Some(DAY)))),
        (Some("60m"), None, Ok(("lastHour", Some(HOUR)))),
        (Some("61m"), None, Ok(("last6Hours", Some(61 * 60_000)))),
        (Some("24h"), None, Ok(("last24Hours", Some(DAY)))),
        (Some("25h"), None, Ok(("last7Days", Some(25 * HOUR)))),
        (Some("7d"), None, Ok(("last7Days", Some(7 * DAY)))),
        (Some("2w"), None, Ok(("last14Days", Some(14 * DAY)))),
        (Some("31d"), None, Ok(("last31Days", Some(31 * DAY)))),
        (Some("32d"), None, Ok(("last2Years", Some(32 * DAY)))),
        (None, Some("yesterday"), Ok(("yesterday", None))),
        (Some("1h"), Some("last7Days"), Ok(("last7Days", Some(HOUR)))),
        (Some("731d"), None, Err("two years")),
        (Some(""), None, Err("such as 90m")),
        (Some("24"), None, Err("such as 90m")),
        (Some("0h"), None, Err("such as 90m")),
        (Some("-1h"), None, Err("such as 90m")),
        (Some("+1h"), None, Err("such as 90m")),
        (Some("1.5h"), None, Err("such as 90m")),
        (Some("h"), None, Err("such as 90m")),
        (Some("99999999999999999999d"), None, Err("such as 90m")),
        (Some("9999999999999999w"), None, Err("such as 90m")),
        (Some("1\u{fc}"), None, Err("such as 90m")),
        (None, Some("last24hours"), Err("did you mean last24Hours")),
        (None, Some("x"), Err("expected one of lastHour, last6Hours")),
    ] {
        let got = Span::new(last, resolution).map(|s| (s.resolution, s.last));
        match (&got, want) {
            (Err(got), Err(want)) => assert!(got.contains(want), "{got}"),
            (got, want) => assert_eq!(*got, want.map_err(String::from), "{last:?}"),
        }
    }
}

const STEP: u64 = 300_000;

fn wanted(capability: &str) -> Wanted {
    Wanted {
        device: "1".into(),
        name: "Lamp".into(),
        capability: capability.into(),
    }
}

fn log(kind: Kind, units: &str, capability: &str) -> Log {
    Log {
        owner: "homey:device:1".into(),
        id: capability.into(),
        wire_id: capability.into(),
        kind,
        title: None,
        units: Some(units.into()),
        decimals: Some(1),
    }
}

/// The last seven steps of these values.
fn series(kind: Kind, units: &str, capability: &str, values: &[Option<f64>]) -> Series {
    let at = |i: usize| (10 + i as u64) * STEP;
    let entries = Entries {
        values: (0..).map(at).zip(values.iter().copied()).collect(),
        start: Some(at(0)),
        end: Some(at(values.len() - 1)),
        step: Some(STEP),
        dropped: 0,
    };
    let span = Span {
        resolution: "lastHour",
        last: Some(7 * STEP),
    };
    Series::new(
        &wanted(capability),
        &log(kind, units, capability),
        entries,
        span,
        None,
    )
}

#[test]
fn gaps_are_where_nothing_is_known() {
    let step = STEP as i64;
    let at = |i: i64| (10 + i) * step;
    for (values, gaps, runs) in [
        ("xxxxxxxx", vec![], 1),
        // The newest is missing as a rule.
        ("xxxxxxx.", vec![], 1),
        ("xx..xxxx", vec![(at(1), at(4))], 2),
        ("..xxxxxx", vec![(at(0), at(2))], 1),
        ("xxxxx...", vec![(at(4), at(7))], 1),
        ("........", vec![(at(0), at(7))], 0),
        // Before the span that is asked for nothing counts.
        ("...xxxxxxxx", vec![], 1),
    ] {
        let values: Vec<Option<f64>> = values.chars().map(|c| (c == 'x').then_some(20.0)).collect();
        let got = series(Kind::Number, "°C", "measure_temperature", &values);
        assert_eq!((got.gaps(), got.runs().len()), (gaps, runs), "{values:?}");
    }
    let mut jump = series(Kind::Number, "W", "measure_power", &[Some(1.0); 8]);
    jump.values.remove(3);
    assert_eq!(jump.gaps(), [(at(2), at(4))]);
}

#[test]
fn values_are_shown_as_they_are_meant() {
    let half = [Some(0.5), None, Some(1.0), Some(7.0), Some(0.0)];
    for (kind, units, capability, newest, shown) in [
        (
            Kind::Number,
            "W",
            "measure_power",
            "0.0 W",
            ["0.5 W", "7.0 W"],
        ),
        (Kind::Number, "%", "dim", "0.0 %", ["0.5 %", "7.0 %"]),
        (Kind::Boolean, "", "onoff", "off", ["on 50 %", "on"]),
    ] {
        let s = series(kind, units, capability, &half);
        let texts = [s.with_units(0.5), s.with_units(s.summary().unwrap().max)];
        assert_eq!(texts, shown);
        assert_eq!(s.with_units(s.newest().unwrap()), newest);
    }
    // From 0 to 1 and %: as `set` takes it.
    let s = series(Kind::Number, "%", "dim", &half[..3]);
    assert_eq!(s.with_units(0.5), "0.5");
    let s = series(Kind::Number, "%", "measure_humidity", &half[..3]);
    assert_eq!(s.with_units(0.5), "0.5 %");
    let s = series(Kind::Number, "W", "measure_power", &half);
    let s = s.summary().unwrap();
    assert_eq!((s.min, s.mean, s.max, s.count), (0.0, 2.125, 7.0, 4));
    assert_eq!(series(Kind::Number, "", "x", &[None]).summary(), None);
}

#[test]
fn numbers_fit_their_line() {
    for (value, decimals, want) in [
        (21.46, Some(1), "21.5"),
        (21.0, Some(1), "21.0"),
        (21.0, None, "21"),
        (0.376, None, "0.38"),
        (-0.04, Some(1), "0.0"),
        (1e300, Some(2), "1.00e300"),
        (-2.0, Some(0), "-2"),
        (0.5, Some(9), "0.500000"),
        (100.0, None, "100"),
    ] {
        assert_eq!(number(value, decimals), want);
    }
}

#[test]
fn times_that_make_no_sense_do_no_harm() {
    let of = |entries| {
        Series::new(
            &wanted("onoff"),
            &log(Kind::Other, "", "onoff"),
            entries,
            Span::default(),
            None,
        )
    };
    let none = of(Entries {
        start: Some(u64::MAX),
        ..Entries::default()
    });
    assert_eq!((none.from, none.to, none.gaps().len()), (0, 0, 0));
    let far = of(Entries {
        values: vec![(5, None), (u64::MAX, Some(1.0))],
        ..Entries::default()
    });
    assert_eq!(far.to, i64::MAX);
    assert!(far.gaps().len() < 2 && far.runs().len() == 1);
}

#[test]
fn what_has_not_come_yet_is_no_gap() {
    let at = |i: u64| i * STEP;
    let entries = Entries {
        values: (0..20).map(|i| (at(i), (i < 10).then_some(1.0))).collect(),
        start: Some(0),
        end: Some(at(288)),
        step: Some(STEP),
        dropped: 0,
    };
    let today = Span {
        resolution: "today",
        last: None,
    };
    let log = log(Kind::Number, "W", "measure_power");
    let of = |now| Series::new(&wanted("measure_power"), &log, entries.clone(), today, now);
    let got = of(Some(at(10)));
    assert_eq!((got.from, got.to), (0, at(11) as i64));
    assert_eq!((got.values.len(), got.gaps().len()), (12, 0));
    assert_eq!(of(None).gaps(), [(at(9) as i64, at(288) as i64)]);
}
