// SPDX-License-Identifier: MIT OR Apache-2.0
//! `request`: one raw request, byte for byte as told, and its reply as it comes.

mod args;
mod head;
mod output;
mod target;

use std::io::{self, Read, Write};

use crate::client::{self, Bearer};
use crate::config::{Config, ProfileName, Scheme};
use crate::failure::{Exit, Failure};
use crate::homey::error::classify;
use crate::homey::profile::Profile;
use crate::http::{Codings, Limits, RequestHead, ResponseHead, redacted};
use crate::net::wan::{Resolve, Route, Wan};
use crate::net::{
    self, Address, Alone, Deadlines, Dial, Error, Repeat, Reply, Session, TlsName, Trust, parse_pin,
};

use super::Common;
use args::Args;
use head::Fill;
use output::Output;
use target::{Target, Url};

/// How much of an error body is kept to say what it means.
const MAX_KEPT: usize = 64 * 1024;

/// `request [OPTIONS] PATH|URL`
pub(super) fn request(parser: &mut lexopt::Parser, common: &Common) -> Result<(), Failure> {
    let Some(args) = Args::parse(parser)? else {
        return super::help(args::HELP);
    };
    let target = target::parse(&args.target)?;
    // A full URL needs no configuration unless something of it is asked for; one that was named must be good.
    let wanted = matches!(target, Target::Hub(_)) || args.bearer || common.config.is_some();
    let config = if wanted || common.file().exists() {
        Some(common.load()?)
    } else {
        None
    };
    let mut plan = Plan::new(&args, target, config.as_ref())?;
    let head = head::build(&args, plan.profile.as_ref(), &plan.fill)?;
    let body_len = args.body.as_ref().map(|b| b.len() as u64);
    let check = if args.unchecked {
        crate::http::Check::Unchecked
    } else {
        crate::http::Check::Strict
    };
    let sent = head
        .finish(body_len, check)
        .map_err(|e| Failure::usage_plain(format!("request: {e}")))?;
    if args.verbose {
        let shown = if args.show_secrets {
            sent.clone()
        } else {
            redacted(&sent)
        };
        // A closed stderr is no reason not to send.
        let _ = io::stderr().lock().write_all(&shown);
    }
    let mut bytes = sent;
    bytes.extend_from_slice(args.body.as_deref().unwrap_or_default());
    exchange(&args, &mut plan, &head, bytes)
}

/// Everything that the target and the configuration decide.
struct Plan {
    /// `None`: profile `none`.
    profile: Option<Profile>,
    fill: Fill,
    dialer: Option<Box<dyn Dial>>,
    is_hub: bool,
    max_output: u64,
}

impl Plan {
    fn new(args: &Args, target: Target, config: Option<&Config>) -> Result<Plan, Failure> {
        let configured = config.map(|c| c.profile.name.clone()).unwrap_or_default();
        let profile = match args.profile.as_deref() {
            Some("none") => None,
            Some("forum") => Some(Profile::forum()),
            Some("minimal") => Some(Profile::minimal()),
            Some(name) => Some(own_profile(config, name)?),
            None => Some(client::profile(&configured)?),
        };
        let is_hub = matches!(target, Target::Hub(_));
        let token = match config {
            Some(config) if is_hub || args.bearer => Some(Bearer::load(&config.hub.credential)?),
            _ => None,
        };
        if let Some(warning) = token.as_ref().and_then(|t| t.warning.as_ref()) {
            log::warn!("{warning}");
        }
        let hub = if is_hub {
            config.and_then(|c| c.hub.id.clone())
        } else {
            None
        };
        let app_name = config
            .map_or("homeypanel", |c| c.profile.app_name.as_str())
            .to_string();
        let (host, path, dialer) = match &target {
            Target::Url(url) => (
                url.authority.clone(),
                url.path.clone(),
                dial_url(args, url)?,
            ),
            Target::Hub(path) => {
                let config = config
                    .ok_or_else(|| Failure::config("request: no configuration names a hub"))?;
                (
                    config.hub.address.host.clone(),
                    path.clone(),
                    dial_hub(args, config)?,
                )
            }
        };
        let fill = Fill {
            host,
            path,
            token: token.map(|t| t.secret),
            hub: hub.unwrap_or_default(),
            app_name,
        };
        let max_output = config.map_or(Limits::default().max_output, |c| c.limits.max_reply);
        Ok(Plan {
            profile,
            fill,
            dialer: Some(dialer),
            is_hub,
            max_output,
        })
    }
}

fn own_profile(config: Option<&Config>, name: &str) -> Result<Profile, Failure> {
    let own = config.and_then(|c| c.profile.own.iter().find(|(n, _)| n == name));
    match own {
        Some((_, lines)) => client::profile(&ProfileName::Own(lines.clone())),
        None => Err(Failure::usage(format!(
            "request: --profile {name}: expected forum, minimal, none, or one of [profiles] in the configuration"
        ))),
    }
}

/// `--cacert` and `--pin` before `usual`.
fn trust(args: &Args, usual: Trust) -> Result<Trust, Failure> {
    match (&args.cacert, &args.pin) {
        (Some(file), _) => Ok(Trust::CaFile(file.clone())),
        (None, Some(pin)) => Ok(Trust::Pin(
            parse_pin(pin).map_err(|e| Failure::usage(format!("--pin: {e}")))?,
        )),
        (None, None) => Ok(usual),
    }
}

