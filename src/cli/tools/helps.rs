// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands' own help texts, for the man page and for completion: asked for from the commands themselves, so that there
//! is no second copy of them.

use std::sync::{Mutex, PoisonError};

use crate::cli::{Command, Common};

/// The text that was given while somebody collects, instead of being written.
static COLLECTED: Mutex<Collected> = Mutex::new(Collected::Off);

enum Collected {
    Off,
    Nothing,
    Text(String),
}

/// Takes a help text away from standard output where it is collected.
pub(in crate::cli) fn take(text: &str) -> bool {
    let mut collected = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
    match *collected {
        Collected::Off => false,
        _ => {
            *collected = Collected::Text(text.to_string());
            true
        }
    }
}

/// What `homey-panel COMMAND --help` says; `None` where the command has no text of its own.
pub(super) fn of(command: &Command) -> Option<String> {
    if !command.helps {
        return None;
    }
    let put = |collected| {
        let mut guard = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *guard, collected)
    };
    put(Collected::Nothing);
    let mut common = Common::default();
    let mut parser = lexopt::Parser::from_args(["--help"]);
    let ended = (command.run)(&mut parser, &mut common);
    match (put(Collected::Off), ended) {
        (Collected::Text(text), Ok(())) => Some(text),
        _ => None,
    }
}

/// One option of a help text.
pub(super) struct Opt {
    /// With its dashes.
    pub(super) name: String,
    /// What its value is called; `None` where it takes none.
    pub(super) value: Option<String>,
}

/// The options that a help text explains: lines that begin with one, as `  -X, --request METHOD      the method`.
pub(super) fn options(text: &str) -> Vec<Opt> {
    /// Further in, a line goes on with what the one above explains.
    const DEEPEST: usize = 8;
    let mut options = Vec::new();
    for line in text.lines() {
        let rest = line.trim_start();
        let indent = line.len() - rest.len();
        if !rest.starts_with('-') || !(1..=DEEPEST).contains(&indent) {
            continue;
        }
        let end = rest.find("  ").unwrap_or(rest.len());
        let words = rest[..end].split([' ', ',']);
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let value = words.last().filter(|last| !last.starts_with('-'));
        let names = words.iter().filter(|word| word.starts_with('-'));
        options.extend(names.map(|name| Opt {
            name: name.to_string(),
            value: value.map(|value| value.to_string()),
        }));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_the_text_that_explains_them() {
        let text = "usage: x [-c FILE]\n\n  -X, --request METHOD      the method -z\n      --data-binary DATA    as -d\n  -I, --head                a HEAD\n      --resolve HOST:PORT:ADDR  dial\n      --on, --off    switch\n                            --pin no option\nno -x\n";
        let found: Vec<(String, Option<String>)> = options(text)
            .into_iter()
            .map(|o| (o.name, o.value))
            .collect();
        let all: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_deref()))
            .collect();
        assert_eq!(
            all,
            [
                ("-X", Some("METHOD")),
                ("--request", Some("METHOD")),
                ("--data-binary", Some("DATA")),
                ("-I", None),
                ("--head", None),
                ("--resolve", Some("HOST:PORT:ADDR")),
                ("--on", None),
                ("--off", None),
            ]
        );
    }

    #[test]
    fn a_text_is_collected_from_its_command() {
        for command in crate::cli::all() {
            let text = of(command);
            if command.name == "request" {
                assert!(text.unwrap().contains("--data-binary"));
            } else if !command.helps {
                assert!(text.is_none(), "{}", command.name);
            }
        }
    }
}
