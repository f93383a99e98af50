// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a hub means when it refuses (`api.md` 10, 15; `objects.md` 12), and replies that come from something else than a hub.
//!
//! Classified by machine code first, then by status, never by text: the text is in the household's
//! language. All of a reply's texts are bounded and fit for one line.

mod body;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use super::text::{cut, one_line};
use body::ErrorBody;

/// Of a refusal's body no more is looked at.
pub const MAX_ERROR_BODY: usize = 64 * 1024;
const MAX_SHOWN: usize = 200;
/// Stands for a page in [`HubError::text`]: nobody wants to read HTML in a log.
const PAGE: &str = "a web page";

/// A reply that is not what was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HubError {
    pub status: u16,
    pub kind: Kind,
    /// The machine code, lower case with underscores: `session_expired`.
    pub code: Option<String>,
    /// What the hub says to people, at most 200 bytes on one line; empty where it says nothing.
    pub text: String,
}

/// What a refusal means for the caller.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// 401 `session_expired`.
    SessionExpired,
    /// 401 `not_logged_in`.
    NotLoggedIn,
    /// 401 `invalid_token`, and every 401 without a code.
    InvalidToken,
    /// 403 `Missing Scopes`: this call only; the rest of the bearer works.
    MissingScopes,
    /// 403 without a code that we know.
    Forbidden,
    /// 403 `Subscription Inactive`.
    SubscriptionInactive,
    /// 403 `Invalid Serial Number`.
    InvalidSerial,
    /// 404 in JSON: the item is gone or was paired anew, or (V3) there is no such route.
    NotFound,
    /// `missing_api_method` (V2), or Express' own 404 page: this hub has no such call.
    NoSuchRoute,
    /// 400 `invalid_json`: our body is broken.
    InvalidJson,
    /// Other 4xx: the hub does not take this value or this call.
    BadRequest,
    /// 429. Did not run.
    TooManyRequests,
    /// 502, 503, 504: a relay or proxy speaks for a hub that is away or restarting.
    Unavailable,
    /// A 5xx in JSON: the hub is there, the device or its app failed.
    DriverFailure,
    /// A 5xx without JSON.
    ServerError,
    /// A redirect, a page or text where JSON was due: not our hub at all (captive portal, proxy, wrong port).
    NotJson,
}

impl Kind {
    /// The bearer is not accepted: renew it once, repeat once; with an API key report it and try slowly (`api.md` 10).
    pub fn is_unauthorized(self) -> bool {
        matches!(
            self,
            Kind::SessionExpired | Kind::NotLoggedIn | Kind::InvalidToken
        )
    }

    /// The same call may succeed later without anyone doing anything.
    pub fn passes(self) -> bool {
        matches!(
            self,
            Kind::Unavailable | Kind::DriverFailure | Kind::ServerError | Kind::TooManyRequests
        )
    }

    fn of_code(code: &str) -> Option<Kind> {
        Some(match code {
            "session_expired" => Kind::SessionExpired,
            "not_logged_in" => Kind::NotLoggedIn,
            "invalid_token" => Kind::InvalidToken,
            "missing_scopes" => Kind::MissingScopes,
            "subscription_inactive" => Kind::SubscriptionInactive,
            "invalid_serial_number" => Kind::InvalidSerial,
            "not_found" => Kind::NotFound,
            "missing_api_method" => Kind::NoSuchRoute,
            "invalid_json" => Kind::InvalidJson,
            "too_many_requests" => Kind::TooManyRequests,
            _ => return None,
        })
    }

    fn of_status(status: u16, is_json: bool) -> Kind {
        match status {
            401 => Kind::InvalidToken,
            // A proxy that wants a login of its own; RFC 6585 §6 for 511.
            407 | 511 => Kind::NotJson,
            403 => Kind::Forbidden,
            404 if is_json => Kind::NotFound,
            404 => Kind::NoSuchRoute,
            429 => Kind::TooManyRequests,
            400..500 => Kind::BadRequest,
            502..505 => Kind::Unavailable,
            500.. if is_json => Kind::DriverFailure,
            500.. => Kind::ServerError,
            _ => Kind::NotJson,
        }
    }
}

impl HubError {
    /// The call may have run in spite of this reply (`api.md` 11): a one-shot must not be repeated. So it is with every 5xx
    /// but those that say why nothing ran. An app may well send `invalid_token` or `too_many_requests` of its own cloud under
    /// a 500.
    pub fn may_have_run(&self) -> bool {
        let refused = matches!(
            self.kind,
            Kind::NoSuchRoute | Kind::InvalidJson | Kind::MissingScopes
        );
        self.status >= 500 && !refused
    }

    /// It came as a web page: a proxy, a filter or a network's login page may have answered.
    pub fn is_page(&self) -> bool {
        self.text == PAGE
    }
}

