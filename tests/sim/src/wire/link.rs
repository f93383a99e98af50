// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is known of a connection while it lives: its number, its requests,
//! what its stream is to do next. The gate speaks to the stream through it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::Step;
use crate::state::{Hub, Via};

/// One connection.
#[derive(Debug)]
pub struct Link {
    id: u64,
    via: Via,
    requests: AtomicU64,
    reset: AtomicBool,
    script: Mutex<Option<Vec<Step>>>,
}

impl Link {
    /// The next reply that hyper writes is not sent; these steps are done
    /// instead.
    pub fn play(&self, steps: Vec<Step>) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        *script = Some(steps);
    }

    /// The steps, once.
    pub fn take(&self) -> Option<Vec<Step>> {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.take()
    }

    /// The socket's end will be a RST.
    pub fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Whether it will.
    pub fn is_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }

    /// The port it came in by.
    pub fn via(&self) -> Via {
        self.via
    }

    /// Counts a request.
    pub fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// The connections to the hub ports that are open now, and how many requests
/// the others had.
#[derive(Debug, Default)]
pub struct Links {
    last: u64,
    open: BTreeMap<u64, Arc<Link>>,
    closed: BTreeMap<u64, u64>,
}

impl Links {
    /// For the control API: open connections with their requests, and how many
    /// connections, open or not, had how many requests.
    pub fn json(&self) -> (Value, Value) {
        let mut spread = self.closed.clone();
        let mut open = Vec::new();
        for link in self.open.values() {
            let requests = link.requests.load(Ordering::Relaxed);
            *spread.entry(requests).or_default() += 1;
            open.push(json!({"id": link.id, "via": link.via.word(), "requests": requests}));
        }
        (Value::from(open), json!(spread))
    }

    /// Counts anew; open connections stay.
    pub fn reset(&mut self) {
        self.closed.clear();
        for link in self.open.values() {
            link.requests.store(0, Ordering::Relaxed);
        }
    }
}

/// A connection's place among the open ones, given back at its end.
pub struct Opened {
    hub: Arc<Hub>,
    /// The connection.
    pub link: Arc<Link>,
}

impl Opened {
    /// A new connection. Only those to the hub are listed.
    pub fn new(hub: &Arc<Hub>, via: Via) -> Opened {
        let mut links = hub.links();
        links.last += 1;
        let link = Arc::new(Link {
            id: links.last,
            via,
            requests: AtomicU64::new(0),
            reset: AtomicBool::new(false),
            script: Mutex::new(None),
        });
        if via.to_hub() {
            links.open.insert(link.id, link.clone());
        }
        drop(links);
        let hub = hub.clone();
        Opened { hub, link }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut links = self.hub.links();
        if links.open.remove(&self.link.id).is_some() {
            let requests = self.link.requests.load(Ordering::Relaxed);
            *links.closed.entry(requests).or_default() += 1;
        }
    }
}
