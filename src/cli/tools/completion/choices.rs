// SPDX-License-Identifier: MIT OR Apache-2.0
//! What may stand at a place of a command line, read from the table of the commands' words and from their help texts.
//! Must not know which names there are, nor how a shell writes them.

use std::collections::BTreeSet;

use crate::cli::tools::helps::{self, Opt};
use crate::cli::words::{GROUPS, OPTIONS};
use crate::cli::{Command, all};

use super::names::List;

/// What may stand there.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// One of these; none: whatever one likes.
    Words(Vec<String>),
    Files,
    /// Any name of this list, or one of these words.
    Names(List, Vec<String>),
    /// What belongs to the thing `name`: its capabilities; with `value` what that one of them takes.
    Of {
        list: List,
        name: String,
        value: Option<String>,
    },
}

/// The place at the cursor.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// So many bytes of the word at the cursor are settled: `--zone=`.
    pub(super) before: usize,
    pub(super) choice: Choice,
    /// The configuration that the line names.
    pub(super) config: Option<String>,
}

fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Choice {
    Choice::Words(words.into_iter().map(str::to_string).collect())
}

/// What may stand for a word in capitals, after these words of the command.
fn for_value(value: &str, given: &[&str]) -> Choice {
    let nth_last = |back: usize| given.len().checked_sub(back).and_then(|at| given.get(at));
    match value {
        "DEVICE" => names(List::Devices),
        "FLOW" => names(List::Flows),
        "MOOD" => names(List::Moods),
        "ALARM" => names(List::Alarms),
        "VARIABLE" => names(List::Variables),
        "ZONE" => names(List::Zones),
        "FILE" => Choice::Files,
        "LEVEL" => words(["off", "error", "warn", "info"]),
        "DAYS" => words(["weekdays", "weekend", "daily", "none"]),
        "CAPABILITY" => match nth_last(1) {
            Some(device) => of(List::Devices, device, None),
            None => words([]),
        },
        "VALUE" => match (given, nth_last(2), nth_last(1)) {
            (["set", variable], _, _) => of(List::Variables, variable, Some("")),
            (_, Some(device), Some(capability)) => of(List::Devices, device, Some(capability)),
            _ => words([]),
        },
        capitals if capitals.bytes().any(|b| b.is_ascii_uppercase()) => words([]),
        literal => words(literal.split('|')),
    }
}

fn names(list: List) -> Choice {
    Choice::Names(list, Vec::new())
}

fn of(list: List, name: &str, value: Option<&str>) -> Choice {
    Choice::Of {
        list,
        name: name.to_string(),
        value: value.map(str::to_string),
    }
}

/// How a command may be written.
#[derive(Default)]
struct Syntax {
    options: Vec<Opt>,
    /// What stands beside the options, for each way to write it, and whether it may go on from its start.
    ways: Vec<(Vec<String>, bool)>,
}

impl Syntax {
    fn of(command: &Command) -> Syntax {
        let mut syntax = Syntax {
            options: global_options(),
            ..Syntax::default()
        };
        let uses = GROUPS.iter().flat_map(|group| group.uses);
        for one in uses {
            let mut tokens = one.words.split(' ');
            if tokens.next() == Some(command.name) {
                syntax.add(tokens);
            }
        }
        if let Some(text) = helps::of(command) {
            syntax.options.extend(helps::options(&text));
        }
        syntax
    }

    /// One way to write it, as its words stand in the table.
    fn add<'w>(&mut self, tokens: impl Iterator<Item = &'w str>) {
        let mut way = Vec::new();
        let mut repeats = false;
        let mut awaits: Vec<Opt> = Vec::new();
        for token in tokens {
            repeats |= token.ends_with("...") && !token.starts_with("[-");
            let plain = token.trim_matches(['[', ']', '.']);
            if !awaits.is_empty() {
                for mut option in awaits.drain(..) {
                    option.value = Some(plain.to_string());
                    self.options.push(option);
                }
            } else if plain.starts_with('-') {
                let named = plain.split('|').map(|name| Opt {
                    name: name.to_string(),
                    value: None,
                });
                // `[--json]` ends here, `[--zone ZONE]` does not.
                match token.ends_with(']') {
                    true => self.options.extend(named),
                    false => awaits.extend(named),
                }
            } else if !plain.is_empty() {
                way.push(plain.to_string());
            }
        }
        self.options.extend(awaits);
        self.ways.push((way, repeats));
    }

    fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|option| option.name == name)
    }
}

fn global_options() -> Vec<Opt> {
    let text: Vec<String> = OPTIONS
        .iter()
        .map(|one| format!("  {}", one.words))
        .collect();
    helps::options(&text.join("\n"))
}