/// Makes sense of a reply whose status is not 2xx. `body` may be cut anywhere: what is there is used.
pub fn classify(status: u16, content_type: Option<&str>, body: &[u8]) -> HubError {
    let body = &body[..body.len().min(MAX_ERROR_BODY)];
    if is_page(content_type, body) {
        return HubError {
            status,
            kind: Kind::of_status(status, false),
            code: None,
            text: PAGE.to_owned(),
        };
    }
    let parsed = ErrorBody::parse(body);
    let codes = parsed.codes();
    let known = |code: &&String| Kind::of_code(code).is_some();
    let code = codes.iter().find(known).or(codes.first());
    let kind = code.and_then(|code| Kind::of_code(code));
    HubError {
        status,
        kind: kind.unwrap_or_else(|| Kind::of_status(status, parsed.is_json())),
        text: match parsed.text() {
            Some(text) => one_line(text, MAX_SHOWN),
            None if parsed.is_json() => String::new(),
            None => start_of(body),
        },
        code: code.cloned(),
    }
}

/// Says no to a 2xx reply that cannot be JSON, before a reader is let loose on it: captive portals answer 200 with a page.
/// `first` is the start of the body as far as it is there. JSON under another content type than `application/json` is taken,
/// but never under `text/html`.
pub fn expect_json(status: u16, content_type: Option<&str>, first: &[u8]) -> Result<(), HubError> {
    let not_json = |text: String| HubError {
        status,
        kind: Kind::NotJson,
        code: None,
        text,
    };
    if is_page(content_type, first) {
        return Err(not_json(PAGE.to_owned()));
    }
    let says_json = media_type(content_type).eq_ignore_ascii_case("application/json");
    let looks_json = match first.trim_ascii_start().first() {
        Some(b) => matches!(
            b,
            b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'
        ),
        None => says_json,
    };
    if looks_json {
        Ok(())
    } else {
        Err(not_json(start_of(first)))
    }
}

/// A web page, by its content type or its first character.
pub(super) fn is_page(content_type: Option<&str>, body: &[u8]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    media_type(content_type).eq_ignore_ascii_case("text/html")
        || text.trim_ascii_start().starts_with(b"<")
}

/// A content type without its parameters.
fn media_type(content_type: Option<&str>) -> &str {
    let all = content_type.unwrap_or_default();
    all.split(';').next().unwrap_or_default().trim()
}

/// The start of a body that is neither JSON nor a page.
fn start_of(body: &[u8]) -> String {
    let start = &body[..body.len().min(4 * MAX_SHOWN)];
    one_line(&String::from_utf8_lossy(start), MAX_SHOWN)
}

/// The seconds of a `Retry-After` field, at most an hour. The field's other form, a date, is `None`: it would need a clock that
/// is set; no hub was seen to send either (`api.md` 11).
pub fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = value.parse::<u64>().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds.min(3600)))
}

impl fmt::Display for HubError {
    /// One line with the cure, such as `the hub answers 401 session_expired: renew the session`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::NotJson {
            let what = if self.text.is_empty() {
                "nothing"
            } else {
                &self.text
            };
            return write!(
                f,
                "the reply ({}) is not the hub's: {what} instead of JSON; check the address, a proxy or a login page may answer in its place",
                self.status
            );
        }
        write!(f, "the hub answers {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        f.write_str(": ")?;
        let own_words = |f: &mut fmt::Formatter<'_>, none: &str| match self.text.as_str() {
            "" => f.write_str(none),
            text => write!(f, "\"{}\"", cut(text, 120)),
        };
        match self.kind {
            Kind::SessionExpired => f.write_str("the session is over; renew it"),
            Kind::NotLoggedIn => f.write_str("no valid bearer came along; log in again, or make a new API key"),
            Kind::InvalidToken => f.write_str(
                "it does not take this bearer; log in again, or check that the API key is this hub's and not revoked",
            ),
            Kind::MissingScopes => f.write_str(
                "the API key or session lacks a scope for this; make a key with that scope, the rest goes on working",
            ),
            Kind::Forbidden => own_words(f, "not allowed for this bearer"),
            Kind::SubscriptionInactive => f.write_str("its subscription is not active; renew it at Athom"),
            Kind::InvalidSerial => f.write_str("its serial number is not accepted; ask Athom"),
            Kind::NotFound => f.write_str(
                "it does not know this id; the item was removed or paired anew, list the items and correct the configuration",
            ),
            Kind::NoSuchRoute => f.write_str("this hub does not have this call; its model or firmware is too old, or the path is wrong"),
            Kind::InvalidJson => f.write_str("it cannot read our body as JSON; check the header profile's content type and length"),
            Kind::BadRequest => own_words(f, "it does not take this value or call"),
            Kind::TooManyRequests => f.write_str("too many requests; wait before the next, poll less often"),
            Kind::Unavailable => f.write_str("the hub is offline or restarting behind a relay; wait"),
            Kind::DriverFailure => own_words(f, "the device or its app failed"),
            Kind::ServerError => f.write_str("the hub failed; look at it if this goes on"),
            Kind::NotJson => Ok(()),
        }
    }
}

impl std::error::Error for HubError {}
