// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong in a configuration file, where, and what would be right.
//!
//! Problems are collected, not returned at the first one: an installer mends them all in one go. Knows text and
//! places in it, no key of the file.

use std::fmt;

use super::Place;

/// At most this many errors (and as many warnings) are kept; beyond it the file is something else than a configuration.
const MAX_KEPT: usize = 200;
/// At most this many characters of what a user wrote are repeated in a message.
const MAX_SHOWN: usize = 60;

/// One error or warning. Displays as `file:line:column: what; expected …; did you mean …`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file's name as it was given to [`super::Config::parse`].
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    pub what: String,
    pub expected: Option<String>,
    /// What was probably meant; shown after "did you mean".
    pub hint: Option<String>,
}

impl Problem {
    pub(super) fn expected(&mut self, expected: impl Into<String>) -> &mut Problem {
        self.set_expected(expected.into())
    }

    // Called from hundreds of places; inlined it is a good part of the program.
    #[inline(never)]
    fn set_expected(&mut self, expected: String) -> &mut Problem {
        self.expected = Some(expected);
        self
    }

    pub(super) fn meant(&mut self, hint: Option<impl Into<String>>) -> &mut Problem {
        self.hint = hint.map(Into::into);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.what
        )?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; did you mean {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// Collects the problems of one file.
pub(super) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    /// Byte offset of the first character of each line.
    lines: Vec<usize>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Takes what comes after [`MAX_KEPT`], so that callers need not care.
    surplus: Problem,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Report<'a> {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Report {
            file,
            text,
            lines: std::iter::once(0)
                .chain(breaks.map(|(at, _)| at + 1))
                .collect(),
            errors: Vec::new(),
            warnings: Vec::new(),
            surplus: Problem {
                file: String::new(),
                line: 1,
                column: 1,
                what: String::new(),
                expected: None,
                hint: None,
            },
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Line and column of a byte offset; one past the end is a place too, anything further counts as that.
    pub(super) fn place(&self, at: usize) -> Place {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.lines.partition_point(|&start| start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or("").chars().count();
        Place {
            line: number(line),
            column: number(before + 1),
        }
    }

    /// The line of a byte offset, for "first in line 12".
    pub(super) fn line(&self, at: usize) -> u32 {
        self.place(at).line
    }

    fn problem(&self, at: usize, what: String) -> Problem {
        let Place { line, column } = self.place(at);
        Problem {
            file: self.file.to_owned(),
            line,
            column,
            what,
            expected: None,
            hint: None,
        }
    }

    pub(super) fn error(&mut self, at: usize, what: impl Into<String>) -> &mut Problem {
        self.add_error(at, what.into())
    }

    #[inline(never)]
    fn add_error(&mut self, at: usize, what: String) -> &mut Problem {
        let problem = self.problem(at, what);
        keep(&mut self.errors, problem, &mut self.surplus)
    }

    pub(super) fn warn(&mut self, at: usize, what: impl Into<String>) -> &mut Problem {
        let problem = self.problem(at, what.into());
        keep(&mut self.warnings, problem, &mut self.surplus)
    }

    /// Errors and warnings, each sorted by place and without repeats.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        (sorted(self.errors), sorted(self.warnings))
    }
}

fn keep<'k>(
    kept: &'k mut Vec<Problem>,
    problem: Problem,
    surplus: &'k mut Problem,
) -> &'k mut Problem {
    if kept.len() < MAX_KEPT {
        kept.push(problem);
        // Just pushed, so there is a last one.
        kept.last_mut().unwrap_or(surplus)
    } else {
        *surplus = problem;
        surplus
    }
}

fn sorted(unsorted: Vec<Problem>) -> Vec<Problem> {
    let full = unsorted.len() == MAX_KEPT;
    let mut problems: Vec<Problem> = Vec::with_capacity(unsorted.len() + 1);
    for problem in unsorted {
        // std's sort would be 8 KiB of code for at most MAX_KEPT lines.
        let key = |p: &Problem| (p.line, p.column);
        let at = problems.partition_point(|p| (key(p), &p.what) <= (key(&problem), &problem.what));
        problems.insert(at, problem);
    }
    problems.dedup();
    let mut end = problems.last().filter(|_| full).cloned();
    if let Some(end) = &mut end {
        end.what = format!("{MAX_KEPT} problems are shown, there are more");
        end.expected = None;
        end.hint = None;
    }
    problems.extend(end);
    problems
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What a user wrote, in quotes, fit for one line: at most 60 characters, control characters replaced.
pub(super) fn quoted(text: &str) -> String {
    let mut out: String = std::iter::once('"')
        .chain(
            text.chars()
                .take(MAX_SHOWN)
                .map(|c| if c.is_control() { '\u{fffd}' } else { c }),
        )
        .collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push('…');
    }
    out.push('"');
    out
}

/// `a, b or c`, as a message lists choices.
pub(super) fn choices<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_lines_from_one() {
        let report = Report::new("f", "ä=1\r\n\n\tb = “");
        let places: [(usize, (u32, u32)); 9] = [
            (0, (1, 1)),
            (1, (1, 1)), // inside the ä
            (2, (1, 2)),
            (5, (1, 5)), // the line's own end belongs to it
            (6, (2, 1)),
            (7, (3, 1)),
            (8, (3, 2)),
            (15, (3, 7)),
            (999, (3, 7)),
        ];
        for (at, (line, column)) in places {
            assert_eq!(report.place(at), Place { line, column }, "offset {at}");
        }
        assert_eq!(Report::new("f", "").place(5), Place { line: 1, column: 1 });
    }

    #[test]
    fn a_problem_reads_as_one_line() {
        let mut report = Report::new("wall.toml", "x");
        report.error(0, "what").expected("this").meant(Some("that"));
        report.error(0, "alone");
        let (errors, warnings) = report.finish();
        let lines: Vec<String> = errors.iter().map(Problem::to_string).collect();
        assert_eq!(
            lines,
            [
                "wall.toml:1:1: alone",
                "wall.toml:1:1: what; expected this; did you mean that"
            ]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn repeats_go_and_a_flood_is_cut() {
        let text = "\n".repeat(300);
        let mut report = Report::new("f", &text);
        for at in (0..300).rev() {
            report.error(at, "bad").expected("good");
        }
        report.warn(3, "twice");
        report.warn(3, "twice");
        let (errors, warnings) = report.finish();
        assert_eq!(errors.len(), MAX_KEPT + 1);
        assert_eq!(warnings.len(), 1);
        assert_eq!(
            errors[MAX_KEPT].to_string(),
            "f:300:1: 200 problems are shown, there are more"
        );
    }

    #[test]
    fn what_is_quoted_is_short_and_has_no_control_characters() {
        assert_eq!(quoted("a\u{1b}[2J"), "\"a\u{fffd}[2J\"");
        assert_eq!(quoted(&"ü".repeat(61)), format!("\"{}…\"", "ü".repeat(60)));
        assert_eq!(choices(["a"]), "a");
        assert_eq!(choices(["a", "b", "c"]), "a, b or c");
    }
}
