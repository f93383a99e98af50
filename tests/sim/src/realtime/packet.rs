// SPDX-License-Identifier: MIT OR Apache-2.0

//! Frames of Engine.IO and the packets of Socket.IO in them, as texts
//! (api.md 12). Both generations write them alike, but for what a connect
//! packet carries.
//!
//! It knows no meaning of any event.

use serde_json::Value;

/// What a client sent.
#[derive(Debug, PartialEq)]
pub enum In {
    /// `1`
    Close,
    /// `2…`; what follows is sent back.
    Ping(String),
    /// `3`
    Pong,
    /// `4…`
    Packet(Packet),
    /// Anything else: no client has a reason for it.
    Other,
}

/// A Socket.IO packet.
#[derive(Debug, PartialEq)]
pub struct Packet {
    pub kind: Kind,
    /// `/` or `/api`, without a query.
    pub namespace: String,
    /// The number of the ack that is asked for, or answered.
    pub ack: Option<u64>,
    pub data: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    Error,
}

impl In {
    /// Reads a text frame.
    pub fn read(text: &str) -> In {
        let Some(first) = text.chars().next() else {
            return In::Other;
        };
        let rest = &text[first.len_utf8()..];
        match first {
            '1' => In::Close,
            '2' => In::Ping(rest.to_owned()),
            '3' => In::Pong,
            '4' => packet(rest).map_or(In::Other, In::Packet),
            _ => In::Other,
        }
    }
}

fn packet(text: &str) -> Option<Packet> {
    let kind = match text.chars().next()? {
        '0' => Kind::Connect,
        '1' => Kind::Disconnect,
        '2' => Kind::Event,
        '3' => Kind::Ack,
        '4' => Kind::Error,
        _ => return None,
    };
    let rest = &text[1..];
    let (namespace, rest) = match rest.starts_with('/') {
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    let namespace = namespace.split('?').next().unwrap_or(namespace);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (ack, rest) = rest.split_at(digits);
    let data = match rest {
        "" => None,
        text => Some(serde_json::from_str(text).ok()?),
    };
    Some(Packet {
        kind,
        namespace: namespace.to_owned(),
        ack: match ack {
            "" => None,
            ack => Some(ack.parse().ok()?),
        },
        data,
    })
}

/// A frame to a namespace: its kind's digits, ack number, and JSON as it is.
pub fn frame(digits: &str, namespace: &str, ack: Option<u64>, json: &str) -> String {
    let ack = ack.map(|n| n.to_string()).unwrap_or_default();
    match (namespace, ack.as_str(), json) {
        ("/", ack, json) => format!("{digits}{ack}{json}"),
        // A connect packet without data ends after the namespace.
        (namespace, "", "") => format!("{digits}{namespace}"),
        (namespace, ack, json) => format!("{digits}{namespace},{ack}{json}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_are_read() {
        let packet = |kind, namespace: &str, ack, data| {
            In::Packet(Packet {
                kind,
                namespace: namespace.to_owned(),
                ack,
                data,
            })
        };
        for (text, wanted) in [
            ("1", In::Close),
            ("2", In::Ping(String::new())),
            ("2probe", In::Ping("probe".to_owned())),
            ("3", In::Pong),
            ("40", packet(Kind::Connect, "/", None, None)),
            ("40/api", packet(Kind::Connect, "/api", None, None)),
            ("40/api?a=b", packet(Kind::Connect, "/api", None, None)),
            (
                "40/api,{\"token\":\"x\"}",
                packet(Kind::Connect, "/api", None, Some(json!({"token": "x"}))),
            ),
            ("41/api,", packet(Kind::Disconnect, "/api", None, None)),
            (
                "420[\"a\",{}]",
                packet(Kind::Event, "/", Some(0), Some(json!(["a", {}]))),
            ),
            (
                "42/api,17[\"a\"]",
                packet(Kind::Event, "/api", Some(17), Some(json!(["a"]))),
            ),
            (
                "42/api,[\"a\"]",
                packet(Kind::Event, "/api", None, Some(json!(["a"]))),
            ),
            (
                "43/api,1[null]",
                packet(Kind::Ack, "/api", Some(1), Some(json!([null]))),
            ),
            ("", In::Other),
            ("4", In::Other),
            ("49", In::Other),
            ("ä", In::Other),
            ("42[\"a\"", In::Other),
            ("4299999999999999999999[]", In::Other),
        ] {
            assert_eq!(In::read(text), wanted, "{text}");
        }
    }

    #[test]
    fn frames_are_written() {
        for (frame, wanted) in [
            (frame("40", "/", None, ""), "40"),
            (frame("40", "/api", None, ""), "40/api"),
            (frame("40", "/api", None, "{}"), "40/api,{}"),
            (frame("43", "/", Some(0), "[null]"), "430[null]"),
            (frame("43", "/api", Some(0), "[null]"), "43/api,0[null]"),
            (frame("42", "/api", None, "[1]"), "42/api,[1]"),
        ] {
            assert_eq!(frame, wanted);
        }
    }
}
