// SPDX-License-Identifier: MIT OR Apache-2.0
//! One line of a profile: text and holes, parsed once, filled for each request.

use super::{Holes, ProfileError, Warning};
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

const HOLES: [(&str, Hole); 8] = [
    ("host", Hole::Host),
    ("token", Hole::Token),
    ("hub", Hole::Hub),
    ("length", Hole::Length),
    ("type", Hole::Type),
    ("etag", Hole::Etag),
    ("name", Hole::Name),
    ("Name", Hole::CapitalName),
];

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

    pub(super) fn warnings(&self, line: usize, found: &mut Vec<Warning>) {
        let is_field = self
            .text
            .split_once(':')
            .is_some_and(|(name, _)| !name.is_empty() && !name.contains([' ', '\t']));
        if !is_field {
            found.push(Warning::NotAField { line });
        }
        if self.field("content-length").is_some() && !self.has(Hole::Length) {
            found.push(Warning::FixedLength { line });
        }
        if self.field("authorization").is_some() && !self.has(Hole::Token) {
            found.push(Warning::FixedToken { line });
        }
        for coding in self.field("accept-encoding").into_iter().flat_map(offered) {
            let known = ["gzip", "x-gzip", "deflate", "br", "identity"];
            if !known.iter().any(|k| coding.eq_ignore_ascii_case(k)) {
                let coding = one_line(coding, 32);
                found.push(Warning::Coding { line, coding });
            }
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

pub(super) fn parse_line(line: usize, text: &str) -> Result<Line, ProfileError> {
    if text.trim().is_empty() {
        return Err(ProfileError::EmptyLine { line });
    }
    if text.contains(['\r', '\n', '\0']) {
        return Err(ProfileError::Control { line });
    }
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            plain.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let hole = tail.strip_prefix('{').and_then(|t| t.split_once('}'));
        let Some((name, after)) = hole else {
            return Err(ProfileError::Brace { line });
        };
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(Part::Hole(parse_hole(line, name)?));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    let text = text.to_owned();
    Ok(Line { text, parts })
}

fn parse_hole(line: usize, name: &str) -> Result<Hole, ProfileError> {
    let known = HOLES.iter().find(|(known, _)| *known == name);
    if let Some((_, hole)) = known {
        return Ok(*hole);
    }
    let folded = name.to_ascii_lowercase();
    let near = |known: &&(&'static str, Hole)| nearness(&folded, known.0);
    let candidates = HOLES.iter().filter(|known| near(known).is_some());
    Err(ProfileError::UnknownHole {
        line,
        hole: one_line(name, 32),
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
