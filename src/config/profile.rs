// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[profile]` and `[profiles.NAME]`: the header lines that leave with every request, byte for byte.
//!
//! Nothing is added behind the user's back, so a line that a request cannot do without is missed here, not on the wire.

use toml_span::Value;

use super::problem::{Report, choices, quoted};
use super::section::{Keys, Section};
use super::suggest::nearest;
use super::value::{Text, text_of, value_at};
use crate::homey::profile::{self, Hole, Profile};

pub(super) const PROFILE: Keys = Keys {
    known: &["use", "name"],
    later: &[],
    cures: &[],
};
pub(super) const OWN: Keys = Keys {
    known: &["lines"],
    later: &[],
    cures: &[],
};

const BUILT_IN: [&str; 2] = ["forum", "minimal"];
const MAX_PROFILES: usize = 16;
const MAX_LINES: usize = 64;

/// `[profile]`: which header lines are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileChoice {
    pub name: ProfileName,
    /// The application's name for `{name}` and `{Name}`, a lower-case URI scheme (RFC 3986 §3.1). Default `homeypanel`.
    pub app_name: String,
    /// All of `[profiles]`, name and lines, for `request --profile`.
    pub own: Vec<(String, Vec<String>)>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ProfileName {
    /// The header set of the forum's C++ client; the default.
    #[default]
    Forum,
    /// No more than a call needs.
    Minimal,
    /// The lines of `[profiles.NAME]`, with holes, in their order; every one is `token:value` without CR, LF and NUL.
    Own(Vec<String>),
}

/// Reads `[profile]` and all of `[profiles]`; also those that are not used, so that a switch brings no surprise.
pub(super) fn read(report: &mut Report<'_>, root: &Section<'_>) -> ProfileChoice {
    let own = read_own(report, root);
    let profile = Section::child(report, root, "profile", "[profile]", &PROFILE);
    let app_name = profile
        .text(report, "name", SCHEME)
        .filter(|name| check_scheme(report, *name));
    let used = profile.text(report, "use", "the name of a profile");
    let name = match used {
        None => ProfileName::Forum,
        Some(used) => chosen(report, used, &own),
    };
    ProfileChoice {
        name,
        app_name: app_name.map_or_else(|| "homeypanel".to_owned(), |name| name.text.to_owned()),
        own: own
            .into_iter()
            .map(|(name, _, lines)| (name.to_owned(), lines))
            .collect(),
    }
}

fn chosen(
    report: &mut Report<'_>,
    used: Text<'_>,
    own: &[(&str, usize, Vec<String>)],
) -> ProfileName {
    match used.text {
        "forum" => return ProfileName::Forum,
        "minimal" => return ProfileName::Minimal,
        _ => {}
    }
    if let Some((.., lines)) = own.iter().find(|(name, ..)| *name == used.text) {
        return ProfileName::Own(lines.clone());
    }
    let names: Vec<&str> = BUILT_IN
        .into_iter()
        .chain(own.iter().map(|(name, ..)| *name))
        .collect();
    report
        .error(
            used.at,
            format!("there is no profile {}", quoted(used.text)),
        )
        .expected(format!(
            "{}, or a section [profiles.…] of that name",
            choices(names.iter().copied())
        ))
        .meant(nearest(used.text, names).map(quoted));
    ProfileName::Forum
}

const SCHEME: &str = "a lower-case letter, then up to 31 of a-z, 0-9, + - and .";

fn check_scheme(report: &mut Report<'_>, name: Text<'_>) -> bool {
    let rest =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let good = name.text.len() <= 32
        && name.text.starts_with(|c: char| c.is_ascii_lowercase())
        && name.text.bytes().all(rest);
    if !good {
        let lower: String = name
            .text
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .filter(char::is_ascii_lowercase)
            .take(32)
            .collect();
        report
            .error(
                name.at,
                format!(
                    "name {} cannot stand before \"://authorize\"",
                    quoted(name.text)
                ),
            )
            .expected(SCHEME)
            .meant((!lower.is_empty()).then(|| format!("\"{lower}\"")));
    }
    good
}

fn read_own<'t>(report: &mut Report<'_>, root: &Section<'t>) -> Vec<(&'t str, usize, Vec<String>)> {
    let Some(value) = root.get("profiles") else {
        return Vec::new();
    };
    let at = value_at(report, value);
    if value.as_table().is_none() {
        report
            .error(at, "profiles is not a section")
            .expected("[profiles.NAME] with lines = [ … ]");
        return Vec::new();
    }
    let profiles = Section::plain(value);
    let entries = profiles.entries();
    if let Some((_, at, _)) = entries.get(MAX_PROFILES) {
        report
            .error(*at, format!("{} profiles", entries.len()))
            .expected(format!("at most {MAX_PROFILES}"));
    }
    let mut own = Vec::new();
    for (name, at, value) in entries.into_iter().take(MAX_PROFILES) {
        if BUILT_IN.contains(&name) {
            let what = format!("profile {} is built in", quoted(name));
            report.error(at, what).expected("another name");
        }
        let Some(section) = Section::open(report, value, "[profiles.…]", &OWN) else {
            continue;
        };
        let lines = section
            .list(report, "lines", MAX_LINES, LINES)
            .unwrap_or_default();
        if !section.has("lines") && !section.flawed {
            let what = format!("profile {} has no lines", quoted(name));
            report.error(at, what).expected(LINES);
        }
        let texts: Vec<&str> = lines
            .iter()
            .filter_map(|line| field_line(report, line))
            .collect();
        if !texts.is_empty() && texts.len() == lines.len() {
            check_set(report, section.at_key("lines"), name, &texts);
        }
        own.push((
            name,
            at,
            texts.iter().map(|&line| line.to_owned()).collect(),
        ));
    }
    own
}

const LINES: &str = "lines = [ \"Host: {host}\", … ]";

/// A header line as [`profile::flaws`] reads it, which may hold tabs and be longer than other texts; what is wrong is reported.
fn field_line<'t>(report: &mut Report<'_>, value: &'t Value<'t>) -> Option<&'t str> {
    let at = value_at(report, value);
    let Some(text) = value.as_str() else {
        let expected = "a header line, such as \"Accept: application/json\"";
        return text_of(report, value, "a line", expected).map(|line| line.text);
    };
    let mut good = true;
    for flaw in profile::flaws(text) {
        let what = flaw.to_string();
        let problem = if flaw.is_warning() {
            report.warn(at, what)
        } else {
            good = false;
            report.error(at, what)
        };
        problem.expected(flaw.expected()).meant(flaw.meant());
    }
    good.then_some(text)
}

/// What a call cannot do without: an error where the request would be broken, else a warning.
fn check_set(report: &mut Report<'_>, at: usize, name: &str, lines: &[&str]) {
    let Ok(profile) = Profile::custom(name, lines) else {
        // Told of line by line.
        return;
    };
    for hole in profile.missing() {
        let (lacks, line) = match hole {
            Hole::Length => (
                "does not tell the length of a body, so that no press would get through",
                "Content-Length: {length}",
            ),
            Hole::Host => ("has no Host, which HTTP/1.1 requires", "Host: {host}"),
            Hole::Token => (
                "never sends the token, so that the hub will refuse every call",
                "Authorization: Bearer {token}",
            ),
            _ => (
                "has no Content-Type, so that the hub sees no JSON",
                "Content-Type: {type}",
            ),
        };
        let what = format!("profile {} {lacks}", quoted(name));
        let problem = match hole {
            Hole::Length => report.error(at, what),
            _ => report.warn(at, what),
        };
        problem.expected(format!("a line \"{line}\""));
    }
}
