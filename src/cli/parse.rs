// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a person writes as a value, read as its type and checked against what the device itself says it takes.
//!
//! Each refusal offers what was probably meant. Must not know where the traits come from nor what becomes of the value.

use std::time::Duration;

use crate::config::nearest;
use crate::homey::{Kind, Traits, Value};

/// What people call true and false.
const TRUE: [&str; 4] = ["true", "on", "yes", "1"];
const FALSE: [&str; 4] = ["false", "off", "no", "0"];

/// Reads `text` as the capability's own type; without traits as what it looks like.
pub(super) fn value(text: &str, traits: Option<&Traits>) -> Result<Value, String> {
    let Some(traits) = traits else {
        return Ok(guess(text));
    };
    if !traits.setable {
        return Err("the device does not let it be set".into());
    }
    match traits.kind {
        Kind::Boolean => boolean(text).map(Value::Bool),
        Kind::Number => number(text, traits).map(Value::Number),
        Kind::Enum
            if !traits.choices.is_empty() && !traits.choices.iter().any(|c| **c == *text) =>
        {
            let choices = traits.choices.iter().map(|c| &**c);
            let hint = meant(nearest(text, choices));
            Err(format!(
                "expected one of {}{hint}",
                traits.choices.join(", ")
            ))
        }
        Kind::Enum | Kind::String => Ok(Value::Text(text.into())),
        Kind::Other => Ok(guess(text)),
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    let small = text.to_ascii_lowercase();
    match (TRUE.contains(&&*small), FALSE.contains(&&*small)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => {
            // A digit is no slip of another.
            let words = TRUE.iter().chain(&FALSE).filter(|word| word.len() > 1);
            let near = nearest(&small, words.copied()).filter(|_| small.len() > 1);
            Err(format!("expected true or false{}", meant(near)))
        }
    }
}

fn number(text: &str, traits: &Traits) -> Result<f64, String> {
    let Some(number) = finite(text) else {
        return Err(format!("expected a number{}", written(text, traits)));
    };
    let low = traits.min.unwrap_or(f64::MIN);
    let high = traits.max.unwrap_or(f64::MAX);
    if number < low || number > high {
        let range = range(traits).unwrap_or_else(|| "another number".into());
        return Err(format!("expected {range}{}", share(number, traits)));
    }
    let near = on_grid(number, traits);
    if near == number {
        return Ok(number);
    }
    let near = meant(Some(format!("{near}")));
    Err(match (traits.step, traits.decimals) {
        (Some(step), _) => format!("expected steps of {step}{near}"),
        (None, Some(0)) => format!("expected a whole number{near}"),
        (None, digits) => format!(
            "expected at most {} digits after the point{near}",
            digits.unwrap_or(0)
        ),
    })
}

/// The nearest number that the device takes by its step, counted from its lowest value, or else by its decimals;
/// within its range.
pub(super) fn on_grid(number: f64, traits: &Traits) -> f64 {
    /// Relative to a step; what decimal fractions lose in binary is far less.
    const SAME: f64 = 1e-6;
    let scale = 10f64.powi(i32::from(traits.decimals.unwrap_or(15).min(15)));
    let (base, parts) = match (traits.step, traits.decimals) {
        (Some(step), _) => {
            let base = traits.min.unwrap_or(0.0);
            (base, (number - base) / step)
        }
        (None, Some(_)) => (0.0, number * scale),
        (None, None) => return number,
    };
    if (parts - parts.round()).abs() <= SAME {
        return number;
    }
    let near = match traits.step {
        // Down, where up would leave the range.
        Some(step) => {
            let up = base + parts.round() * step;
            let is_beyond = traits.max.is_some_and(|max| up > max + step * SAME);
            let near = if is_beyond { up - step } else { up };
            // 20.3 and no 20.299999999999997.
            (near * 1e9).round() / 1e9
        }
        None => parts.round() / scale,
    };
    near.clamp(
        traits.min.unwrap_or(f64::MIN),
        traits
            .max
            .unwrap_or(f64::MAX)
            .max(traits.min.unwrap_or(f64::MIN)),
    )
}

/// A time as `--duration` takes it: `500`, `500ms`, `2s`, `1.5s`, `1m`; in milliseconds.
pub(super) fn duration(text: &str) -> Result<u32, String> {
    /// Longer ones are nothing that a lamp does.
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "ms" => Some(1.0),
        "s" => Some(1000.0),
        "m" | "min" => Some(60_000.0),
        "h" => Some(3_600_000.0),
        _ => None,
    };
    match (finite(number), factor) {
        (Some(number), Some(factor)) => {
            let ms = (number * factor).round();
            if ms > LONGEST.as_millis() as f64 {
                return Err("expected at most 24h".into());
            }
            Ok(ms as u32)
        }
        _ => Err("expected a time such as 500ms, 2s or 1m".into()),
    }
}

