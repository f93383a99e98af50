// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connections for one-shot requests to named hosts: DNS, HTTP CONNECT and SOCKS by ureq's connectors, then
//! TLS by ours. Blocks; the loop dials addresses with `lan` instead. Only this module names ureq.
//!
//! ```text
//!   Route ─ Wan::new ─┬─ proxy   -x or *_proxy and no_proxy, by curl's rules
//!                     └─ names   --resolve, literal, dashed name: known; any other name: the system's resolver
//!   dial ── chain     Socks → ConnectProxy → Tcp, one deadline over all of it
//!   Link ── link      TLS over what the chain made; the name for SNI is apart from the host dialled
//! ```
//!
//! What differs from curl: an HTTP proxy is asked for a tunnel (CONNECT) for `http://` too, as with `curl -p`,
//! since the request's bytes are the user's and none may be rewritten for a proxy; and where an address is
//! known without a look-up (`--resolve`, dashed name) the proxy is given that address, not the name.
//! Several addresses are tried in turn, the first with the largest share of the time; a SOCKS proxy that wants
//! an address gets the first, IPv4 before IPv6.

mod chain;
mod link;
mod names;
mod proxy;

pub use names::{Resolve, system_addresses};
pub use proxy::{Proxy, ProxyKind};

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use ureq::ProxyProtocol;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};

use super::{Dial, Error, Link, Phase, TlsName};
use chain::{Progress, left};
use link::{Connection, deadline_after};
use names::{Lookup, Names};

/// Replies go on into buffers of their own size; more here would only be memory.
const BUFFER: usize = 16 * 1024;

/// How a login is given to a proxy.
const LOGIN: &str = "SCHEME://USER:PASSWORD@HOST:PORT";

/// Where to go and by which way.
pub struct Route {
    /// `None`: plain HTTP.
    pub tls: Option<(Arc<ClientConfig>, TlsName)>,
    /// A name or an address; an IPv6 address with or without brackets.
    pub host: String,
    /// The port there.
    pub port: u16,
    /// Addresses to use instead of looking names up.
    pub resolve: Vec<Resolve>,
    /// `-x`, see [`Proxy::parse`]; empty: no proxy, whatever the environment says. `None`: the environment's.
    /// `no_proxy` in the environment goes before either, see [`Proxy::choose`].
    pub proxy: Option<String>,
    /// For look-up, connecting, the proxy and the TLS handshake together.
    pub timeout: Duration,
}

/// Makes connections along one [`Route`].
pub struct Wan {
    route: Route,
    proxy: Option<Proxy>,
    known: Vec<IpAddr>,
    uri: Uri,
    config: Config,
}

impl Wan {
    /// Checks the route and decides on the proxy; the network is not touched yet.
    pub fn new(route: Route) -> Result<Wan, Error> {
        Wan::with_env(route, &|name| std::env::var(name).ok())
    }

    /// As [`Wan::new`], with `env` for the environment.
    pub fn with_env(route: Route, env: &dyn Fn(&str) -> Option<String>) -> Result<Wan, Error> {
        let host = names::bare(&route.host).to_string();
        if host.parse::<IpAddr>().is_err() && !names::is_host(&host) {
            let text = "is neither a host name nor an IP address; write a name in ASCII (xn--…)";
            return Err(Error::Route(format!("{host:?} {text}")));
        }
        let inside = names::dashed_ip(&host).map(IpAddr::V4);
        let explicit = route.proxy.as_deref();
        let proxy = Proxy::choose(explicit, env, route.tls.is_some(), &host, inside)
            .map_err(Error::Route)?;
        let known = names::known(&route.resolve, &host, route.port);
        let told = match known.first() {
            Some(IpAddr::V6(ip)) => format!("[{ip}]"),
            Some(IpAddr::V4(ip)) => ip.to_string(),
            None => host.clone(),
        };
        let uri = format!("http://{told}:{}/", route.port);
        let uri = uri
            .parse()
            .map_err(|e| Error::Route(format!("{host:?} is no host name: {e}")))?;
        let config = Config::builder()
            .proxy(proxy.as_ref().map(to_ureq).transpose()?)
            .user_agent("")
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .build();
        let route = Route { host, ..route };
        Ok(Wan {
            route,
            proxy,
            known,
            uri,
            config,
        })
    }

