// SPDX-License-Identifier: MIT OR Apache-2.0
//! One line of a profile: text and holes, parsed once, filled for each request.

use super::{Flaw, Holes, ProfileError};
use crate::homey::secret::Secret;
use crate::homey::text::{nearness, one_line};

/// A place in a line that each request fills.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Hole {
    Host,
    Token,
    Hub,
    Length,
    Type,
    Etag,
    /// The application's own name as configured.
    Name,
    /// The same with a capital first letter.
    CapitalName,
}

pub(super) const HOLES: [(&str, Hole); 8] = [
    ("host", Hole::Host),
    ("token", Hole::Token),
    ("hub", Hole::Hub),
    ("length", Hole::Length),
    ("type", Hole::Type),
    ("etag", Hole::Etag),
    ("name", Hole::Name),
    ("Name", Hole::CapitalName),
];

/// What `http` can decode.
pub(super) const CODINGS: [&str; 5] = ["gzip", "x-gzip", "deflate", "br", "identity"];
/// The longest line, in bytes.
pub(super) const MAX_LINE: usize = 1024;
/// So much of a name is repeated in messages, in bytes.
const MAX_SHOWN: usize = 60;

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Hole(Hole),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// As the user wrote it.
    pub(super) text: String,
    parts: Vec<Part>,
}

impl Line {
    /// The line's bytes, or `None` where one of its holes is empty.
    pub(super) fn render(&self, holes: &Holes<'_>) -> Result<Option<Vec<u8>>, ProfileError> {
        let mut out = Vec::with_capacity(self.text.len() + 16);
        for part in &self.parts {
            let hole = match part {
                Part::Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    continue;
                }
                Part::Hole(hole) => *hole,
            };
            let start = out.len();
            match hole {
                Hole::Host => out.extend_from_slice(holes.host.as_bytes()),
                Hole::Token => {
                    out.extend_from_slice(holes.token.map_or("", Secret::expose).as_bytes());
                }
                Hole::Hub => out.extend_from_slice(holes.hub.as_bytes()),
                Hole::Length => {
                    if let Some(n) = holes.length {
                        out.extend_from_slice(n.to_string().as_bytes());
                    }
                }
                Hole::Type => out.extend_from_slice(holes.content_type.as_bytes()),
                Hole::Etag => out.extend_from_slice(holes.etag.as_bytes()),
                Hole::Name | Hole::CapitalName => out.extend_from_slice(holes.name.as_bytes()),
            }
            let filling = &mut out[start..];
            if filling.is_empty() {
                return Ok(None);
            }
            if filling.iter().any(|b| matches!(b, b'\r' | b'\n' | b'\0')) {
                return Err(ProfileError::Filling { hole });
            }
            if hole == Hole::CapitalName {
                filling[0] = filling[0].to_ascii_uppercase();
            }
        }
        Ok(Some(out))
    }

    pub(super) fn has(&self, hole: Hole) -> bool {
        self.parts.contains(&Part::Hole(hole))
    }

    /// What follows the colon, where the line's field name is `name` in any letter case.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let (field, value) = self.text.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim())
    }

    /// Whether there is a field of that name, in any letter case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// What is wrong with this line as one of a request of ours, at most one thing.
    fn misfit(&self) -> Option<Flaw> {
        let (name, value) = self.text.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" if value.trim() != "{length}" => Some(Flaw::FixedLength),
            "transfer-encoding" => Some(Flaw::Chunked),
            "accept-encoding" => {
                let known = |coding: &str| CODINGS.iter().any(|k| coding.eq_ignore_ascii_case(k));
                let strange = offered(value).find(|coding| !known(coding))?;
                Some(Flaw::Coding(one_line(strange, MAX_SHOWN)))
            }
            "expect" | "upgrade" => Some(Flaw::NotUnderstood),
            "authorization" if !self.has(Hole::Token) => Some(Flaw::FixedToken),
            _ => None,
        }
    }
}

