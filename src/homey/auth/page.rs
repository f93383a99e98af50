// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the account's web pages carry: the consent form's hidden input, a cookie by its name, the code of a redirect
//! (`api.md` 5). No HTML parser: a page that is odd in any way simply has none of it.

use super::percent;
use crate::http::ResponseHead;

/// No page that matters is longer, in bytes; the rest is not looked at.
pub const MAX_PAGE: usize = 256 * 1024;
/// The longest value of an attribute or a cookie, in bytes.
const MAX_VALUE: usize = 4096;
/// So many hubs are read from a form.
const MAX_RESOURCES: usize = 32;

/// The value of the page's first `<input>` with that name, entities decoded. `None` where there is no such input, or its
/// value could not go into a form: empty, or longer than 4 KiB.
pub fn hidden_input(page: &str, name: &str) -> Option<String> {
    tags(page).find_map(|tag| {
        let is_it = attribute(tag, "name").is_some_and(|found| found == name);
        is_it
            .then(|| attribute(tag, "value"))?
            .filter(|value| !value.is_empty())
    })
}

/// The hub ids of a consent form: what follows `resource.homey.` in its inputs.
pub fn resources(page: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for tag in tags(page) {
        let value = attribute(tag, "value").unwrap_or_default();
        let id = value.strip_prefix("resource.homey.").unwrap_or_default();
        let fits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits && ids.len() < MAX_RESOURCES && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// The insides of all `<input …>` and `<option …>` and `<button …>` tags, without the name of the tag.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    let page = crate::homey::text::cut(page, MAX_PAGE);
    page.split('<').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphabetic())?;
        let (name, inside) = rest.split_at_checked(end)?;
        ["input", "option", "button"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
            .then_some(inside)
    })
}

/// The value of one attribute of a tag's inside, in quotes of either kind or none, entities decoded.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'));
        let (key, after) = rest.split_at_checked(end?)?;
        let after = after.trim_start();
        let Some(after) = after.strip_prefix('=') else {
            if after.starts_with('>') {
                return None;
            }
            rest = after;
            continue;
        };
        let after = after.trim_start();
        let (value, after) = match after.chars().next()? {
            quote @ ('"' | '\'') => after.get(1..)?.split_once(quote)?,
            _ => {
                let end = after.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
                after.split_at_checked(end)?
            }
        };
        if key.eq_ignore_ascii_case(name) {
            return (value.len() <= MAX_VALUE).then(|| unescaped(value));
        }
        rest = after;
    }
}

/// A text with its character references decoded: the five named ones and numbers. Unknown ones stay.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let reference = from.get(1..).and_then(|r| r.split_once(';'));
        let found = reference.and_then(|(name, after)| Some((character(name)?, after)));
        match found {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    let known = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
    ];
    if let Some((_, c)) = known.iter().find(|(known, _)| *known == name) {
        return Some(*c);
    }
    let number = name.strip_prefix('#').filter(|n| n.len() <= 8)?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?).filter(|c| *c != '\0')
}

/// The value of the cookie of that name in whichever `Set-Cookie` line has it; the last one counts. `None` where none has
/// it, or its value could not go into a line.
pub fn cookie(head: &ResponseHead, name: &str) -> Option<String> {
    let mut last = None;
    for line in head.get_all("set-cookie") {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        let pair = line.split(';').next().unwrap_or_default();
        let Some((key, value)) = pair.split_once('=') else {
            continue;
        };
        let value = value.trim();
        let fits = value.len() <= MAX_VALUE && value.bytes().all(|b| b.is_ascii_graphic());
        if key.trim() == name && fits && !value.is_empty() {
            last = Some(value.to_owned());
        }
    }
    last
}

/// What a redirect to the application carries.
#[derive(Clone, PartialEq, Eq)]
pub struct Redirected {
    /// The code, where one was given.
    pub code: Option<String>,
    /// `state`, as it was sent to the consent page.
    pub state: Option<String>,
    /// `error`, such as `access_denied`.
    pub error: Option<String>,
}

/// Reads a redirect's URL, or its query alone, by the names in it.
pub fn redirected(url: &str) -> Redirected {
    let url = url.trim();
    let whole = url.split('#').next().unwrap_or_default();
    let query = whole.split_once('?').map_or(whole, |(_, query)| query);
    let value = |name| percent::value(query, name).filter(|v| !v.is_empty());
    Redirected {
        code: value("code"),
        state: value("state"),
        error: value("error"),
    }
}

/// The same from a reply: of its Location, or where there is none of the address that its body speaks of
/// (`Found. Redirecting to http://localhost?code=…`).
pub fn redirect_of(head: &ResponseHead, body: &str) -> Option<Redirected> {
    if let Some(location) = head.get("location") {
        return Some(redirected(std::str::from_utf8(location).ok()?));
    }
    let body = crate::homey::text::cut(body, MAX_PAGE);
    let at = ["?code=", "&code=", ";code="]
        .iter()
        .filter_map(|mark| body.find(mark))
        .min()?;
    let rest = body.get(at + 1..)?;
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
    let query = rest.split(ends).next()?;
    Some(redirected(&format!("?{}", unescaped(query))))
}

#[cfg(test)]
mod tests;
