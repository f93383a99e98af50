// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does what the machine of [`crate::homey::auth`] says, call by call.

use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::homey::auth::{Chain, CloudHub, Due, Fault, MAX_ASKS, Site, Sort, Step};
use crate::homey::session::{Cloud, Routes, Session};

use super::cloud::{Host, trust, wall_ms};
use super::reach::{HubEnd, reach};

/// The decisions that are not the machine's.
pub trait Guide {
    /// Stores new cloud tokens before they are used.
    fn keep(&mut self, cloud: &Cloud) -> Result<(), Failure>;

    /// Which hub: its id or name.
    fn choose(&mut self, hubs: &[CloudHub]) -> Result<String, Failure>;

    /// The second factor's code; `None` where there is nobody to ask.
    fn otp(&mut self) -> Result<Option<String>, Failure>;
}

/// Why a way in did not lead to a session.
pub enum Stop {
    /// The cloud or the hub said something.
    Fault(Fault),
    /// They did not get to say anything, or the disk or a person said no.
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

impl Stop {
    /// As a command ends with it.
    pub fn failure(self) -> Failure {
        match self {
            Stop::Fault(fault) => failure(&fault),
            Stop::Failure(failure) => failure,
        }
    }
}

/// A fault as a command ends with it: 69 where trying again may help, 77 and 78 where something has to be done.
pub fn failure(fault: &Fault) -> Failure {
    let exit = match fault.sort() {
        Sort::Away => Exit::Unavailable,
        Sort::Credentials => Exit::Permission,
        Sort::Configuration => Exit::Config,
    };
    Failure::new(exit, fault.to_string())
}

/// As long as it lives, signals that end the program wait: a refresh token that is spent and whose successor is not on the
/// disk is lost, and a service manager stops children too.
struct Unstopped(Option<SigSet>);

impl Unstopped {
    fn new() -> Unstopped {
        let mut ending = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            ending.add(signal);
        }
        // Where it cannot be had the renewal goes on all the same.
        Unstopped(ending.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok())
    }
}

impl Drop for Unstopped {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // One that came meanwhile ends the program here.
            let _ = before.thread_set_mask();
        }
    }
}

/// Runs a way in to its session. `routes` are where the hub was when a session was made last; `left` is what all calls together
/// may take, less what they took. Also tells where the hub answered.
pub fn drive(
    config: &Config,
    chain: &mut Chain,
    routes: Option<&Routes>,
    guide: &mut dyn Guide,
    left: &mut Duration,
) -> Result<(Session, String), Stop> {
    let name = &config.profile.app_name;
    let trust = trust(&config.cloud);
    let (mut accounts, mut api): (Option<Host>, Option<Host>) = (None, None);
    let mut hub_end: Option<HubEnd> = None;
    let mut pings = 0;
    let mut unstopped: Option<Unstopped> = None;
    loop {
        if chain.asked() + pings > MAX_ASKS {
            return Err(Stop::Fault(Fault::Circles));
        }
        if left.is_zero() {
            return Err(Stop::Failure(Failure::unavailable(
                "cloud and hub together take too long over the way in; try again later",
            )));
        }
        let begun = Instant::now();
        match chain.due(wall_ms()).map_err(Stop::Fault)? {
            Due::Ask(ask) => {
                if ask.step == Step::Refresh {
                    unstopped.get_or_insert_with(Unstopped::new);
                }
                let (head, body) = match ask.site {
                    Site::Hub => match &mut hub_end {
                        Some(end) => end.send(&ask, name, *left)?,
                        None => return Err(Stop::Fault(Fault::Nothing)),
                    },
                    Site::Accounts | Site::Api => {
                        let (host, site) = match ask.site {
                            Site::Accounts => (&mut accounts, &config.cloud.accounts),
                            _ => (&mut api, &config.cloud.api),
                        };
                        if host.is_none() {
                            *host = Some(Host::new(site, &trust, *left)?);
                        }
                        match host {
                            Some(host) => host.send(&ask, name, *left)?,
                            None => return Err(Stop::Fault(Fault::Nothing)),
                        }
                    }
                };
                *left = left.saturating_sub(begun.elapsed());
                match chain.answer(wall_ms(), &head, &body) {
                    Ok(()) => {}
                    Err(Fault::OtpNeeded) => match guide.otp()? {
                        Some(code) => chain.give_otp(&code),
                        None => return Err(Stop::Fault(Fault::OtpNeeded)),
                    },
                    Err(fault) => return Err(Stop::Fault(fault)),
                }
            }
            Due::Keep(cloud) => {
                guide.keep(cloud)?;
                drop(unstopped.take());
                chain.kept();
            }
            Due::Choose(hubs) => {
                let chosen = guide.choose(hubs)?;
                chain.choose(&chosen).map_err(Stop::Fault)?;
            }
            Due::Reach { id, hub } => {
                let configured = config.hub.id.as_deref().unwrap_or_default();
                if !id.is_empty() && !configured.is_empty() && id != configured {
                    return Err(Stop::Failure(Failure::config(format!(
                        "the session would be for the hub {id}, but id under [hub] is {configured}; correct one of the two"
                    ))));
                }
                let id = if id.is_empty() { configured } else { id };
                let routes = hub.map(|hub| &hub.routes).or(routes);
                let end = reach(config, id, routes, &mut pings, *left)?;
                *left = left.saturating_sub(begun.elapsed());
                chain.reached(&end.id);
                hub_end = Some(end);
            }
            Due::Done(session) => {
                let via = hub_end.map(|end| end.via).unwrap_or_default();
                return Ok((session.clone(), via));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::homey::auth::Way;
    use crate::homey::secret::Secret;
    use crate::homey::session::Kind;

    struct Nobody;

    impl Guide for Nobody {
        fn keep(&mut self, _: &Cloud) -> Result<(), Failure> {
            unreachable!()
        }

        fn choose(&mut self, _: &[CloudHub]) -> Result<String, Failure> {
            unreachable!()
        }

        fn otp(&mut self) -> Result<Option<String>, Failure> {
            unreachable!()
        }
    }

    #[test]
    fn what_is_left_of_the_time_bounds_every_call() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let text = format!("[hub]\naddress = \"http://{address}\"");
        let config = Config::parse("f", &text).unwrap();
        for (millis, words) in [
            (100, "no answer within 0.1 s"),
            (0, "take too long over the way in"),
        ] {
            let token = Secret::parse("t").unwrap();
            let kind = Kind::Bearer;
            let mut chain = Chain::new(None, Way::Given { kind, token }, None, 0).unwrap();
            let mut left = Duration::from_millis(millis);
            let driven = drive(&config, &mut chain, None, &mut Nobody, &mut left);
            let failure = driven.map(drop).map_err(Stop::failure).unwrap_err();
            assert_eq!(failure.exit, Exit::Unavailable);
            assert!(failure.message.contains(words), "{failure}");
        }
    }
}