fn dial_hub(args: &Args, config: &Config) -> Result<Box<dyn Dial>, Failure> {
    let address = &config.hub.address;
    let name = address
        .tls_name
        .clone()
        .unwrap_or_else(|| address.ip.to_string());
    if args.proxy.is_some() || !args.resolve.is_empty() {
        let url = Url {
            tls: address.scheme == Scheme::Https,
            host: name,
            port: address.port,
            authority: address.host.clone(),
            path: String::new(),
        };
        return dial_wan(args, &url, trust(args, client::trust(config))?);
    }
    let tls = match address.scheme {
        Scheme::Http => None,
        Scheme::Https => Some(tls(name, &trust(args, client::trust(config))?)?),
    };
    Ok(Box::new(Address {
        ip: address.ip,
        port: address.port,
        tls,
    }))
}

fn dial_url(args: &Args, url: &Url) -> Result<Box<dyn Dial>, Failure> {
    dial_wan(args, url, trust(args, Trust::System)?)
}

fn dial_wan(args: &Args, url: &Url, trust: Trust) -> Result<Box<dyn Dial>, Failure> {
    let resolve = args
        .resolve
        .iter()
        .map(|text| Resolve::parse(text))
        .collect::<Result<Vec<_>, _>>();
    let route = Route {
        tls: if url.tls {
            Some(tls(url.host.clone(), &trust)?)
        } else {
            None
        },
        host: url.host.clone(),
        port: url.port,
        resolve: resolve.map_err(|e| Failure::usage(format!("request: {e}")))?,
        proxy: args.proxy.clone(),
        timeout: args.max_time,
    };
    Ok(Box::new(Wan::new(route).map_err(|e| {
        Failure::usage_plain(format!("request: {e}"))
    })?))
}

fn tls(
    name: String,
    trust: &Trust,
) -> Result<(std::sync::Arc<rustls::ClientConfig>, TlsName), Failure> {
    let config = net::client_config(trust).map_err(|e| Failure::config(e.to_string()))?;
    let shown = name.clone();
    let name = TlsName::try_from(name).map_err(|_| {
        Failure::usage_plain(format!(
            "request: {shown} is no name that a certificate can carry"
        ))
    })?;
    Ok((config, name))
}

fn exchange(
    args: &Args,
    plan: &mut Plan,
    head: &RequestHead,
    bytes: Vec<u8>,
) -> Result<(), Failure> {
    let Some(dialer) = plan.dialer.take() else {
        return Ok(());
    };
    let mut session = Session::new(dialer);
    let head_only = head.method() == "HEAD";
    let request = net::Request {
        bytes,
        head_only,
        repeat: Repeat::Never,
    };
    let mut wait = Alone;
    let reply = net::fetch(
        &mut session,
        request,
        Deadlines::all(args.max_time),
        &mut wait,
    )
    .map_err(broken)?;
    let reply_head = reply.head.clone();
    if args.verbose {
        let _ = show_reply(&reply_head);
    }
    let mut output = Output::open(args.output.as_deref())?;
    if args.include {
        output.write(reply_head.bytes())?;
    }
    let kept = copy_body(args, plan, reply, &mut output)?;
    output.finish()?;
    let status = reply_head.status();
    if status < 400 {
        return Ok(());
    }
    if !plan.is_hub {
        return Err(Failure::new(
            Exit::Failed,
            format!("request: status {status} {}", reply_head.reason()),
        ));
    }
    let content_type = reply_head
        .get("content-type")
        .and_then(|v| std::str::from_utf8(v).ok());
    Err(Failure::new(
        Exit::Failed,
        format!("request: {}", classify(status, content_type, &kept)),
    ))
}

/// Writes the body as it arrives and keeps the beginning of one that says no.
fn copy_body(
    args: &Args,
    plan: &Plan,
    reply: Reply<'_>,
    output: &mut Output,
) -> Result<Vec<u8>, Failure> {
    let keep = if reply.head.status() >= 400 {
        MAX_KEPT
    } else {
        0
    };
    let plain = args.raw || Codings::from_head(&reply.head).is_ok_and(|c| c.is_identity());
    let limits = Limits {
        max_output: plan.max_output,
        max_window_bits: 24,
    };
    let mut reader: Box<dyn Read + '_> = if plain {
        Box::new(reply.raw())
    } else {
        Box::new(reply.decoded(limits).map_err(broken)?)
    };
    let mut kept = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let n = match reader.read(&mut chunk) {
            Ok(0) => return Ok(kept),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(broken(Error::from_io(e))),
        };
        let piece = chunk.get(..n).unwrap_or_default();
        output.write(piece)?;
        kept.extend_from_slice(
            piece
                .get(..keep.saturating_sub(kept.len()).min(n))
                .unwrap_or_default(),
        );
    }
}

fn show_reply(head: &ResponseHead) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for line in head.bytes().split_inclusive(|b| *b == b'\n') {
        err.write_all(b"< ")?;
        err.write_all(line)?;
    }
    Ok(())
}

/// Connections that never were are 69; a reply that began and is not complete is 1.
fn broken(error: Error) -> Failure {
    let exit = match error {
        Error::Body { .. } | Error::Coding { .. } | Error::TooLarge { .. } => Exit::Failed,
        Error::Closed {
            phase: net::Phase::Body | net::Phase::Head,
            ..
        } => Exit::Failed,
        Error::Deadline {
            phase: net::Phase::Body | net::Phase::Head,
            ..
        } => Exit::Failed,
        Error::Trust(_) => Exit::Config,
        _ => Exit::Unavailable,
    };
    Failure::new(exit, format!("request: {error}"))
}
