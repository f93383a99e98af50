// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of a raw request: the profile's lines, the `-H` lines over them, and nothing else.

use crate::failure::Failure;
use crate::homey::profile::{Holes, Profile};
use crate::homey::secret::Secret;
use crate::http::RequestHead;

use super::args::Args;

/// What fills the profile's holes.
pub struct Fill {
    pub host: String,
    pub path: String,
    pub token: Option<Secret>,
    pub hub: String,
    pub app_name: String,
}

/// Puts the head together. `profile` is `None` for `--profile none`.
pub fn build(args: &Args, profile: Option<&Profile>, fill: &Fill) -> Result<RequestHead, Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::usage_plain(format!("request: {e}"));
    let mut head = RequestHead::new(args.method(), &fill.path).map_err(|e| wrong(&e))?;
    for line in lines(args, profile, fill)? {
        let added = if args.unchecked {
            head.line_unchecked(&line)
        } else {
            head.line(&line)
        };
        added.map_err(|e| wrong(&e))?;
    }
    if let (None, Some(body), false) = (profile, &args.body, args.unchecked) {
        if !head.has("content-length") && !head.has("transfer-encoding") {
            head.field("Content-Length", body.len().to_string().as_bytes())
                .map_err(|e| wrong(&e))?;
        }
    }
    Ok(head)
}

/// Whether a line that will leave carries the bearer; where none does, none has to be there.
pub fn needs_token(profile: Option<&Profile>, typed: &[Vec<u8>]) -> bool {
    profile.is_some_and(|profile| {
        profile
            .lines()
            .enumerate()
            .any(|(i, line)| profile.needs_token(i) && !typed.iter().any(|t| is_same(t, line)))
    })
}

fn lines(args: &Args, profile: Option<&Profile>, fill: &Fill) -> Result<Vec<Vec<u8>>, Failure> {
    let Some(profile) = profile else {
        return Ok(args.lines.clone());
    };
    let holes = Holes {
        host: &fill.host,
        token: fill.token.as_ref(),
        hub: &fill.hub,
        length: args.body.as_ref().map(|b| b.len() as u64),
        content_type: if args.body.is_some() {
            args.media_type
        } else {
            ""
        },
        etag: "",
        name: &fill.app_name,
    };
    lay_over(profile, &holes, &args.lines)
}

/// Lays `-H` lines over a profile's. They take the places of the profile's lines of their names, in order, also
/// of one that would be left out for an empty hole; what is left of the profile's goes. With nothing behind the colon
/// a line takes all of the profile's out. Those without a place are appended as typed.
fn lay_over(
    profile: &Profile,
    holes: &Holes<'_>,
    typed: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut lines = Vec::new();
    let mut placed = vec![false; typed.len()];
    for (index, old) in profile.lines().enumerate() {
        let mut is_typed = false;
        let mut new = None;
        for (i, line) in typed.iter().enumerate().filter(|(_, l)| is_same(l, old)) {
            is_typed = true;
            if is_empty(line) {
                placed[i] = true;
                new = None;
                break;
            }
            if !placed[i] && new.is_none() {
                new = Some(i);
            }
        }
        if is_typed {
            if let Some(i) = new {
                placed[i] = true;
                lines.extend(typed.get(i).cloned());
            }
            continue;
        }
        let rendered = profile
            .render_line(index, holes)
            .map_err(|e| Failure::config(format!("request: {e}")))?;
        lines.extend(rendered);
    }
    let appended = typed.iter().zip(&placed).filter(|(_, placed)| !**placed);
    lines.extend(appended.map(|(line, _)| line.clone()));
    Ok(lines)
}

fn is_same(typed: &[u8], line: &str) -> bool {
    name(typed).eq_ignore_ascii_case(name(line.as_bytes()))
}

/// What stands before the colon.
pub fn name(line: &[u8]) -> &[u8] {
    line.split(|b| *b == b':').next().unwrap_or_default()
}

fn is_empty(line: &[u8]) -> bool {
    line.iter()
        .position(|b| *b == b':')
        .is_some_and(|colon| line.iter().skip(colon + 1).all(u8::is_ascii_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_lines_replace_in_place_or_are_appended() {
        let bytes = |texts: &[&str]| {
            texts
                .iter()
                .map(|t| t.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let own = [
            "Host: {host}",
            "Accept: x",
            "X-A: 1",
            "Auth: {token}",
            "X-A: 2",
        ];
        let profile = Profile::custom("own", &own).unwrap();
        let holes = Holes {
            host: "h",
            ..Holes::default()
        };
        for (typed, want) in [
            (
                &["accept:text/html"][..],
                &["Host: h", "accept:text/html", "X-A: 1", "X-A: 2"][..],
            ),
            (&["Accept:"], &["Host: h", "X-A: 1", "X-A: 2"]),
            (
                &["X-B:  3", "X-B:4", "X-Empty:"],
                &[
                    "Host: h",
                    "Accept: x",
                    "X-A: 1",
                    "X-A: 2",
                    "X-B:  3",
                    "X-B:4",
                    "X-Empty:",
                ],
            ),
            (
                &["X-A: 9", "X-A: 8", "X-A: 7"],
                &["Host: h", "Accept: x", "X-A: 9", "X-A: 8", "X-A: 7"],
            ),
            (&["X-A: 9"], &["Host: h", "Accept: x", "X-A: 9"]),
            (&["X-A:"], &["Host: h", "Accept: x"]),
            (&["X-A:", "x-a: 5"], &["Host: h", "Accept: x", "x-a: 5"]),
            // The place of a line that was left out for its hole is a place all the same.
            (
                &["auth: t"],
                &["Host: h", "Accept: x", "X-A: 1", "auth: t", "X-A: 2"],
            ),
        ] {
            let got = lay_over(&profile, &holes, &bytes(typed)).unwrap();
            assert_eq!(got, bytes(want), "{typed:?}");
        }
        assert!(needs_token(Some(&profile), &bytes(&["X: y"])));
        assert!(!needs_token(Some(&profile), &bytes(&["AUTH: y"])));
        assert!(!needs_token(None, &[]));
    }
}
