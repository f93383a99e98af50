// SPDX-License-Identifier: MIT OR Apache-2.0
//! A value and what it is worth → a look. The table of conditions stands in `state.rs`.
//!
//! Knows no output by name and keeps nothing: the same input gives the same look.

use std::borrow::Cow;

use super::plan::{Blink, Render, Rgb, Test};
use super::text;
use super::{Condition, Lease, Link, Look, Route};
use crate::homey::{Traits, Value};

/// The least level of a lamp that is on: a lamp that is on at the low end of its range is not dark.
const MIN_LEVEL: f32 = 0.02;

/// What the look of an output of a point is made from.
pub(super) struct Scene<'a> {
    pub(super) condition: Condition,
    /// The value to show, whatever it is worth; `None` when there never was one.
    pub(super) value: Option<&'a Value>,
    pub(super) traits: Option<&'a Traits>,
    /// The device as the configuration calls it.
    pub(super) name: &'a str,
}

/// The look of an output that belongs to a layer which is not shown, and of nothing.
pub(super) fn dark() -> Look {
    Look {
        condition: Condition::Ready,
        ..Look::default()
    }
}

/// The look of a point's output.
pub(super) fn point(scene: &Scene<'_>, render: &Render) -> Look {
    let null = Value::Null;
    let value = scene.value.unwrap_or(&null);
    let shows_value = matches!(
        scene.condition,
        Condition::Ready | Condition::Pending | Condition::Stale
    );
    let on = shows_value && is_on(value, render);
    let rhythm = match scene.condition {
        Condition::Unknown => Blink::Blip,
        Condition::Ready if on => render.blink,
        Condition::Ready => Blink::Steady,
        Condition::Pending => Blink::Fast,
        Condition::Unavailable => Blink::Double,
        Condition::Blocked => Blink::Triple,
        Condition::Stale => Blink::Slow,
    };
    Look {
        condition: scene.condition,
        on,
        level: if on {
            level(value, scene.traits, render)
        } else {
            0.0
        },
        colour: if on {
            colour(value, &render.colours)
        } else {
            None
        },
        blink: rhythm,
        text: words(scene, condition_word(scene.condition), value, render),
    }
}

/// The look of an output of the connection's state: on when ready. The rhythms are in the order of a start (N14). A threshold or colour counts the states from 0, in their order.
pub(super) fn link(link: Link, render: &Render) -> Look {
    let on = (link == Link::Ready) != render.invert;
    let rhythm = match link {
        Link::Down => Blink::Blip,
        Link::NoHub => Blink::Double,
        Link::Clock => Blink::Slow,
        // These two wait for a person; the text says which it is.
        Link::WrongHub | Link::Token => Blink::Triple,
        Link::Loading => Blink::Fast,
        Link::Ready if on => render.blink,
        Link::Ready => Blink::Steady,
    };
    let state = State {
        name: "link",
        rank: link as u8,
        word: link_word(link),
    };
    state.look(on, rhythm, render)
}

/// The look of an output of the session's state: on while it ends and cannot be renewed. A colour counts the states from 0.
pub(super) fn lease(lease: Lease, render: &Render) -> Look {
    let on = (lease != Lease::Good) != render.invert;
    let rhythm = match lease {
        Lease::Ended => Blink::Triple,
        _ if on => render.blink,
        _ => Blink::Steady,
    };
    let state = State {
        name: "session",
        rank: lease as u8,
        word: match lease {
            Lease::Good => "good",
            Lease::Ending => "ending",
            Lease::Ended => "ended",
        },
    };
    state.look(on, rhythm, render)
}

/// The look of an output of the way to the hub: on while it is reached, at half its level from outside. A colour counts the
/// states from 0.
pub(super) fn route(route: Route, render: &Render) -> Look {
    let on = (route != Route::None) != render.invert;
    let rhythm = if on { render.blink } else { Blink::Steady };
    let state = State {
        name: "route",
        rank: route as u8,
        word: match route {
            Route::None => "none",
            Route::Relay => "relay",
            Route::Local => "local",
        },
    };
    let mut look = state.look(on, rhythm, render);
    if route == Route::Relay {
        look.level /= 2.0;
    }
    look
}

/// One of our own states, which is always known, so that its look is `Ready`.
struct State {
    name: &'static str,
    /// Its place in the order of states, for colours.
    rank: u8,
    /// The state in words.
    word: &'static str,
}

impl State {
    fn look(&self, on: bool, blink: Blink, render: &Render) -> Look {
        let word = Value::Text(self.word.into());
        let scene = Scene {
            condition: Condition::Ready,
            value: Some(&word),
            traits: None,
            name: self.name,
        };
        let rank = Value::Number(f64::from(self.rank));
        Look {
            condition: Condition::Ready,
            on,
            level: if on { 1.0 } else { 0.0 },
            colour: if on {
                colour(&rank, &render.colours)
            } else {
                None
            },
            blink,
            text: words(&scene, self.word, &word, render),
        }
    }
}

