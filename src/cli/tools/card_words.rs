// SPDX-License-Identifier: MIT OR Apache-2.0
//! One card of a flow as a sentence: the hub's title with its holes filled, and what hangs on the card besides.

use serde_json::{Value, json};

use crate::homey::text::one_line;

use super::items::{Object, text};

/// No sentence is longer, in bytes.
const MAX_WORDS: usize = 600;

/// The sentence. `title` is the hub's own words for the card; without them its id has to do.
pub(super) fn of(card: &Object, owner: &str, title: Option<&str>, id: &str) -> String {
    let empty = Object::new();
    let args = card
        .get("args")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let is_inverted = card.get("inverted") == Some(&json!(true));
    // What is told otherwise, or not worth telling.
    let mut used: Vec<&str> = vec!["delay", "device"];
    let mut words = match title {
        Some(title) => filled(title, args, is_inverted, &mut used),
        None => id.replace('_', " "),
    };
    if is_inverted && !title.is_some_and(|title| title.contains("!{{")) {
        words = format!("not: {words}");
    }
    if !owner.is_empty() {
        words = format!("{owner}: {words}");
    }
    let others = args
        .iter()
        .filter(|(name, _)| !used.contains(&name.as_str()));
    let others: Vec<String> = others
        .map(|(name, value)| format!("{name}: {}", shown(value)))
        .collect();
    if !others.is_empty() {
        words = format!("{words} ({})", others.join(", "));
    }
    if let Some(token) = text(card, "droptoken") {
        words = format!("{words} [{token}]");
    }
    if let Some(note) = text(card, "value") {
        words = format!("{words} {note}");
    }
    let time = |value: Option<&Value>| value.and_then(Value::as_object).and_then(time);
    if let Some(wait) = time(args.get("delay")) {
        words = format!("{words} wait {wait}");
    }
    if let Some(delay) = time(card.get("delay")) {
        words = format!("{words}, after {delay}");
    }
    if let Some(duration) = time(card.get("duration")) {
        words = format!("{words}, for {duration}");
    }
    one_line(words.trim_start(), MAX_WORDS)
}

/// A title with its holes filled: `[[name]]` by the argument, `!{{is|is not}}` by whether it is inverted.
fn filled<'a>(title: &str, args: &'a Object, is_inverted: bool, used: &mut Vec<&'a str>) -> String {
    let mut out = String::new();
    let mut rest = title;
    loop {
        let hole = rest.find("[[").map(|at| (at, 2, "]]"));
        let choice = rest.find("!{{").map(|at| (at, 3, "}}"));
        let next = [hole, choice].into_iter().flatten().min();
        let Some((at, skip, end)) = next else {
            break;
        };
        let Some(len) = rest[at + skip..].find(end) else {
            break;
        };
        let inside = &rest[at + skip..at + skip + len];
        out.push_str(&rest[..at]);
        match (skip, args.get_key_value(inside), inside.split_once('|')) {
            (2, Some((name, value)), _) => {
                used.push(name);
                out.push_str(&shown(value));
            }
            (3, _, Some((is, is_not))) => out.push_str(if is_inverted { is_not } else { is }),
            _ => out.push_str(&rest[at..at + skip + len + end.len()]),
        }
        rest = &rest[at + skip + len + end.len()..];
    }
    out.push_str(rest);
    out
}

/// An argument as a person chose it: what was picked from a list has a name.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(picked) => match text(picked, "name").or(text(picked, "title")) {
            Some(name) => name.to_string(),
            None => value.to_string(),
        },
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// `{"number":"2","multiplier":60}` in words.
fn time(of: &Object) -> Option<String> {
    let number = match of.get("number")? {
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        number => number.as_f64()?,
    };
    let unit = match of.get("multiplier").and_then(Value::as_u64) {
        Some(1) | None => "s",
        Some(60) => "min",
        Some(3600) => "h",
        Some(86_400) => "d",
        Some(other) => return Some(format!("{} s", number * other as f64)),
    };
    Some(format!("{number} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(card: Value, title: Option<&str>) -> String {
        let Value::Object(card) = card else {
            panic!("{card}");
        };
        of(&card, "Owner", title, "the_id")
    }

    #[test]
    fn titles_are_filled_with_what_was_chosen() {
        let card = json!({
            "args": {"text": "Hi [[tag]]", "who": {"name": "Pat", "id": 7}, "days": ["1", "2"], "n": 2.5, "delay": 1},
            "inverted": true,
        });
        for (title, want) in [
            (
                Some("Say [[text]] to [[who]]"),
                "Owner: not: Say Hi [[tag]] to Pat (days: 1 2, n: 2.5)",
            ),
            (
                Some("It !{{is|is not}} [[n]]"),
                "Owner: It is not 2.5 (days: 1 2, text: Hi [[tag]], who: Pat)",
            ),
            (
                Some("[[gone]] [[text"),
                "Owner: not: [[gone]] [[text (days: 1 2, n: 2.5, text: Hi [[tag]], who: Pat)",
            ),
            (
                Some("!{{one}} ]] }}"),
                "Owner: !{{one}} ]] }} (days: 1 2, n: 2.5, text: Hi [[tag]], who: Pat)",
            ),
            (
                None,
                "Owner: not: the id (days: 1 2, n: 2.5, text: Hi [[tag]], who: Pat)",
            ),
        ] {
            assert_eq!(words(card.clone(), title), want);
        }
    }

    #[test]
    fn times_and_tags_follow() {
        let card = json!({
            "droptoken": "homey:device:d1|measure", "delay": {"number": "2", "multiplier": 60},
            "duration": {"number": 45, "multiplier": 1}, "args": null,
        });
        let want = "Owner: the id [homey:device:d1|measure], after 2 min, for 45 s";
        assert_eq!(words(card, None), want);
        let odd = json!({"delay": {"number": "x"}, "duration": [], "args": {"delay": {"number": 1, "multiplier": 90}}});
        assert_eq!(words(odd, None), "Owner: the id wait 90 s");
        let long = json!({"args": {"text": "\u{1b}[2J°".repeat(1000)}});
        let shown = words(long, None);
        assert!(
            shown.len() <= MAX_WORDS && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
