// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crate::homey::Value;

const TOKEN: &str = "11111111-2222-4333-8444-555555555555:66666666-7777-4888-9999-aaaaaaaaaaaa:0123456789abcdef0123456789abcdef01234567";

fn head(profile: &Profile, call: &Call<'_>) -> String {
    let token = Secret::parse(TOKEN).unwrap();
    let holes = Holes {
        host: "192-168-1-17.homey.homeylocal.com",
        token: Some(&token),
        hub: "5f00aa11bb22cc33dd44ff66",
        name: DEFAULT_NAME,
        ..Holes::default()
    };
    let request = profile.request(call, &holes).unwrap();
    let mut text = format!("{} {}\n", request.method, request.target);
    for line in &request.lines {
        text.push_str(std::str::from_utf8(line).unwrap());
        text.push('\n');
    }
    text.replace(TOKEN, "T")
}

#[test]
fn forum_is_the_authors_set_in_his_order() {
    let value = Value::Bool(true);
    let call = Call::SetCapability {
        device: "d1",
        capability: "onoff",
        value: &value,
        duration: None,
    };
    let want = "PUT /api/manager/devices/device/d1/capability/onoff\n\
        Host: 192-168-1-17.homey.homeylocal.com\n\
        Accept: application/json\n\
        Accept-Language: en-us\n\
        Connection: keep-alive\n\
        Accept-Encoding: br, gzip, deflate\n\
        Origin: homeypanel://authorize\n\
        Referer: homeypanel://authorize\n\
        User-Agent: Homeypanel/1.0\n\
        Authorization: Bearer T\n\
        X-Homey-ID: 5f00aa11bb22cc33dd44ff66\n\
        Content-Type: application/json\n\
        Content-Length: 14\n";
    assert_eq!(head(&Profile::forum(), &call), want);
    assert_eq!(Profile::forum().lines().count(), FORUM.len());
}

#[test]
fn a_line_with_an_empty_hole_is_left_out() {
    let want = "GET /api/manager/devices/device\n\
        Host: 192-168-1-17.homey.homeylocal.com\n\
        Accept: application/json\n\
        Accept-Encoding: gzip\n\
        Authorization: Bearer T\n\
        X-Homey-ID: 5f00aa11bb22cc33dd44ff66\n";
    assert_eq!(head(&Profile::minimal(), &Call::Devices), want);
    let ping = head(&Profile::minimal(), &Call::Ping { hub_id: "h" });
    assert!(!ping.contains("Authorization"), "{ping}");
    assert_eq!(Profile::minimal().lines().count(), MINIMAL.len());
}

#[test]
fn custom_lines_keep_case_order_repeats_and_spacing() {
    let lines = [
        "host:{host}",
        "X-a:  {{{name}}}  ",
        "x-A: 1",
        "X-a: 1",
        "If-None-Match: {etag}",
    ];
    let profile = Profile::custom("mine", &lines).unwrap();
    let want = "GET /api/manager/zones/zone\nhost:192-168-1-17.homey.homeylocal.com\nX-a:  {homeypanel}  \nx-A: 1\nX-a: 1\n";
    assert_eq!(head(&profile, &Call::Zones), want);
    assert!(profile.lines().eq(lines));
}

