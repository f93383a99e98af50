// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configured hub at the installer's desk: identified once, then asked straight and waited for alone.

use std::io::Read;

use crate::client::{self, Hub, Lookup, Missing, Refusal, Source};
use crate::config::Config;
use crate::failure::Failure;
use crate::homey::call::Call;
use crate::homey::names::{RefKind, Reference, Resolved};
use crate::net::{self, Alone, Deadlines, Session};

use super::Common;

/// One hub, one connection.
pub(crate) struct Desk {
    hub: Hub,
    session: Session,
}

impl Desk {
    /// Reads configuration and bearer, and makes sure who answers before any bearer is sent.
    pub(crate) fn open(common: &Common) -> Result<Desk, Failure> {
        Desk::of(&common.load()?)
    }

    /// The same for a configuration that is loaded already.
    pub(crate) fn of(config: &Config) -> Result<Desk, Failure> {
        let mut hub = Hub::new(config)?;
        hub.load_bearer(config)?;
        let session = hub.session();
        let mut desk = Desk { hub, session };
        desk.identify()
            .map_err(|refusal| refusal.failure("asking the hub who it is"))?;
        Ok(desk)
    }

    /// Where the hub answers.
    pub(crate) fn peer(&self) -> String {
        self.session.peer()
    }

    /// What it says that it is; empty where it does not say.
    pub(crate) fn hub_id(&self) -> &str {
        &self.hub.id
    }

    fn identify(&mut self) -> Result<(), Refusal> {
        let call = Call::Ping {
            hub_id: &self.hub.id,
        };
        let request = self
            .hub
            .request(&call)
            .map_err(|e| Refusal::Local(e.message))?;
        let mut wait = Alone;
        let reply = net::fetch(&mut self.session, request, Deadlines::POLL, &mut wait)?;
        let known = client::read_ping(reply, self.hub.limits, &self.hub.id)?;
        self.hub.recognise(known)
    }

    /// Sends a call and reads its reply as it comes.
    pub(crate) fn read<T>(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        self.hub
            .read(&mut self.session, call, visit)
            .map_err(|refusal| refusal.failure(&call.name()))
    }

    /// Looks names up; every one that stands for nothing is an `Err` of its own.
    pub(crate) fn look_up(&mut self, references: &[Reference<'_>]) -> Result<Lookup, Failure> {
        client::look_up(references, self).map_err(|refusal| refusal.failure("looking names up"))
    }

    /// Looks one name up.
    pub(crate) fn find(&mut self, kind: RefKind, text: &str) -> Result<Resolved, Failure> {
        let reference = Reference { text, kind };
        match self.look_up(&[reference])?.found.into_iter().next() {
            Some(Ok(found)) => Ok(found),
            Some(Err(Missing::Name(error))) => Err(Failure::usage_plain(error.to_string())),
            Some(Err(Missing::List(why))) => Err(Failure::permission(why)),
            None => Err(Failure::unavailable("the look-up gave nothing")),
        }
    }
}

impl Source for Desk {
    fn get(
        &mut self,
        call: &Call<'_>,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.hub.read(&mut self.session, call, visit)
    }
}
