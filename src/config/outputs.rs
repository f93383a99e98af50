// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[[output]]`: lamps and texts, what they show and how.

use toml_span::Value as Toml;

use super::capability::{check_share, check_value};
use super::clash::{Clashes, Owner};
use super::colour;
use super::controls::name;
use super::holes::check_holes;
use super::locals;
use super::problem::{Report, choices, quoted};
use super::section::{Keys, Section};
use super::suggest::nearest;
use super::targets::Context;
use super::value::{Text, check_text, kind, number_of, scalar, text_of, truth, value_at};
use crate::homey::Value;
use crate::panel::plan::{Blink, Output, Render, Source, Test};

pub(super) const OUTPUT: Keys = Keys {
    known: &[
        "panel",
        "name",
        "label",
        "layer",
        "show",
        "capability",
        "show_link",
        "local",
        "on",
        "invert",
        "range",
        "colour",
        "colours",
        "blink",
        "text",
        "words",
    ],
    later: &["show_layer", "show_count", "gamma", "decimals", "backlight"],
    cures: &[],
};
pub(super) const ON: Keys = Keys {
    known: &["above", "below", "is"],
    later: &["between", "not"],
    cures: &[],
};
const BLINKS: [(&str, Blink); 5] = [
    ("steady", Blink::Steady),
    ("slow", Blink::Slow),
    ("fast", Blink::Fast),
    ("blip", Blink::Blip),
    ("double", Blink::Double),
];
/// What `show_link` names beside `true`, the connection itself: the source, and when it is on.
const LINKS: [(&str, Source, &str); 2] = [
    (
        "session",
        Source::Session,
        "the session ends and cannot be renewed",
    ),
    ("route", Source::Route, "the hub is reached"),
];
const HOLES: [&str; 5] = ["value", "units", "percent", "state", "name"];
const MAX_WORDS: usize = 64;

/// What people see beside an output. Parallel to [`crate::panel::plan::Plan::outputs`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OutputFace {
    /// The output's name where none is written.
    pub label: String,
}

/// Reads one `[[output]]`; `None` where it cannot stand in the plan (reported).
pub(super) fn read(
    report: &mut Report<'_>,
    value: &Toml<'_>,
    context: &mut Context<'_>,
    clashes: &mut Clashes,
) -> Option<(Output, OutputFace)> {
    let output = Section::open(report, value, "[[output]]", &OUTPUT)?;
    let panel = context.names.panel(report, &output);
    let name = name(report, &output);
    let layer = context.names.layer(report, &output);
    let label = output.text(report, "label", "a text for people");
    let source = match output.flag(report, "local") {
        Some(true) => {
            let source = locals::source(report, &output, name, context.plan, context.sources);
            source.map(|source| (source, None))
        }
        None if output.has("local") => None,
        _ => source(report, &output, context),
    };
    let capability = source
        .and_then(|(_, capability)| capability)
        .map_or("", |text| text.text);
    let render = render(report, &output, capability);
    let (panel, name, layer) = (panel?, name?, layer.ok()?);
    clashes.output(
        report,
        Owner {
            panel,
            layer,
            at: name.at,
            name: name.text.to_owned(),
        },
    );
    let (source, _) = source?;
    let label = label.map_or(name.text, |label| label.text).to_owned();
    Some((
        Output {
            panel,
            name: name.text.to_owned(),
            layer,
            source,
            render,
        },
        OutputFace { label },
    ))
}

fn source<'t>(
    report: &mut Report<'_>,
    output: &Section<'t>,
    context: &mut Context<'_>,
) -> Option<(Source, Option<Text<'t>>)> {
    let link = link(report, output);
    if output.has("show") {
        if let Some(Some(_)) = link {
            let at = output.at_key("show").max(output.at_key("show_link"));
            report
                .error(at, "both show and show_link are given")
                .expected("one of them");
        }
        let (point, capability) = context.point(report, output, "show", "onoff")?;
        return Some((Source::Point(point), Some(capability)));
    }
    if output.has("capability") {
        let expected = "show = \"Zone/Name\", the device, beside it";
        report
            .error(
                output.at_key("capability"),
                "capability has no use without show",
            )
            .expected(expected);
        return None;
    }
    match link {
        Some(Some((source, when))) => {
            for key in ["on", "range"].into_iter().filter(|key| output.has(key)) {
                let what = format!("{key} has no use with show_link: it is on when {when}");
                report
                    .error(output.at_key(key), what)
                    .expected("invert, colours, text or words");
            }
            Some((source, None))
        }
        None if output.has("show_link") => None,
        Some(None) | None => {
            if !output.flawed {
                report
                    .error(output.at, "[[output]] is bound to nothing")
                    .expected("show = \"Office/Desk light\", show_link = true or local = true");
            }
            None
        }
    }
}

/// What `show_link` names, and when that is on; `Some(None)` where it is false, `None` where it is absent or wrong (reported).
fn link(report: &mut Report<'_>, output: &Section<'_>) -> Option<Option<(Source, &'static str)>> {
    let value = output.get("show_link")?;
    let Some(text) = value.as_str().filter(|text| truth(text).is_none()) else {
        let shown = output.flag(report, "show_link")?;
        return Some(shown.then_some((Source::Link, "the hub is ready")));
    };
    if let Some((_, source, when)) = LINKS.iter().find(|(name, ..)| *name == text) {
        return Some(Some((*source, when)));
    }
    let names = LINKS.map(|(name, ..)| quoted(name));
    let expected = choices(["true"].into_iter().chain(names.iter().map(String::as_str)));
    let near = nearest(text, LINKS.iter().map(|(name, ..)| *name));
    report
        .error(
            value_at(report, value),
            format!("show_link is {}", quoted(text)),
        )
        .expected(expected)
        .meant(near.map(quoted));
    None
}

