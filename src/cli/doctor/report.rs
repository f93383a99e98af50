// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the doctor says: one finding a line on a terminal of any width, or all of them as JSON.
//!
//! Must not know what is checked. Every text is made harmless here: much of it comes from hubs and certificates.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use serde_json::json;

use crate::cli::table::harmless;
use crate::cli::written;
use crate::failure::{Exit, Failure};
use crate::homey::text::one_line;
use crate::hw::columns;

/// How a check ended.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum State {
    Ok,
    Warn,
    /// Not done, or nothing to be found out.
    Skip,
    Fail,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Skip => "skip",
            State::Fail => "fail",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) id: &'static str,
    pub(super) state: State,
    /// What was found.
    pub(super) what: String,
    /// What to do; empty where there is nothing to do.
    pub(super) cure: String,
    /// With what the whole run ends, if this is the first to fail.
    pub(super) exit: Exit,
}

/// No finding is longer: a certificate or a hub may have much to say.
const MAX_TEXT: usize = 600;
/// Narrower terminals are written as if they had so many columns.
const MIN_WIDTH: usize = 20;
/// In a pipe or a file.
const USUAL_WIDTH: usize = 80;
/// Longer lines nobody reads with ease.
const MAX_WIDTH: usize = 100;
/// Under the state's word, for what goes on.
const INDENT: usize = 5;

/// Where findings go, as they come.
pub(super) struct Report {
    json: bool,
    /// Standard output is a terminal: what is being looked at is shown until it is known.
    live: bool,
    width: usize,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(json: bool) -> Report {
        let out = io::stdout();
        let live = !json && out.is_terminal();
        Report {
            json,
            live,
            width: columns(out.as_fd())
                .unwrap_or(USUAL_WIDTH)
                .clamp(MIN_WIDTH, MAX_WIDTH),
            findings: Vec::new(),
        }
    }

    /// Shows what is looked at now, on a terminal.
    pub(super) fn looking_at(&self, id: &str) {
        if self.live {
            let mut out = io::stdout().lock();
            // The finding is written over it; where that fails so does the finding, which is told.
            let _ = write!(out, "...  {id}").and_then(|()| out.flush());
        }
    }

    /// Takes a finding in, and writes it at once where people read.
    pub(super) fn add(&mut self, mut finding: Finding) -> Result<(), Failure> {
        for text in [&mut finding.what, &mut finding.cure] {
            *text = one_line(&harmless(text), MAX_TEXT);
        }
        if !self.json {
            let mut text = if self.live { "\r\x1b[K" } else { "" }.to_string();
            lines(&finding, self.width, &mut text);
            let mut out = io::stdout().lock();
            written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
        }
        self.findings.push(finding);
        Ok(())
    }

    /// The end: all of it as JSON where that was asked for, and the exit code.
    pub(super) fn end(self) -> Result<(), Failure> {
        if self.json {
            let rows = self.findings.iter().map(|f| {
                let cure = Some(f.cure.as_str()).filter(|cure| !cure.is_empty());
                json!({"id": f.id, "state": f.state.word(), "what": f.what, "cure": cure})
            });
            let rows: Vec<_> = rows.collect();
            let mut out = io::stdout().lock();
            let all = serde_json::to_writer_pretty(&mut out, &rows);
            written(all.map_err(io::Error::from).and_then(|()| writeln!(out)))?;
        }
        match self.findings.iter().find(|f| f.state == State::Fail) {
            // All is said on standard output.
            Some(first) => Err(Failure::new(first.exit, "")),
            None => Ok(()),
        }
    }
}

/// `fail tcp: what was found`, wrapped, and the cure in lines of its own.
fn lines(finding: &Finding, width: usize, out: &mut String) {
    let head = format!("{:INDENT$}{}: ", finding.state.word(), finding.id);
    wrap(&format!("{head}{}", finding.what), INDENT, width, out);
    if !finding.cure.is_empty() {
        let cure = format!("{:INDENT$}> {}", "", finding.cure);
        wrap(&cure, INDENT + 2, width, out);
    }
}

/// Breaks a text at its spaces, and within a word only where that is longer than a line.
fn wrap(text: &str, indent: usize, width: usize, out: &mut String) {
    let margin = text.len() - text.trim_start().len();
    let (mut column, mut fresh) = (margin, true);
    out.extend(std::iter::repeat_n(' ', margin));
    for word in text.trim_start().split(' ') {
        let len = word.chars().count();
        if !fresh && column + 1 + len > width {
            new_line(indent, out);
            (column, fresh) = (indent, true);
        }
        if !fresh {
            out.push(' ');
            column += 1;
        }
        for c in word.chars() {
            if column >= width {
                new_line(indent, out);
                column = indent;
            }
            out.push(c);
            column += 1;
        }
        fresh = false;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

fn new_line(indent: usize, out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(state: State, what: &str, cure: &str, width: usize) -> String {
        let finding = Finding {
            id: "tcp",
            state,
            what: what.into(),
            cure: cure.into(),
            exit: Exit::Failed,
        };
        let mut out = String::new();
        lines(&finding, width, &mut out);
        out
    }

    #[test]
    fn findings_are_wrapped_at_any_width() {
        assert_eq!(
            shown(State::Ok, "answers at 192.168.1.17:443", "", 80),
            "ok   tcp: answers at 192.168.1.17:443\n"
        );
        assert_eq!(
            shown(
                State::Fail,
                "192.168.1.17:443 refuses",
                "start the hub, then wait",
                24
            ),
            "fail tcp:\n     192.168.1.17:443\n     refuses\n     > start the hub,\n       then wait\n"
        );
        let key = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for width in MIN_WIDTH..=MAX_WIDTH {
            let text = shown(
                State::Warn,
                &format!("key {key}"),
                &format!("pin = {key}"),
                width,
            );
            assert!(
                text.lines().all(|l| l.chars().count() <= width),
                "{width}: {text}"
            );
            let joined: String = text.split_whitespace().collect();
            assert_eq!(joined, format!("warntcp:key{key}>pin={key}"), "{width}");
        }
    }
}
