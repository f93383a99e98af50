// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[profile]` and `[profiles.NAME]`: the header lines that leave with every request, byte for byte.
//!
//! Nothing is added behind the user's back, so a line that a request cannot do without is missed here, not on the wire.

use toml_span::Value;

use super::holes::{Braces, Hole, holes};
use super::problem::{Report, choices, quoted};
use super::section::{Keys, Section};
use super::suggest::nearest;
use super::value::{MAX_TEXT, Text, text_of, value_at};

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
/// `{Name}` is `{name}` with a capital.
const HOLES: [&str; 8] = [
    "host", "token", "hub", "length", "type", "etag", "name", "Name",
];
/// What `http` and `homey` can decode.
const CODINGS: [&str; 5] = ["gzip", "x-gzip", "deflate", "br", "identity"];
const MAX_PROFILES: usize = 16;
const MAX_LINES: usize = 64;
/// Of one header line, in bytes.
const MAX_LINE: usize = 1024;

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
        let texts: Vec<Text<'_>> = lines
            .iter()
            .filter_map(|line| field_line(report, line))
            .collect();
        if !texts.is_empty() && texts.len() == lines.len() {
            check_set(report, section.at_key("lines"), name, &texts);
        }
        own.push((
            name,
            at,
            texts.iter().map(|line| line.text.to_owned()).collect(),
        ));
    }
    own
}

const LINES: &str = "lines = [ \"Host: {host}\", … ]";

/// RFC 9112 §5: `field-line = field-name ":" OWS field-value OWS`. A line may hold tabs and be longer than other texts.
fn field_line<'t>(report: &mut Report<'_>, value: &'t Value<'t>) -> Option<Text<'t>> {
    let at = value_at(report, value);
    let text = value
        .as_str()
        .filter(|text| text.contains('\t') || text.len() > MAX_TEXT);
    let line = match text {
        Some(text) => check_line(report, at, text).then_some(Text { at, text })?,
        None => {
            let expected = "a header line, such as \"Accept: application/json\"";
            text_of(report, value, "a line", expected)?
        }
    };
    let Text { at, text } = line;
    let Some((name, _)) = text.split_once(':') else {
        // Not more of it: it may be a bearer.
        let word = text.split_whitespace().next().unwrap_or("");
        let what = format!("the line that begins with {} has no colon", quoted(word));
        report.error(at, what).expected("name: value");
        return None;
    };
    if let Some(c) = name.chars().find(|&c| !is_tchar(c)) {
        let what = format!(
            "the header name {} holds {}",
            quoted(name),
            quoted(&c.to_string())
        );
        let dashed = name.trim().replace([' ', '_'], "-");
        let fits = c == ' ' && !dashed.is_empty() && dashed.chars().all(is_tchar);
        report
            .error(at, what)
            .expected("letters, digits and dashes up to the colon")
            .meant(fits.then(|| format!("\"{dashed}:\"")));
        return None;
    }
    if name.is_empty() {
        report
            .error(at, "the line has no header name")
            .expected("name: value");
        return None;
    }
    check_holes(report, line, name, &HOLES, Braces::Doubled)?;
    check_field(report, line, name)
}

/// Whether a header line has no control characters but tabs, and at most [`MAX_LINE`] bytes; reported where not.
fn check_line(report: &mut Report<'_>, at: usize, text: &str) -> bool {
    if let Some(c) = text.chars().find(|&c| c.is_control() && c != '\t') {
        let what = format!("a line holds the control character U+{:04X}", u32::from(c));
        report.error(at, what).expected("text on one line");
        return false;
    }
    if text.len() > MAX_LINE {
        let what = format!("a line is {} bytes long", text.len());
        report
            .error(at, what)
            .expected(format!("at most {MAX_LINE}"));
        return false;
    }
    true
}

