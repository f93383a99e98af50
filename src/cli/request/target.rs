// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `request` is aimed at: a path on the configured hub, or a URL of its own.

use std::net::Ipv6Addr;

use crate::failure::Failure;

/// A parsed target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Path and query on the configured hub.
    Hub(String),
    Url(Url),
}

/// The parts of an `http://` or `https://` URL (RFC 9110 §4.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    pub tls: bool,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    /// What the Host line says: with brackets, and with the port where it is not the scheme's own.
    pub authority: String,
    /// Path and query; the fragment is left out.
    pub path: String,
}

/// Reads a target. Errors say what is expected.
pub fn parse(text: &str) -> Result<Target, Failure> {
    if text.starts_with('/') {
        return Ok(Target::Hub(without_fragment(text).to_string()));
    }
    let wrong = |what: &str| Failure::usage(format!("request: {text}: {what}"));
    let (tls, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
        Some((scheme, _)) => {
            return Err(wrong(&format!(
                "{scheme}:// is not spoken here; expected http:// or https://"
            )));
        }
        None => {
            return Err(wrong(
                "expected a path starting with / or a URL starting with http:// or https://",
            ));
        }
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        // Not repeated here, for the same reason.
        return Err(Failure::usage(
            "request: a user name or password in a URL ends up in logs; send it with -H @FILE",
        ));
    }
    let (host, port) = split_port(authority).ok_or_else(|| wrong("the host or port is not one"))?;
    let usual = if tls { 443 } else { 80 };
    let path = without_fragment(path);
    let path = if path.starts_with('/') {
        path.to_string()
    } else {
        format!("/{path}")
    };
    let bracketed = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_string()
    };
    let port = port.unwrap_or(usual);
    let authority = if port == usual {
        bracketed
    } else {
        format!("{bracketed}:{port}")
    };
    Ok(Target::Url(Url {
        tls,
        host: host.to_string(),
        port,
        authority,
        path,
    }))
}

fn without_fragment(path: &str) -> &str {
    path.split('#').next().unwrap_or_default()
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (
                host,
                if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':')?)
                },
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    if host.is_empty() || !host.chars().all(named) {
        return None;
    }
    match port {
        None | Some("") => Some((host, None)),
        Some(port) if !port.bytes().all(|b| b.is_ascii_digit()) => None,
        Some(port) => Some((host, Some(port.parse().ok().filter(|p| *p > 0)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls() {
        assert_eq!(parse("/a?b=1#c").unwrap(), Target::Hub("/a?b=1".into()));
        for (text, tls, host, port, authority, path) in [
            ("http://h", false, "h", 80, "h", "/"),
            ("https://h:443/x", true, "h", 443, "h", "/x"),
            (
                "HTTPS://h.example:8443?q#f",
                true,
                "h.example",
                8443,
                "h.example:8443",
                "/?q",
            ),
            ("http://[::1]:81/", false, "::1", 81, "[::1]:81", "/"),
            ("http://h:/", false, "h", 80, "h", "/"),
        ] {
            let url = Url {
                tls,
                host: host.into(),
                port,
                authority: authority.into(),
                path: path.into(),
            };
            assert_eq!(parse(text).unwrap(), Target::Url(url), "{text}");
        }
    }

    #[test]
    fn other_things_are_refused_with_what_is_expected() {
        for (text, word) in [
            ("api/x", "starting with /"),
            ("ftp://h/", "expected http://"),
            ("http://", "host or port"),
            ("http://u:p@h/", "-H @FILE"),
            ("http://h:0/", "host or port"),
            ("http://h:99999/", "host or port"),
            ("http://h:+80/", "host or port"),
            ("http://[::1/", "host or port"),
            ("http://a b/", "host or port"),
        ] {
            assert!(parse(text).unwrap_err().message.contains(word), "{text}");
        }
    }
}
