// SPDX-License-Identifier: MIT OR Apache-2.0
//! `manual`: the man page as roff (man(7)), made from the table of the commands' words and from their own help texts.

use crate::cli::words::{EXITS, GROUPS, NAMES, OPTIONS, Use, WHAT};
use crate::cli::{Common, Json, all, positionals, print};
use crate::failure::Failure;

use super::helps;

const DESCRIPTION: &str = "\
One small program between a panel of buttons, knobs and lamps, or a terminal, and a hub. A press becomes a capability \
write, a flow or a mood; the state of the home becomes a lamp, a colour, a text. The same program checks a \
configuration, gets and keeps a bearer, and serves whoever installs the panel.";

const CONFIGURATION: &str = "\
A TOML file: [hub] says which hub, [[panel]] what hangs on the wall, [[control]] what a hand does there, [[output]] what \
shines back. README explains it, tests/data/config/good/everything.toml has every key with its default, and \
homey-panel check says what is wrong in a file, each with its line and column.";

/// Files, and what they are.
const FILES: &[(&str, &str)] = &[
    ("~/.config/homey-panel.toml", "the configuration of a user"),
    (
        "/etc/homey-panel.toml",
        "the configuration where the user has none",
    ),
    (
        "session.json",
        "the bearer that login got, mode 0600: in $STATE_DIRECTORY, in $XDG_STATE_HOME/homey-panel (else \
         ~/.local/state/homey-panel), or in /var/lib/homey-panel, the first that there is",
    ),
    (
        "session.lock, password.json",
        "beside it: whoever renews it holds the one; the other is there only after login --keep-password",
    ),
    (
        "~/.cache/homey-panel/",
        "names for completion, mode 0600; may be deleted at any time",
    ),
];

/// Variables that this program looks at.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "HOMEY_PANEL_CONFIG",
        "the configuration, unless -c names one",
    ),
    (
        "CREDENTIALS_DIRECTORY",
        "of the service manager: homey-panel.key in it is the API key, where the configuration names no bearer; \
         homey-panel.client-secret that of the client; what login reads of it stands there",
    ),
    (
        "STATE_DIRECTORY",
        "of the service manager: where session.json is kept",
    ),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME, HOME",
        "where the files above are looked for",
    ),
    (
        "JOURNAL_STREAM",
        "set by a service manager that writes times itself: lines of the log go without",
    ),
    ("TZ", "the zone of the times that insights and chart show"),
    (
        "LC_ALL, LC_CTYPE, LANG, TERM, COLORTERM, NO_COLOR",
        "which characters and colours a terminal gets",
    ),
    (
        "SSL_CERT_FILE",
        "the system's CA certificates, for TLS without ca_file or pin",
    ),
    (
        "http_proxy, https_proxy, all_proxy, no_proxy",
        "for the cloud and for full URLs of request, never for a hub in this network",
    ),
    (
        "PATH",
        "where the program of a panel's command is looked for",
    ),
];

/// `manual`
pub(in crate::cli) fn manual(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    positionals(parser, common, &[], 0, Json::No)?;
    print(&page())
}

/// The whole page.
fn page() -> String {
    let mut page = String::from(".\\\" Made by: homey-panel manual\n");
    page.push_str(&format!(
        ".TH HOMEY\\-PANEL 1 \"\" \"homey\\-panel {}\" \"User Commands\"\n",
        quoted(env!("CARGO_PKG_VERSION"))
    ));
    section(&mut page, "NAME");
    page.push_str(&format!("homey\\-panel \\- {}\n", quoted(WHAT)));
    section(&mut page, "SYNOPSIS");
    page.push_str(".B homey\\-panel\n[\\-c FILE] COMMAND [OPTIONS]\n");
    section(&mut page, "DESCRIPTION");
    text(&mut page, DESCRIPTION);
    section(&mut page, "COMMANDS");
    text(&mut page, NAMES);
    for group in GROUPS {
        page.push_str(&format!(".SS {}\n", quoted(group.title)));
        explain(&mut page, group.uses);
    }
    section(&mut page, "OPTIONS");
    text(&mut page, "Before any command, and -c after it too:");
    explain(&mut page, OPTIONS);
    for command in all() {
        let Some(help) = helps::of(command) else {
            continue;
        };
        section(&mut page, &command.name.to_ascii_uppercase());
        // As it stands on a terminal: its columns are set with care.
        page.push_str(".nf\n");
        for line in help.lines() {
            text(&mut page, if line.is_empty() { " " } else { line });
        }
        page.push_str(".fi\n");
    }
    section(&mut page, "EXIT STATUS");
    entry(&mut page, "0", "it was done");
    for (code, when) in EXITS {
        entry(&mut page, code, when);
    }
    section(&mut page, "CONFIGURATION");
    text(&mut page, CONFIGURATION);
    for (title, entries) in [("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)] {
        section(&mut page, title);
        for (name, what) in entries {
            entry(&mut page, name, what);
        }
    }
    page
}

fn section(page: &mut String, title: &str) {
    page.push_str(&format!(".SH {}\n", quoted(title)));
}

fn explain(page: &mut String, uses: &[Use]) {
    for one in uses {
        entry(page, one.words.trim_start(), one.says);
    }
}

fn entry(page: &mut String, name: &str, what: &str) {
    page.push_str(&format!(".TP\n\\fB{}\\fR\n", quoted(name)));
    for line in what.lines() {
        text(page, line);
    }
}

/// A line that roff takes as text, whatever it begins with.
fn text(page: &mut String, line: &str) {
    page.push_str(&quoted(line));
    page.push('\n');
}

/// Every character as itself.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    if text.starts_with(['.', '\'']) {
        out.push_str("\\&");
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '~' => out.push_str("\\(ti"),
            '^' => out.push_str("\\(ha"),
            '`' => out.push_str("\\(ga"),
            '\'' => out.push_str("\\(aq"),
            c if c.is_ascii() => out.push(c),
            c => out.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_stands_for_itself() {
        for (text, want) in [
            (".TH", "\\&.TH"),
            ("'x'", "\\&\\(aqx\\(aq"),
            ("--a ~/b\\n^`", "\\-\\-a \\(ti/b\\en\\(ha\\(ga"),
            ("0…1 \u{1f6cb}", "0\\[u2026]1 \\[u1F6CB]"),
        ] {
            assert_eq!(quoted(text), want);
        }
    }

    #[test]
    fn every_line_is_a_request_of_ours_or_text() {
        for line in page().lines() {
            let request = [".\\\"", ".TH ", ".SH ", ".SS ", ".TP", ".nf", ".fi", ".B "];
            let known = request.iter().any(|r| line.starts_with(r));
            assert!(known || !line.starts_with(['.', '\'']), "{line}");
        }
    }
}
