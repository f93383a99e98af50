// SPDX-License-Identifier: MIT OR Apache-2.0
//! Colours of lamps: one, or one for each threshold.

use super::capability::check_share;
use super::problem::{Report, quoted};
use super::section::{Keys, Section};
use super::value::Text;
use crate::panel::plan::Rgb;

pub(super) const STEP: Keys = Keys {
    known: &["from", "colour"],
    later: &[],
    cures: &[],
};

/// For hints only: files say colours in numbers.
const COLOURS: [(&str, &str); 11] = [
    ("red", "#ff0000"),
    ("green", "#00ff00"),
    ("blue", "#0000ff"),
    ("white", "#ffffff"),
    ("yellow", "#ffff00"),
    ("orange", "#ffa500"),
    ("amber", "#ffbf00"),
    ("purple", "#800080"),
    ("cyan", "#00ffff"),
    ("pink", "#ffc0cb"),
    ("black", "#000000"),
];
const MAX_COLOURS: usize = 32;
/// The colours of an output by `colour` or `colours`, in the order of their thresholds.
pub(super) fn read(
    report: &mut Report<'_>,
    output: &Section<'_>,
    capability: &str,
) -> Vec<(f64, Rgb)> {
    let one = output
        .text(report, "colour", COLOUR_FORM)
        .and_then(|text| colour(report, text));
    if output.has("colour") && output.has("colours") {
        let at = output.at_key("colour").max(output.at_key("colours"));
        report
            .error(at, "both colour and colours are given")
            .expected("one of them");
    }
    if let Some(rgb) = one {
        return vec![(f64::NEG_INFINITY, rgb)];
    }
    let expected =
        "a list such as [{ from = 0, colour = \"#0000ff\" }, { from = 22, colour = \"#ff0000\" }]";
    let list = output
        .list(report, "colours", MAX_COLOURS, expected)
        .unwrap_or_default();
    let mut steps: Vec<(f64, Rgb)> = Vec::new();
    for value in list {
        let Some(step) = Section::open(report, value, "colours", &STEP) else {
            continue;
        };
        let missing = STEP
            .known
            .iter()
            .find(|key| !step.has(key))
            .filter(|_| !step.flawed);
        if let Some(missing) = missing {
            report
                .error(step.at, format!("an entry of colours has no {missing}"))
                .expected(expected);
        }
        let from = step.number(report, "from");
        let rgb = step
            .text(report, "colour", COLOUR_FORM)
            .and_then(|text| colour(report, text));
        let Some((at, from)) = from else { continue };
        if steps.last().is_some_and(|(before, _)| *before >= from) {
            report
                .error(
                    at,
                    format!("from = {from} does not come after the one before"),
                )
                .expected("rising numbers");
        }
        let good = check_share(report, at, capability, from, "from");
        steps.extend(good.and(rgb).map(|rgb| (from, rgb)));
    }
    steps
}

const COLOUR_FORM: &str = "\"#rrggbb\", two hex digits each for red, green and blue";

fn colour(report: &mut Report<'_>, Text { at, text }: Text<'_>) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if let Some(number) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        let [_, red, green, blue] = number.to_be_bytes();
        return Some(Rgb(red, green, blue));
    }
    let lower = text.trim_start_matches('#').to_ascii_lowercase();
    let named = COLOURS
        .iter()
        .find(|(name, _)| *name == lower)
        .map(|(_, hex)| (*hex).to_owned());
    let hex = lower.len() <= 6 && lower.bytes().all(|byte| byte.is_ascii_hexdigit());
    let written_out = match lower.len() {
        6 if hex => Some(format!("#{lower}")),
        3 if hex => Some(
            lower
                .chars()
                .fold("#".to_owned(), |out, c| format!("{out}{c}{c}")),
        ),
        _ => None,
    };
    report
        .error(at, format!("{} is not a colour", quoted(text)))
        .expected(COLOUR_FORM)
        .meant(named.or(written_out).map(|hex| quoted(&hex)));
    None
}
