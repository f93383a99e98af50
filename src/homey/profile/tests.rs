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
    for (text, want) in [
        (
            "A: {tokn}",
            "header line 2: unknown hole {tokn}, did you mean {token}",
        ),
        (
            "A: {Host}",
            "header line 2: unknown hole {Host}, did you mean {host}",
        ),
        (
            "A: {}",
            "header line 2: unknown hole {}, known are {host} {token} {hub} {length} {type} {etag} {name} {Name}; write {{ for a brace",
        ),
        (
            "A: {host",
            "header line 2: a brace without its partner; write {{ or }} for a plain one",
        ),
        (
            "A: host}",
            "header line 2: a brace without its partner; write {{ or }} for a plain one",
        ),
        (
            " ",
            "header line 2 is empty, which would end the head; remove it",
        ),
        (
            "A: b\r\nC: d",
            "header line 2 has a line break or NUL inside; write one line for each field",
        ),
    ] {
        let error = Profile::custom("mine", &["Host: {host}", text]).unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
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
fn warnings_say_what_the_hub_will_do() {
    assert_eq!(Profile::forum().warnings(), []);
    assert_eq!(Profile::minimal().warnings(), []);
    let lines = [
        "Host: {host}",
        "Content Type: application/json",
        "Content-Length: 14",
        "authorization: Bearer abc",
        "Accept-Encoding: gzip;q=1.0, zstd\u{1b}[2J, br;q=0",
    ];
    let profile = Profile::custom("mine", &lines).unwrap();
    assert_eq!(
        profile.warnings(),
        [
            Warning::NotAField { line: 2 },
            Warning::FixedLength { line: 3 },
            Warning::FixedToken { line: 4 },
            Warning::Coding {
                line: 5,
                coding: "zstd [2J".to_owned()
            },
            Warning::Missing(Hole::Type),
        ]
    );
    let bare = Profile::custom("mine", &["Host: {host}"])
        .unwrap()
        .warnings();
    assert_eq!(
        bare[0].to_string(),
        "missing {token}: the hub will answer 401"
    );
    assert_eq!(profile.codings(), ["gzip", "zstd\u{1b}[2J"]);
    assert_eq!(Profile::forum().codings(), ["br", "gzip", "deflate"]);
}
