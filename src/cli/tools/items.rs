// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies of the hub as JSON values: one thing, or a list item by item. Bounded: what is beyond is left out, not kept.
//!
//! Takes what `homey::reply` takes (mended texts, lists as maps or arrays, odd items) and must not know what members mean.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::cli::desk::Desk;
use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::reply;
use crate::homey::text::cut;

/// An object of the hub.
pub(in crate::cli) type Object = Map<String, Value>;

/// Values in one thing: a device with 100 capabilities has some 2000.
const MAX_VALUES: u32 = 50_000;
/// Bytes of text in one thing.
const MAX_TEXTS: usize = 1 << 20;
/// Longer texts are cut.
const MAX_TEXT: usize = 1 << 16;

/// Reads one thing; `expected` completes "the reply is not …".
pub(in crate::cli) fn one(
    desk: &mut Desk,
    doing: &str,
    call: &Call<'_>,
    expected: &'static str,
) -> Result<Object, Failure> {
    desk.read_as(doing, call, &mut |body| {
        let read = reply::parse(body, Whole, expected)?;
        Ok(read.ok_or(reply::ReplyError::Shape { expected })?)
    })
}

/// Reads a list and hands each thing in it to `sink`, with its id. Entries that are no objects are passed over.
pub(in crate::cli) fn each(
    desk: &mut Desk,
    call: &Call<'_>,
    expected: &'static str,
    sink: &mut dyn FnMut(&str, Object),
) -> Result<(), Failure> {
    desk.read(call, &mut |body| {
        Ok(reply::parse(body, Each(&mut *sink), expected)?)
    })
}

/// A member that is a text with something in it.
pub(in crate::cli) fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    let text = object.get(name).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
}

/// The first of these members that is there and not null; null where none is.
pub(in crate::cli) fn first(object: &Object, names: &[&str]) -> Value {
    let found = names.iter().filter_map(|name| object.get(*name));
    let mut told = found.filter(|value| !value.is_null());
    told.next().cloned().unwrap_or_default()
}

/// One thing; `None` for what is no object.
pub(in crate::cli) struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Option<Object>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let value = Bounded(&mut Budget::default()).deserialize(deserializer)?;
        Ok(match value {
            Value::Object(object) => Some(object),
            _ => None,
        })
    }
}

/// What may still be kept.
struct Budget {
    values: u32,
    texts: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            values: MAX_VALUES,
            texts: MAX_TEXTS,
        }
    }
}

impl Budget {
    /// Whether one more value may be kept.
    fn take(&mut self) -> bool {
        let is_left = self.values > 0;
        self.values = self.values.saturating_sub(1);
        is_left
    }

    fn text(&mut self, text: &str) -> String {
        let kept = cut(text, MAX_TEXT.min(self.texts));
        self.texts -= kept.len();
        kept.to_string()
    }
}

/// Any value, as far as the budget goes.
struct Bounded<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another shape of reply")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(Value::Bool(is))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(self.0.text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            if !self.0.take() {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            match seq.next_element_seed(Bounded(self.0))? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if self.0.take() && self.0.texts >= name.len() {
                self.0.texts -= name.len();
                let value = map.next_value_seed(Bounded(self.0))?;
                members.insert(name, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(members))
    }
}

/// A list, as a map keyed by id or as an array.
struct Each<'s>(&'s mut dyn FnMut(&str, Object));

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    // serde's own words for these would quote the reply.
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom("not a list"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element_seed(Bounded(&mut Budget::default()))? {
            if let Value::Object(object) = item {
                let id = text(&object, "id").unwrap_or_default().to_string();
                (self.0)(&id, object);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(id) = map.next_key::<String>()? {
            let item = map.next_value_seed(Bounded(&mut Budget::default()))?;
            if let Value::Object(object) = item {
                (self.0)(&id, object);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(text: &str) -> Result<Value, reply::ReplyError> {
        let mut bytes = text.as_bytes();
        reply::parse(&mut bytes, Bounded(&mut Budget::default()), "a thing")
    }

    fn list(text: &str) -> Result<Vec<(String, usize)>, reply::ReplyError> {
        let mut found = Vec::new();
        let mut sink = |id: &str, object: Object| found.push((id.to_string(), object.len()));
        reply::parse(&mut text.as_bytes(), Each(&mut sink), "a list")?;
        Ok(found)
    }

    #[test]
    fn a_thing_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,null,true,"x\ud83d"],"b":{"c":{}}}"#;
        let want = json!({"a": [1, -2, 0.5, null, true, "x\u{fffd}"], "b": {"c": {}}});
        assert_eq!(value(text).unwrap(), want);
        assert!(value("{\"a\":1").is_err());
    }

    #[test]
    fn what_is_beyond_the_bounds_is_left_out() {
        let long = format!("{{\"t\":\"{}\",\"u\":1}}", "°".repeat(MAX_TEXT));
        let read = value(&long).unwrap();
        assert_eq!(read["t"].as_str().map(str::len), Some(MAX_TEXT));
        assert_eq!(read["u"], json!(1));
        let many = format!("[{}0]", "[],".repeat(2 * MAX_VALUES as usize));
        let kept = value(&many).unwrap().as_array().unwrap().len();
        assert!(
            (MAX_VALUES as usize / 2..=MAX_VALUES as usize).contains(&kept),
            "{kept}"
        );
        let texts = format!("[{}0]", format!("\"{}\",", "x".repeat(5000)).repeat(400));
        let read = value(&texts).unwrap();
        let bytes = read
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .map(str::len);
        assert_eq!(bytes.sum::<usize>(), MAX_TEXTS);
    }

    #[test]
    fn lists_come_as_maps_and_arrays_and_hold_odd_items() {
        let map = r#"{"a":{"id":"z","n":1},"b":null,"c":[1],"d":{}}"#;
        assert_eq!(list(map).unwrap(), [("a".into(), 2), ("d".into(), 0)]);
        let array = r#"[{"id":"a"},7,{"n":1}]"#;
        assert_eq!(list(array).unwrap(), [("a".into(), 1), (String::new(), 1)]);
        for odd in ["true", "\"secret\"", "7", "null", "1.5"] {
            let error = list(odd).unwrap_err();
            assert_eq!(error.to_string(), "the reply is not a list", "{odd}");
        }
    }
}
