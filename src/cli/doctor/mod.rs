// SPDX-License-Identifier: MIT OR Apache-2.0
//! `doctor`: walks the chain between a hand and the hub, and says of each link whether it holds, with one cure where not.
//!
//! ```text
//!   config ─ clock ─ network ─ address ─ route ─ dns ─ tcp ─ tls ─ hub ─ bearer ─ login ─ scopes, session, dialect, names
//!        └── panel, wifi, state, instance
//! ```
//!
//! A table of checks in this order, each a function that adds findings. What depends on a check that failed is skipped, and
//! says so. It changes nothing: not at the hub, not on a panel, and no file.

mod certificate;
mod files;
mod hub;
mod link;
mod panels;
mod proc;
mod radio;
mod report;
mod scopes;
mod session;
mod when;

use std::time::{Duration, Instant};

use lexopt::prelude::*;

use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::homey::reply::SessionInfo;
use crate::homey::route::Way;
use crate::net::Shown;

use super::desk::Desk;
use super::{Common, help};
use report::{Finding, Report, State};

const HELP: &str = "\
homey-panel doctor: looks for what is wrong between the panel, this machine and the hub

usage: homey-panel [-c FILE] doctor [--json]

One line for each link of the chain: ok, warn, fail, or skip where another one has to hold first;
under it, after >, what to do. It changes nothing and shows no secret. It ends within 60 s.

      --json                  an array of objects with id, state, what, cure (null where there is none)
  -c, --config FILE           the configuration
  -h, --help

Exit codes: 0 nothing fails; else that of the first that does: 78 configuration, 69 not there, 77 credentials,
1 anything else.
";

/// What is not begun by then is skipped; what is under way then ends within the 10 s that are missing to a minute.
const BUDGET: Duration = Duration::from_secs(50);

/// For what stands at a place that is told.
const CORRECT: &str = "correct it there";

/// One check.
struct Check {
    id: &'static str,
    /// With what the run ends where it fails, unless the finding says otherwise.
    exit: Exit,
    /// What has to hold before.
    after: &'static [&'static str],
    run: fn(&mut Doctor<'_>),
}

const fn check(
    id: &'static str,
    exit: Exit,
    after: &'static [&'static str],
    run: fn(&mut Doctor<'_>),
) -> Check {
    Check {
        id,
        exit,
        after,
        run,
    }
}

const CHECKS: &[Check] = &[
    check("config", Exit::Config, &[], files::config),
    check("clock", Exit::Failed, &[], files::clock),
    check("network", Exit::Unavailable, &[], link::network),
    check(
        "address",
        Exit::Unavailable,
        &["config", "network"],
        hub::address,
    ),
    check("route", Exit::Unavailable, &["address"], link::route),
    check("dns", Exit::Unavailable, &["address"], link::dns),
    check("tcp", Exit::Unavailable, &["route"], link::tcp),
    check("tls", Exit::Unavailable, &["tcp"], certificate::tls),
    check("hub", Exit::Unavailable, &["tls"], hub::hub),
    check("bearer", Exit::Permission, &["config"], hub::bearer),
    check("login", Exit::Permission, &["bearer", "hub"], hub::login),
    check("scopes", Exit::Permission, &["login"], hub::scopes),
    check("session", Exit::Permission, &["bearer"], session::session),
    check("dialect", Exit::Failed, &["login"], hub::dialect),
    check("names", Exit::Config, &["login"], hub::names),
    check("panel", Exit::Failed, &["config"], panels::panels),
    check("wifi", Exit::Failed, &["route"], radio::wifi),
    check("state", Exit::Failed, &["config", "bearer"], session::state),
    check("instance", Exit::Failed, &["config"], panels::instance),
];

/// What is known so far.
struct Doctor<'c> {
    common: &'c Common,
    end: Instant,
    config: Option<Config>,
    /// By which way the hub is gone to.
    way: Option<Way>,
    /// The interface towards the hub.
    interface: Option<String>,
    /// The certificate that the hub shows.
    shown: Option<Shown>,
    desk: Option<Desk>,
    /// What the hub says of our bearer.
    told: Option<SessionInfo>,
    /// Of the check that is under way.
    id: &'static str,
    exit: Exit,
    found: Vec<Finding>,
}

