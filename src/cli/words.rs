// SPDX-License-Identifier: MIT OR Apache-2.0
//! How each command is written and what it does. The help text, the man page and the shell's completion are made from
//! this one table, so none of them can lag behind the others. Must not know how a command does its work.

/// One way to write a command, or one option.
pub(super) struct Use {
    /// The command and what follows it: `[…]` may be left out, of `a|b` one is chosen, CAPITALS stand for what they name.
    pub(super) words: &'static str,
    /// One or more lines.
    pub(super) says: &'static str,
}

/// Commands that serve one purpose.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) uses: &'static [Use],
}

const fn to(words: &'static str, says: &'static str) -> Use {
    Use { words, says }
}

/// What the program is, in half a sentence.
pub(super) const WHAT: &str = "connects a local wall panel to an Athom Homey hub";

/// All commands.
pub(super) const GROUPS: &[Group] = &[
    Group {
        title: "the panel",
        uses: &[
            to(
                "run",
                "drive the panels until told to stop (SIGHUP reloads the configuration)",
            ),
            to(
                "check [--offline] [FILE]",
                "check the configuration; with --online, as usual, also the hub and its names",
            ),
            to(
                "doctor [--json]",
                "look for what is wrong between here and the hub, one cure for each",
            ),
        ],
    },
    Group {
        title: "the way in",
        uses: &[
            to(
                "login",
                "get a bearer for the hub and keep it; see homey-panel login --help",
            ),
            to(
                "session [--json]",
                "what is held, how old it is and when it ends",
            ),
            to(
                "session renew [--force]",
                "renew it where 80 % of its life are over, or at any rate",
            ),
            to(
                "token [--store-in VARIABLE]",
                "print a good bearer, or write it to a variable of the hub",
            ),
            to(
                "logout",
                "forget the session; hubs of 2016 to 2019 end it, too",
            ),
            to(
                "discover [--json]",
                "look for hubs in this network and on the account",
            ),
        ],
    },
    Group {
        title: "the home",
        uses: &[
            to(
                "devices [--zone ZONE] [--json]",
                "all devices of the home, or of a zone and those below it",
            ),
            to("zones [--json]", "all zones"),
            to(
                "get DEVICE [CAPABILITY] [--json]",
                "the values of a device, or one of them",
            ),
            to(
                "set DEVICE CAPABILITY VALUE [--duration TIME]",
                "set a value; it is checked against the device's own range first.\n\
                 CAPABILITY may be colour, with #ff8800 or a colour's name. TIME: 500ms, 2s, 1m",
            ),
            to("flow list [--json]", "flows and advanced flows"),
            to("flow start FLOW", "start one"),
            to("mood list [--json]", "moods"),
            to("mood set MOOD", "set one"),
            to(
                "request PATH|URL",
                "one raw request; see homey-panel request --help",
            ),
            to("version", "what this is, and what it was built from"),
            to("help", "this text"),
        ],
    },
    #[cfg(feature = "tools")]
    Group {
        title: "the installer's desk",
        uses: &[
            to("device DEVICE [--json]", "all about one device"),
            to(
                "flows [--json]",
                "flows and advanced flows with their folders",
            ),
            to("flow FLOW [--json]", "what one does: when, and, then"),
            to("flow enable|disable FLOW", "switch one on or off"),
            to(
                "temperatures [--json]",
                "all temperature sensors by zone, and each zone's average",
            ),
            to(
                "insights DEVICE CAPABILITY [--last TIME] [--csv|--json]",
                "what a capability was, value by value. TIME: 90m, 24h, 7d, 4w",
            ),
            to(
                "chart [DEVICE CAPABILITY]... [--last TIME] [--svg FILE]",
                "a graph of it; without arguments of all temperature sensors",
            ),
            to("alarms [--json]", "all alarm clocks"),
            to("alarm ALARM [--json]", "show one"),
            to(
                "alarm ALARM [--time HH:MM] [--days DAYS] [--on|--off]",
                "change it. DAYS: mon,tue or weekdays, weekend, daily, none",
            ),
            to("variables [--json]", "all logic variables"),
            to("variable VARIABLE [--json]", "show one"),
            to(
                "variable set VARIABLE VALUE",
                "set one; the value is checked against its type first",
            ),
            to("system [--json]", "the hub itself"),
            to(
                "api MANAGER OPERATION [--param VALUE]...",
                "any operation of the hub; api --list [WORD] searches them",
            ),
            to(
                "completion bash",
                "completion for the shell; see homey-panel completion --help",
            ),
            to("manual", "the man page, as roff"),
        ],
    },
];

/// What stands before every command, and what names stand for.
pub(super) const NAMES: &str = "\
DEVICE is \"Zone/Name\", a \"Name\" that only one device has, or an id; the same goes for all other names.";

/// Options of all commands.
pub(super) const OPTIONS: &[Use] = &[
    to(
        "-c, --config FILE",
        "the configuration (default $HOMEY_PANEL_CONFIG, ~/.config/homey-panel.toml,\n/etc/homey-panel.toml)",
    ),
    to(
        "    --log LEVEL",
        "off, error, warn, info (default info for run, warn for check, else error)",
    ),
    to(
        "    --log-file FILE",
        "write the log there instead of stderr",
    ),
    to(
        "-h, --help",
        "this text, or what a command has to say of itself",
    ),
];

/// Exit codes and when.
pub(super) const EXITS: &[(&str, &str)] = &[
    ("1", "the hub says no, or the disk is full"),
    ("64", "usage"),
    ("69", "hub or cloud not there"),
    ("77", "credentials or scopes"),
    ("78", "configuration"),
];

/// Where explanations begin.
const COLUMN: usize = 30;

/// The help text of the whole program.
pub(super) fn help() -> String {
    let mut text =
        format!("homey-panel: {WHAT}\n\nusage: homey-panel [-c FILE] COMMAND [OPTIONS]\n");
    for group in GROUPS {
        text.push('\n');
        text.push_str(group.title);
        text.push('\n');
        for one in group.uses {
            explain(&mut text, one);
        }
    }
    text.push('\n');
    text.push_str(NAMES);
    text.push_str("\n\n");
    for one in OPTIONS {
        explain(&mut text, one);
    }
    text.push_str("\nExit codes:\n");
    for (code, when) in EXITS {
        let (words, says) = (*code, *when);
        explain(&mut text, &Use { words, says });
    }
    text
}

fn explain(text: &mut String, one: &Use) {
    text.push_str("  ");
    text.push_str(one.words);
    let mut at = 2 + one.words.len();
    for line in one.says.lines() {
        if at >= COLUMN {
            text.push('\n');
            at = 0;
        }
        text.extend(std::iter::repeat_n(' ', COLUMN - at));
        text.push_str(line);
        at = COLUMN;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_explained_and_nothing_else_is() {
        let told: Vec<&str> = GROUPS
            .iter()
            .flat_map(|group| group.uses)
            .map(|one| one.words.split(' ').next().unwrap())
            .collect();
        let known: Vec<&str> = super::super::all().map(|command| command.name).collect();
        for name in &known {
            assert!(told.contains(name), "{name} is not explained");
        }
        for name in told {
            assert!(known.contains(&name), "{name} is no command");
        }
    }

    #[test]
    fn the_help_fits_a_screen_s_width() {
        for line in help().lines() {
            assert!(line.chars().count() <= 110, "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }
}
