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
        head.line(&line).map_err(|e| wrong(&e))?;
    }
    if let (None, Some(body), false) = (profile, &args.body, args.unchecked) {
        if !head.has("content-length") && !head.has("transfer-encoding") {
            head.field("Content-Length", body.len().to_string().as_bytes())
                .map_err(|e| wrong(&e))?;
        }
    }
    Ok(head)
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
    let rendered = profile
        .render(&holes)
        .map_err(|e| Failure::config(format!("request: {e}")))?;
    Ok(replace(rendered, &args.lines))
}

/// Lays `-H` lines over a profile's: the first of a name takes the place of the profile's line of that name,
/// with nothing behind the colon it takes that line out; every other one is appended as typed.
fn replace(profile: Vec<Vec<u8>>, typed: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut lines: Vec<(Option<Vec<u8>>, bool)> = profile
        .into_iter()
        .map(|line| (Some(line), false))
        .collect();
    let mut appended = Vec::new();
    for line in typed {
        let same = |(old, replaced): &&mut (Option<Vec<u8>>, bool)| {
            !*replaced
                && old
                    .as_ref()
                    .is_some_and(|old| name(old).eq_ignore_ascii_case(name(line)))
        };
        match lines.iter_mut().find(same) {
            Some((old, replaced)) => {
                *replaced = true;
                *old = if is_empty(line) {
                    None
                } else {
                    Some(line.clone())
                };
            }
            None => appended.push(line.clone()),
        }
    }
    lines
        .into_iter()
        .filter_map(|(line, _)| line)
        .chain(appended)
        .collect()
}

fn name(line: &[u8]) -> &[u8] {
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
        let lines = |texts: &[&str]| {
            texts
                .iter()
                .map(|t| t.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let profile = || lines(&["Host: h", "Accept: application/json", "X-A: 1", "X-A: 2"]);
        for (typed, want) in [
            (
                &["accept:text/html"][..],
                &["Host: h", "accept:text/html", "X-A: 1", "X-A: 2"][..],
            ),
            (&["Accept:"], &["Host: h", "X-A: 1", "X-A: 2"]),
            (
                &["X-B:  3", "X-B:4"],
                &[
                    "Host: h",
                    "Accept: application/json",
                    "X-A: 1",
                    "X-A: 2",
                    "X-B:  3",
                    "X-B:4",
                ],
            ),
            (
                &["X-A: 9", "X-A: 8", "X-A: 7"],
                &[
                    "Host: h",
                    "Accept: application/json",
                    "X-A: 9",
                    "X-A: 8",
                    "X-A: 7",
                ],
            ),
            (
                &["X-Empty:"],
                &[
                    "Host: h",
                    "Accept: application/json",
                    "X-A: 1",
                    "X-A: 2",
                    "X-Empty:",
                ],
            ),
        ] {
            assert_eq!(replace(profile(), &lines(typed)), lines(want), "{typed:?}");
        }
    }
}
