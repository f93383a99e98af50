// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small replies about one value: get capability and set capability (`objects.md`, head, and 3.3).

use serde::de::{Error, IgnoredAny, MapAccess};

use super::loose::{Any, Key, Loose, Shape};
use super::{ReplyError, parse};
use crate::homey::Value;

/// The reply of get capability: a bare JSON scalar; the same in `{"value":…}` is taken too. No body at all (204) is no value.
pub fn capability_value(body: &[u8]) -> Result<Value, ReplyError> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    const EXPECTED: &str = "a value";
    match parse(&mut &*body, Any(Reply), EXPECTED)? {
        (Loose::Odd, _) => Err(ReplyError::Shape { expected: EXPECTED }),
        (value, _) => Ok(value.into_value()),
    }
}

/// The value that a reply of set capability shows, where it shows one: V2 answers with an object that has it, V3's
/// form is not known. An empty body, `true` or anything else says only that the hub took the call; no body is an
/// error, since the status has already told. Not a confirmation: sleeping devices change later (`objects.md` 3.3).
pub fn set_reply(body: &[u8]) -> Option<Value> {
    match parse(&mut &*body, Any(Reply), "a value") {
        Ok((Loose::Null | Loose::Odd, _)) | Ok((_, false)) | Err(_) => None,
        Ok((value, true)) => Some(value.into_value()),
    }
}

/// A scalar, or an object's `value`; and whether it was the latter.
struct Reply;

impl<'de> Shape<'de> for Reply {
    type Out = (Loose, bool);

    fn scalar<E: Error>(self, scalar: Loose) -> Result<Self::Out, E> {
        Ok((scalar, false))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut value = None;
        while let Some(is_value) = map.next_key_seed(Key(|name: &str| name == "value"))? {
            if is_value {
                value = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok((value.unwrap_or(Loose::Odd), true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_bare_or_in_an_object() {
        for (body, want) in [
            (&b"0.6"[..], Value::Number(0.6)),
            (b"-0", Value::Number(0.0)),
            (
                b"18446744073709551616",
                Value::Number(18446744073709551616.0),
            ),
            (b" true\n", Value::Bool(true)),
            (b"null", Value::Null),
            (b"1e999", Value::Null),
            (b"", Value::Null),
            (b"\r\n", Value::Null),
            (b"\"auto\"", Value::Text("auto".into())),
            (b"\"cut \\ud83d\"", Value::Text("cut \u{fffd}".into())),
            (b"{\"x\":[1,{}],\"value\":7}", Value::Number(7.0)),
            (b"{\"value\":1,\"value\":null}", Value::Null),
        ] {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(capability_value(body).unwrap(), want, "{shown}");
        }
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        for body in [&b"{}"[..], b"[1]", b"{\"value\":[1]}"] {
            let error = capability_value(body).unwrap_err();
            assert!(matches!(error, ReplyError::Shape { .. }), "{error}");
        }
        assert!(matches!(
            capability_value(b"1 2"),
            Err(ReplyError::Trailing)
        ));
        assert!(matches!(
            capability_value(b"tru"),
            Err(ReplyError::Truncated)
        ));
        assert!(matches!(
            capability_value(b"<html>"),
            Err(ReplyError::Syntax { .. })
        ));
        let long = format!("\"{}\"", "°".repeat(400));
        let Ok(Value::Text(text)) = capability_value(long.as_bytes()) else {
            panic!("a long text is a text");
        };
        assert_eq!(text.len(), crate::homey::MAX_TEXT);
    }

    #[test]
    fn a_set_reply_shows_a_value_or_nothing() {
        let v2 = br#"{"transactionId":"5d1c7a52","transactionTime":1772389325123,"value":false}"#;
        assert_eq!(set_reply(v2), Some(Value::Bool(false)));
        for body in [
            &b""[..],
            b"true",
            b"null",
            b"{}",
            b"[]",
            b"{\"value\":null}",
            b"OK",
            b"{\"value\":1",
        ] {
            assert_eq!(set_reply(body), None, "{}", String::from_utf8_lossy(body));
        }
    }
}