/// The state of the connection in words, for a display and for notices.
pub(super) fn link_word(link: Link) -> &'static str {
    match link {
        Link::Down => "no network",
        Link::NoHub => "no hub",
        Link::WrongHub => "wrong hub",
        Link::Clock => "clock not set",
        Link::Token => "token refused",
        Link::Loading => "loading",
        Link::Ready => "ready",
    }
}

fn condition_word(condition: Condition) -> &'static str {
    match condition {
        Condition::Unknown => "unknown",
        Condition::Ready => "ready",
        Condition::Pending => "pending",
        Condition::Unavailable => "unavailable",
        Condition::Blocked => "blocked",
        Condition::Stale => "stale",
    }
}

/// A value as a number, where it is one: a boolean is 0 or 1.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Bool(on) => Some(f64::from(u8::from(*on))),
        Value::Null | Value::Text(_) => None,
    }
}

fn is_on(value: &Value, render: &Render) -> bool {
    // No value is neither on nor, inverted, off.
    if *value == Value::Null {
        return false;
    }
    let on = match &render.on {
        Some(Test::Above(limit)) => number(value).is_some_and(|number| number > *limit),
        Some(Test::Below(limit)) => number(value).is_some_and(|number| number < *limit),
        Some(Test::Is(wanted)) => value == wanted,
        None => match value {
            Value::Text(text) => !text.is_empty(),
            _ => number(value).is_some_and(|number| number > 0.0),
        },
    };
    on != render.invert
}

/// The value within the range as 0.0 to 1.0; `None` where it is no number. Without a range of the user's or the device's: 0 to 1.
fn share(value: &Value, traits: Option<&Traits>, render: &Render) -> Option<f64> {
    let Value::Number(number) = value else {
        return None;
    };
    let device = || Some((traits?.min?, traits?.max?));
    let (low, high) = render.range.or_else(device).unwrap_or((0.0, 1.0));
    let share = (number - low) / (high - low);
    // A range without width is a threshold.
    Some(if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        1.0
    })
}

fn level(value: &Value, traits: Option<&Traits>, render: &Render) -> f32 {
    // A test says when, not how bright: with one, only a range of the user's own dims the lamp.
    let dims = render.on.is_none() || render.range.is_some();
    let share = share(value, traits, render)
        .filter(|_| dims)
        .map_or(1.0, |share| if render.invert { 1.0 - share } else { share });
    (share as f32).max(MIN_LEVEL)
}

/// The last colour whose number is at or below the value; below all of them, and for a text, the first.
fn colour(value: &Value, colours: &[(f64, Rgb)]) -> Option<Rgb> {
    let number = number(value).unwrap_or(f64::NEG_INFINITY);
    let reached = colours.iter().rev().find(|(limit, _)| *limit <= number);
    reached.or(colours.first()).map(|(_, colour)| *colour)
}

fn words(scene: &Scene<'_>, state: &str, value: &Value, render: &Render) -> String {
    let word = render.words.iter().find(|(of, _)| of == value);
    let told = match word {
        Some((_, word)) => Cow::Borrowed(word.as_str()),
        None => text::plain(value, scene.traits),
    };
    let percent = || match share(value, scene.traits, render) {
        Some(share) => Cow::Owned(format!("{:.0}", share * 100.0)),
        None => told.clone(),
    };
    // "open %" and "auto %" mean nothing.
    let has_units = word.is_none() && matches!(value, Value::Number(_));
    let units = || {
        let units = scene.traits.and_then(|traits| traits.units.as_deref());
        Cow::Borrowed(units.filter(|_| has_units).unwrap_or(""))
    };
    // In place of the value, or before and after it.
    let (mark, before, after) = match scene.condition {
        Condition::Unknown => (Some("?"), "", ""),
        Condition::Ready => (None, "", ""),
        Condition::Pending => (None, "", "…"),
        Condition::Unavailable => (Some("n/a"), "", ""),
        Condition::Blocked => (Some("!"), "", ""),
        Condition::Stale => (None, "~", ""),
    };
    let marked = |text: Cow<'_, str>| match mark {
        Some(mark) => Cow::Borrowed(mark),
        None => Cow::Owned(format!("{before}{text}")),
    };
    let template = render.text.as_deref().unwrap_or("{value} {units}");
    let mut line = text::fill(template, |hole| match hole {
        "value" => Some(marked(told.clone())),
        "percent" => Some(marked(percent())),
        "units" if mark.is_some() => Some(Cow::Borrowed("")),
        "units" => Some(units()),
        "state" => Some(Cow::Owned(state.to_owned())),
        "name" => Some(Cow::Owned(scene.name.to_owned())),
        _ => None,
    });
    if template.contains("{value}") || template.contains("{percent}") {
        line.push_str(after);
    }
    text::clean(&line, crate::homey::MAX_TEXT)
}