/// The members of an `Accept-Encoding` value but for those refused by weight (RFC 9110 §12.5.3).
pub(super) fn offered(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').filter_map(|member| {
        let (coding, weight) = member.split_once(';').unwrap_or((member, ""));
        let weight = weight.trim().trim_start_matches(['q', 'Q', ' ', '=']);
        let refused = weight.parse() == Ok(0.0f64);
        Some(coding.trim()).filter(|c| !c.is_empty() && !refused)
    })
}

/// Whether a field can be called that: a token (RFC 9110 §5.6.2).
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_tchar)
}

fn is_tchar(c: char) -> bool {
    u8::try_from(c).is_ok_and(crate::http::is_tchar)
}

/// The one reader of a line: `name: value` (RFC 9112 §5) with holes. `None` where it cannot be a line of a request; `flaws`
/// gets all that is wrong with it.
pub(super) fn parse(text: &str, flaws: &mut Vec<Flaw>) -> Option<Line> {
    let name = match field_name(text) {
        Ok(name) => name,
        Err(flaw) => {
            flaws.push(flaw);
            return None;
        }
    };
    let parts = parts(text, name, flaws)?;
    let text = text.to_owned();
    let line = Line { text, parts };
    let misfit = line.misfit();
    let good = misfit.as_ref().is_none_or(Flaw::is_warning);
    flaws.extend(misfit);
    good.then_some(line)
}

fn field_name(text: &str) -> Result<&str, Flaw> {
    if let Some(c) = text.chars().find(|&c| c.is_control() && c != '\t') {
        return Err(Flaw::Control(c));
    }
    if text.len() > MAX_LINE {
        return Err(Flaw::TooLong(text.len()));
    }
    // Not more of it: it may be a bearer.
    let word = text.split_whitespace().next().ok_or(Flaw::Empty)?;
    let (name, _) = text
        .split_once(':')
        .ok_or_else(|| Flaw::NoColon(one_line(word, MAX_SHOWN)))?;
    match name.chars().find(|&c| !is_tchar(c)) {
        Some(holds) => Err(Flaw::Name {
            name: one_line(name, MAX_SHOWN),
            holds,
        }),
        None if name.is_empty() => Err(Flaw::NoName),
        None => Ok(name),
    }
}

/// Texts and holes in turn; `{{` and `}}` stand for a brace.
fn parts(text: &str, name: &str, flaws: &mut Vec<Flaw>) -> Option<Vec<Part>> {
    let known_so_far = flaws.len();
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        rest = &tail[1..];
        let brace = if tail.starts_with('{') { '{' } else { '}' };
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push(brace);
            rest = after;
            continue;
        }
        // Up to the next brace, so that one that is forgotten takes no other hole with it.
        let end = rest.find(['{', '}']).filter(|_| brace == '{');
        let Some((hole, after)) = end.and_then(|end| {
            let after = rest[end..].strip_prefix('}')?;
            Some((&rest[..end], after))
        }) else {
            let name = one_line(name, MAX_SHOWN);
            flaws.push(Flaw::Brace { name, brace });
            continue;
        };
        rest = after;
        match parse_hole(hole) {
            Ok(hole) => {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Hole(hole));
            }
            Err(flaw) => flaws.push(flaw),
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    (flaws.len() == known_so_far).then_some(parts)
}

fn parse_hole(name: &str) -> Result<Hole, Flaw> {
    let known = HOLES.iter().find(|(known, _)| *known == name);
    if let Some((_, hole)) = known {
        return Ok(*hole);
    }
    let folded = name.to_ascii_lowercase();
    let near = |known: &&(&'static str, Hole)| nearness(&folded, known.0);
    let candidates = HOLES.iter().filter(|known| near(known).is_some());
    Err(Flaw::UnknownHole {
        hole: one_line(name, MAX_SHOWN),
        nearest: candidates.min_by_key(near).map(|known| known.0),
    })
}

impl Hole {
    /// The hole's name without braces.
    pub fn name(self) -> &'static str {
        HOLES
            .iter()
            .find(|(_, hole)| *hole == self)
            .map_or("", |known| known.0)
    }
}
