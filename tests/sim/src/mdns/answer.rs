// SPDX-License-Identifier: MIT OR Apache-2.0

//! Messages of the responder (RFC 6762, 6763): which question has which
//! answer. It knows no sockets.

use std::net::Ipv4Addr;

use simple_dns::rdata::{A, NSEC, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, ResourceRecord, TYPE};

/// Of mDNS.
pub const PORT: u16 = 5353;
/// What hubs are found under (api.md 13).
const SERVICE: &str = "_homey._tcp.local";
/// Lists all services (RFC 6763, 9).
const SERVICES: &str = "_services._dns-sd._udp.local";
/// Seconds that names of hosts are good, and other records (RFC 6762, 10).
const SHORT: u32 = 120;
const LONG: u32 = 4500;
/// At most, for those who are no mDNS themselves (RFC 6762, 6.7).
const LEGACY: u32 = 10;

/// What there is to tell.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Hub id.
    pub id: String,
    /// Name given by the user.
    pub name: String,
    /// Of its software.
    pub version: &'static str,
    /// Model id.
    pub model: &'static str,
    /// Where it is.
    pub ip: Ipv4Addr,
    /// Of its plain HTTP.
    pub port: u16,
    /// Whether it announces the service.
    pub service: bool,
}

/// Name, type and whether a unicast answer is wanted, of each question.
pub fn questions(message: &[u8]) -> Vec<(String, String, bool)> {
    let Ok(packet) = Packet::parse(message) else {
        return Vec::new();
    };
    let of = |q: &simple_dns::Question| {
        let kind = match q.qtype {
            QTYPE::TYPE(kind) => format!("{kind:?}"),
            other => format!("{other:?}"),
        };
        (q.qname.to_string(), kind, q.unicast_response)
    };
    match packet.has_flags(PacketFlag::RESPONSE) {
        true => Vec::new(),
        false => packet.questions.iter().map(of).collect(),
    }
}

