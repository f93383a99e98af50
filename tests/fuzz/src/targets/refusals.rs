// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is no good answer: refusals, pages, pings of somebody else. Each gets one bounded line for a person.

use homey_panel::homey::error::{HubError, Kind, classify, expect_json, retry_after};
use homey_panel::homey::reply::{PingError, PingParts, ping};

use super::input::{Input, assert_line};

const STATUSES: [u16; 16] = [
    200, 204, 302, 400, 401, 403, 404, 407, 429, 500, 501, 502, 503, 504, 511, 999,
];
const TYPES: [Option<&str>; 5] = [
    None,
    Some("application/json; charset=utf-8"),
    Some("Text/HTML"),
    Some("text/plain"),
    Some(";"),
];
const ID: &str = "5f00aa11bb22cc33dd44ee55";

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let status = STATUSES[usize::from(input.last() % 16)];
    let content_type = TYPES[usize::from(input.last()) % TYPES.len()];
    let asked = [None, Some(ID)][usize::from(input.last() % 2)];
    let body = input.0;
    judge(&classify(status, content_type, body));
    if let Err(error) = expect_json(status, content_type, body) {
        judge(&error);
    }
    // The fields come from the same bytes: a hub id, a version and a tier of any length.
    let text = String::from_utf8_lossy(body);
    let mut lines = text.lines();
    let parts = PingParts {
        status,
        hub_id: lines.next(),
        version: lines.next(),
        tier: lines.next(),
        content_type,
        body: lines.next().unwrap_or_default().as_bytes(),
    };
    match ping(&parts, asked) {
        Ok(good) => {
            let told = [&good.hub_id, &good.version, &good.tier];
            for text in told.into_iter().flatten() {
                assert!(text.len() <= 64);
                assert_line(text);
            }
            assert!((200..300).contains(&status));
            assert!(
                asked.is_some() || good.hub_id.is_some(),
                "a hub without a name"
            );
            let other = |id: &String| !id.eq_ignore_ascii_case(ID);
            assert!(asked.is_none() || !good.hub_id.as_ref().is_some_and(other));
        }
        Err(PingError::Hub(error)) => judge(&error),
        Err(error) => assert_line(&error.to_string()),
    }
    if let Some(pause) = retry_after(&text) {
        assert!(pause.as_secs() <= 3600);
    }
}

fn judge(error: &HubError) {
    assert!(error.text.len() <= 200);
    assert_line(&error.text);
    // Under a 5xx no code means that nothing ran and that the same call is due again.
    let again = error.kind.is_unauthorized() || error.kind == Kind::TooManyRequests;
    assert!(!again || error.may_have_run() == (error.status >= 500));
    let shown = error.to_string();
    assert_line(&shown);
    assert!(shown.len() <= 800, "{} bytes", shown.len());
}
