// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[layers]` and `[[panel]]`: which panels there are, and how each is reached.

use std::time::Duration;

use toml_span::Value;

use super::Sources;
use super::names::{NAME_FORM, Names, is_name};
use super::problem::{Report, choices, quoted};
use super::section::{Keys, Section, tables};
use super::suggest::nearest;
use super::value::{Text, kind as kind_of, text_of};
use crate::panel::plan::{PanelPlan, Wake};

pub(super) const PANEL: Keys = Keys {
    known: &[
        "name", "kind", "stdio", "command", "fifo", "serial", "baud", "socket", "sleep_s", "wake",
    ],
    later: &["backlight", "device", "debounce_ms"],
    cures: &[],
};
pub(super) const FIFO: Keys = Keys {
    known: &["in", "out"],
    later: &[],
    cures: &[],
};

const KINDS: [&str; 2] = ["terminal", "line"];
const LATER_KINDS: [&str; 8] = [
    "evdev",
    "gpio",
    "led",
    "leds",
    "nextion",
    "dwin",
    "lcd",
    "backlight",
];
/// The ways to reach a panel of kind `line`; one each.
const WAYS: [&str; 5] = ["stdio", "command", "fifo", "serial", "socket"];
/// The rates that `hw` can set.
const BAUDS: [u32; 13] = [
    1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000,
    921_600,
];
const MAX_PANELS: usize = 8;
const MAX_WORDS: usize = 64;

/// One `[[panel]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PanelConfig {
    /// At most 32 letters, digits, `-`, `_`, `.` and `:`; no two panels share one.
    pub name: String,
    pub kind: PanelKind,
}

/// What a panel is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PanelKind {
    /// The keyboard and screen that the program runs in.
    Terminal,
    /// Something that speaks the line protocol.
    Line(Way),
}

/// How a panel of kind `line` is reached. Paths are kept as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// Our own standard input and output.
    Stdio,
    /// A child process's input and output: program and arguments, at least the program; no shell.
    Command(Vec<String>),
    /// A FIFO to read from, and one to write to where the panel shows something.
    Fifo {
        input: String,
        output: Option<String>,
    },
    /// A serial device; `baud` is one of the usual rates from 1200 to 921600, default 115200; 8N1.
    Serial { device: String, baud: u32 },
    /// A UNIX stream socket that we listen on.
    Socket(String),
}

/// After how long a panel may sleep, in seconds; 0 for never.
const SLEEP_S: core::ops::RangeInclusive<u64> = 0..=86_400;

/// Reads how a panel sleeps and wakes. All that there are today have real buttons, so that the waking touch acts.
fn sleep(report: &mut Report<'_>, panel: &Section<'_>) -> PanelPlan {
    let seconds = panel.whole(report, "sleep_s", SLEEP_S, "seconds, 0 for never", 0);
    let wake = wake(report, panel);
    if panel.has("wake") && !panel.has("sleep_s") {
        report
            .warn(panel.at_key("wake"), "wake has no use without sleep_s")
            .expected("sleep_s = 60, or no wake");
    }
    PanelPlan {
        sleep: (seconds > 0).then(|| Duration::from_secs(seconds)),
        wake: wake.unwrap_or_default(),
    }
}

/// The key `wake` of a panel or a control.
pub(super) fn wake(report: &mut Report<'_>, section: &Section<'_>) -> Option<Wake> {
    let expected = "\"act\" or \"swallow\"";
    let Text { at, text } = section.text(report, "wake", expected)?;
    match text {
        "act" => Some(Wake::Act),
        "swallow" => Some(Wake::Swallow),
        _ => {
            let hint = nearest(text, ["act", "swallow"]).map(quoted);
            report
                .error(at, format!("wake is {}", quoted(text)))
                .expected(expected)
                .meant(hint);
            None
        }
    }
}

