// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the hub is: the literal address to dial, and the name that its certificate must carry.
//!
//! No name is ever looked up. Routers with DNS rebind protection (the default in dnsmasq on OpenWrt, FRITZ!Box, pfSense and others)
//! drop answers with private addresses, so `*.homey.homeylocal.com` fails in just the houses that we are in. The dashed name
//! carries the address in itself; it is read here, and used for SNI, certificate check and `Host` only.

use core::net::{IpAddr, Ipv4Addr};
use std::fmt;

use super::dashed::{DASHED_SUFFIX, dashed_ip, dashed_name};
use super::problem::quoted;

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// TLS, the default.
    Https,
    /// Only where the file says `http://`: the bearer travels in clear.
    Http,
}

/// A hub's address, ready to dial.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    pub scheme: Scheme,
    /// What is dialled.
    pub ip: IpAddr,
    /// 443 for https and 80 for http where none is written.
    pub port: u16,
    /// The name for SNI and the certificate check; always there with https, never with http.
    pub tls_name: Option<String>,
    /// The text for the `{host}` hole: the TLS name, or the address as written with http; with the port where it is not the scheme's own.
    pub host: String,
}

/// Why a text is no address; the words of a [`super::Problem`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) hint: Option<String>,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scheme::Https => "https",
            Scheme::Http => "http",
        })
    }
}

impl Scheme {
    /// The port that is meant where none is written.
    pub const fn port(self) -> u16 {
        match self {
            Scheme::Https => 443,
            Scheme::Http => 80,
        }
    }
}

fn fault(what: impl Into<String>, expected: impl Into<String>) -> Fault {
    Fault {
        what: what.into(),
        expected: expected.into(),
        hint: None,
    }
}

impl Address {
    /// Reads `text`: an IP address or a dashed name, perhaps with scheme and port.
    pub(super) fn parse(
        text: &str,
        tls_name: Option<&str>,
        allow_public: bool,
    ) -> Result<Address, Fault> {
        let text = text.trim();
        let (scheme, rest) = split_scheme(text)?;
        // A browser's address bar adds this slash.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            // Not repeated: a password may stand before the @.
            let expected = "no user and no password, such as \"192.168.1.17\"";
            return Err(fault("address names a user", expected));
        }
        if rest.contains(['/', '?', '#']) {
            return Err(fault(
                format!("address {} has more than a host and a port", quoted(text)),
                "no path, such as \"192.168.1.17\"",
            ));
        }
        let (host, port) = split_port(rest)?;
        let bare = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        let dashed = dashed_ip(host);
        let Some(ip) = bare.parse::<IpAddr>().ok().or(dashed.map(IpAddr::V4)) else {
            return Err(not_an_address(host));
        };
        let ip = ip.to_canonical();
        check_reach(ip, allow_public)?;
        let port = port.unwrap_or(scheme.port());
        let name = match (scheme, tls_name, ip) {
            (Scheme::Http, ..) => None,
            (_, Some(name), _) => Some(name.to_owned()),
            (_, None, IpAddr::V4(ip)) => Some(dashed_name(ip)),
            (_, None, IpAddr::V6(_)) => {
                return Err(fault(
                    "an IPv6 address has no dashed name for the certificate check",
                    "tls_name = \"…\" beside it, the name in the hub's certificate",
                ));
            }
        };
        let shown = match (&name, ip) {
            (Some(name), _) => name.clone(),
            (None, _) if dashed.is_some() => host.to_ascii_lowercase(),
            (None, IpAddr::V4(ip)) => ip.to_string(),
            (None, IpAddr::V6(ip)) => format!("[{ip}]"),
        };
        let host = if port == scheme.port() {
            shown
        } else {
            format!("{shown}:{port}")
        };
        Ok(Address {
            scheme,
            ip,
            port,
            tls_name: name,
            host,
        })
    }
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), Fault> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((Scheme::Https, text));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok((Scheme::Https, rest)),
        "http" => Ok((Scheme::Http, rest)),
        _ => Err(fault(
            format!("address begins with {}", quoted(&format!("{scheme}://"))),
            "https:// or http://, or neither for https",
        )),
    }
}

