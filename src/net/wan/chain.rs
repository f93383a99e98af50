// SPDX-License-Identifier: MIT OR Apache-2.0
//! ureq's connectors in a row, fed with details of our own making, and an eye on how far they get.
//!
//! ureq gives every step of a CONNECT the whole timeout again; here one deadline bounds them all.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::Instant;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant as UreqInstant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, SocksConnector,
    TcpConnector, Transport,
};
use ureq::{Error, Timeout};

/// A wait cannot be shorter: to ureq no time left means an error without a look, or a whole second.
const SHORTEST: std::time::Duration = std::time::Duration::from_millis(1);

/// The time until `deadline`, as ureq wants it.
pub(super) fn left(deadline: Instant, reason: Timeout) -> NextTimeout {
    let after = deadline.saturating_duration_since(Instant::now());
    NextTimeout {
        after: Duration::Exact(after.max(SHORTEST)),
        reason,
        ..NextTimeout::default()
    }
}

/// How far an attempt got, seen from below ureq's connectors, whose errors do not tell.
#[derive(Debug)]
pub(super) struct Progress {
    deadline: Instant,
    reached: AtomicBool,
    status: AtomicU16,
    settled: AtomicBool,
}

impl Progress {
    pub(super) fn new(deadline: Instant) -> Arc<Progress> {
        Arc::new(Progress {
            deadline,
            reached: AtomicBool::new(false),
            status: AtomicU16::new(0),
            settled: AtomicBool::new(false),
        })
    }

    /// Whether TCP connected, to the target or to the proxy.
    pub(super) fn reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    /// The status of an HTTP proxy's answer to CONNECT.
    pub(super) fn status(&self) -> Option<u16> {
        Some(self.status.load(Ordering::Relaxed)).filter(|status| *status != 0)
    }

    fn saw(&self, input: &[u8]) {
        // RFC 9112 §4: HTTP-version SP status-code.
        let digits = input
            .strip_prefix(b"HTTP/1.")
            .and_then(|rest| rest.get(2..5));
        let status = digits.and_then(|d| std::str::from_utf8(d).ok()?.parse().ok());
        self.status.store(status.unwrap_or(0), Ordering::Relaxed);
    }
}

/// Connects to `addrs`, or by way of the proxy in `config` to `uri`.
pub(super) fn connect(
    uri: &Uri,
    addrs: ResolvedSocketAddrs,
    config: &Config,
    resolver: &dyn Resolver,
    progress: &Arc<Progress>,
) -> Result<Box<dyn Transport>, Error> {
    let chain =
        ().chain(SocksConnector::default())
            .chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default());
    let details = details(uri, addrs, config, resolver, progress);
    let transport = chain.connect(&details, None)?;
    progress.settled.store(true, Ordering::Relaxed);
    match transport {
        Some(transport) => Ok(Box::new(transport)),
        None => Err(Error::ConnectionFailed),
    }
}

fn details<'a>(
    uri: &'a Uri,
    addrs: ResolvedSocketAddrs,
    config: &'a Config,
    resolver: &'a dyn Resolver,
    progress: &Arc<Progress>,
) -> ConnectionDetails<'a> {
    let below = progress.clone();
    let connected = progress.clone();
    ConnectionDetails {
        uri,
        addrs,
        config,
        request_level: false,
        resolver,
        now: UreqInstant::now(),
        timeout: left(progress.deadline, Timeout::Connect),
        current_time: Arc::new(UreqInstant::now),
        // Called for the connection to an HTTP proxy.
        run_connector: Arc::new(move |d: &ConnectionDetails<'_>| {
            let d = details(d.uri, d.addrs.clone(), d.config, d.resolver, &below);
            let tcp = Connector::<()>::connect(&TcpConnector::default(), &d, None)?;
            let inner: Box<dyn Transport> = Box::new(tcp.ok_or(Error::ConnectionFailed)?);
            Ok(Box::new(Watched {
                inner,
                progress: below.clone(),
            }))
        }),
        // Called when a socket has connected and before anything is said on it.
        register_shutdown: Arc::new(move |_| {
            connected.reached.store(true, Ordering::Relaxed);
            Ok(())
        }),
    }
}

/// The connection to an HTTP proxy: bounds what ureq does not, and notes the status.
#[derive(Debug)]
struct Watched {
    inner: Box<dyn Transport>,
    progress: Arc<Progress>,
}

impl Watched {
    fn bounded(&self, timeout: NextTimeout) -> Result<NextTimeout, Error> {
        if self.progress.settled.load(Ordering::Relaxed) {
            return Ok(timeout);
        }
        let deadline = self.progress.deadline;
        // A proxy that drips its answer must not go on for ever.
        if Instant::now() >= deadline {
            return Err(Error::Timeout(Timeout::Connect));
        }
        Ok(left(deadline, Timeout::Connect))
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = self.bounded(timeout)?;
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = self.bounded(timeout)?;
        let more = self.inner.await_input(timeout)?;
        if !self.progress.settled.load(Ordering::Relaxed) {
            self.progress.saw(self.inner.buffers().input());
        }
        Ok(more)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

/// ureq's error as one of the system's; a timeout is `TimedOut`.
pub(super) fn io_error(error: Error) -> io::Error {
    match error {
        Error::Timeout(_) => io::ErrorKind::TimedOut.into(),
        other => other.into_io(),
    }
}