fn finite(text: &str) -> Option<f64> {
    // Zero has no sign here.
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
    number.map(|n| n + 0.0)
}

/// Whether the capability runs from 0 to 1 and means per cent.
fn is_share(traits: &Traits) -> bool {
    traits.max.is_some_and(|max| max <= 1.0)
}

/// `60` where 0 to 1 is due.
fn share(number: f64, traits: &Traits) -> String {
    let is_percent = is_share(traits) && number > 1.0 && number <= 100.0;
    meant(is_percent.then(|| on_grid(number / 100.0, traits)))
}

/// `60%` and `0,6`, as people write them.
fn written(text: &str, traits: &Traits) -> String {
    let plain = text
        .trim_end_matches(['%', '°', 'C', ' '])
        .replace(',', ".");
    let Some(number) = finite(&plain) else {
        return String::new();
    };
    let has_percent = text.contains('%');
    let number = match has_percent && is_share(traits) {
        true => number / 100.0,
        false => number,
    };
    let low = traits.min.unwrap_or(f64::MIN);
    let fits = number >= low && number <= traits.max.unwrap_or(f64::MAX);
    match fits {
        true => meant(Some(on_grid(number, traits))),
        false if has_percent => String::new(),
        false => share(number, traits),
    }
}

fn meant(near: Option<impl std::fmt::Display>) -> String {
    near.map(|near| format!("; did you mean {near}"))
        .unwrap_or_default()
}

fn guess(text: &str) -> Value {
    match (text, finite(text)) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Some(n)) => Value::Number(n),
        _ => Value::Text(text.into()),
    }
}

