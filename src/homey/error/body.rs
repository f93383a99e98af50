// SPDX-License-Identifier: MIT OR Apache-2.0
//! The error bodies of hub and cloud in all their forms (`objects.md` 12), whole or cut off.

use std::cell::RefCell;

use serde::de::{Error, IgnoredAny, MapAccess};

use crate::homey::reply::loose::{Any, Key, Loose, Shape};
use crate::homey::reply::parse;

/// The longest thing that is taken for a machine code.
const MAX_CODE: usize = 64;

/// What was there before the body ended or broke.
#[derive(Default)]
pub(super) struct ErrorBody {
    error: Option<Box<str>>,
    description: Option<Box<str>>,
    error_message: Option<Box<str>>,
    message: Option<Box<str>>,
    result: Option<Box<str>>,
    json: bool,
}

impl ErrorBody {
    pub(super) fn parse(body: &[u8]) -> ErrorBody {
        let found = RefCell::new(ErrorBody::default());
        let whole = parse(&mut &*body, Any(ErrorShape(&found)), "an error");
        let mut found = found.into_inner();
        found.json |= whole.is_ok();
        found
    }

    /// Whether it is JSON, as far as it goes.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Machine codes, the weightier first: `error` where it has the form of one, then the last `[code]` of each text.
    pub(super) fn codes(&self) -> Vec<String> {
        let texts = [
            &self.description,
            &self.error_message,
            &self.message,
            &self.error,
        ];
        let in_texts = texts.into_iter().flatten().filter_map(|t| bracketed(t));
        let whole = self.error.as_deref().and_then(machine_code);
        whole.into_iter().chain(in_texts).collect()
    }

    /// The text for people, in the order of the official client (`api.md` 10).
    pub(super) fn text(&self) -> Option<&str> {
        let texts = [
            &self.description,
            &self.error_message,
            &self.error,
            &self.message,
            &self.result,
        ];
        texts
            .into_iter()
            .flatten()
            .map(|t| &**t)
            .find(|t| !t.is_empty())
    }
}

/// `snake_code` as it is; the few codes that come as words (`Missing Scopes`) in the same form. Free text is none:
/// drivers put that into `error` too.
fn machine_code(error: &str) -> Option<String> {
    if is_code(error) {
        return Some(error.to_ascii_lowercase());
    }
    const WORDS: [&str; 6] = [
        "missing_scopes",
        "invalid_token",
        "subscription_inactive",
        "invalid_serial_number",
        "too_many_requests",
        "not_found",
    ];
    let joined = cut_words(error);
    WORDS.contains(&joined.as_str()).then_some(joined)
}

fn cut_words(text: &str) -> String {
    let words = text.split_ascii_whitespace().take(4);
    let joined = words.collect::<Vec<_>>().join("_");
    if joined.len() > MAX_CODE {
        String::new()
    } else {
        joined.to_ascii_lowercase()
    }
}

/// One word of letters, digits and underscores, with at least one underscore: `cannot_delete_has_flows`. A single word
/// could be a driver's whole message.
fn is_code(text: &str) -> bool {
    text.len() <= MAX_CODE
        && text.contains('_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.' || b == b'-')
}

/// The last `[code]` of a text.
fn bracketed(text: &str) -> Option<String> {
    let end = text.rfind(']')?;
    let start = text[..end].rfind('[')?;
    let code = &text[start + 1..end];
    is_code(code).then(|| code.to_ascii_lowercase())
}

/// Fills what it is given as it reads, so that a cut-off body still tells what came before the cut.
struct ErrorShape<'a>(&'a RefCell<ErrorBody>);

type Place = fn(&mut ErrorBody) -> &mut Option<Box<str>>;

fn place(name: &str) -> Option<Place> {
    match name {
        "error" => Some(|body| &mut body.error),
        "error_description" => Some(|body| &mut body.description),
        "error_message" => Some(|body| &mut body.error_message),
        "message" => Some(|body| &mut body.message),
        "result" => Some(|body| &mut body.result),
        _ => None,
    }
}

impl<'de> Shape<'de> for ErrorShape<'_> {
    type Out = ();

    fn scalar<E: Error>(self, scalar: Loose) -> Result<(), E> {
        self.0.borrow_mut().message = scalar.into_text();
        Ok(())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.borrow_mut().json = true;
        while let Some(place) = map.next_key_seed(Key(place))? {
            match place {
                Some(place) => {
                    let text = map.next_value_seed(Any(FirstText))?;
                    *place(&mut self.0.borrow_mut()) = text;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A text, or the first text in an object: the cloud sends `{"field":"message"}` as description.
struct FirstText;

impl<'de> Shape<'de> for FirstText {
    type Out = Option<Box<str>>;

    fn scalar<E: Error>(self, scalar: Loose) -> Result<Self::Out, E> {
        Ok(scalar.into_text())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut first = None;
        while map.next_key::<IgnoredAny>()?.is_some() {
            let text = map.next_value::<Loose>()?.into_text();
            first = first.or(text);
        }
        Ok(first)
    }
}
