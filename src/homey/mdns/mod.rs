// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding hubs by multicast DNS (`api.md` 13): questions as bytes, and what came of the answers.
//!
//! One-shot questions of RFC 6762 §5.1, with the bit that asks for answers to the asker alone. Whoever is in the house
//! may answer, and anything: so every length is bounded here, and an answer is only where to ping. Over TLS the certificate
//! then says that it is a hub; with `http://` whoever answers and knows the hub's id gets the bearer, as with a forged ARP reply.
//! IPv6 answers are read over (`api.md` 13: prefer IPv4). Must not know sockets.

mod wire;

use core::net::Ipv4Addr;

use wire::{Data, Record};
pub use wire::{MAX_PACKET, Name};

use super::text::one_line;

/// Where questions go (RFC 6762 §3).
pub const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// What hubs of 2023 and later announce (`api.md` 13).
const SERVICE: &str = "_homey._tcp.local";

/// More hubs than any house has.
const MAX_HUBS: usize = 32;

/// Addresses of one name.
const MAX_IPS: usize = 8;

/// Names with addresses, of all hubs together.
const MAX_HOSTS: usize = 64;

/// A resource record's type (RFC 1035 §3.2.2, RFC 2782).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Kind {
    A = 1,
    Ptr = 12,
    Txt = 16,
    Srv = 33,
}

/// The question for the address of `homey-ID.local`. `None` where the id is too long for a name.
pub fn address_question(id: &str) -> Option<Vec<u8>> {
    Some(wire::question(&host_of(id)?, Kind::A))
}

/// The question for everything that announces itself as a Homey.
pub fn service_question() -> Vec<u8> {
    // The constant is a name, as a test holds.
    Name::parse(SERVICE).map_or_else(Vec::new, |name| wire::question(&name, Kind::Ptr))
}

fn host_of(id: &str) -> Option<Name> {
    Name::parse(&format!("homey-{id}.local"))
}

/// What the answers said of one hub. All of it is hearsay.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// The hub's id.
    pub id: Option<String>,
    /// For people, at most 64 characters on one line, as the next two.
    pub name: Option<String>,
    /// Such as `homey5q`.
    pub model: Option<String>,
    pub version: Option<String>,
    /// In the order in which they were heard, the last 8.
    pub ips: Vec<Ipv4Addr>,
    /// The announced port: of plain http, where it is known at all (`api.md` 13).
    pub port: Option<u16>,
}

/// One announced service.
struct Instance {
    name: Name,
    target: Option<(Name, u16)>,
    texts: Option<Texts>,
}

/// The TXT members that matter.
#[derive(Clone, Default)]
struct Texts {
    id: Option<String>,
    name: Option<String>,
    model: Option<String>,
    version: Option<String>,
}

/// Answers so far, of any number of packets.
pub struct Answers {
    service: Option<Name>,
    /// The id that was asked for, and its host name.
    wanted: Option<(String, Name)>,
    /// Addresses of that host name; others may not crowd them out.
    direct: Vec<Ipv4Addr>,
    instances: Vec<Instance>,
    hosts: Vec<(Name, Ipv4Addr)>,
}

impl Answers {
    /// None yet. `id`: the hub that is looked for; empty: any.
    pub fn new(id: &str) -> Answers {
        Answers {
            service: Name::parse(SERVICE),
            wanted: host_of(id)
                .filter(|_| !id.is_empty())
                .map(|name| (id.to_owned(), name)),
            direct: Vec::new(),
            instances: Vec::new(),
            hosts: Vec::new(),
        }
    }

    /// Takes a packet in. `false`: it is no answer, or damaged, and nothing of it was taken.
    pub fn take(&mut self, packet: &[u8]) -> bool {
        if !wire::records(packet, &mut |_| {}) {
            return false;
        }
        wire::records(packet, &mut |record| self.keep(record))
    }

    fn keep(&mut self, record: Record<'_>) {
        match record.data {
            Data::A(ip) => {
                if self.wanted.as_ref().is_some_and(|(_, n)| *n == record.name) {
                    keep_newest(&mut self.direct, ip, MAX_IPS);
                } else {
                    keep_newest(&mut self.hosts, (record.name, ip), MAX_HOSTS);
                }
            }
            Data::Ptr(instance) => {
                if self.service.as_ref() == Some(&record.name) {
                    self.instance(instance);
                }
            }
            Data::Srv { port, target } => {
                if let Some(instance) = self.instance(record.name) {
                    instance.target.get_or_insert((target, port));
                }
            }
            Data::Txt(strings) => {
                if let Some(instance) = self.instance(record.name) {
                    instance.texts.get_or_insert_with(|| texts(strings));
                }
            }
        }
    }

