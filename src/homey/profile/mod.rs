// SPDX-License-Identifier: MIT OR Apache-2.0
//! Header profiles: which field lines a request carries, in which order, to the byte (`api.md` 5 for the `forum` set, 9, 14).
//!
//! A profile is an ordered list of lines with holes: `{host} {token} {hub} {length} {type} {etag} {name} {Name}`;
//! `{{` and `}}` stand for braces. A line with an empty hole is left out: no `Content-Length` line on a GET.
//! Nothing is added behind the user's back; [`Profile::warnings`] says what a profile lacks, as data.

mod error;
mod line;

pub use error::{ProfileError, Warning};
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

/// One request without its bearer's secrecy: `lines` hold the token. Goes to `http::RequestHead` line by line.
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

    /// A user's own profile. Line numbers in errors count from 1.
    pub fn custom<S: AsRef<str>>(name: &str, lines: &[S]) -> Result<Profile, ProfileError> {
        let parsed = lines
            .iter()
            .enumerate()
            .map(|(i, text)| line::parse_line(i + 1, text.as_ref()));
        Ok(Profile {
            name: name.to_owned(),
            lines: parsed.collect::<Result<_, _>>()?,
        })
    }

    fn built_in(name: &str, lines: &[&str]) -> Profile {
        // The constants parse (a test holds it); a line that did not would be left out rather than panic.
        let parsed = lines
            .iter()
            .filter_map(|text| line::parse_line(0, text).ok());
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

    /// What the user should know about this profile before it is used.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        for (i, line) in self.lines.iter().enumerate() {
            line.warnings(i + 1, &mut found);
        }
        for (hole, field) in [
            (Hole::Host, "host"),
            (Hole::Token, "authorization"),
            (Hole::Length, "content-length"),
            (Hole::Type, "content-type"),
        ] {
            let filled = self
                .lines
                .iter()
                .any(|l| l.has(hole) || l.field(field).is_some());
            if !filled {
                found.push(Warning::Missing(hole));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::homey::Value;

    const TOKEN: &str = "11111111-2222-4333-8444-555555555555:66666666-7777-4888-9999-aaaaaaaaaaaa:0123456789abcdef0123456789abcdef01234567";

    fn head(profile: &Profile, call: &Call<'_>) -> String {
        let token = Secret::parse(TOKEN).unwrap();
        let holes = Holes {
            host: "192-168-1-17.homey.homeylocal.com",
            token: Some(&token),
            hub: "5f00aa11bb22cc33dd44ff66",
            name: DEFAULT_NAME,
            ..Holes::default()
        };
        let request = profile.request(call, &holes).unwrap();
        let mut text = format!("{} {}\n", request.method, request.target);
        for line in &request.lines {
            text.push_str(std::str::from_utf8(line).unwrap());
            text.push('\n');
        }
        text.replace(TOKEN, "T")
    }

    #[test]
    fn forum_is_the_authors_set_in_his_order() {
        let value = Value::Bool(true);
        let call = Call::SetCapability {
            device: "d1",
            capability: "onoff",
            value: &value,
            duration: None,
        };
        let want = "PUT /api/manager/devices/device/d1/capability/onoff\n\
            Host: 192-168-1-17.homey.homeylocal.com\n\
            Accept: application/json\n\
            Accept-Language: en-us\n\
            Connection: keep-alive\n\
            Accept-Encoding: br, gzip, deflate\n\
            Origin: homeypanel://authorize\n\
            Referer: homeypanel://authorize\n\
            User-Agent: Homeypanel/1.0\n\
            Authorization: Bearer T\n\
            X-Homey-ID: 5f00aa11bb22cc33dd44ff66\n\
            Content-Type: application/json\n\
            Content-Length: 14\n";
        assert_eq!(head(&Profile::forum(), &call), want);
        assert_eq!(Profile::forum().lines().count(), FORUM.len());
    }

    #[test]
    fn a_line_with_an_empty_hole_is_left_out() {
        let want = "GET /api/manager/devices/device\n\
            Host: 192-168-1-17.homey.homeylocal.com\n\
            Accept: application/json\n\
            Accept-Encoding: gzip\n\
            Authorization: Bearer T\n\
            X-Homey-ID: 5f00aa11bb22cc33dd44ff66\n";
        assert_eq!(head(&Profile::minimal(), &Call::Devices), want);
        let ping = head(&Profile::minimal(), &Call::Ping { hub_id: "h" });
        assert!(!ping.contains("Authorization"), "{ping}");
        assert_eq!(Profile::minimal().lines().count(), MINIMAL.len());
    }

    #[test]
    fn custom_lines_keep_case_order_repeats_and_spacing() {
        let lines = [
            "host:{host}",
            "X-a:  {{{name}}}  ",
            "x-A: 1",
            "X-a: 1",
            "If-None-Match: {etag}",
        ];
        let profile = Profile::custom("mine", &lines).unwrap();
        let want = "GET /api/manager/zones/zone\nhost:192-168-1-17.homey.homeylocal.com\nX-a:  {homeypanel}  \nx-A: 1\nX-a: 1\n";
        assert_eq!(head(&profile, &Call::Zones), want);
        assert!(profile.lines().eq(lines));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, want) in [
            (
                "A: {tokn}",
                "header line 2: unknown hole {tokn}, did you mean {token}",
            ),
            (
                "A: {Host}",
                "header line 2: unknown hole {Host}, did you mean {host}",
            ),
            (
                "A: {}",
                "header line 2: unknown hole {}, known are {host} {token} {hub} {length} {type} {etag} {name} {Name}; write {{ for a brace",
            ),
            (
                "A: {host",
                "header line 2: a brace without its partner; write {{ or }} for a plain one",
            ),
            (
                "A: host}",
                "header line 2: a brace without its partner; write {{ or }} for a plain one",
            ),
            (
                " ",
                "header line 2 is empty, which would end the head; remove it",
            ),
            (
                "A: b\r\nC: d",
                "header line 2 has a line break or NUL inside; write one line for each field",
            ),
        ] {
            let error = Profile::custom("mine", &["Host: {host}", text]).unwrap_err();
            assert_eq!(error.to_string(), want, "{text}");
        }
    }

    #[test]
    fn no_filling_breaks_a_line() {
        let holes = Holes {
            host: "a\r\nX: y",
            ..Holes::default()
        };
        let error = Profile::minimal().render(&holes).unwrap_err();
        assert_eq!(error, ProfileError::Filling { hole: Hole::Host });
        let bad = Call::Device("");
        assert!(Profile::minimal().request(&bad, &Holes::default()).is_err());
    }

    #[test]
    fn warnings_say_what_the_hub_will_do() {
        assert_eq!(Profile::forum().warnings(), []);
        assert_eq!(Profile::minimal().warnings(), []);
        let lines = [
            "Host: {host}",
            "Content Type: application/json",
            "Content-Length: 14",
            "authorization: Bearer abc",
            "Accept-Encoding: gzip;q=1.0, zstd, br;q=0",
        ];
        let profile = Profile::custom("mine", &lines).unwrap();
        assert_eq!(
            profile.warnings(),
            [
                Warning::NotAField { line: 2 },
                Warning::FixedLength { line: 3 },
                Warning::FixedToken { line: 4 },
                Warning::Coding {
                    line: 5,
                    coding: "zstd".to_owned()
                },
                Warning::Missing(Hole::Type),
            ]
        );
        let bare = Profile::custom("mine", &["Host: {host}"])
            .unwrap()
            .warnings();
        assert_eq!(
            bare[0].to_string(),
            "missing {token}: the hub will answer 401"
        );
        assert_eq!(profile.codings(), ["gzip", "zstd"]);
        assert_eq!(Profile::forum().codings(), ["br", "gzip", "deflate"]);
    }
}
