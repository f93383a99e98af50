// SPDX-License-Identifier: MIT OR Apache-2.0

use super::SessionError::{Empty, Member, NotJson, Token, TooLong, Version};
use super::*;

const OLD: &str = "{\"version\":1,\"hub\":\"5f00aa11bb22cc33dd44ff66\",\"token\":\"abc:def\",\"expires\":1772438400000}\n";
const TEXT: &str = "{\"version\":2,\"kind\":\"password\",\"hub\":\"5f00aa11bb22cc33dd44ff66\",\"name\":\"Home \\\"1\\\"\",\"token\":\"abc:def\",\"made\":1772352000000,\"expires\":1772438400000,\"cloud\":{\"access\":\"acc\",\"access_expires\":1772355660000,\"refresh\":\"ref\"},\"routes\":{\"local\":\"https://192-168-1-20.homey.homeylocal.com\",\"mdns\":\"homey-5f00aa11bb22cc33dd44ff66.local\",\"relay\":\"https://relay.example\",\"forwarded\":null}}\n";

fn replaced(from: &str, to: &str) -> Result<Session, SessionError> {
    assert!(TEXT.contains(from), "{from}");
    parse_session(TEXT.replacen(from, to, 1).as_bytes())
}

#[test]
fn parse_and_emit_are_a_pair() {
    let session = parse_session(TEXT.as_bytes()).unwrap();
    assert_eq!(session.kind, Kind::Password);
    assert_eq!(session.hub, "5f00aa11bb22cc33dd44ff66");
    assert_eq!(session.name, "Home \"1\"");
    assert_eq!(session.token.expose(), "abc:def");
    assert_eq!(session.made, Some(1_772_352_000_000));
    assert_eq!(session.expires, Some(1_772_438_400_000));
    let cloud = session.cloud.as_ref().unwrap();
    assert_eq!(cloud.access.as_ref().unwrap().expose(), "acc");
    assert_eq!(cloud.refresh.as_ref().unwrap().expose(), "ref");
    assert_eq!(
        session.routes.relay.as_deref(),
        Some("https://relay.example")
    );
    assert_eq!(session.emit(), TEXT);
    let shown = format!("{session:?}");
    assert!(
        !["abc", "\"acc\"", "\"ref\""]
            .iter()
            .any(|s| shown.contains(s)),
        "{shown}"
    );
    for (from, to) in [
        ("1772438400000", "\"2026-03-02T08:00:00.000Z\""),
        ("{\"version\"", "{\"note\":[1,{}],\"version\""),
        ("\"forwarded\":null", "\"forwarded\":7,\"x\":[]"),
    ] {
        assert_eq!(replaced(from, to), Ok(session.clone()), "{to}");
    }
    for (kind, word) in KINDS.iter().map(|(word, kind)| (*kind, *word)) {
        let bare = Session::given(kind, "5f00", Secret::parse(&"x".repeat(2000)).unwrap());
        assert!(bare.emit().contains(&format!("\"kind\":\"{word}\"")));
        assert_eq!(parse_session(bare.emit().as_bytes()), Ok(bare));
    }
    let longest = || Secret::parse(&"x".repeat(8192)).ok();
    let large = Session {
        token: longest().unwrap(),
        cloud: Some(Cloud {
            access: longest(),
            access_expires: 8_999_999_999_999_999,
            refresh: longest(),
        }),
        ..session
    };
    assert_eq!(
        parse_session(large.emit().as_bytes()),
        Ok(large),
        "what can be held can be stored"
    );
}

#[test]
fn a_file_of_version_1_is_a_given_bearer() {
    let session = parse_session(OLD.as_bytes()).unwrap();
    let token = Secret::parse("abc:def").unwrap();
    let mut want = Session::given(Kind::Bearer, "5f00aa11bb22cc33dd44ff66", token);
    want.expires = Some(1_772_438_400_000);
    assert_eq!(session, want);
}

#[test]
fn odd_members_are_left_out_or_named() {
    let odd = replaced(
        "{\"access\":\"acc\",\"access_expires\":1772355660000,\"refresh\":\"ref\"}",
        "7",
    )
    .unwrap();
    assert_eq!(odd.cloud, None);
    let odd = replaced("\"access\":\"acc\"", "\"access\":null").unwrap();
    assert_eq!(odd.cloud.unwrap().access, None);
    let long = format!("https://{}", "a".repeat(300));
    let odd = replaced("https://relay.example", &long).unwrap();
    assert_eq!(odd.routes.relay, None, "a cut URL leads elsewhere");
    let odd = replaced("https://relay.example", "https://a b").unwrap();
    assert_eq!(odd.routes.relay, None);
}

#[test]
fn errors_name_what_is_wrong() {
    assert_eq!(parse_session(b" \n"), Err(Empty));
    assert_eq!(parse_session(&[b' '; MAX_FILE + 1]), Err(Empty));
    assert_eq!(parse_session(&[b'x'; MAX_FILE + 1]), Err(TooLong));
    let newer = replaced(":2,", ":3,").unwrap_err();
    assert_eq!(newer, Version { found: Some(3.0) });
    assert!(
        newer.to_string().contains("a newer homey-panel wrote it"),
        "{newer}"
    );
    for (from, to, want) in [
        (":2,", ":1.5,", Version { found: Some(1.5) }),
        ("version", "v", Version { found: None }),
        ("hub", "h", Member { name: "hub" }),
        ("\"5f00aa11bb22cc33dd44ff66\"", "7", Member { name: "hub" }),
        ("token", "t", Member { name: "token" }),
        ("\"password\"", "\"magic\"", Member { name: "kind" }),
        ("\"kind\":\"password\",", "", Member { name: "kind" }),
        ("1772438400000", "true", Member { name: "expires" }),
        ("1772352000000", "-1", Member { name: "made" }),
        (
            "1772355660000",
            "[]",
            Member {
                name: "access_expires",
            },
        ),
        ("abc:def", "", Token(SecretError::Empty)),
        ("abc:def", "a\\nb", Token(SecretError::LineBreak)),
        ("\"ref\"", "\"r f\"", Token(SecretError::Space)),
    ] {
        assert_eq!(replaced(from, to), Err(want), "{from} -> {to}");
    }
    for text in ["[]", "true", "{", "null", "\"abc\"", "x"] {
        let error = parse_session(text.as_bytes()).unwrap_err();
        assert!(matches!(error, NotJson { .. }), "{text} {error}");
    }
}

#[test]
fn a_file_cut_at_any_byte_is_an_error() {
    for text in [OLD, TEXT] {
        let whole = text.trim_end();
        for end in 0..whole.len() {
            assert!(parse_session(&whole.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
