// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which proxy a connection takes, if any: curl's forms of `-x` and curl's environment variables.
//!
//! Pure but for what the caller passes in: the environment comes as a function. A password never gets
//! into an error, nor into what `Debug` and `Display` write.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The port of a proxy that names none; curl has this one for every kind.
const DEFAULT_PORT: u16 = 1080;

/// What a proxy speaks, and who looks up the target's name.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ProxyKind {
    /// `http://`: CONNECT, also for plain HTTP; the proxy looks up the name.
    Http,
    /// `socks4://`: IPv4 only; the name is looked up here.
    Socks4,
    /// `socks4a://`: the proxy looks up the name.
    Socks4a,
    /// `socks5://`: the name is looked up here.
    Socks5,
    /// `socks5h://`: the proxy looks up the name.
    Socks5h,
}

impl ProxyKind {
    const ALL: [(&'static str, ProxyKind); 5] = [
        ("http", ProxyKind::Http),
        ("socks4", ProxyKind::Socks4),
        ("socks4a", ProxyKind::Socks4a),
        ("socks5", ProxyKind::Socks5),
        ("socks5h", ProxyKind::Socks5h),
    ];

    /// Whether the name of the target goes to the proxy rather than to a resolver here.
    pub fn looks_up_names(self) -> bool {
        !matches!(self, ProxyKind::Socks4 | ProxyKind::Socks5)
    }
}

impl fmt::Display for ProxyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ProxyKind::ALL.iter().find(|(_, kind)| kind == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// One proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Its name or address; an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, decoded.
    pub login: Option<(String, String)>,
}

impl Proxy {
    /// Reads `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`: no scheme is `http://`, no port is 1080, a path is
    /// ignored; `%` and two digits stand for a byte of the user or the password.
    pub fn parse(text: &str) -> Result<Proxy, String> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let known = |(name, _): &&(&str, ProxyKind)| scheme.eq_ignore_ascii_case(name);
        let Some(&(_, kind)) = ProxyKind::ALL.iter().find(known) else {
            return Err(unknown_scheme(scheme));
        };
        // The last @: one in the password is often left as it is.
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let place = place.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = split_port(place)?;
        let port = match port {
            None => DEFAULT_PORT,
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|port| *port != 0)
                // Not shown: without an @ it may be a password.
                .ok_or("the proxy's port must be a number from 1 to 65535, as in HOST:3128")?,
        };
        let login = login.map(parse_login).transpose()?;
        Ok(Proxy {
            kind,
            host: host.to_string(),
            port,
            login,
        })
    }

    /// What curl would take: nothing for hosts in `no_proxy` or `NO_PROXY`; else `explicit` (empty is "none");
    /// else `https_proxy` or `HTTPS_PROXY` with TLS and `http_proxy` without; else `all_proxy` or `ALL_PROXY`.
    /// Empty variables do not count. (`HTTP_PROXY` is left out as in curl: CGI fills it from a request header.)
    ///
    /// `address` is the address that `host` is known to stand for; `no_proxy` may list either.
    pub fn choose(
        explicit: Option<&str>,
        env: &dyn Fn(&str) -> Option<String>,
        tls: bool,
        host: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<Proxy>, String> {
        let first = |names: &[&'static str]| {
            let filled = |name: &&'static str| Some((*name, env(name).filter(|v| !v.is_empty())?));
            names.iter().find_map(filled)
        };
        if let Some((_, list)) = first(&["no_proxy", "NO_PROXY"]) {
            if is_excepted(&list, host, address) {
                return Ok(None);
            }
        }
        let names: &[&str] = match tls {
            true => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            false => &["http_proxy", "all_proxy", "ALL_PROXY"],
        };
        match (explicit, first(names)) {
            (Some(""), _) | (None, None) => Ok(None),
            (Some(text), _) => Proxy::parse(text).map(Some),
            (None, Some((name, text))) => Proxy::parse(&text)
                .map(Some)
                .map_err(|e| format!("{name} in the environment: {e}")),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proxy {
            kind, host, port, ..
        } = self;
        match host.contains(':') {
            true => write!(f, "{kind}://[{host}]:{port}"),
            false => write!(f, "{kind}://{host}:{port}"),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.login.is_some() {
            " with a login"
        } else {
            ""
        };
        write!(f, "Proxy({self}{login})")
    }
}

fn unknown_scheme(scheme: &str) -> String {
    let names: Vec<String> = ProxyKind::ALL
        .iter()
        .map(|(name, _)| format!("{name}://"))
        .collect();
    let supported = names.join(", ");
    // Anything but letters and digits may be a user and a password.
    if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) {
        format!("no proxy scheme {scheme}:// here; supported are {supported}")
    } else {
        format!("the proxy is not understood; it starts with one of {supported}")
    }
}

/// Parts `HOST[:PORT]`, taking off the brackets of an IPv6 address.
fn split_port(place: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, tail) = rest.split_once(']').unwrap_or_default();
        let port = tail.strip_prefix(':');
        if host.parse::<Ipv6Addr>().is_err() || (port.is_none() && !tail.is_empty()) {
            return Err("what stands in the proxy's brackets must be an IPv6 address".into());
        }
        return Ok((host, port));
    }
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    };
    if host.contains(':') {
        return Err("an IPv6 address of a proxy needs brackets, as in [fd00::1]:3128".into());
    }
    if !super::names::is_host(host) {
        return Err("the proxy has no usable host name, as in http://HOST:3128".into());
    }
    Ok((host, port))
}

fn parse_login(text: &str) -> Result<(String, String), String> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    match (percent_decoded(user), percent_decoded(password)) {
        (Some(user), Some(password)) => Ok((user, password)),
        _ => Err("the proxy's user and password must be UTF-8".into()),
    }
}

/// A `%` that no two digits follow stands for itself.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&byte) = rest.as_bytes().first() {
        let digits = rest.get(1..3).filter(|_| byte == b'%');
        let coded = digits.filter(|d| !d.starts_with('+'));
        match coded.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                let next = rest.chars().next().map_or(1, char::len_utf8);
                bytes.extend_from_slice(rest.as_bytes().get(..next).unwrap_or_default());
                rest = rest.get(next..).unwrap_or_default();
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether the `no_proxy` list names this host: names with all below them, addresses, networks, or `*`.
fn is_excepted(list: &str, host: &str, address: Option<IpAddr>) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let address = host.parse().ok().or(address);
    list.split([',', ' '])
        .filter(|e| !e.is_empty())
        .any(|entry| {
            if entry == "*" || address.is_some_and(|address| is_in_network(address, entry)) {
                return true;
            }
            let entry = entry.strip_prefix('.').unwrap_or(entry);
            let entry = entry
                .strip_suffix('.')
                .unwrap_or(entry)
                .to_ascii_lowercase();
            let above = host.strip_suffix(&entry);
            above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        })
}

/// Whether `entry` is this address or a network with it, `192.168.0.0/16`.
fn is_in_network(address: IpAddr, entry: &str) -> bool {
    let (base, bits) = match entry.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let base = base
        .strip_prefix('[')
        .and_then(|b| b.strip_suffix(']'))
        .unwrap_or(base);
    let (difference, width) = match (address, base.parse()) {
        (IpAddr::V4(a), Ok(IpAddr::V4(b))) => (u128::from(a.to_bits() ^ b.to_bits()), 32),
        (IpAddr::V6(a), Ok(IpAddr::V6(b))) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    let Some(bits) = bits else { return false };
    let free = u32::saturating_sub(width, bits);
    difference.checked_shr(free).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests;
