// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ping: who answers, asked before the bearer goes out (`api.md` 3).

use std::fmt;

use crate::homey::error::{HubError, classify, expect_json, is_page};
use crate::homey::text::one_line;

/// A ping's reply, as far as it matters.
#[derive(Copy, Clone, Debug, Default)]
pub struct PingParts<'a> {
    pub status: u16,
    /// The field `X-Homey-ID`; old hubs leave it out.
    pub hub_id: Option<&'a str>,
    /// The field `X-Homey-Version`.
    pub version: Option<&'a str>,
    /// The field `X-Homey-Tier`, such as `shs`.
    pub tier: Option<&'a str>,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

/// The hub is there and is the right one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PingReply {
    /// As the hub says it; `None` where it does not say.
    pub hub_id: Option<String>,
    pub version: Option<String>,
    pub tier: Option<String>,
}

/// Why a ping does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PingError {
    /// A hub, but not ours: another id in the field, or the body `false`.
    WrongHub {
        expected: String,
        found: Option<String>,
    },
    /// It was asked for its id and did not say one.
    NoId,
    /// A refusal (a licence above all), or not a hub at all.
    Hub(HubError),
}

/// Judges a ping's reply. `expected` is the id that was asked for; without one the hub must tell its own.
///
/// What the body of a good reply is no source tells, so anything but a page and the bare `false` will do.
pub fn ping(parts: &PingParts<'_>, expected: Option<&str>) -> Result<PingReply, PingError> {
    if !(200..300).contains(&parts.status) {
        let error = classify(parts.status, parts.content_type, parts.body);
        return Err(PingError::Hub(error));
    }
    let shown = |text: &str| one_line(text, 64);
    let hub_id = parts.hub_id.map(str::trim).filter(|id| !id.is_empty());
    let body = parts.body.trim_ascii();
    let wrong = |expected: &str| PingError::WrongHub {
        expected: shown(expected),
        found: hub_id.map(shown),
    };
    // A page answers for a captive portal, whatever fields it carries along.
    if is_page(parts.content_type, body) {
        let page = expect_json(parts.status, parts.content_type, body);
        return Err(page.map_or_else(PingError::Hub, |()| PingError::NoId));
    }
    match (expected, hub_id) {
        (Some(expected), _) if body == b"false" => return Err(wrong(expected)),
        (Some(expected), Some(found)) if !found.eq_ignore_ascii_case(expected) => {
            return Err(wrong(expected));
        }
        (None, None) => return Err(PingError::NoId),
        (None, Some(_)) if body == b"false" => return Err(PingError::NoId),
        _ => {}
    }
    Ok(PingReply {
        hub_id: hub_id.map(shown),
        version: parts.version.map(shown),
        tier: parts.tier.map(shown),
    })
}

impl fmt::Display for PingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PingError::WrongHub { expected, found } => {
                write!(f, "another hub answers: expected {expected}, ")?;
                match found {
                    Some(found) => write!(f, "found {found}; check the address"),
                    None => f.write_str("it says that it is not that one; check the address"),
                }
            }
            PingError::NoId => f.write_str(
                "whatever answers does not tell a hub id; write the hub's id into the configuration, or check the address",
            ),
            PingError::Hub(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PingError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::homey::error::Kind;

    const ID: &str = "5f00aa11bb22cc33dd44ff66";

    fn good<'a>(body: &'a [u8], hub_id: Option<&'a str>) -> PingParts<'a> {
        PingParts {
            status: 200,
            hub_id,
            body,
            ..PingParts::default()
        }
    }

    #[test]
    fn a_good_ping_is_2xx_not_false_and_of_the_right_id() {
        for (body, hub_id, expected) in [
            (&b"true"[..], Some(ID), Some(ID)),
            (b"true", None, Some(ID)),
            (b"", None, Some(ID)),
            (b"pong", None, Some(ID)),
            (b"{\"false\":1}", Some(ID), None),
            (b"true", Some("5F00AA11BB22CC33DD44FF66"), Some(ID)),
        ] {
            let reply = ping(&good(body, hub_id), expected).unwrap();
            assert_eq!(reply.hub_id.as_deref(), hub_id);
        }
        let parts = PingParts {
            version: Some("13.4.0"),
            tier: Some("shs"),
            ..good(b"true", Some(ID))
        };
        let reply = ping(&parts, None).unwrap();
        assert_eq!(reply.version.as_deref(), Some("13.4.0"));
        assert_eq!(reply.tier.as_deref(), Some("shs"));
    }

    #[test]
    fn a_wrong_hub_is_named() {
        for (body, hub_id) in [
            (&b"false"[..], None),
            (b"false\n", Some(ID)),
            (b"true", Some("ffffffffffffffffffffffff")),
        ] {
            let error = ping(&good(body, hub_id), Some(ID)).unwrap_err();
            assert!(matches!(error, PingError::WrongHub { .. }), "{error}");
        }
        assert_eq!(ping(&good(b"true", None), None), Err(PingError::NoId));
        assert_eq!(ping(&good(b"false", Some(ID)), None), Err(PingError::NoId));
    }

    #[test]
    fn refusals_and_pages_are_no_hub() {
        let kind = |parts: &PingParts<'_>| match ping(parts, Some(ID)) {
            Err(PingError::Hub(error)) => error.kind,
            other => panic!("{other:?}"),
        };
        let licence = PingParts {
            status: 403,
            ..good(
                br#"{"error":"Subscription Inactive","statusCode":403}"#,
                None,
            )
        };
        assert_eq!(kind(&licence), Kind::SubscriptionInactive);
        let portal = PingParts {
            content_type: Some("text/html; charset=utf-8"),
            ..good(b"Please log in", Some(ID))
        };
        assert_eq!(kind(&portal), Kind::NotJson);
        assert_eq!(kind(&good(b" <!DOCTYPE html>", None)), Kind::NotJson);
        let redirect = PingParts {
            status: 302,
            ..good(b"", None)
        };
        assert_eq!(kind(&redirect), Kind::NotJson);
    }
}