/// Reports a hole that is not one of `known`, or that does not end, in `text`; `shown` is what may be repeated of it.
pub(super) fn check_holes(
    report: &mut Report<'_>,
    text: Text<'_>,
    shown: &str,
    known: &[&'static str],
    braces: Braces,
) -> Option<()> {
    let mut good = Some(());
    for hole in holes(text.text, braces) {
        let braced: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
        let expected = choices(braced.iter().map(String::as_str));
        match hole {
            Hole::Named(name) if known.contains(&name) => continue,
            Hole::Named(name) => {
                let hint = nearest(name, known.iter().copied()).map(|near| format!("{{{near}}}"));
                let what = format!(
                    "there is nothing to fill {} with",
                    quoted(&format!("{{{name}}}"))
                );
                report.error(text.at, what).expected(expected).meant(hint);
            }
            Hole::Lone(brace) => {
                let what = format!("a {brace} in {} has no partner", quoted(shown));
                let expected = match braces {
                    Braces::Doubled => format!("{expected}; {brace}{brace} for a plain {brace}"),
                    Braces::Plain => expected,
                };
                report.error(text.at, what).expected(expected);
            }
        }
        good = None;
    }
    good
}

/// Fields that would break a request or its reply.
fn check_field<'t>(report: &mut Report<'_>, line: Text<'t>, name: &str) -> Option<Text<'t>> {
    let value = line.text.get(name.len() + 1..).unwrap_or("");
    let (what, expected) = match name.to_ascii_lowercase().as_str() {
        "content-length" if value.trim() != "{length}" => (
            "a fixed Content-Length is wrong for every other body",
            "Content-Length: {length}",
        ),
        "transfer-encoding" => (
            "bodies are sent whole, with their length",
            "Content-Length: {length}",
        ),
        "accept-encoding" if value.split(',').any(|coding| !decodable(coding)) => (
            "Accept-Encoding offers what cannot be decoded here",
            "gzip, deflate, br or identity",
        ),
        "expect" | "upgrade" => (
            "the hub's answer to this line is not understood here",
            "no such line",
        ),
        "authorization" if !value.contains("{token}") => {
            report
                .warn(line.at, "a bearer written here is never renewed, and readable for all who read this file")
                .expected("Authorization: Bearer {token}");
            return Some(line);
        }
        _ => return Some(line),
    };
    report.error(line.at, what).expected(expected);
    None
}

/// Whether a member of an Accept-Encoding value can be decoded here, or is refused by its weight (RFC 9110 §12.5.3).
fn decodable(member: &str) -> bool {
    let (name, weight) = member.split_once(';').unwrap_or((member, ""));
    let refused = weight
        .trim()
        .trim_start_matches(['q', 'Q', '=', ' '])
        .parse()
        == Ok(0.0_f64);
    let name = name.trim();
    refused || name.is_empty() || CODINGS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// What a call cannot do without: an error where the request would be broken, else a warning.
fn check_set(report: &mut Report<'_>, at: usize, profile: &str, lines: &[Text<'_>]) {
    let has_hole = |hole| {
        let mut found = lines
            .iter()
            .flat_map(|line| holes(line.text, Braces::Doubled));
        found.any(|found| found == Hole::Named(hole))
    };
    let has_field = |wanted: &str| {
        let names = lines.iter().filter_map(|line| line.text.split_once(':'));
        names
            .into_iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    let profile = quoted(profile);
    if !has_hole("length") {
        report
            .error(at, format!("profile {profile} does not tell the length of a body, so that no press would get through"))
            .expected("a line \"Content-Length: {length}\"");
    }
    if !has_field("host") {
        report
            .warn(
                at,
                format!("profile {profile} has no Host, which HTTP/1.1 requires"),
            )
            .expected("a line \"Host: {host}\"");
    }
    if !has_hole("token") && !has_field("authorization") {
        report
            .warn(at, format!("profile {profile} never sends the token, so that the hub will refuse every call"))
            .expected("a line \"Authorization: Bearer {token}\"");
    }
    if !has_field("content-type") {
        report
            .warn(
                at,
                format!("profile {profile} has no Content-Type, so that the hub sees no JSON"),
            )
            .expected("a line \"Content-Type: {type}\"");
    }
}

/// RFC 9110 §5.6.2, `tchar`.
fn is_tchar(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}
