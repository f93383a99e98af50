// SPDX-License-Identifier: MIT OR Apache-2.0
//! Header profiles: which field lines a request carries, in which order, to the byte (`api.md` 5 for the `forum` set, 9, 14).
//!
//! A profile is an ordered list of lines with holes: `{host} {token} {hub} {length} {type} {etag} {name} {Name}`;
//! `{{` and `}}` stand for braces. A line with an empty hole is left out: no `Content-Length` line on a GET.
//! Nothing is added behind the user's back; [`flaws`] says what is wrong with a line and [`Profile::missing`] what a profile
//! lacks, as data.

mod error;
mod line;
#[cfg(test)]
mod tests;

pub use error::{Flaw, ProfileError};
pub use line::Hole;

use super::call::Call;
use super::secret::Secret;
use line::Line;

/// What `{name}` stands for unless the configuration says otherwise.
pub const DEFAULT_NAME: &str = "homeypanel";

/// The header set of the C++ client that this program grew from, in its order (`api.md` 5).
const FORUM: [&str; 12] = [
    "Host: {host}",
    "Accept: application/json",
    "Accept-Language: en-us",
    "Connection: keep-alive",
    "Accept-Encoding: br, gzip, deflate",
    "Origin: {name}://authorize",
    "Referer: {name}://authorize",
    "User-Agent: {Name}/1.0",
    "Authorization: Bearer {token}",
    "X-Homey-ID: {hub}",
    "Content-Type: {type}",
    "Content-Length: {length}",
];

/// What every hub call needs, and compression.
const MINIMAL: [&str; 7] = [
    "Host: {host}",
    "Accept: application/json",
    "Accept-Encoding: gzip",
    "Authorization: Bearer {token}",
    "X-Homey-ID: {hub}",
    "Content-Type: {type}",
    "Content-Length: {length}",
];

/// What fills the holes of one request. An empty text leaves out the lines that need it.
#[derive(Copy, Clone, Debug, Default)]
pub struct Holes<'a> {
    /// Host, with the port where it is not the scheme's own.
    pub host: &'a str,
    pub token: Option<&'a Secret>,
    /// The hub id.
    pub hub: &'a str,
    /// `None` for a request without a body.
    pub length: Option<u64>,
    /// The body's media type.
    pub content_type: &'a str,
    /// For `If-None-Match`.
    pub etag: &'a str,
    /// The application's own name; [`DEFAULT_NAME`] unless configured.
    pub name: &'a str,
}

/// An ordered list of field lines with holes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    name: String,
    lines: Vec<Line>,
}

/// One request, ready for `http::RequestHead` line by line. `lines` hold the bearer in clear, hence no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    pub target: String,
    /// The field lines in order, without line breaks.
    pub lines: Vec<Vec<u8>>,
    pub body: Option<Vec<u8>>,
}

impl Profile {
    /// The `forum` profile.
    pub fn forum() -> Profile {
        Profile::built_in("forum", &FORUM)
    }

    /// The `minimal` profile.
    pub fn minimal() -> Profile {
        Profile::built_in("minimal", &MINIMAL)
    }

    /// The built-in profile of that name.
    pub fn by_name(name: &str) -> Option<Profile> {
        match name {
            "forum" => Some(Profile::forum()),
            "minimal" => Some(Profile::minimal()),
            _ => None,
        }
    }

    /// A user's own profile. Line numbers in errors count from 1; of several errors the first is told.
    pub fn custom<S: AsRef<str>>(name: &str, lines: &[S]) -> Result<Profile, ProfileError> {
        let mut parsed = Vec::with_capacity(lines.len());
        let mut flaws = Vec::new();
        for (i, text) in lines.iter().enumerate() {
            parsed.extend(line::parse(text.as_ref(), &mut flaws));
            if let Some(flaw) = flaws.drain(..).find(|flaw| !flaw.is_warning()) {
                return Err(ProfileError::Line { line: i + 1, flaw });
            }
        }
        Ok(Profile {
            name: name.to_owned(),
            lines: parsed,
        })
    }

    fn built_in(name: &str, lines: &[&str]) -> Profile {
        // The constants parse (a test holds it); a line that did not would be left out rather than panic.
        let parsed = lines
            .iter()
            .filter_map(|text| line::parse(text, &mut Vec::new()));
        Profile {
            name: name.to_owned(),
            lines: parsed.collect(),
        }
    }

    /// The profile's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The lines as written, holes and all.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.text.as_str())
    }

    /// The field lines of one request, in order.
    pub fn render(&self, holes: &Holes<'_>) -> Result<Vec<Vec<u8>>, ProfileError> {
        let mut out = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            if let Some(bytes) = line.render(holes)? {
                out.push(bytes);
            }
        }
        Ok(out)
    }

    /// As [`Profile::render`], the one line with that index in [`Profile::lines`]; `None` where a hole is empty.
    pub fn render_line(
        &self,
        index: usize,
        holes: &Holes<'_>,
    ) -> Result<Option<Vec<u8>>, ProfileError> {
        match self.lines.get(index) {
            Some(line) => line.render(holes),
            None => Ok(None),
        }
    }

    /// Whether the line with that index in [`Profile::lines`] carries the bearer.
    pub fn needs_token(&self, index: usize) -> bool {
        self.lines.get(index).is_some_and(|l| l.has(Hole::Token))
    }

    /// Whether a request can ask for a reply only if something has changed: whether any line has the hole `{etag}`.
    pub fn is_conditional(&self) -> bool {
        self.lines.iter().any(|line| line.has(Hole::Etag))
    }

    /// The whole request for `call`. Sets `length`, `content_type` and `token` of `holes` as the call needs them: no
    /// bearer on a ping, no body lines on a GET (`api.md` 9).
    pub fn request(&self, call: &Call<'_>, holes: &Holes<'_>) -> Result<Request, ProfileError> {
        let body = call.body().map_err(ProfileError::Call)?;
        let holes = Holes {
            token: holes.token.filter(|_| call.needs_bearer()),
            length: body.as_ref().map(|b| b.len() as u64),
            content_type: if body.is_some() {
                "application/json"
            } else {
                ""
            },
            ..*holes
        };
        Ok(Request {
            method: call.method(),
            target: call.path().map_err(ProfileError::Call)?,
            lines: self.render(&holes)?,
            body,
        })
    }

    /// The content codings that the profile offers, as written in its `Accept-Encoding` lines, without those of weight 0.
    pub fn codings(&self) -> Vec<&str> {
        let offers = self
            .lines
            .iter()
            .filter_map(|line| line.field("accept-encoding"));
        offers.flat_map(line::offered).collect()
    }

    /// What a call cannot do without and this profile does not send: the length of a body, the fields of host and media type,
    /// the bearer.
    pub fn missing(&self) -> Vec<Hole> {
        let wanted = [
            (Hole::Length, None, true),
            (Hole::Host, Some("host"), false),
            (Hole::Token, Some("authorization"), true),
            (Hole::Type, Some("content-type"), false),
        ];
        let sent = |(hole, field, by_hole): &(Hole, Option<&str>, bool)| {
            let mut lines = self.lines.iter();
            lines.any(|line| (*by_hole && line.has(*hole)) || field.is_some_and(|f| line.is(f)))
        };
        let missing = wanted.iter().filter(|want| !sent(want));
        missing.map(|(hole, ..)| *hole).collect()
    }
}

/// All that is wrong with one line of a profile.
pub fn flaws(text: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    line::parse(text, &mut flaws);
    flaws
}
