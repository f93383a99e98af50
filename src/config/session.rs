// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[session]`: what is done about a bearer that ends.

use std::time::Duration;

use super::Sources;
use super::problem::Report;
use super::section::{Keys, Section};

pub(super) const SESSION: Keys = Keys {
    known: &["warn_h", "store_in"],
    later: &[],
    cures: &[(
        "warn",
        "times carry their unit in the key's name",
        "warn_h = 4, in hours",
    )],
};

/// `[session]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// So long before the session's end the panel says that it cannot be renewed; 1 to 168 hours, default 4.
    pub warn: Duration,
    /// The logic variable of the hub that is to hold the present bearer, by name or id.
    pub store_in: Option<String>,
}

impl Default for Session {
    fn default() -> Session {
        Session {
            warn: Duration::from_secs(4 * 3600),
            store_in: None,
        }
    }
}

/// Reads `[session]`.
pub(super) fn read(report: &mut Report<'_>, root: &Section<'_>, sources: &mut Sources) -> Session {
    let section = Section::child(report, root, "session", "[session]", &SESSION);
    let hours = Session::default().warn.as_secs() / 3600;
    let hours = section.whole(report, "warn_h", 1..=168, "hours", hours);
    let variable = section.text(report, "store_in", "the name of a logic variable");
    sources.store_in = report.place(section.at_value(report, "store_in"));
    Session {
        warn: Duration::from_secs(hours * 3600),
        store_in: variable.map(|name| name.text.to_owned()),
    }
}