    /// The instance of that name, if it is one of the service's and there is room.
    fn instance(&mut self, name: Name) -> Option<&mut Instance> {
        if name.parent().as_ref() != self.service.as_ref() {
            return None;
        }
        let at = self.instances.iter().position(|i| i.name == name);
        if at.is_none() {
            if self.instances.len() == MAX_HUBS {
                return None;
            }
            self.instances.push(Instance {
                name,
                target: None,
                texts: None,
            });
        }
        match at {
            Some(at) => self.instances.get_mut(at),
            None => self.instances.last_mut(),
        }
    }

    fn addresses(&self, host: &Name) -> Vec<Ipv4Addr> {
        if self.wanted.as_ref().is_some_and(|(_, name)| name == host) {
            return self.direct.clone();
        }
        let of_it = self.hosts.iter().filter(|(name, _)| name == host);
        let skipped = of_it.clone().count().saturating_sub(MAX_IPS);
        of_it.map(|(_, ip)| *ip).skip(skipped).collect()
    }

    /// Every hub that was heard of, at least by one address or an announcement.
    pub fn hubs(&self) -> Vec<Heard> {
        let mut hubs: Vec<Heard> = Vec::new();
        for instance in &self.instances {
            let texts = instance.texts.clone().unwrap_or_default();
            let label = instance.name.first_label();
            hubs.push(Heard {
                name: texts.name.or(Some(one_line(&label, 64))),
                id: texts.id,
                model: texts.model,
                version: texts.version,
                ips: instance
                    .target
                    .as_ref()
                    .map(|(host, _)| self.addresses(host))
                    .unwrap_or_default(),
                port: instance.target.as_ref().map(|(_, port)| *port),
            });
        }
        let Some((id, _)) = &self.wanted else {
            return hubs;
        };
        let is_it = |hub: &&mut Heard| {
            let told = hub.id.as_ref();
            told.is_some_and(|told| told.eq_ignore_ascii_case(id))
        };
        match hubs.iter_mut().find(is_it) {
            Some(hub) => {
                // By its own name first, which needs no announcement to be right.
                let announced = std::mem::replace(&mut hub.ips, self.direct.clone());
                let more = announced.into_iter().filter(|ip| !self.direct.contains(ip));
                hub.ips.extend(more);
            }
            None if !self.direct.is_empty() => hubs.push(Heard {
                id: Some(id.clone()),
                ips: self.direct.clone(),
                ..Heard::default()
            }),
            None => {}
        }
        hubs
    }

    /// Where the hub that is looked for may be: first by its own name, then by announcements with its id.
    pub fn wanted(&self) -> Vec<Ipv4Addr> {
        let id = self.wanted.as_ref().map_or("", |(id, _)| id);
        let mine = |hub: &Heard| hub.id.as_ref().is_some_and(|i| i.eq_ignore_ascii_case(id));
        let mut ips: Vec<Ipv4Addr> = Vec::new();
        for ip in self.hubs().into_iter().filter(mine).flat_map(|hub| hub.ips) {
            if !ips.contains(&ip) && ips.len() < MAX_IPS {
                ips.push(ip);
            }
        }
        ips
    }

    /// Questions for what announcements left out: a service without its place, a place without its address.
    pub fn missing(&self) -> Vec<Vec<u8>> {
        let mut questions = Vec::new();
        for instance in &self.instances {
            match &instance.target {
                None => questions.push(wire::question(&instance.name, Kind::Srv)),
                Some((host, _)) if self.addresses(host).is_empty() => {
                    questions.push(wire::question(host, Kind::A));
                }
                Some(_) => {}
            }
            if instance.texts.is_none() {
                questions.push(wire::question(&instance.name, Kind::Txt));
            }
        }
        questions
    }
}

/// Whoever is first to answer must not keep the others out: where there is no room left the oldest goes.
fn keep_newest<T: PartialEq>(kept: &mut Vec<T>, new: T, most: usize) {
    if kept.contains(&new) {
        return;
    }
    if kept.len() == most {
        kept.remove(0);
    }
    kept.push(new);
}

/// Of the strings `key=value` those that matter; the first of each counts (RFC 6763 §6.4).
fn texts(strings: &[u8]) -> Texts {
    let mut texts = Texts::default();
    for string in wire::strings(strings) {
        let Some(at) = string.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (key, value) = string.split_at(at);
        let slot = match key.to_ascii_lowercase().as_slice() {
            b"id" => &mut texts.id,
            b"name" => &mut texts.name,
            b"model" => &mut texts.model,
            b"version" => &mut texts.version,
            _ => continue,
        };
        let value = String::from_utf8_lossy(value.get(1..).unwrap_or_default());
        if slot.is_none() && !value.is_empty() {
            *slot = Some(one_line(&value, 64));
        }
    }
    // An id goes into requests and names.
    texts.id = texts.id.filter(|id| is_id(id));
    texts
}

/// Whether a text has the form of a hub's id: 8 to 64 letters, digits and dashes.
pub fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests;
