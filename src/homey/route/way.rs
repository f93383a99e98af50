// SPDX-License-Identifier: MIT OR Apache-2.0
//! One way to a hub, and its text: the line that `discover --for-run` writes and the loop reads.

use core::net::IpAddr;

use serde::de::{Error, IgnoredAny, MapAccess};

use super::Via;
use crate::homey::reply::loose::{Any, Key, Loose, Shape};
use crate::homey::reply::parse;

/// Longer lines are none of ours.
const MAX_LINE: usize = 1024;

/// Where to dial, and under which names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    pub via: Via,
    /// What is dialled.
    pub ip: IpAddr,
    pub port: u16,
    /// The name for SNI and certificate; `None`: plain http.
    pub tls: Option<String>,
    /// For the field `Host`, with the port where it is not the scheme's own.
    pub host: String,
}

impl Way {
    /// One line of JSON, without its line break.
    pub fn emit(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let tls = self.tls.as_deref().map_or("null".to_owned(), text);
        format!(
            "{{\"via\":\"{}\",\"ip\":\"{}\",\"port\":{},\"tls\":{tls},\"host\":{}}}",
            self.via.word(),
            self.ip,
            self.port,
            text(&self.host)
        )
    }

    /// The reverse of [`Way::emit`]. `None`: no such line.
    pub fn parse(line: &str) -> Option<Way> {
        if line.len() > MAX_LINE {
            return None;
        }
        let mut bytes = line.as_bytes();
        let raw = parse(&mut bytes, Any(Raw::default()), "a way to the hub").ok()?;
        let text = |member: Loose| member.into_text().map(String::from);
        let port = raw.port.as_number().filter(|n| n.fract() == 0.0)?;
        Some(Way {
            via: Via::of(&text(raw.via)?)?,
            ip: text(raw.ip)?.parse().ok()?,
            // In range, and a whole number: exact.
            port: (1.0..=65535.0).contains(&port).then_some(port as u16)?,
            tls: match raw.tls {
                Loose::Null => None,
                other => Some(text(other)?),
            },
            host: text(raw.host).filter(|host| !host.is_empty())?,
        })
    }
}

#[derive(Default)]
struct Raw {
    via: Loose,
    ip: Loose,
    port: Loose,
    tls: Loose,
    host: Loose,
}

impl<'de> Shape<'de> for Raw {
    type Out = Raw;

    fn scalar<E: Error>(self, _: Loose) -> Result<Raw, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Raw, A::Error> {
        let key = |name: &str| {
            ["via", "ip", "port", "tls", "host"]
                .iter()
                .position(|k| *k == name)
        };
        while let Some(member) = map.next_key_seed(Key(key))? {
            let slot = match member {
                Some(0) => &mut self.via,
                Some(1) => &mut self.ip,
                Some(2) => &mut self.port,
                Some(3) => &mut self.tls,
                Some(_) => &mut self.host,
                None => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *slot = map.next_value()?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_reads_back_and_other_lines_are_refused() {
        let line = "{\"via\":\"mdns\",\"ip\":\"192.168.1.20\",\"port\":443,\"tls\":\"192-168-1-20.homey.homeylocal.com\",\"host\":\"192-168-1-20.homey.homeylocal.com\"}";
        let way = Way::parse(line).unwrap();
        assert_eq!(way.emit(), line);
        let plain = Way {
            tls: None,
            ip: "::1".parse().unwrap(),
            ..way
        };
        assert_eq!(Way::parse(&plain.emit()), Some(plain));
        let more = line.replace("{\"via\"", "{\"x\":[1],\"via\"");
        assert!(Way::parse(&more).is_some());
        for (from, to) in [
            ("mdns", "cloud"),
            ("192.168.1.20", "a.example"),
            ("443", "0"),
            ("443", "65536"),
            ("443", "1.5"),
            ("443", "null"),
            ("\"tls\":\"", "\"tls\":7,\"x\":\""),
            ("\"host\"", "\"Host\""),
            ("}", ""),
            ("}", "} x"),
        ] {
            assert_eq!(Way::parse(&line.replace(from, to)), None, "{to}");
        }
        for line in ["", "[]", "true", &format!("{}{line}", " ".repeat(MAX_LINE))] {
            assert_eq!(Way::parse(line), None, "{line}");
        }
    }
}
