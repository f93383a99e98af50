// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a name to addresses: `--resolve`, the address inside a dashed name, the system's resolver.
//!
//! A dashed name such as 192-168-1-17.homey.homeylocal.com never goes to a resolver: routers with DNS rebind
//! protection drop the answer. Only addresses that cannot be out on the internet are taken from a name, so
//! that a name alone never steers a bearer there; any other dashed name is looked up like every name.
//!
//! The system's resolver has no deadline, so ureq asks it on a thread, which is left behind if it takes longer:
//! fit for a command that ends soon after, never for the loop.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ureq::Timeout;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::chain::left;

/// How many addresses of one name are kept; ureq's list has no more room.
const MOST: usize = 16;

/// The domain of hubs; its dashed names are one label under `homey.` in it.
const HOMEYLOCAL: &str = "homeylocal.com";

/// Addresses to use for a name and a port instead of looking it up: curl's `--resolve`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolve {
    /// The name, or `*` for every name.
    pub host: String,
    /// Only connections to this port are meant.
    pub port: u16,
    /// Tried in this order.
    pub addrs: Vec<IpAddr>,
}

impl Resolve {
    /// Reads `HOST:PORT:ADDR[,ADDR]...`; an IPv6 address may stand in brackets.
    pub fn parse(text: &str) -> Result<Resolve, String> {
        let form = "as in api.athom.com:443:192.0.2.1,[2001:db8::1]";
        let mut parts = text.trim().splitn(3, ':');
        let (Some(host), Some(port), Some(list)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("{text:?} is not HOST:PORT:ADDRESS, {form}"));
        };
        if host != "*" && !is_host(host) {
            return Err(format!("{host:?} in {text:?} is not a host name, {form}"));
        }
        let port = port.parse().ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| format!("no port from 1 to 65535 in {text:?}, {form}"))?;
        let addrs = list.split(',').map(|addr| {
            let parsed = bare(addr).parse::<IpAddr>();
            parsed.map_err(|_| format!("{addr:?} in {text:?} is not an IP address, {form}"))
        });
        let addrs = addrs.collect::<Result<Vec<_>, String>>()?;
        Ok(Resolve {
            host: host.to_string(),
            port,
            addrs,
        })
    }

    fn is_for(&self, host: &str, port: u16) -> bool {
        self.port == port
            && (self.host == "*" || without_dot(&self.host).eq_ignore_ascii_case(without_dot(host)))
    }
}

/// The addresses that `host` stands for without any look-up: given, literal, or dashed. Empty: look it up.
pub(super) fn known(given: &[Resolve], host: &str, port: u16) -> Vec<IpAddr> {
    if let Some(resolve) = given.iter().find(|r| r.is_for(host, port)) {
        return resolve.addrs.clone();
    }
    let literal = bare(host).parse().ok();
    literal
        .or(dashed_ip(host).map(IpAddr::V4))
        .into_iter()
        .collect()
}

/// The address in a dashed name, where it is one of this house.
pub(super) fn dashed_ip(host: &str) -> Option<Ipv4Addr> {
    let host = without_dot(host).to_ascii_lowercase();
    let label = host.strip_suffix(HOMEYLOCAL)?.strip_suffix(".homey.")?;
    let ip = label.replace('-', ".").parse::<Ipv4Addr>().ok();
    let ours = |ip: &Ipv4Addr| ip.is_private() || ip.is_loopback() || ip.is_link_local();
    ip.filter(|ip| !label.contains('.') && ours(ip))
}

/// Whether a name can be put into a request to a resolver or a proxy as it is.
pub(super) fn is_host(host: &str) -> bool {
    let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=254).contains(&host.len()) && host.bytes().all(ok) && !host.starts_with(['.', '-'])
}

/// An IPv6 address without its brackets.
pub(super) fn bare(host: &str) -> &str {
    let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inside.unwrap_or(host)
}

fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Why a look-up came to nothing, as a text for people.
#[derive(Debug)]
pub(super) struct Lookup(pub(super) String);

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Lookup {}

fn failed(text: String) -> ureq::Error {
    ureq::Error::Other(Box::new(Lookup(text)))
}