/// A record with the seconds it is good.
fn record(name: &str, ttl: u32, data: RData<'static>) -> Option<ResourceRecord<'static>> {
    let name = Name::new(name).ok()?.into_owned();
    // Names that others may have too are not flushed from caches.
    let shared = matches!(data, RData::PTR(_));
    Some(ResourceRecord::new(name, CLASS::IN, ttl, data).with_cache_flush(!shared))
}

impl Facts {
    /// `Homey-<MAC>.local`, with Athom's prefix of a MAC.
    fn host(&self) -> String {
        format!("Homey-9013DA{}.local", self.id[..6].to_ascii_uppercase())
    }

    fn instance(&self) -> String {
        self.host().replace("local", SERVICE)
    }

    fn is_host(&self, name: &str) -> bool {
        let by_id = format!("homey-{}.local", self.id);
        name.eq_ignore_ascii_case(&by_id) || name.eq_ignore_ascii_case(&self.host())
    }

    fn a(&self, name: &str) -> Option<ResourceRecord<'static>> {
        let address = u32::from(self.ip);
        record(name, SHORT, RData::A(A { address }))
    }

    /// There is no other address: so says RFC 6762, 6.1.
    fn only_a(&self, name: &str) -> Option<ResourceRecord<'static>> {
        let own = Name::new(name).ok()?.into_owned();
        record(name, SHORT, RData::NSEC(NSEC::from_types(own, &[TYPE::A])))
    }

    fn ptr(&self, from: &str, to: &str) -> Option<ResourceRecord<'static>> {
        let to = Name::new(to).ok()?.into_owned();
        record(from, LONG, RData::PTR(PTR(to)))
    }

    fn srv(&self) -> Option<ResourceRecord<'static>> {
        let srv = SRV {
            priority: 0,
            weight: 0,
            port: self.port,
            target: Name::new(&self.host()).ok()?.into_owned(),
        };
        record(&self.instance(), SHORT, RData::SRV(srv))
    }

    fn txt(&self) -> Option<ResourceRecord<'static>> {
        let members = [
            ("id", self.id.as_str()),
            ("model", self.model),
            ("name", &self.name),
            ("version", self.version),
        ];
        let mut txt = TXT::new();
        for (key, value) in members {
            txt = txt.with_attribute(key, Some(value.as_bytes())).ok()?;
        }
        record(&self.instance(), LONG, RData::TXT(txt.into_owned()))
    }

    /// Answers to one question, and what is added to them.
    fn records(&self, name: &str, asked: QTYPE) -> [Vec<ResourceRecord<'static>>; 2] {
        let wants = |kind| asked == QTYPE::TYPE(kind) || asked == QTYPE::ANY;
        let mut found = Vec::new();
        let mut more = Vec::new();
        if self.is_host(name) {
            if wants(TYPE::A) {
                found.extend(self.a(name));
            } else {
                found.extend(self.only_a(name));
            }
        }
        let is = |other: &str| self.service && name.eq_ignore_ascii_case(other);
        if is(SERVICES) && wants(TYPE::PTR) {
            found.extend(self.ptr(SERVICES, SERVICE));
        }
        if is(SERVICE) && wants(TYPE::PTR) {
            found.extend(self.ptr(SERVICE, &self.instance()));
            more.extend([self.srv(), self.txt(), self.a(&self.host())]);
        }
        if is(&self.instance()) && wants(TYPE::SRV) {
            found.extend(self.srv());
            more.push(self.a(&self.host()));
        }
        if is(&self.instance()) && wants(TYPE::TXT) {
            found.extend(self.txt());
        }
        [found, more.into_iter().flatten().collect()]
    }

    /// The reply to a message that came from a port, and true with it when it
    /// goes to the asker alone.
    pub fn answer(&self, message: &[u8], from: u16) -> Option<(Vec<u8>, bool)> {
        let asked = Packet::parse(message).ok()?;
        if asked.has_flags(PacketFlag::RESPONSE) {
            return None;
        }
        let legacy = from != PORT;
        let mut reply = Packet::new_reply(if legacy { asked.id() } else { 0 });
        reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        for question in &asked.questions {
            let [found, more] = self.records(&question.qname.to_string(), question.qtype);
            reply.answers.extend(found);
            reply.additional_records.extend(more);
        }
        if reply.answers.is_empty() {
            return None;
        }
        if legacy {
            reply.questions = asked.questions.clone();
            let all = reply.answers.iter_mut();
            for record in all.chain(&mut reply.additional_records) {
                record.ttl = record.ttl.min(LEGACY);
                record.cache_flush = false;
            }
        }
        let unicast = legacy || asked.questions.iter().all(|q| q.unicast_response);
        Some((reply.build_bytes_vec_compressed().ok()?, unicast))
    }

    /// What is told without a question when the hub comes up or moves.
    pub fn announcement(&self) -> Option<Vec<u8>> {
        let mut told = Packet::new_reply(0);
        told.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        let by_id = format!("homey-{}.local", self.id);
        told.answers
            .extend([self.a(&by_id), self.a(&self.host())].into_iter().flatten());
        if self.service {
            let service = [self.ptr(SERVICE, &self.instance()), self.srv(), self.txt()];
            told.answers.extend(service.into_iter().flatten());
        }
        told.build_bytes_vec_compressed().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            id: "5f00aa11bb22cc33dd44ff66".to_owned(),
            name: "Home".to_owned(),
            version: "12.9.0",
            model: "homey5q",
            ip: Ipv4Addr::new(127, 0, 0, 2),
            port: 4859,
            service: true,
        }
    }

    /// A question in literal bytes: id 0x1234, one question.
    fn question(name: &[&str], kind: u16, class: u16) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name {
            bytes.push(u8::try_from(label.len()).unwrap_or(0));
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&class.to_be_bytes());
        bytes
    }

    const HOST: [&str; 2] = ["homey-5f00aa11bb22cc33dd44ff66", "local"];

    #[test]
    fn an_address_in_literal_bytes() {
        let name = b"\x1ehomey-5f00aa11bb22cc33dd44ff66\x05local\0";
        // By mDNS: id 0, no question, cache flush, 120 s.
        let mut wanted = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        wanted.extend_from_slice(name);
        wanted.extend_from_slice(&[0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 127, 0, 0, 2]);
        let asked = question(&HOST, 1, 1);
        assert_eq!(facts().answer(&asked, PORT), Some((wanted.clone(), false)));
        let asked = question(&HOST, 1, 0x8001);
        assert_eq!(facts().answer(&asked, PORT), Some((wanted, true)));
        // By a simple resolver: its id and question, no flush, 10 s, the name
        // only once.
        let mut wanted = vec![0x12, 0x34, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0];
        wanted.extend_from_slice(name);
        wanted.extend_from_slice(&[0, 1, 0x80, 1]);
        wanted.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 10, 0, 4, 127, 0, 0, 2]);
        assert_eq!(facts().answer(&asked, 40_000), Some((wanted, true)));
    }

    #[test]
    fn only_its_own_names_are_answered() {
        let upper = ["HOMEY-5F00AA11BB22CC33DD44FF66", "LOCAL"];
        let mac = ["Homey-9013DA5F00AA", "local"];
        let other = ["homey-5f00aa11bb22cc33dd44ff67", "local"];
        let service = ["_homey", "_tcp", "local"];
        let v2 = Facts {
            service: false,
            ..facts()
        };
        for (name, kind, answered, old) in [
            (&upper[..], 1, true, true),
            (&mac, 1, true, true),
            (&other, 1, false, false),
            // No IPv6 address: NSEC says so.
            (&HOST, 28, true, true),
            (&service, 12, true, false),
            (&service, 1, false, false),
            (&["_services", "_dns-sd", "_udp", "local"], 12, true, false),
            (&["_http", "_tcp", "local"], 12, false, false),
        ] {
            let asked = question(name, kind, 1);
            assert_eq!(
                facts().answer(&asked, PORT).is_some(),
                answered,
                "{name:?} {kind}"
            );
            assert_eq!(
                v2.answer(&asked, PORT).is_some(),
                old,
                "{name:?} {kind} on V2"
            );
        }
        let mut reply = question(&HOST, 1, 1);
        reply[2] = 0x84;
        assert_eq!(facts().answer(&reply, PORT), None);
        assert_eq!(facts().answer(b"junk", PORT), None);
    }

    #[test]
    fn the_service_with_all_its_records() {
        let asked = question(&["_homey", "_tcp", "local"], 12, 1);
        let (reply, _) = facts().answer(&asked, PORT).expect("an answer");
        let text = String::from_utf8_lossy(&reply).into_owned();
        for piece in [
            "\x12Homey-9013DA5F00AA",
            "\x1bid=5f00aa11bb22cc33dd44ff66",
            "\x0dmodel=homey5q",
            "\x09name=Home",
            "\x0eversion=12.9.0",
        ] {
            assert!(text.contains(piece), "{piece:?} in {text:?}");
        }
        let reply = Packet::parse(&reply).expect("a message");
        assert_eq!(
            (reply.answers.len(), reply.additional_records.len()),
            (1, 3)
        );
        assert!(!reply.answers[0].cache_flush && reply.answers[0].ttl == 4500);
        let ports: Vec<u16> = reply
            .additional_records
            .iter()
            .filter_map(|r| match &r.rdata {
                RData::SRV(srv) => Some(srv.port),
                _ => None,
            })
            .collect();
        assert_eq!(ports, [4859]);
        let told = facts().announcement().expect("an announcement");
        let told = Packet::parse(&told).expect("a message");
        assert_eq!(told.answers.len(), 5);
    }
}
