// SPDX-License-Identifier: MIT OR Apache-2.0
//! What target, options and configuration decide together: profile, bearer, trust and the way there.

use crate::client::{self, Bearer};
use crate::config::{Config, ProfileName};
use crate::failure::{Exit, Failure};
use crate::homey::profile::Profile;
use crate::homey::route::Way;
use crate::http::Limits;
use crate::net::wan::{Resolve, Route, Wan};
use crate::net::{self, Address, Dial, TlsName, Trust, parse_pin};

use super::args::Args;
use super::head::{self, Fill};
use super::target::{Target, Url};

/// Everything that the target and the configuration decide.
pub struct Plan {
    /// `None`: profile `none`.
    pub profile: Option<Profile>,
    pub fill: Fill,
    pub dialer: Box<dyn Dial>,
    pub is_hub: bool,
    pub max_output: u64,
}

impl Plan {
    pub fn new(args: &Args, target: Target, config: Option<&Config>) -> Result<Plan, Failure> {
        let configured = config.map(|c| c.profile.name.clone()).unwrap_or_default();
        let profile = match args.profile.as_deref() {
            Some("none") => None,
            Some("forum") => Some(Profile::forum()),
            Some("minimal") => Some(Profile::minimal()),
            Some(name) => Some(own_profile(config, name)?),
            None => Some(client::profile(&configured)?),
        };
        let is_hub = matches!(target, Target::Hub(_));
        let is_due = (is_hub || args.bearer) && head::needs_token(profile.as_ref(), &args.lines);
        let token = match config {
            Some(config) if is_due => Some(Bearer::load(&config.hub.credential)?),
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
                let way = client::route::find(config)?;
                let dialer = dial_hub(args, config, &way)?;
                (way.host, path.clone(), dialer)
            }
        };
        let fill = Fill {
            host,
            path,
            token: token.map(|t| t.secret),
            hub: hub.unwrap_or_default(),
            app_name,
        };
        let max_output = config.map_or(Limits::ONE_SHOT.max_output, |c| c.limits.max_reply);
        Ok(Plan {
            profile,
            fill,
            dialer,
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
        (None, Some(pin)) => {
            Ok(Trust::Pin(parse_pin(pin).map_err(|e| {
                Failure::usage(format!("request: --pin: {e}"))
            })?))
        }
        (None, None) => Ok(usual),
    }
}

fn dial_hub(args: &Args, config: &Config, way: &Way) -> Result<Box<dyn Dial>, Failure> {
    let trust = trust(args, client::route::trust(config, way.via))?;
    if args.proxy.is_some() || !args.resolve.is_empty() {
        let url = Url {
            tls: way.tls.is_some(),
            host: way.tls.clone().unwrap_or_else(|| way.ip.to_string()),
            port: way.port,
            authority: way.host.clone(),
            path: String::new(),
        };
        // The hub's name is looked up nowhere: its address is known, for a proxy too.
        let own = Resolve {
            host: url.host.clone(),
            port: url.port,
            addrs: vec![way.ip],
        };
        return dial_wan(args, &url, trust, Some(own));
    }
    let tls = match &way.tls {
        None => None,
        Some(name) => Some(tls(args, name.clone(), &trust)?),
    };
    Ok(Box::new(Address {
        ip: way.ip,
        port: way.port,
        tls,
    }))
}

fn dial_url(args: &Args, url: &Url) -> Result<Box<dyn Dial>, Failure> {
    dial_wan(args, url, trust(args, Trust::System)?, None)
}

/// `last`: an address that holds where `--resolve` says nothing.
fn dial_wan(
    args: &Args,
    url: &Url,
    trust: Trust,
    last: Option<Resolve>,
) -> Result<Box<dyn Dial>, Failure> {
    let typed = args.resolve.iter().map(|text| Resolve::parse(text));
    let resolve = typed.chain(last.map(Ok)).collect::<Result<Vec<_>, _>>();
    let route = Route {
        tls: if url.tls {
            Some(tls(args, url.host.clone(), &trust)?)
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
    args: &Args,
    name: String,
    trust: &Trust,
) -> Result<(std::sync::Arc<rustls::ClientConfig>, TlsName), Failure> {
    let config = net::client_config(trust).map_err(|e| {
        let exit = if args.cacert.is_some() {
            Exit::Usage
        } else {
            Exit::Config
        };
        Failure::new(exit, format!("request: {e}"))
    })?;
    let shown = name.clone();
    let name = TlsName::try_from(name).map_err(|_| {
        Failure::usage_plain(format!(
            "request: {shown} is no name that a certificate can carry"
        ))
    })?;
    Ok((config, name))
}
