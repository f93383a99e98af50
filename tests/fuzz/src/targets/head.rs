// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reply heads: the same outcome however they arrive, and all that is read from a head is bounded.

use homey_panel::http::{
    Codings, Framing, HeadSearch, MAX_FIELDS, MAX_HEAD, ResponseHead, keep_alive_timeout,
    persistence, redacted,
};

use super::input::{Input, Pieces, assert_line};

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let whole = ResponseHead::parse(input.0);
    let (mut search, mut len, mut found) = (HeadSearch::new(), 0, Ok(None));
    for piece in Pieces::new(input.0, sizes) {
        len += piece.len();
        found = search.parse(&input.0[..len]);
        if !matches!(found, Ok(None)) {
            break;
        }
    }
    assert_eq!(found, whole, "{sizes:?}");
    let hidden = redacted(input.0);
    let lines = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(lines(&hidden), lines(input.0));
    match whole {
        Ok(None) => {}
        Ok(Some((head, len))) => judge(&head, len),
        Err(error) => assert_line(&error.to_string()),
    }
}

fn judge(head: &ResponseHead, len: usize) {
    assert!(head.bytes().len() <= len && len <= MAX_HEAD);
    assert!((100..1000).contains(&head.status()) && head.minor_version() <= 1);
    assert!(head.fields().count() <= MAX_FIELDS);
    for (name, value) in head.fields() {
        assert!(!name.is_empty() && head.get(name).is_some());
        assert!(!value.contains(&b'\n'));
    }
    for method in ["GET", "HEAD", "CONNECT"] {
        match Framing::of(method, head) {
            Ok(framing) => {
                persistence(method, head, framing);
            }
            Err(error) => assert_line(&error.to_string()),
        }
    }
    if let Err(error) = Codings::from_head(head) {
        assert_line(&error.to_string());
    }
    keep_alive_timeout(head);
    assert_eq!(
        ResponseHead::parse(head.bytes()).map(|found| found.map(|(again, _)| again)),
        Ok(Some(head.clone())),
        "its own bytes mean the same"
    );
}
