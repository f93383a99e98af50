// SPDX-License-Identifier: MIT OR Apache-2.0
//! The half of the line protocol that we write; see [`protocol`](super::protocol). Pure.
//!
//! Written by hand rather than through a map, so that the verb comes first, where the smallest parser finds it.

use serde_json::Value;

use super::protocol::LineError;
use crate::hw::text::clean;
use crate::panel::plan::{Blink, Rgb};
use crate::panel::{Condition, Feedback, Link, Look};

/// One line to a device.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Output<'a> {
    /// The first line of all.
    Greeting {
        /// The panel's title.
        title: &'a str,
        /// Names of the layers.
        layers: &'a [String],
    },
    /// What an output shows.
    Show {
        /// The output.
        name: &'a str,
        /// Its look.
        look: &'a Look,
    },
    /// Nothing is bound to the output in the layer shown: dark and empty.
    Blank {
        /// The output.
        name: &'a str,
    },
    /// How a press is getting on.
    Feedback {
        /// The control.
        name: &'a str,
        /// How.
        feedback: Feedback,
    },
    /// The connection to the hub.
    Link(Link),
    /// The layer shown, by name.
    Layer(&'a str),
    /// The panel sleeps, or is awake.
    Sleep(bool),
    /// One line for a person.
    Notice(&'a str),
    /// A line was skipped.
    Error {
        /// Why.
        why: LineError,
        /// What of it to quote.
        line: &'a str,
    },
}

/// The line for `output`, without its line end.
pub fn emit(output: &Output<'_>) -> String {
    match output {
        Output::Greeting { title, layers } => {
            let layers: Vec<String> = layers.iter().map(|name| quote(name)).collect();
            let (title, layers) = (quote(title), layers.join(","));
            format!(
                "{{\"panel\":\"homey-panel\",\"protocol\":1,\"title\":{title},\"layers\":[{layers}]}}"
            )
        }
        Output::Show { name, look } => show(name, look),
        Output::Blank { name } => {
            let name = quote(name);
            format!(
                "{{\"show\":{name},\"state\":\"none\",\"on\":false,\"level\":0,\"blink\":\"steady\",\"text\":\"\"}}"
            )
        }
        Output::Feedback { name, feedback } => {
            format!(
                "{{\"feedback\":{},\"result\":\"{}\"}}",
                quote(name),
                feedback_word(*feedback)
            )
        }
        Output::Link(link) => format!("{{\"link\":\"{}\"}}", link_word(*link)),
        Output::Layer(name) => format!("{{\"layer\":{}}}", quote(name)),
        Output::Sleep(asleep) => format!("{{\"sleep\":{asleep}}}"),
        Output::Notice(text) => format!("{{\"notice\":{}}}", quote(text)),
        Output::Error { why, line } => {
            format!(
                "{{\"error\":{},\"line\":{}}}",
                quote(&why.to_string()),
                quote(&clean(line, 40))
            )
        }
    }
}

fn show(name: &str, look: &Look) -> String {
    // NaN, which JSON does not have, becomes 0. Three digits are more than any lamp can show.
    let level = Some(f64::from(look.level)).filter(|level| !level.is_nan());
    let level = (level.unwrap_or(0.0).clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
    let colour = match look.colour {
        Some(Rgb(red, green, blue)) => format!("\"colour\":\"#{red:02x}{green:02x}{blue:02x}\","),
        None => String::new(),
    };
    format!(
        "{{\"show\":{},\"state\":\"{}\",\"on\":{},\"level\":{level},{colour}\"blink\":\"{}\",\"text\":{}}}",
        quote(name),
        condition_word(look.condition),
        look.on,
        blink_word(look.blink),
        quote(&look.text),
    )
}

/// A JSON string of at most 120 characters.
fn quote(text: &str) -> String {
    Value::String(clean(text, 120)).to_string()
}

/// The protocol's word for a condition.
pub fn condition_word(condition: Condition) -> &'static str {
    match condition {
        Condition::Unknown => "unknown",
        Condition::Ready => "ready",
        Condition::Pending => "pending",
        Condition::Unavailable => "unavailable",
        Condition::Blocked => "blocked",
        Condition::Stale => "stale",
    }
}

/// The protocol's word for a rhythm.
pub fn blink_word(blink: Blink) -> &'static str {
    match blink {
        Blink::Steady => "steady",
        Blink::Slow => "slow",
        Blink::Fast => "fast",
        Blink::Blip => "blip",
        Blink::Double => "double",
        Blink::Triple => "triple",
    }
}

/// The protocol's word for how a press is getting on.
pub fn feedback_word(feedback: Feedback) -> &'static str {
    match feedback {
        Feedback::Taken => "taken",
        Feedback::Confirmed => "confirmed",
        Feedback::Refused => "refused",
        Feedback::Superseded => "superseded",
        Feedback::Expired => "expired",
        Feedback::Unknown => "unknown",
    }
}

/// The protocol's word for the state of the connection.
pub fn link_word(link: Link) -> &'static str {
    match link {
        Link::Down => "down",
        Link::NoHub => "no-hub",
        Link::WrongHub => "wrong-hub",
        Link::Clock => "clock",
        Link::Token => "token",
        Link::Loading => "loading",
        Link::Ready => "ready",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hw::line::protocol::parse;

    #[test]
    fn outputs_are_written_exactly() {
        let look = Look {
            condition: Condition::Ready,
            on: true,
            level: 0.6,
            colour: Some(Rgb(255, 170, 0)),
            blink: Blink::Slow,
            text: "60 \"%\"\u{1b}[2J\n".into(),
        };
        let layers = ["day".to_string(), "night".to_string()];
        let odd = Look {
            level: f32::NAN,
            ..Look::default()
        };
        let table: &[(Output<'_>, &str)] = &[
            (
                Output::Greeting {
                    title: "Hall",
                    layers: &layers,
                },
                r#"{"panel":"homey-panel","protocol":1,"title":"Hall","layers":["day","night"]}"#,
            ),
            (
                Output::Show {
                    name: "desk",
                    look: &look,
                },
                r##"{"show":"desk","state":"ready","on":true,"level":0.6,"colour":"#ffaa00","blink":"slow","text":"60 \"%\" "}"##,
            ),
            (
                Output::Show {
                    name: "desk",
                    look: &odd,
                },
                r#"{"show":"desk","state":"unknown","on":false,"level":0,"blink":"steady","text":""}"#,
            ),
            (
                Output::Blank { name: "desk" },
                r#"{"show":"desk","state":"none","on":false,"level":0,"blink":"steady","text":""}"#,
            ),
            (
                Output::Feedback {
                    name: "desk",
                    feedback: Feedback::Superseded,
                },
                r#"{"feedback":"desk","result":"superseded"}"#,
            ),
            (Output::Link(Link::NoHub), r#"{"link":"no-hub"}"#),
            (Output::Layer("night"), r#"{"layer":"night"}"#),
            (Output::Sleep(true), r#"{"sleep":true}"#),
            (Output::Notice("Türe zu"), r#"{"notice":"Türe zu"}"#),
            (
                Output::Error {
                    why: LineError::NoVerb,
                    line: "{}",
                },
                r#"{"error":"none of press, release, tap, hold, turn, hello, refresh","line":"{}"}"#,
            ),
        ];
        for (output, want) in table {
            let line = emit(output);
            assert_eq!(&line, want);
            assert_eq!(parse(line.as_bytes()), Err(LineError::Echo), "{line}");
        }
    }
}