/// What may stand for `current` after `before`, the words that follow the program's name.
pub(super) fn at(before: &[String], current: &str) -> Place {
    let mut config = None;
    let mut syntax = Syntax {
        options: global_options(),
        ..Syntax::default()
    };
    let mut command: Option<&Command> = None;
    let mut given: Vec<&str> = Vec::new();
    // The option that the word before was, where it takes a value.
    let mut open: Option<String> = None;
    for word in before {
        if let Some(value) = open.take() {
            if value == "CONFIG" {
                config = Some(word.clone());
            }
            continue;
        }
        match word.split_once('=') {
            Some(("--config", file)) => config = Some(file.to_string()),
            _ if word.starts_with('-') && word != "--" => {
                let takes = syntax.option(word).and_then(|option| option.value.clone());
                let is_config = matches!(word.as_str(), "-c" | "--config");
                open = takes.map(|value| if is_config { "CONFIG".into() } else { value });
            }
            _ if command.is_none() => {
                command = all().find(|known| known.name == word);
                match command {
                    Some(command) => syntax = Syntax::of(command),
                    None => return place(0, words([]), config),
                }
            }
            _ => given.push(word),
        }
    }
    if let Some(value) = open {
        let value = if value == "CONFIG" { "FILE" } else { &value };
        return place(0, for_value(value, &given), config);
    }
    if let Some((name, _)) = current
        .split_once('=')
        .filter(|_| current.starts_with("--"))
    {
        if let Some(value) = syntax.option(name).and_then(|option| option.value.clone()) {
            return place(name.len() + 1, for_value(&value, &given), config);
        }
    }
    if current.starts_with('-') {
        let mut names = BTreeSet::new();
        for option in &syntax.options {
            names.insert(option.name.as_str());
        }
        return place(0, words(names), config);
    }
    let Some(_) = command else {
        return place(0, words(all().map(|command| command.name)), config);
    };
    place(0, beside(&syntax, &given), config)
}

fn place(before: usize, choice: Choice, config: Option<String>) -> Place {
    Place {
        before,
        choice,
        config,
    }
}

/// What may follow `given` beside options. Words before names: what is a word of the command is offered with the names.
fn beside(syntax: &Syntax, given: &[&str]) -> Choice {
    let mut found = Vec::new();
    let mut other = None;
    for (way, repeats) in &syntax.ways {
        let at = match (way.len(), repeats) {
            (0, _) => continue,
            (len, true) => given.len() % len,
            (_, false) => given.len(),
        };
        let fits = |(written, token): (&&str, &String)| {
            is_capital(token) || token.split('|').any(|word| word == *written)
        };
        let Some(token) = way
            .get(at)
            .filter(|_| given.iter().zip(way.iter().cycle()).all(fits))
        else {
            continue;
        };
        match for_value(token, given) {
            Choice::Words(words) => found.extend(words),
            choice => other = other.or(Some(choice)),
        }
    }
    match other {
        Some(Choice::Names(list, _)) => Choice::Names(list, found),
        Some(choice) => choice,
        None => Choice::Words(found),
    }
}

fn is_capital(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> (usize, String, Option<String>) {
        let mut words: Vec<String> = line.split(' ').map(|word| word.replace('_', " ")).collect();
        let current = words.pop().unwrap();
        let place = at(&words, &current);
        let shown = match place.choice {
            Choice::Words(words) => words.join(" "),
            Choice::Files => "files".into(),
            Choice::Names(list, words) => format!("{list:?} {}", words.join(" ")).trim_end().into(),
            Choice::Of { list, name, value } => format!("{list:?} of {name:?}, {value:?}"),
        };
        (place.before, shown, place.config)
    }

    #[test]
    fn places_take_what_the_table_says() {
        for (line, want) in [
            ("get ", "Devices"),
            ("get --json ", "Devices"),
            (
                "get Living_room/Lamp ",
                "Devices of \"Living room/Lamp\", None",
            ),
            ("get Lamp dim ", ""),
            ("set Lamp dim ", "Devices of \"Lamp\", Some(\"dim\")"),
            ("set Lamp dim 0.5 --duration ", ""),
            ("mood ", "list set"),
            ("mood set ", "Moods"),
            ("mood list ", ""),
            ("devices --zone ", "Zones"),
            ("flow start ", "Flows"),
            ("flow ", "Flows list start enable disable"),
            ("flow enable ", "Flows"),
            ("flow Good_night ", ""),
            ("alarm ", "Alarms"),
            ("alarm Wake_up --days ", "weekdays weekend daily none"),
            ("variable ", "Variables set"),
            ("variable set ", "Variables"),
            (
                "variable set Guests ",
                "Variables of \"Guests\", Some(\"\")",
            ),
            ("chart Lamp dim ", "Devices"),
            ("chart Lamp dim Fan ", "Devices of \"Fan\", None"),
            ("check ", "files"),
            ("request -o ", "files"),
            ("request -X ", ""),
            ("--log ", "off error warn info"),
            ("-c ", "files"),
            ("completion ", "bash"),
            ("nonsense ", ""),
        ] {
            assert_eq!(ask(line), (0, want.to_string(), None), "{line}");
        }
    }

    #[test]
    fn options_and_the_configuration_are_those_of_the_line() {
        let (_, commands, config) = ask("-c my_file.toml ");
        assert!(
            commands.starts_with("run check ") && commands.ends_with(" manual"),
            "{commands}"
        );
        assert_eq!(config.as_deref(), Some("my file.toml"));
        let (before, zones, config) = ask("--config=x devices --zone=Ki");
        assert_eq!(
            (before, zones.as_str(), config.as_deref()),
            (7, "Zones", Some("x"))
        );
        for (line, some) in [
            ("devices -", "--zone"),
            ("alarm X --", "--time"),
            ("alarm X --", "--off"),
            ("insights D c --", "--csv"),
            ("request --", "--data-binary"),
            ("-", "--log-file"),
            ("zones --", "--config"),
        ] {
            let (_, options, _) = ask(line);
            assert!(
                options.split(' ').any(|option| option == some),
                "{line}: {options}"
            );
        }
        assert!(!ask("zones --").1.contains("--zone"));
    }
}
