// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line protocol: one JSON object a line, both ways, so that any microcontroller or script can be a panel. Pure.
//!
//! To us (the line ends in LF or CR LF, and has at most [`MAX_LINE`] bytes before it):
//!
//! ```text
//! {"press":"NAME"}  {"release":"NAME"}      a button went down, up
//! {"tap":"NAME"}    {"hold":"NAME"}         a whole press, a whole hold, from a device that cannot tell down from up
//! {"turn":"NAME","by":-3}                   a knob's detents, -1000 to 1000, positive clockwise; without "by": 1
//! {"hello":ANYTHING}  {"refresh":true}      the device (re)started: send everything again
//! ```
//!
//! Each of the first five may carry `"ms"`: how many milliseconds ago it happened (more than 10000 counts
//! as 10000). Fields that are not named here are ignored.
//!
//! From us (the verb is always the first field; a device ignores verbs and fields that it does not know):
//!
//! ```text
//! {"panel":"homey-panel","protocol":1,"title":"Hall","layers":["day","night"]}
//! {"show":"NAME","state":"ready","on":true,"level":0.6,"colour":"#ffaa00","blink":"steady","text":"60 %"}
//! {"feedback":"NAME","result":"confirmed"}
//! {"link":"ready"}  {"layer":"night"}  {"notice":"one line for a person"}
//! {"sleep":true}                            nobody has touched this panel for its sleep_s; false: it is awake
//! {"error":"why","line":"the first 40 characters of the line not understood"}
//! ```

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

pub use super::emit::{Output, blink_word, condition_word, emit, feedback_word, link_word};

/// The longest line that is read, without its line end.
pub const MAX_LINE: usize = 1024;
/// The most detents in one message.
pub const MAX_TURN: i32 = 1000;
/// The oldest that an event can say to be.
pub const MAX_AGE: Duration = Duration::from_secs(10);

/// One line from a device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// A hand did something.
    Control {
        /// The control.
        name: String,
        /// What happened to it.
        act: Act,
        /// How long ago, by the device's own clock.
        age: Duration,
    },
    /// Send everything again.
    Refresh,
}

/// What a device says of a control.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// It went down.
    Press,
    /// It went up.
    Release,
    /// A whole short press.
    Tap,
    /// A whole hold.
    Hold,
    /// Detents.
    Turn(i32),
}

/// Why a line is skipped. One variant for each place where it can be wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum LineError {
    /// More than [`MAX_LINE`] bytes.
    TooLong,
    /// Not UTF-8.
    Encoding,
    /// Not a JSON object.
    Syntax,
    /// None of the verbs.
    NoVerb,
    /// More than one verb.
    TwoVerbs,
    /// The verb's value is not a text.
    Name,
    /// `by` is not a whole number from -1000 to 1000.
    By,
    /// `ms` is not a number from 0.
    Ms,
    /// No control of this panel has the name.
    Unknown,
    /// One of our own lines came back: the device, or the serial line, echoes. Never answered.
    Echo,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LineError::TooLong => "longer than 1024 bytes",
            LineError::Encoding => "not UTF-8",
            LineError::Syntax => "not a JSON object",
            LineError::NoVerb => "none of press, release, tap, hold, turn, hello, refresh",
            LineError::TwoVerbs => "more than one verb in one object",
            LineError::Name => "the control's name is not a text",
            LineError::By => "\"by\" is not a whole number from -1000 to 1000",
            LineError::Ms => "\"ms\" is not a number from 0",
            LineError::Unknown => "no such control",
            LineError::Echo => "our own line came back (is local echo on?)",
        })
    }
}

impl std::error::Error for LineError {}

const OURS: [&str; 8] = [
    "panel", "show", "feedback", "link", "layer", "sleep", "notice", "error",
];

/// Understands one line, without its line end.
pub fn parse(line: &[u8]) -> Result<Message, LineError> {
    if line.len() > MAX_LINE {
        return Err(LineError::TooLong);
    }
    let text = std::str::from_utf8(line).map_err(|_| LineError::Encoding)?;
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| LineError::Syntax)?;
    let mut found = None;
    for (name, value) in &fields {
        let verb = match name.as_str() {
            "press" => Some(Act::Press),
            "release" => Some(Act::Release),
            "tap" => Some(Act::Tap),
            "hold" => Some(Act::Hold),
            "turn" => Some(Act::Turn(1)),
            "hello" | "refresh" => None,
            _ => continue,
        };
        if found.replace((verb, value)).is_some() {
            return Err(LineError::TwoVerbs);
        }
    }
    let (act, name) = match found {
        Some((Some(act), Value::String(name))) => (act, name.clone()),
        Some((Some(_), _)) => return Err(LineError::Name),
        Some((None, _)) => return Ok(Message::Refresh),
        None if OURS.iter().any(|ours| fields.contains_key(*ours)) => return Err(LineError::Echo),
        None => return Err(LineError::NoVerb),
    };
    let act = match (act, fields.get("by")) {
        (Act::Turn(_), Some(by)) => Act::Turn(whole(by).ok_or(LineError::By)?),
        (act, _) => act,
    };
    let age = fields
        .get("ms")
        .map_or(Some(Duration::ZERO), age)
        .ok_or(LineError::Ms)?;
    Ok(Message::Control { name, act, age })
}