/// The resolver of one attempt to connect: for the target and for the proxy.
#[derive(Debug)]
pub(super) struct Names {
    given: Vec<Resolve>,
    deadline: Instant,
    system: DefaultResolver,
}

impl Names {
    /// Look-ups end by `deadline`, all together.
    pub(super) fn new(given: &[Resolve], deadline: Instant) -> Names {
        Names {
            given: given.to_vec(),
            deadline,
            system: DefaultResolver::default(),
        }
    }

    /// Addresses that need no look-up, in ureq's form.
    pub(super) fn listed(&self, ips: &[IpAddr], port: u16) -> ResolvedSocketAddrs {
        let mut addrs = self.empty();
        for ip in ips.iter().take(MOST) {
            addrs.push(SocketAddr::new(*ip, port));
        }
        addrs
    }
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = bare(uri.host().unwrap_or_default());
        let port = uri.port_u16().unwrap_or_default();
        let known = known(&self.given, host, port);
        if !known.is_empty() {
            return Ok(self.listed(&known, port));
        }
        let timeout = left(self.deadline, Timeout::Resolve);
        let answer = match self.system.resolve(uri, config, timeout) {
            Ok(addrs) => Ok(addrs),
            Err(ureq::Error::Io(e)) => Err(e.to_string()),
            Err(ureq::Error::HostNotFound) => Err("no address".to_string()),
            Err(other) => return Err(other),
        };
        match answer {
            Ok(addrs) => refused(host, &addrs).map_or(Ok(addrs), |text| Err(failed(text))),
            Err(reason) => Err(failed(not_found(host, &reason))),
        }
    }
}

/// What the system's resolver says of a name, dashed or not, within `timeout`. `Err`: its words for why there is no address.
pub fn system_addresses(host: &str, timeout: Duration) -> Result<Vec<IpAddr>, String> {
    let names = Names::new(&[], Instant::now() + timeout);
    let uri: Uri = format!("http://{host}:80/")
        .parse()
        .map_err(|e| format!("{host:?} is no host name: {e}"))?;
    let timeout = left(names.deadline, Timeout::Resolve);
    match names.system.resolve(&uri, &Config::default(), timeout) {
        Ok(addrs) => Ok(addrs.iter().map(SocketAddr::ip).collect()),
        Err(ureq::Error::HostNotFound) => Err("no address".into()),
        Err(ureq::Error::Timeout(_)) => Err("no answer".into()),
        Err(other) => Err(plain_reason(&other.to_string()).to_string()),
    }
}

/// std puts the same words in front of every reason.
fn plain_reason(reason: &str) -> &str {
    let words = "failed to lookup address information: ";
    reason.split_once(words).map_or(reason, |(_, rest)| rest)
}

fn is_homeylocal(host: &str) -> bool {
    let host = without_dot(host).to_ascii_lowercase();
    host.strip_suffix(HOMEYLOCAL)
        .is_some_and(|above| above.ends_with('.'))
}

/// What is wrong with an answer that has addresses.
fn refused(host: &str, addrs: &[SocketAddr]) -> Option<String> {
    let nowhere = addrs.iter().all(|addr| addr.ip().is_unspecified());
    let here = addrs
        .iter()
        .all(|addr| addr.ip().is_unspecified() || addr.ip().is_loopback());
    if here && is_homeylocal(host) {
        Some(rebind(host))
    } else if nowhere {
        // Linux would connect to itself.
        Some(format!(
            "looking up {host}: the answer is no real address; a DNS filter in this network blocks the name"
        ))
    } else {
        None
    }
}

fn not_found(host: &str, reason: &str) -> String {
    if is_homeylocal(host) {
        return rebind(host);
    }
    let reason = plain_reason(reason);
    format!("looking up {host}: no such name ({reason}); check the name, and the DNS server here")
}