/// Reads all `[[panel]]`; those with mistakes stay in the list, so that others can name them.
pub(super) fn read(
    report: &mut Report<'_>,
    root: &Section<'_>,
    sources: &mut Sources,
) -> (Vec<PanelConfig>, Names) {
    let mut panels: Vec<PanelConfig> = Vec::new();
    let mut names = Names::default();
    // What a second panel cannot have as well: its name for messages, and the line.
    let mut taken: Vec<(String, u32)> = Vec::new();
    for value in tables(report, root, "panel", MAX_PANELS) {
        let Some(panel) = Section::open(report, value, "[[panel]]", &PANEL) else {
            continue;
        };
        sources
            .panels
            .push(report.place(panel.at_value(report, "name")));
        let name = panel.text(report, "name", NAME_FORM);
        if let Some(Text { at, text }) = name {
            if !is_name(text) {
                let what = format!("{} is not a panel's name", quoted(text));
                report.error(at, what).expected(NAME_FORM);
            } else if let Some(index) = names.panels.iter().position(|(known, _)| known == text) {
                let first = sources.panels.get(index).map_or(1, |place| place.line);
                let what = format!("panel {} stands already in line {first}", quoted(text));
                report
                    .error(at, what)
                    .expected("a name of its own for each panel");
            }
        } else if !panel.has("name") && !panel.flawed {
            report
                .error(panel.at, "[[panel]] has no name")
                .expected("name = \"wall\"");
        }
        let kind = kind(report, &panel);
        names.sleeps.push(sleep(report, &panel));
        for resource in kind.iter().flat_map(resources) {
            let at = panel.at;
            match taken.iter().find(|(other, _)| *other == resource) {
                Some((_, line)) => {
                    let what = format!("{resource} belongs to the panel of line {line} already");
                    report.error(at, what).expected("one panel for each");
                }
                None => taken.push((resource, report.line(at))),
            }
        }
        let name = name.map_or_else(String::new, |name| name.text.to_owned());
        // A panel whose kind is not known is not complained about twice, at its keys.
        let terminal = kind.as_ref().map(|kind| *kind == PanelKind::Terminal);
        names.panels.push((name.clone(), terminal));
        panels.push(PanelConfig {
            name,
            kind: kind.unwrap_or(PanelKind::Terminal),
        });
    }
    (panels, names)
}