fn render(report: &mut Report<'_>, output: &Section<'_>, capability: &str) -> Render {
    Render {
        on: output
            .get("on")
            .and_then(|value| test(report, value, capability)),
        invert: output.flag(report, "invert").unwrap_or(false),
        range: range(report, output, capability),
        colours: colour::read(report, output, capability),
        blink: blink(report, output),
        text: text(report, output),
        words: words(report, output),
    }
}

fn test(report: &mut Report<'_>, value: &Toml<'_>, capability: &str) -> Option<Test> {
    let expected = "{ above = 0.5 }, { below = 3 } or { is = \"heat\" }";
    let at = value_at(report, value);
    if value.as_table().is_none() {
        let is = scalar(report, value, "on")?;
        let is = if let Value::Text(text) = is {
            quoted(&text)
        } else {
            is.to_string()
        };
        report
            .error(at, format!("on is {}", kind(value)))
            .expected(expected)
            .meant(Some(format!("{{ is = {is} }}")));
        return None;
    }
    let on = Section::open(report, value, "on", &ON)?;
    let written: Vec<&str> = ON.known.iter().copied().filter(|key| on.has(key)).collect();
    match written.as_slice() {
        [] => {
            if !on.flawed {
                report.error(at, "on tests nothing").expected(expected);
            }
            None
        }
        ["is"] => {
            let value = on.get("is")?;
            let is = scalar(report, value, "is")?;
            check_value(report, value_at(report, value), capability, &is).then_some(Test::Is(is))
        }
        [key] => {
            let (at, n) = on.number(report, key)?;
            check_share(report, at, capability, n, key)?;
            Some(if *key == "above" {
                Test::Above(n)
            } else {
                Test::Below(n)
            })
        }
        [_, second, ..] => {
            let what = format!("on has {} together", written.join(" and "));
            report
                .error(on.at_key(second), what)
                .expected("one of them");
            None
        }
    }
}

fn range(report: &mut Report<'_>, output: &Section<'_>, capability: &str) -> Option<(f64, f64)> {
    let value = output.get("range")?;
    let expected = "two numbers, dark and full: [0, 1]";
    let at = value_at(report, value);
    let Some(list) = value.as_array() else {
        report
            .error(at, format!("range is {}", kind(value)))
            .expected(expected);
        return None;
    };
    let [dark, full] = list.as_slice() else {
        report
            .error(at, format!("range has {} entries", list.len()))
            .expected(expected);
        return None;
    };
    let numbers = (
        number_of(report, dark, "range"),
        number_of(report, full, "range"),
    );
    let (from, to) = (numbers.0?, numbers.1?);
    if from == to {
        report
            .error(at, format!("range begins and ends at {from}"))
            .expected("two different numbers");
        return None;
    }
    check_share(report, value_at(report, dark), capability, from, "range")?;
    check_share(report, value_at(report, full), capability, to, "range")?;
    Some((from, to))
}

fn blink(report: &mut Report<'_>, output: &Section<'_>) -> Blink {
    let expected = choices(BLINKS.iter().map(|(name, _)| *name));
    let Some(Text { at, text }) = output.text(report, "blink", &expected) else {
        return Blink::default();
    };
    if let Some((_, blink)) = BLINKS.iter().find(|(name, _)| *name == text) {
        return *blink;
    }
    report
        .error(at, format!("there is no blink {}", quoted(text)))
        .expected(expected)
        .meant(nearest(text, BLINKS.iter().map(|(name, _)| *name)).map(quoted));
    Blink::default()
}

fn text(report: &mut Report<'_>, output: &Section<'_>) -> Option<String> {
    let text = output.text(
        report,
        "text",
        "a text with holes, such as \"{value} {units}\"",
    )?;
    check_holes(report, text, &HOLES).map(|()| text.text.to_owned())
}

fn words(report: &mut Report<'_>, output: &Section<'_>) -> Vec<(Value, String)> {
    let Some(value) = output.get("words") else {
        return Vec::new();
    };
    let expected = "{ true = \"open\", false = \"closed\" }";
    let at = value_at(report, value);
    if value.as_table().is_none() {
        report
            .error(at, format!("words is {}", kind(value)))
            .expected(expected);
        return Vec::new();
    }
    let entries = Section::plain(value).entries();
    if let Some((_, at, _)) = entries.get(MAX_WORDS) {
        report
            .error(*at, format!("words has {} entries", entries.len()))
            .expected(format!("at most {MAX_WORDS}"));
    }
    let mut words = Vec::new();
    for (key, at, value) in entries.into_iter().take(MAX_WORDS) {
        if !check_text(report, at, key, "a value in words") {
            continue;
        }
        // A key is always a text in TOML; what it stands for is seen by its form.
        let number = key.parse::<f64>().ok().filter(|n| n.is_finite());
        let stands_for = match (key, number) {
            ("true", _) => Value::Bool(true),
            ("false", _) => Value::Bool(false),
            (_, Some(n)) => Value::Number(n),
            (_, None) => Value::Text(key.into()),
        };
        if value.as_str() == Some("") {
            words.push((stands_for, String::new()));
        } else if number.is_some() && value.as_table().is_some() {
            report
                .error(at, "a point in a key divides it")
                .expected(format!("quotes around the number: \"{key}.…\""));
        } else if let Some(word) = text_of(report, value, "a word", "a text") {
            words.push((stands_for, word.text.to_owned()));
        }
    }
    words
}
