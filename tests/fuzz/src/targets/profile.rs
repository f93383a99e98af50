// SPDX-License-Identifier: MIT OR Apache-2.0
//! Header lines from the configuration, filled with ids and tokens from elsewhere: nothing gets a line or a route of its own.

use homey_panel::homey::Value;
use homey_panel::homey::call::Call;
use homey_panel::homey::profile::{Holes, Profile, flaws};
use homey_panel::homey::secret::Secret;
use homey_panel::http::{Check, RequestHead, redacted};

use super::input::{Input, assert_line};

/// The first line is an id and a filling, the rest are the profile's.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let chosen = usize::from(input.last() % 4);
    let text = String::from_utf8_lossy(input.0);
    let (id, lines) = text.split_once('\n').unwrap_or((&text, ""));
    let lines: Vec<&str> = lines.split('\n').take(64).collect();
    let mut good = Vec::new();
    for line in &lines {
        let flaws = flaws(line);
        for flaw in &flaws {
            assert_line(&flaw.to_string());
            assert_line(&flaw.expected());
            flaw.meant().iter().for_each(|meant| assert_line(meant));
        }
        good.extend((!flaws.iter().any(|flaw| !flaw.is_warning())).then_some(*line));
    }
    match Profile::custom("mine", &lines) {
        Ok(_) => assert_eq!(good, lines),
        Err(error) => {
            assert_line(&error.to_string());
            assert_ne!(good, lines);
        }
    }
    // What is left of a profile with bad lines makes requests too.
    let profile = Profile::custom("mine", &good).expect("good lines");
    assert!(profile.lines().eq(good.iter().copied()));
    profile.missing();
    profile.codings();
    let token = Secret::parse(id).ok();
    let holes = Holes {
        host: id,
        token: token.as_ref(),
        hub: id,
        etag: id,
        name: id,
        ..Holes::default()
    };
    let value = Value::Text(id.into());
    let call = [
        Call::Ping { hub_id: id },
        Call::SetCapability {
            device: id,
            capability: id,
            value: &value,
            duration: None,
        },
        Call::TriggerFlow { id, advanced: true },
        Call::SetMood(id),
    ][chosen];
    let request = match profile.request(&call, &holes) {
        Ok(request) => request,
        Err(error) => return assert_line(&error.to_string()),
    };
    assert!(request.target.starts_with("/api/manager/"));
    let routes = request.target.matches('/').count();
    assert_eq!(routes, [4, 7, 6, 6][chosen], "{}", request.target);
    assert!(!request.target.contains("/../") && !request.target.ends_with("/.."));
    if let Some(body) = &request.body {
        let parsed: Result<serde_json::Value, _> = serde_json::from_slice(body);
        assert!(parsed.is_ok_and(|value| value.is_object()));
    }
    let mut head = RequestHead::new(request.method, &request.target).expect("an encoded target");
    for line in &request.lines {
        if let Err(error) = head.line(line) {
            assert_line(&error.to_string());
            if let Err(error) = head.line_unchecked(line) {
                assert_line(&error.to_string());
            }
        }
    }
    let lines = head.lines().count();
    let length = request.body.as_ref().map(|body| body.len() as u64);
    if let Err(error) = head.finish(length, Check::Strict) {
        assert_line(&error.to_string());
    }
    let bytes = head.finish(length, Check::Unchecked).expect("unchecked");
    let ends = bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(ends, lines + 2, "a line more than was asked for");
    redacted(&bytes);
    if !lines_hold_name(&request.lines) {
        return;
    }
    head.replace_line(b"X-Fuzz: 1").expect("a line");
    assert_eq!(head.get("x-fuzz"), Some(&b"1"[..]));
}

fn lines_hold_name(lines: &[Vec<u8>]) -> bool {
    lines.iter().all(|line| line.contains(&b':'))
}