/// `3` and, from boards whose printf knows floating point only, `3.0`.
fn whole(value: &Value) -> Option<i32> {
    let number = value.as_f64()?;
    let fits = number.fract() == 0.0 && number.abs() <= f64::from(MAX_TURN);
    fits.then_some(number as i32)
}

fn age(value: &Value) -> Option<Duration> {
    let ms = value.as_f64().filter(|ms| *ms >= 0.0)?;
    Some(Duration::from_millis(ms as u64).min(MAX_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(name: &str, act: Act, ms: u64) -> Result<Message, LineError> {
        Ok(Message::Control {
            name: name.into(),
            act,
            age: Duration::from_millis(ms),
        })
    }

    #[test]
    fn lines_are_understood_or_refused_for_the_right_reason() {
        let table: &[(&str, Result<Message, LineError>)] = &[
            (r#"{"press":"desk"}"#, control("desk", Act::Press, 0)),
            (r#"{"release":"desk"}"#, control("desk", Act::Release, 0)),
            (r#" { "tap" : "d\u00e9sk" } "#, control("désk", Act::Tap, 0)),
            (
                r#"{"hold":"desk","ms":250}"#,
                control("desk", Act::Hold, 250),
            ),
            (
                r#"{"turn":"dial","by":-3}"#,
                control("dial", Act::Turn(-3), 0),
            ),
            (
                r#"{"turn":"dial","by":3.0,"ms":1.9}"#,
                control("dial", Act::Turn(3), 1),
            ),
            (r#"{"turn":"dial"}"#, control("dial", Act::Turn(1), 0)),
            (
                r#"{"turn":"dial","by":1000}"#,
                control("dial", Act::Turn(1000), 0),
            ),
            (
                r#"{"tap":"desk","ms":99999999999}"#,
                control("desk", Act::Tap, 10_000),
            ),
            (
                r#"{"tap":"desk","by":"x","battery":3.1}"#,
                control("desk", Act::Tap, 0),
            ),
            (r#"{"hello":{"board":"pico"}}"#, Ok(Message::Refresh)),
            (r#"{"refresh":true}"#, Ok(Message::Refresh)),
            (r#"{"turn":"dial","by":1001}"#, Err(LineError::By)),
            (r#"{"turn":"dial","by":1.5}"#, Err(LineError::By)),
            (r#"{"turn":"dial","by":"1"}"#, Err(LineError::By)),
            (r#"{"turn":"dial","by":1e300}"#, Err(LineError::By)),
            (r#"{"tap":"desk","ms":-1}"#, Err(LineError::Ms)),
            (r#"{"tap":"desk","ms":null}"#, Err(LineError::Ms)),
            (r#"{"tap":1}"#, Err(LineError::Name)),
            (r#"{"tap":"a","press":"b"}"#, Err(LineError::TwoVerbs)),
            (r#"{"click":"desk"}"#, Err(LineError::NoVerb)),
            ("{}", Err(LineError::NoVerb)),
            ("[]", Err(LineError::Syntax)),
            (r#"{"tap":"desk""#, Err(LineError::Syntax)),
            (r#"{"tap":"desk"} x"#, Err(LineError::Syntax)),
            ("boot v1.2", Err(LineError::Syntax)),
        ];
        for (line, want) in table {
            assert_eq!(&parse(line.as_bytes()), want, "{line}");
        }
        assert_eq!(parse(b"{\"tap\":\"\xff\"}"), Err(LineError::Encoding));
        assert_eq!(parse(&[b' '; MAX_LINE + 1]), Err(LineError::TooLong));
        assert_eq!(
            parse("[".repeat(MAX_LINE).as_bytes()),
            Err(LineError::Syntax)
        );
    }

    #[test]
    fn every_cut_of_a_line_is_refused() {
        let line = br#"{"turn":"dial","by":-3,"ms":250}"#;
        for len in 0..line.len() {
            assert_eq!(parse(&line[..len]), Err(LineError::Syntax), "{len}");
        }
    }
}