fn split_port(rest: &str) -> Result<(&str, Option<u16>), Fault> {
    // An IPv6 address without brackets is all host.
    if rest.parse::<IpAddr>().is_ok() {
        return Ok((rest, None));
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => return Ok((rest, None)),
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(number) if digits && number > 0 => Ok((host, Some(number))),
        _ => Err(fault(
            format!("the port {} is not one", quoted(port)),
            "a number from 1 to 65535 after the colon",
        )),
    }
}

fn not_an_address(host: &str) -> Fault {
    let shape = |c: char| c.is_ascii_digit() || c == '.';
    let expected = "the hub's IP address, such as \"192.168.1.17\"";
    if host.is_empty() {
        return fault("address has no host", expected);
    }
    if host.chars().all(shape) {
        let what = format!("{} is not an IPv4 address", quoted(host));
        return fault(what, "four numbers from 0 to 255 with points between them");
    }
    if host.contains('%') {
        let what = format!("{} names a network interface", quoted(host));
        return fault(what, "an address that is valid in the whole network");
    }
    let lower = host.to_ascii_lowercase();
    if lower.ends_with(DASHED_SUFFIX) {
        let what = format!("{} carries no IPv4 address in dashes", quoted(host));
        return fault(
            what,
            format!("a name such as \"192-168-1-17{DASHED_SUFFIX}\""),
        );
    }
    let dotted = lower.replace('-', ".");
    if let Ok(ip) = dotted.parse::<Ipv4Addr>() {
        let mut fault = fault(format!("{} is not an address", quoted(host)), expected);
        fault.hint = Some(format!("\"{ip}\""));
        return fault;
    }
    if lower.len() >= 24
        && lower
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    {
        let what = format!("{} looks like a hub id", quoted(host));
        return fault(what, format!("{expected} here, and the id as id = \"…\""));
    }
    if ["homey.app", "athom.com", "homeypro.net", "homeycloud.net"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        let what = format!("{} is Athom's cloud, not the hub", quoted(host));
        return fault(what, expected);
    }
    fault(
        format!(
            "{} is a name, and names are not looked up on the way to the hub (routers drop private answers)",
            quoted(host)
        ),
        "the hub's IP address as address, and the name, if its certificate carries it, as tls_name",
    )
}

/// Refuses what no hub can have, and addresses of the internet unless `allow_public`: a dashed name must not lead the bearer out of the house.
fn check_reach(ip: IpAddr, allow_public: bool) -> Result<(), Fault> {
    let (none, local) = match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let none = a == 0 || v4.is_multicast() || v4.is_broadcast();
            // RFC 6598, 100.64.0.0/10: carriers, and overlay networks such as Tailscale.
            let shared = a == 100 && (64..128).contains(&b);
            (
                none,
                v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared,
            )
        }
        IpAddr::V6(v6) => {
            let head = v6.segments().first().copied().unwrap_or(0);
            if head & 0xffc0 == 0xfe80 {
                return Err(fault(
                    format!("{v6} is valid on one network interface only"),
                    "an address that is valid in the whole network",
                ));
            }
            // RFC 4193, fc00::/7.
            (
                v6.is_unspecified() || v6.is_multicast(),
                v6.is_loopback() || head & 0xfe00 == 0xfc00,
            )
        }
    };
    if none {
        return Err(fault(
            format!("{ip} is no machine's address"),
            "the hub's IP address, such as \"192.168.1.17\"",
        ));
    }
    if local || allow_public {
        return Ok(());
    }
    Err(fault(
        format!("{ip} is an address of the internet, not of the house"),
        "a private address such as \"192.168.1.17\", or allow_public_address = true",
    ))
}

