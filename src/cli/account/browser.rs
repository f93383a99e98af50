// SPDX-License-Identifier: MIT OR Apache-2.0
//! Consent in a browser: the page's URL goes out, a code comes back by a redirect to a loopback port or by pasting.
//!
//! The listener answers one kind of request, a GET whose query has our `state`, and nothing else: other pages of the same
//! browser can reach it too.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ring::rand::{SecureRandom, SystemRandom};

use crate::cli::print;
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::auth::{Fault, Redirected, consent_url, redirected};
use crate::homey::secret::Secret;

use super::args::Args;
use super::terminal;

/// How long somebody may take to log in and consent.
const PATIENCE: Duration = Duration::from_secs(600);
/// For one request of the browser, and its size in bytes.
const REQUEST_TIME: Duration = Duration::from_secs(5);
const MAX_REQUEST: usize = 8 * 1024;

/// Leads somebody through the consent; the code.
pub(super) fn code(config: &Config, client_id: &str, args: &Args) -> Result<Secret, Failure> {
    let redirect = &config.cloud.redirect_uri;
    let state = random()?;
    let api = format!("https://{}", config.cloud.api.authority());
    let listener = match (args.paste, args.listen.or_else(|| loopback(redirect))) {
        (true, _) => None,
        (false, Some(address)) => Some(TcpListener::bind(address).map_err(|e| {
            Failure::usage_plain(format!(
                "login: listening on {address} for the redirect: {e}; take --paste, or another port with --listen and in redirect_uri, at the client too"
            ))
        })?),
        (false, None) if terminal::is_there() => None,
        (false, None) => {
            return Err(Failure::usage(format!(
                "login: redirect_uri {redirect} names no port of this machine to listen on; give --listen 127.0.0.1:PORT, or --paste and the redirect's URL on standard input"
            )));
        }
    };
    print(&format!(
        "open this page in a browser, log in and allow it:\n\n  {}\n\n",
        consent_url(&api, client_id, redirect, &state)
    ))?;
    let found = match &listener {
        Some(listener) => wait(listener, &state)?,
        None => {
            print("the browser ends on a page that may not load; paste its whole address here:\n")?;
            redirected(&terminal::read_line("the redirect's URL")?)
        }
    };
    if let Some(error) = found.error {
        return Err(crate::client::account::failure(&Fault::Consent(error)));
    }
    if found.state.as_deref() != Some(&*state) {
        return Err(Failure::permission(
            "the redirect carries another state than the page that was printed: it belongs to another login; open the page above and log in anew",
        ));
    }
    let code = found.code.unwrap_or_default();
    Secret::parse(&code).map_err(|_| {
        Failure::permission("the redirect carries no code; paste the whole address, up to its end")
    })
}

/// 128 bits that nobody can guess, as hex digits.
fn random() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::unavailable("login: the system has no randomness yet; try again"))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// The port of this machine that a redirect URL names.
fn loopback(uri: &str) -> Option<SocketAddr> {
    let rest = uri.strip_prefix("http://")?;
    let host = rest.split(['/', '?']).next()?;
    let (host, port) = host.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    match host {
        "localhost" | "127.0.0.1" => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        "[::1]" => Some(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port))),
        _ => None,
    }
}

/// Serves until the redirect comes.
fn wait(listener: &TcpListener, state: &str) -> Result<Redirected, Failure> {
    let until = Instant::now() + PATIENCE;
    let failed =
        |e: io::Error| Failure::unavailable(format!("login: waiting for the redirect: {e}"));
    listener.set_nonblocking(true).map_err(failed)?;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::permission(
                "login: no redirect came within 10 minutes; log in again",
            ));
        }
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(
            &mut [PollFd::new(listener.as_fd(), PollFlags::POLLIN)],
            timeout,
        ) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(e) => return Err(failed(e.into())),
        }
        let Ok((mut stream, _)) = listener.accept() else {
            continue;
        };
        let target = request(&mut stream).unwrap_or_default();
        let found = redirected(&target);
        let ours = found.state.as_deref() == Some(state)
            && (found.code.is_some() || found.error.is_some());
        answer(&mut stream, ours);
        if ours {
            return Ok(found);
        }
    }
}

/// The target of a GET; `None` for anything else.
fn request(stream: &mut TcpStream) -> Option<String> {
    let until = Instant::now() + REQUEST_TIME;
    stream.set_nonblocking(false).ok()?;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() >= MAX_REQUEST {
            return None;
        }
        stream.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => head.extend_from_slice(chunk.get(..n)?),
        }
    }
    let line = head.split(|b| *b == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    target.starts_with('/').then(|| target.to_owned())
}

fn answer(stream: &mut TcpStream, ours: bool) {
    let (status, text) = match ours {
        true => (
            "200 OK",
            "homey-panel has what it needs. This window can be closed.\n",
        ),
        false => (
            "404 Not Found",
            "This is not the redirect that homey-panel waits for.\n",
        ),
    };
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.set_write_timeout(Some(REQUEST_TIME));
    // A browser that does not wait for the page has done its part.
    let _ = stream.write_all(reply.as_bytes());
}
