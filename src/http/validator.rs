// SPDX-License-Identifier: MIT OR Apache-2.0
//! Validators: the entity tag by which a later request can ask whether anything has changed (RFC 9110 §8.8.3, §13.1.2).
//!
//! Must not know what was asked for, nor who keeps a tag.

use super::response::ResponseHead;

/// Longer tags are not kept: they would cost more than they save. Those of Homey's server framework have some 30 bytes.
const MAX_TAG: usize = 256;

/// The reply's entity tag as it is to be sent back in If-None-Match, quotes and weakness mark included.
///
/// `None` where there is none, more than one, or one that is not of the RFC's form: it goes into a request header,
/// so nothing else may get through. If-None-Match compares weakly, so weak tags are as good as strong ones.
pub fn entity_tag(head: &ResponseHead) -> Option<&str> {
    let mut all = head.get_all("ETag");
    let (Some(value), None) = (all.next(), all.next()) else {
        return None;
    };
    let opaque = value.strip_prefix(b"W/").unwrap_or(value);
    let inner = opaque.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    // obs-text is left out: what is no text cannot stand in a profile's line.
    let is_tag = inner.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e));
    let fits = is_tag && value.len() <= MAX_TAG;
    std::str::from_utf8(value).ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_tags_come_back() {
        let long = format!("ETag: \"{}\"", "x".repeat(MAX_TAG));
        for (fields, want) in [
            ("ETag: \"a1-b\"", Some("\"a1-b\"")),
            ("etag:W/\"2a-xY+/z\"", Some("W/\"2a-xY+/z\"")),
            ("ETag: \"\"", Some("\"\"")),
            ("X: 1", None),
            ("ETag: a1", None),
            ("ETag: \"a1", None),
            ("ETag: \"", None),
            ("ETag: \"a b\"", None),
            ("ETag: \"a\"b\"", None),
            ("ETag: w/\"a\"", None),
            ("ETag: \"\u{e9}\"", None),
            ("ETag: \"a\"\r\nETag: \"b\"", None),
            (&long, None),
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
            let (head, _) = ResponseHead::parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!(entity_tag(&head), want, "{fields}");
        }
    }
}