fn rebind(host: &str) -> String {
    format!(
        "looking up {host}: your router seems to block private answers for {HOMEYLOCAL} (DNS rebind protection); use the IP address"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn resolve_takes_curls_form() {
        for (text, host, port, addrs) in [
            (
                "a.example:443:192.0.2.1",
                "a.example",
                443,
                vec!["192.0.2.1"],
            ),
            (
                "a:1:1.2.3.4,[::1],fd00::2",
                "a",
                1,
                vec!["1.2.3.4", "::1", "fd00::2"],
            ),
            ("*:80:127.0.0.1", "*", 80, vec!["127.0.0.1"]),
        ] {
            let want = Resolve {
                host: host.to_string(),
                port,
                addrs: addrs.into_iter().map(ip).collect(),
            };
            assert_eq!(Resolve::parse(text), Ok(want), "{text}");
        }
        for (text, word) in [
            ("", "HOST:PORT:ADDRESS"),
            ("a:1", "HOST:PORT:ADDRESS"),
            ("a b:1:1.2.3.4", "host name"),
            ("+a:1:1.2.3.4", "host name"),
            ("a:0:1.2.3.4", "port"),
            ("a:x:1.2.3.4", "port"),
            ("a:1:b.example", "IP address"),
            ("a:1:1.2.3.4,", "IP address"),
        ] {
            let error = Resolve::parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn given_addresses_come_before_those_in_the_name() {
        let given = [
            "A.example.:443:192.0.2.1",
            "127.0.0.1:1:127.0.0.2",
            "*:7:::1",
        ];
        let given: Vec<Resolve> = given
            .iter()
            .map(|text| Resolve::parse(text).unwrap())
            .collect();
        for (host, port, want) in [
            ("a.EXAMPLE", 443, "192.0.2.1"),
            ("a.example", 80, ""),
            ("127.0.0.1", 1, "127.0.0.2"),
            ("127.0.0.1", 2, "127.0.0.1"),
            ("[::2]", 2, "::2"),
            ("b", 7, "::1"),
            ("10-0-0-9.homey.homeylocal.com", 443, "10.0.0.9"),
            ("10-0-0-9.homey.homeylocal.com", 7, "::1"),
        ] {
            let want: Vec<IpAddr> = want.parse().into_iter().collect();
            assert_eq!(known(&given, host, port), want, "{host}:{port}");
        }
    }

    #[test]
    fn only_an_address_of_the_house_is_taken_from_a_dashed_name() {
        for (host, want) in [
            ("192-168-1-17.homey.homeylocal.com", Some([192, 168, 1, 17])),
            ("172-31-0-2.HOMEY.HomeyLocal.com.", Some([172, 31, 0, 2])),
            ("127-0-0-1.homey.homeylocal.com", Some([127, 0, 0, 1])),
            ("169-254-3-4.homey.homeylocal.com", Some([169, 254, 3, 4])),
            ("8-8-8-8.homey.homeylocal.com", None),
            ("0-0-0-0.homey.homeylocal.com", None),
            ("192.168.1.17.homey.homeylocal.com", None),
            ("192-168-1.homey.homeylocal.com", None),
            ("192-168-1-17.homeylocal.com", None),
            ("192-168-1-17.homey.homeylocal.com.evil.example", None),
            ("192-168-1-17.nothomey.homeylocal.com", None),
        ] {
            assert_eq!(dashed_ip(host), want.map(Ipv4Addr::from), "{host}");
        }
    }

    #[test]
    fn answers_that_a_router_has_tampered_with_are_explained() {
        let addrs = |text: &str| vec![SocketAddr::new(ip(text), 443)];
        for (host, answer, word) in [
            ("x.homeylocal.com", "0.0.0.0", "DNS rebind protection"),
            (
                "x.connect.homeylocal.com.",
                "127.0.0.1",
                "use the IP address",
            ),
            ("x.homeylocal.com", "192.168.1.17", ""),
            ("api.athom.com", "0.0.0.0", "DNS filter"),
            ("api.athom.com", "::", "DNS filter"),
            ("localhost", "127.0.0.1", ""),
        ] {
            let text = refused(host, &addrs(answer));
            assert_eq!(text.is_some(), !word.is_empty(), "{host}: {text:?}");
            assert!(text.unwrap_or_default().contains(word), "{host}");
        }
        assert!(not_found("x.homeylocal.com", "?").contains("DNS rebind protection"));
        assert!(not_found("homeylocal.com.example", "?").contains("no such name (?)"));
    }
}