#[test]
fn mistakes_are_named_with_their_line() {
    let holes = "{host}, {token}, {hub}, {length}, {type}, {etag}, {name} or {Name}";
    for (text, want) in [
        (
            "A: {tokn}",
            "there is nothing to fill \"{tokn}\" with; expected HOLES; did you mean {token}",
        ),
        (
            "A: {Host}",
            "there is nothing to fill \"{Host}\" with; expected HOLES; did you mean {host}",
        ),
        (
            "A: {}",
            "there is nothing to fill \"{}\" with; expected HOLES",
        ),
        (
            "A: {host",
            "a { in \"A\" has no partner; expected HOLES; {{ for a plain {",
        ),
        (
            "A: host}",
            "a } in \"A\" has no partner; expected HOLES; }} for a plain }",
        ),
        (
            " ",
            "a line is empty; expected a header line, such as \"Accept: application/json\"",
        ),
        (
            "A: b\r\nC: d",
            "a line holds the control character U+000D; expected text on one line",
        ),
        (
            "Bearer abc",
            "the line that begins with \"Bearer\" has no colon; expected name: value",
        ),
        (": a", "the line has no header name; expected name: value"),
        (
            "Content Type: {type}",
            "the header name \"Content Type\" holds \" \"; expected letters, digits and dashes up to the colon; did you mean \"Content-Type:\"",
        ),
        (
            "A\tB: a",
            "the header name \"A B\" holds a tab; expected letters, digits and dashes up to the colon; did you mean \"A-B:\"",
        ),
        (
            "Content-Length: 14",
            "a fixed Content-Length is wrong for every other body; expected Content-Length: {length}",
        ),
        (
            "accept-encoding: gzip, zstd\u{200e}, compress",
            "Accept-Encoding offers \"zstd\", which cannot be decoded here; expected gzip, deflate, br or identity",
        ),
        (
            "TRANSFER-ENCODING: chunked",
            "bodies are sent whole, with their length; expected Content-Length: {length}",
        ),
        (
            "Upgrade: h2c",
            "the hub's answer to this line is not understood here; expected no such line",
        ),
    ] {
        let error = Profile::custom("mine", &["Host: {host}", text]).unwrap_err();
        let want = format!("header line 2: {want}").replace("HOLES", holes);
        assert_eq!(error.to_string(), want, "{text}");
    }
    for (name, _) in line::HOLES {
        assert!(holes.contains(&format!("{{{name}}}")), "{name}");
    }
    let long = format!("A: {}", "a".repeat(1022));
    let error = Profile::custom("mine", &[&long]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "header line 1: a line is 1025 bytes long; expected at most 1024"
    );
    Profile::custom("mine", &[&long[..1024]]).unwrap();
}

#[test]
fn all_that_is_wrong_with_a_line_is_found() {
    let brace = |brace| Flaw::Brace {
        name: "A".into(),
        brace,
    };
    let hole = |hole: &str, nearest| Flaw::UnknownHole {
        hole: hole.into(),
        nearest,
    };
    for (text, want) in [
        ("A: {host}{{{name}}}", &[][..]),
        ("A: {hub", &[brace('{')]),
        ("A: {hub}}", &[brace('}')]),
        ("A: {x{hub}{", &[brace('{'), brace('{')]),
        ("A: }{", &[brace('}'), brace('{')]),
        (
            "A: {ä}{hb}{hub}",
            &[hole("ä", None), hole("hb", Some("hub"))],
        ),
        (
            "Content-Length: {lenght}",
            &[hole("lenght", Some("length"))],
        ),
        ("Authorization: Bearer abc", &[Flaw::FixedToken]),
        ("Authorization: {{token}}", &[Flaw::FixedToken]),
        ("Authorization: Bearer {token}", &[]),
        ("Accept-Encoding: gzip;q=1.0, *;q=0, zstd; q=0,", &[]),
    ] {
        assert_eq!(flaws(text), want, "{text}");
    }
}

#[test]
fn no_filling_breaks_a_line() {
    let holes = Holes {
        host: "a\r\nX: y",
        ..Holes::default()
    };
    let error = Profile::minimal().render(&holes).unwrap_err();
    assert_eq!(error, ProfileError::Filling { hole: Hole::Host });
    let bad = Call::Device("");
    assert!(Profile::minimal().request(&bad, &Holes::default()).is_err());
}

#[test]
fn what_a_call_cannot_do_without_is_missed() {
    assert_eq!(Profile::forum().missing(), []);
    assert_eq!(Profile::minimal().missing(), []);
    let all = [Hole::Length, Hole::Host, Hole::Token, Hole::Type];
    for (lines, missing) in [
        (&[][..], &all[..]),
        // The same texts elsewhere are of no use.
        (
            &["Referer: {host}", "X-Type: {type}", "X-Length: {length}"],
            &[Hole::Host, Hole::Token, Hole::Type],
        ),
        (
            &[
                "host: a",
                "authorization: Basic abc",
                "CONTENT-TYPE: text/plain",
            ],
            &[Hole::Length],
        ),
        (
            &["X-Token: {token}"],
            &[Hole::Length, Hole::Host, Hole::Type],
        ),
    ] {
        let profile = Profile::custom("mine", lines).unwrap();
        assert_eq!(profile.missing(), missing, "{lines:?}");
    }
}

#[test]
fn offered_codings_are_those_that_are_not_refused() {
    let lines = ["Accept-Encoding: gzip;q=1.0, , zstd;q=0, br"];
    let profile = Profile::custom("mine", &lines).unwrap();
    assert_eq!(profile.codings(), ["gzip", "br"]);
    assert_eq!(Profile::forum().codings(), ["br", "gzip", "deflate"]);
}