    fn connect(&self, deadline: Instant) -> Result<Connection, Error> {
        let names = Names::new(&self.route.resolve, deadline);
        let progress = Progress::new(deadline);
        let addrs = self.addresses(&names, deadline)?;
        let made = chain::connect(&self.uri, addrs.clone(), &self.config, &names, &progress);
        let transport = made.map_err(|e| match &self.proxy {
            None => self.not_connected(e, &addrs),
            Some(proxy) => self.not_tunnelled(e, proxy, &progress),
        })?;
        let tls = self.route.tls.as_ref();
        Connection::new(self.peer(), self.route.timeout, deadline, transport, tls)
    }

    /// What the connectors need to be told; nothing where the proxy looks up the name.
    fn addresses(&self, names: &Names, deadline: Instant) -> Result<ResolvedSocketAddrs, Error> {
        let kind = self.proxy.as_ref().map(|p| p.kind);
        let found = if kind.is_some_and(ProxyKind::looks_up_names) {
            names.empty()
        } else if self.known.is_empty() {
            let timeout = left(deadline, ureq::Timeout::Resolve);
            let found = names.resolve(&self.uri, &self.config, timeout);
            found.map_err(|e| self.not_connected(e, &[]))?
        } else {
            names.listed(&self.known, self.route.port)
        };
        if kind.is_none() {
            return Ok(found);
        }
        // ureq gives a SOCKS proxy the first one.
        let mut sorted = names.empty();
        for addr in found.iter().filter(|addr| addr.is_ipv4()) {
            sorted.push(*addr);
        }
        if kind != Some(ProxyKind::Socks4) {
            for addr in found.iter().filter(|addr| addr.is_ipv6()) {
                sorted.push(*addr);
            }
        } else if sorted.is_empty() {
            let host = &self.route.host;
            return Err(Error::Route(format!(
                "{host} has only IPv6 addresses, which socks4:// does not carry; use socks5:// if the proxy speaks it"
            )));
        }
        Ok(sorted)
    }

    /// `HOST:PORT`.
    fn target(&self) -> String {
        let Route { host, port, .. } = &self.route;
        match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        }
    }

    /// Why there is no connection, before or without a proxy.
    fn not_connected(&self, error: ureq::Error, addrs: &[SocketAddr]) -> Error {
        match error {
            ureq::Error::Timeout(_) => Error::Deadline {
                peer: self.peer(),
                phase: Phase::Connect,
                after: self.route.timeout,
            },
            ureq::Error::Other(e) if e.is::<Lookup>() => Error::Route(e.to_string()),
            ureq::Error::Io(source) => {
                let tried: Vec<String> = addrs.iter().map(|addr| addr.ip().to_string()).collect();
                let peer = match tried.join(", ") {
                    tried if tried.is_empty() || tried == self.route.host => self.target(),
                    tried => format!("{} ({tried})", self.target()),
                };
                Error::Connect { peer, source }
            }
            other => Error::Route(format!("connecting to {}: {other}", self.target())),
        }
    }

    /// Why there is no connection by way of `proxy`.
    fn not_tunnelled(&self, error: ureq::Error, proxy: &Proxy, progress: &Progress) -> Error {
        if matches!(error, ureq::Error::Timeout(_) | ureq::Error::Other(_)) {
            return self.not_connected(error, &[]);
        }
        let target = self.target();
        let login = match proxy.login {
            Some(_) => "refuses this user or password; check them, with %XX for special characters",
            None => &format!("wants a login: {LOGIN}"),
        };
        let error = chain::io_error(error);
        let kind = error.kind();
        if !progress.reached() {
            let why = match kind {
                io::ErrorKind::ConnectionRefused => "refused; nothing listens there".to_string(),
                _ => error.to_string(),
            };
            return Error::Route(format!(
                "connecting to the proxy {proxy}: {why}; check -x, or https_proxy and the like in the environment"
            ));
        }
        let why = match (proxy.kind, progress.status()) {
            (ProxyKind::Http, Some(401 | 407)) => login.to_string(),
            (ProxyKind::Http, Some(status @ (403 | 405))) => format!(
                "does not allow a tunnel to {target} ({status}); many allow port 443 only, so use https:// or have it allowed"
            ),
            (ProxyKind::Http, Some(status @ 500..)) => {
                format!("could not reach {target} ({status}); check the name and the port")
            }
            // An answer of 200 was not understood to its end.
            (ProxyKind::Http, None | Some(200)) => {
                "gave no answer that HTTP has; if it speaks SOCKS, say so: socks5h://".to_string()
            }
            (ProxyKind::Http, Some(status)) => format!("refused a tunnel to {target} ({status})"),
            (_, _) if kind == io::ErrorKind::PermissionDenied => login.to_string(),
            (_, _)
                if matches!(
                    kind,
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                format!("does not speak this kind of SOCKS or does not serve us ({error})")
            }
            // SOCKS has no word of its own for "log in first".
            (_, _) if proxy.login.is_none() => {
                format!("did not connect to {target}: {error} (if it wants a login: {LOGIN})")
            }
            (_, _) => format!("did not connect to {target}: {error}"),
        };
        Error::Route(format!("the proxy {proxy} {why}"))
    }
}