/// `doctor [--json]`
pub(in crate::cli) fn doctor(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<(), Failure> {
    let mut json = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("json") => json = true,
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Short('h') | Long("help") => return help(HELP),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut report = Report::new(json);
    let mut doctor = Doctor {
        common,
        end: Instant::now() + BUDGET,
        config: None,
        way: None,
        interface: None,
        shown: None,
        desk: None,
        told: None,
        id: "",
        exit: Exit::Failed,
        found: Vec::new(),
    };
    for check in CHECKS {
        (doctor.id, doctor.exit) = (check.id, check.exit);
        let broken = check.after.iter().find(|id| !holds(&report.findings, id));
        if let Some(broken) = broken {
            doctor.skip(format!("needs {broken}"));
        } else if doctor.left().is_zero() {
            doctor.skip(format!("no time left, {} s are over", BUDGET.as_secs()));
        } else {
            report.looking_at(check.id);
            (check.run)(&mut doctor);
        }
        for finding in doctor.found.drain(..) {
            report.add(finding)?;
        }
    }
    report.end()
}

/// Whether a check was done and nothing of it failed.
fn holds(findings: &[Finding], id: &str) -> bool {
    let mut of_it = findings.iter().filter(|f| f.id == id).peekable();
    of_it.peek().is_some() && of_it.all(|f| matches!(f.state, State::Ok | State::Warn))
}

impl Doctor<'_> {
    fn add(&mut self, state: State, exit: Exit, what: String, cure: String) {
        self.found.push(Finding {
            id: self.id,
            state,
            what,
            cure,
            exit,
        });
    }

    fn ok(&mut self, what: impl Into<String>) {
        self.add(State::Ok, self.exit, what.into(), String::new());
    }

    fn skip(&mut self, what: impl Into<String>) {
        self.add(State::Skip, self.exit, what.into(), String::new());
    }

    fn warn(&mut self, what: impl Into<String>, cure: impl Into<String>) {
        self.add(State::Warn, self.exit, what.into(), cure.into());
    }

    fn fail(&mut self, what: impl Into<String>, cure: impl Into<String>) {
        self.fail_as(self.exit, what, cure);
    }

    fn fail_as(&mut self, exit: Exit, what: impl Into<String>, cure: impl Into<String>) {
        self.add(State::Fail, exit, what.into(), cure.into());
    }

    /// A failure in the words of the other commands, which say `what; cure`.
    fn fail_text(&mut self, exit: Exit, text: &str) {
        let (what, cure) = parted(text);
        let cure = match (cure, self.id) {
            ("", "config" | "names") => CORRECT,
            ("", _) => {
                "try again in a minute; if it stays, homey-panel request -v /api/manager/system/ping shows the exchange"
            }
            (cure, _) => cure,
        };
        self.fail_as(exit, what, cure);
    }

    fn warn_text(&mut self, text: &str) {
        let (what, cure) = parted(text);
        let cure = if cure.is_empty() { CORRECT } else { cure };
        self.warn(what, cure);
    }

    /// How long there still is.
    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// `what; cure`, apart.
fn parted(text: &str) -> (&str, &str) {
    text.split_once("; ").unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_comes_after_what_it_needs() {
        for (index, check) in CHECKS.iter().enumerate() {
            for needed in check.after {
                let before = CHECKS.iter().take(index).any(|c| c.id == *needed);
                assert!(before, "{} needs {needed}", check.id);
            }
            let twice = CHECKS.iter().filter(|c| c.id == check.id).count();
            assert_eq!(twice, 1, "{}", check.id);
        }
    }

    #[test]
    fn words_and_cures_are_taken_apart() {
        assert_eq!(parted("a; b; c"), ("a", "b; c"));
        assert_eq!(parted("a"), ("a", ""));
    }
}