/// What a capability takes, in words.
pub(super) fn range(traits: &Traits) -> Option<String> {
    match (traits.kind, traits.min, traits.max) {
        (Kind::Enum, _, _) => Some(traits.choices.join("|")),
        (_, Some(low), Some(high)) => Some(format!("{low} to {high}")),
        (_, Some(low), None) => Some(format!("from {low}")),
        (_, None, Some(high)) => Some(format!("up to {high}")),
        (_, None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(min: f64, max: f64, step: Option<f64>, decimals: Option<u8>) -> Traits {
        Traits {
            kind: Kind::Number,
            setable: true,
            min: Some(min),
            max: Some(max),
            step,
            decimals,
            ..Traits::default()
        }
    }

    fn of(kind: Kind) -> Traits {
        Traits {
            kind,
            setable: true,
            ..Traits::default()
        }
    }

    #[test]
    fn values_are_read_as_the_device_means_them() {
        let dim = &numbers(0.0, 1.0, None, Some(2));
        let target = &numbers(5.0, 25.0, Some(0.5), Some(1));
        let odd = &numbers(1.0, 10.0, Some(4.0), None);
        let power = &numbers(-25_000.0, 25_000.0, Some(1.0), Some(0));
        let time = &numbers(0.0, 86_400.0, None, Some(0));
        let free = &of(Kind::Number);
        let onoff = &of(Kind::Boolean);
        let mode = &Traits {
            choices: vec!["auto".into(), "off".into()],
            ..of(Kind::Enum)
        };
        let any = &of(Kind::Enum);
        let text = &of(Kind::String);
        let meter = &Traits {
            kind: Kind::Number,
            ..Traits::default()
        };
        let number = |n| Ok(Value::Number(n));
        for (written, traits, want) in [
            ("0.6", dim, number(0.6)),
            ("1e-1", dim, number(0.1)),
            ("-0", dim, number(0.0)),
            ("0.07", dim, number(0.07)),
            ("60", dim, Err("expected 0 to 1; did you mean 0.6")),
            ("33.333", dim, Err("expected 0 to 1; did you mean 0.33")),
            ("101", dim, Err("expected 0 to 1")),
            ("-1", dim, Err("expected 0 to 1")),
            ("60%", dim, Err("expected a number; did you mean 0.6")),
            ("60 %", dim, Err("expected a number; did you mean 0.6")),
            ("0,6", dim, Err("expected a number; did you mean 0.6")),
            ("600%", dim, Err("expected a number")),
            ("60,5", dim, Err("expected a number; did you mean 0.61")),
            ("much", dim, Err("expected a number")),
            ("", dim, Err("expected a number")),
            ("NaN", dim, Err("expected a number")),
            (
                "0.666",
                dim,
                Err("expected at most 2 digits after the point; did you mean 0.67"),
            ),
            ("20.5", target, number(20.5)),
            (
                "20.3",
                target,
                Err("expected steps of 0.5; did you mean 20.5"),
            ),
            (
                "20.2",
                target,
                Err("expected steps of 0.5; did you mean 20"),
            ),
            ("21°C", target, Err("expected a number; did you mean 21")),
            ("30", target, Err("expected 5 to 25")),
            ("9", odd, number(9.0)),
            ("10", odd, Err("expected steps of 4; did you mean 9")),
            ("3", odd, Err("expected steps of 4; did you mean 5")),
            ("-500", power, number(-500.0)),
            ("0.5", power, Err("expected steps of 1; did you mean 1")),
            ("3.2", time, Err("expected a whole number; did you mean 3")),
            ("1e300", free, number(1e300)),
            ("0.123456789", free, number(0.123456789)),
            ("on", onoff, Ok(Value::Bool(true))),
            ("YES", onoff, Ok(Value::Bool(true))),
            ("0", onoff, Ok(Value::Bool(false))),
            ("2", onoff, Err("expected true or false")),
            (
                "ture",
                onoff,
                Err("expected true or false; did you mean true"),
            ),
            ("", onoff, Err("expected true or false")),
            ("off", mode, Ok(Value::Text("off".into()))),
            ("heat", mode, Err("expected one of auto, off")),
            (
                "Auto",
                mode,
                Err("expected one of auto, off; did you mean auto"),
            ),
            ("what", any, Ok(Value::Text("what".into()))),
            ("-5 ° \"", text, Ok(Value::Text("-5 ° \"".into()))),
            ("1", meter, Err("the device does not let it be set")),
            ("7", &of(Kind::Other), number(7.0)),
        ] {
            assert_eq!(
                value(written, Some(traits)),
                want.map_err(str::to_string),
                "{written}"
            );
        }
        assert_eq!(value("x", None), Ok(Value::Text("x".into())));
    }

    #[test]
    fn every_step_of_a_device_is_taken_as_it_is_written() {
        for (traits, count) in [
            (numbers(0.0, 1.0, Some(0.1), None), 10),
            (numbers(0.0, 1.0, Some(0.01), Some(2)), 100),
            (numbers(4.0, 35.0, Some(0.1), Some(1)), 310),
            (numbers(-1.7, 2.3, Some(0.2), None), 20),
        ] {
            let (low, step) = (traits.min.unwrap(), traits.step.unwrap());
            for n in 0..=count {
                let text = format!("{:.2}", low + step * f64::from(n));
                assert!(value(&text, Some(&traits)).is_ok(), "{text} of {traits:?}");
            }
        }
    }

    #[test]
    fn durations_have_units() {
        for (text, want) in [
            ("500", Ok(500)),
            ("500ms", Ok(500)),
            ("2s", Ok(2000)),
            ("1.5 s", Ok(1500)),
            ("1m", Ok(60_000)),
            ("24h", Ok(86_400_000)),
            ("25h", Err("expected at most 24h")),
            ("", Err("expected a time such as 500ms, 2s or 1m")),
            ("-2s", Err("expected a time such as 500ms, 2s or 1m")),
            ("2 weeks", Err("expected a time such as 500ms, 2s or 1m")),
            ("1.2.3s", Err("expected a time such as 500ms, 2s or 1m")),
        ] {
            assert_eq!(duration(text), want.map_err(str::to_string), "{text}");
        }
    }
}