/// Whether a bearer may go to a hub that is said to be at `ip`: an address of the house, or `allow_public`.
pub fn is_within_reach(ip: IpAddr, allow_public: bool) -> bool {
    check_reach(ip, allow_public).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Address, Fault> {
        Address::parse(text, None, false)
    }

    #[test]
    fn every_form_of_an_address() {
        let dashed = "192-168-1-17.homey.homeylocal.com";
        let with_port = "192-168-1-17.homey.homeylocal.com:4860";
        let cases = [
            ("192.168.1.17", Scheme::Https, 443, Some(dashed), dashed),
            (
                "192.168.1.17:4860",
                Scheme::Https,
                4860,
                Some(dashed),
                with_port,
            ),
            (
                "https://192.168.1.17",
                Scheme::Https,
                443,
                Some(dashed),
                dashed,
            ),
            (
                "HTTPS://192.168.1.17:443/",
                Scheme::Https,
                443,
                Some(dashed),
                dashed,
            ),
            (dashed, Scheme::Https, 443, Some(dashed), dashed),
            (
                "192-168-1-17.HOMEY.homeylocal.com:4860",
                Scheme::Https,
                4860,
                Some(dashed),
                with_port,
            ),
            (
                "https://192-168-1-17.homey.homeylocal.com/",
                Scheme::Https,
                443,
                Some(dashed),
                dashed,
            ),
            (
                "http://192.168.1.17",
                Scheme::Http,
                80,
                None,
                "192.168.1.17",
            ),
            (
                "http://192.168.1.17:4859",
                Scheme::Http,
                4859,
                None,
                "192.168.1.17:4859",
            ),
            (
                "http://192-168-1-17.homey.homeylocal.com",
                Scheme::Http,
                80,
                None,
                dashed,
            ),
        ];
        for (text, scheme, port, tls_name, host) in cases {
            let found = read(text);
            let wanted = Address {
                scheme,
                ip: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 17)),
                port,
                tls_name: tls_name.map(str::to_owned),
                host: host.to_owned(),
            };
            assert_eq!(found, Ok(wanted), "{text}");
        }
    }

    #[test]
    fn ipv6_is_dialled_under_a_given_name() {
        for text in ["fd00::17", "[fd00::17]", "https://[fd00::17]:443"] {
            assert!(read(text).is_err(), "{text}");
            let found = Address::parse(text, Some("homey.lan"), false).map(|a| (a.ip, a.host));
            assert_eq!(
                found,
                Ok(("fd00::17".parse().unwrap(), "homey.lan".to_owned()))
            );
        }
        assert_eq!(
            read("http://[fd00::17]:4859").map(|a| a.host),
            Ok("[fd00::17]:4859".to_owned())
        );
        assert_eq!(
            read("::ffff:10.0.0.5").map(|a| a.host),
            Ok("10-0-0-5.homey.homeylocal.com".to_owned())
        );
        assert!(Address::parse("fe80::1", Some("homey.lan"), true).is_err());
    }

    #[test]
    fn the_house_ends_at_public_addresses() {
        let inside = [
            "10.1.2.3",
            "172.31.0.1",
            "127.0.0.1",
            "169.254.3.4",
            "100.100.1.1",
            "192-168-0-1.homey.homeylocal.com",
        ];
        let outside = [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "8-8-8-8.homey.homeylocal.com",
            "http://8.8.8.8",
        ];
        let never = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "0.1.2.3"];
        assert!(inside.iter().all(|text| read(text).is_ok()));
        assert!(outside.iter().all(|text| read(text).is_err()));
        assert!(
            outside
                .iter()
                .all(|text| Address::parse(text, None, true).is_ok())
        );
        assert!(
            never
                .iter()
                .all(|text| Address::parse(text, None, true).is_err())
        );
        let public6 = Address::parse("2001:db8::1", Some("homey.lan"), false);
        assert!(public6.is_err());
    }
}