impl Dial for Wan {
    /// Blocks until the connection stands or the route's timeout is over; TLS is left to `establish`.
    fn dial(&mut self) -> Result<Box<dyn Link>, Error> {
        Ok(Box::new(self.connect(deadline_after(self.route.timeout))?))
    }

    fn peer(&self) -> String {
        match &self.proxy {
            None => self.target(),
            Some(proxy) => format!("{} by way of {proxy}", self.target()),
        }
    }
}

/// The addresses of a name by the system's resolver, IPv4 first. Blocks for `timeout` at most; not for the loop.
pub fn look_up(host: &str, port: u16, timeout: Duration) -> Result<Vec<IpAddr>, Error> {
    let deadline = deadline_after(timeout);
    let failed = |e: &dyn std::fmt::Display| Error::Route(format!("looking up {host}: {e}"));
    let uri: Uri = format!("http://{host}:{port}/")
        .parse()
        .map_err(|e| failed(&e))?;
    let names = Names::new(&[], deadline);
    let timeout = left(deadline, ureq::Timeout::Resolve);
    let found = names.resolve(&uri, &Config::default(), timeout);
    let found = found.map_err(|e| match e {
        ureq::Error::Other(e) if e.is::<Lookup>() => Error::Route(e.to_string()),
        ureq::Error::Timeout(_) => failed(&"no answer from the DNS server here"),
        other => failed(&other),
    })?;
    let mut ips: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
    ips.sort_by_key(IpAddr::is_ipv6);
    Ok(ips)
}

fn to_ureq(proxy: &Proxy) -> Result<ureq::Proxy, Error> {
    let protocol = match proxy.kind {
        ProxyKind::Http => ProxyProtocol::Http,
        ProxyKind::Socks4 => ProxyProtocol::Socks4,
        ProxyKind::Socks4a => ProxyProtocol::Socks4A,
        ProxyKind::Socks5 => ProxyProtocol::Socks5,
        ProxyKind::Socks5h => ProxyProtocol::Socks5h,
    };
    let host = match proxy.host.contains(':') {
        true => format!("[{}]", proxy.host),
        false => proxy.host.clone(),
    };
    let mut builder = ureq::Proxy::builder(protocol).host(&host).port(proxy.port);
    if let Some((user, password)) = &proxy.login {
        builder = builder.username(user).password(password);
    }
    builder
        .build()
        .map_err(|_| Error::Route(format!("the proxy {proxy} is not understood")))
}