/// What only one panel can have.
fn resources(kind: &PanelKind) -> Vec<String> {
    match kind {
        PanelKind::Terminal | PanelKind::Line(Way::Stdio) => {
            vec!["the terminal (stdin)".to_owned()]
        }
        PanelKind::Line(Way::Command(_)) => Vec::new(),
        PanelKind::Line(Way::Fifo { input, output }) => [Some(input), output.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect(),
        PanelKind::Line(Way::Serial { device: path, .. } | Way::Socket(path)) => vec![path.clone()],
    }
}

fn kind(report: &mut Report<'_>, panel: &Section<'_>) -> Option<PanelKind> {
    let ways: Vec<&str> = WAYS.into_iter().filter(|way| panel.has(way)).collect();
    let one_of = format!("one of {}", choices(WAYS));
    if !panel.has("kind") {
        if !panel.flawed {
            let guess = if ways.is_empty() { "terminal" } else { "line" };
            report
                .error(panel.at, "[[panel]] has no kind")
                .expected("kind = \"terminal\" or kind = \"line\"")
                .meant(Some(format!("kind = \"{guess}\"")));
        }
        return None;
    }
    let Text { at, text } = panel.text(report, "kind", "\"terminal\" or \"line\"")?;
    match text {
        "terminal" => {
            if let Some(way) = ways
                .first()
                .copied()
                .or(panel.has("baud").then_some("baud"))
            {
                let what = format!("{way} has no use with kind = \"terminal\"");
                report
                    .error(panel.at_key(way), what)
                    .expected("kind = \"line\", or no such key");
            }
            return Some(PanelKind::Terminal);
        }
        "line" => {}
        _ if LATER_KINDS.contains(&text) => {
            let what = format!("kind {} is not supported in this version", quoted(text));
            report.error(at, what).expected("\"terminal\" or \"line\"");
            return None;
        }
        _ => {
            let hint = nearest(text, KINDS).or(WAYS.contains(&text).then_some("line"));
            report
                .error(at, format!("there is no kind {}", quoted(text)))
                .expected("\"terminal\" or \"line\"")
                .meant(hint.map(quoted));
            return None;
        }
    }
    if panel.has("baud") && !panel.has("serial") && !ways.is_empty() {
        report
            .error(panel.at_key("baud"), "baud has no use without serial")
            .expected("serial = \"/dev/…\"");
    }
    match ways.as_slice() {
        [] if panel.flawed => None,
        [] => {
            report
                .error(at, "a panel of kind \"line\" is reached in no way")
                .expected(one_of);
            None
        }
        [only] => way(report, panel, only).map(PanelKind::Line),
        [_, second, ..] => {
            let what = format!("{} are given together", ways.join(" and "));
            report.error(panel.at_key(second), what).expected(one_of);
            None
        }
    }
}

fn way(report: &mut Report<'_>, panel: &Section<'_>, way: &str) -> Option<Way> {
    let at = panel.at_value(report, way);
    match way {
        "stdio" => match panel.flag(report, "stdio")? {
            true => Some(Way::Stdio),
            false => {
                let one_of = format!("stdio = true, or one of {}", choices(WAYS));
                report
                    .error(at, "stdio = false leaves no way to the panel")
                    .expected(one_of);
                None
            }
        },
        "command" => command(report, panel),
        "fifo" => {
            let expected = "fifo = { in = \"/run/…\", out = \"/run/…\" }";
            let value = panel.get("fifo")?;
            if value.as_table().is_none() {
                let what = format!("fifo is {}", kind_of(value));
                report.error(at, what).expected(expected);
                return None;
            }
            let fifo = Section::open(report, value, "fifo", &FIFO)?;
            let output = fifo.text(report, "out", "the path of a FIFO");
            if !fifo.has("in") && !fifo.flawed {
                report.error(at, "fifo has no in").expected(expected);
            }
            let input = fifo
                .text(report, "in", "the path of a FIFO")?
                .text
                .to_owned();
            Some(Way::Fifo {
                input,
                output: output.map(|path| path.text.to_owned()),
            })
        }
        "serial" => {
            let baud = baud(report, panel);
            let device = panel.text(report, "serial", "the path of a device")?.text;
            if device.starts_with("/dev/ttyUSB") || device.starts_with("/dev/ttyACM") {
                report
                    .warn(
                        at,
                        format!("{device} is another device when the plugs are swapped"),
                    )
                    .expected("the device's name below /dev/serial/by-id/");
            }
            Some(Way::Serial {
                device: device.to_owned(),
                baud,
            })
        }
        _ => Some(Way::Socket(
            panel
                .text(report, "socket", "the path of a socket")?
                .text
                .to_owned(),
        )),
    }
}

fn command(report: &mut Report<'_>, panel: &Section<'_>) -> Option<Way> {
    let expected = "program and arguments: [\"python3\", \"panel.py\"]";
    if let Some(line) = panel.get("command").and_then(Value::as_str) {
        let words: Vec<String> = line
            .split_whitespace()
            .map(|word| format!("\"{word}\""))
            .collect();
        report
            .error(
                panel.at_value(report, "command"),
                "command is a text, and no shell takes it apart",
            )
            .expected(expected)
            .meant(
                (1..=8)
                    .contains(&words.len())
                    .then(|| format!("[{}]", words.join(", "))),
            );
        return None;
    }
    let list = panel.list(report, "command", MAX_WORDS, expected)?;
    let mut words = Vec::new();
    for (index, value) in list.iter().enumerate() {
        // Arguments may be empty, the program not.
        match value.as_str() {
            Some("") if index > 0 => words.push(String::new()),
            _ => words.push(
                text_of(report, value, "a word of command", expected)?
                    .text
                    .to_owned(),
            ),
        }
    }
    Some(Way::Command(words))
}

fn baud(report: &mut Report<'_>, panel: &Section<'_>) -> u32 {
    let written = panel.whole(report, "baud", 1200..=921_600, "bit/s", 115_200);
    let known = BAUDS.into_iter().find(|rate| u64::from(*rate) == written);
    known.unwrap_or_else(|| {
        let near = BAUDS
            .into_iter()
            .min_by_key(|rate| u64::from(*rate).abs_diff(written));
        report
            .error(
                panel.at_value(report, "baud"),
                format!("no serial line runs at {written} bit/s"),
            )
            .expected("a usual rate, such as 9600 or 115200")
            .meant(near.map(|rate| rate.to_string()));
        115_200
    })
}
