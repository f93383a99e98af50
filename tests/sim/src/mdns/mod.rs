// SPDX-License-Identifier: MIT OR Apache-2.0

//! The hub's mDNS responder (api.md 13): a socket in the group 224.0.0.251 on
//! one interface, and the switches of it.
//!
//! What is answered is in `answer`. Off unless `--mdns` names an interface.

mod answer;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::clock::now_ms;
use crate::shape::version;
use crate::sim_control::{Ask, done, fail};
use crate::state::{Hub, Life, Via};
use answer::{Facts, PORT};

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// Larger than any message of the link.
const LARGEST: usize = 9000;

/// The switches, and what was asked.
#[derive(Debug)]
pub struct Switches {
    on: bool,
    delay_ms: u64,
    answer_ip: Option<Ipv4Addr>,
    announce: bool,
    questions: Vec<Value>,
    answers: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            on: true,
            delay_ms: 0,
            answer_ip: None,
            announce: true,
            questions: Vec::new(),
            answers: 0,
        }
    }
}

impl Switches {
    fn json(&self) -> Value {
        json!({
            "on": self.on, "delay_ms": self.delay_ms, "answer_ip": self.answer_ip,
            "announce": self.announce, "questions": self.questions, "answers": self.answers,
        })
    }
}

/// What there is to tell of the hub now; none while it is down or mute.
fn facts(hub: &Hub) -> Option<Facts> {
    let up = *hub.life.borrow() == Life::Up;
    let (on, other) = {
        let switches = hub.mdns();
        (switches.on, switches.answer_ip)
    };
    let address = hub.address(Via::Http).filter(|_| up && on)?;
    let own = match address.ip() {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(_) => return None,
    };
    Some(Facts {
        id: hub.id.clone(),
        name: hub.args.hub_name.clone(),
        version: version(hub.v2()),
        model: if hub.v2() { "homey4d" } else { "homey5q" },
        ip: other.unwrap_or(own),
        port: address.port(),
        // Announced by hubs of 2023 and later only.
        service: !hub.v2(),
    })
}

/// Opens the responder's socket on an interface.
pub fn open(interface: Ipv4Addr) -> Result<UdpSocket, String> {
    let open = || -> io::Result<UdpSocket> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        // Others on the machine listen to the same group.
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.set_multicast_all_v4(false)?;
        socket.set_multicast_if_v4(&interface)?;
        socket.set_multicast_loop_v4(true)?;
        socket.set_multicast_ttl_v4(255)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT).into())?;
        socket.join_multicast_v4(&GROUP, &interface)?;
        UdpSocket::from_std(socket.into())
    };
    open().map_err(|e| format!("cannot answer mDNS on {interface}: {e}"))
}

/// Answers for ever, and announces the hub whenever it comes or moves.
pub async fn run(hub: Arc<Hub>, socket: UdpSocket) {
    let socket = Arc::new(socket);
    let (mut life, mut leases) = (hub.life.subscribe(), hub.lease.subscribe());
    let mut buffer = vec![0u8; LARGEST];
    announce(&hub, &socket).await;
    loop {
        tokio::select! {
            got = socket.recv_from(&mut buffer) => {
                if let Ok((size, from)) = got {
                    question(&hub, &socket, &buffer[..size], from);
                }
            }
            changed = life.changed() => match changed {
                Ok(()) => announce(&hub, &socket).await,
                Err(_) => return,
            },
            changed = leases.changed() => match changed {
                Ok(()) => announce(&hub, &socket).await,
                Err(_) => return,
            },
        }
    }
}

async fn announce(hub: &Hub, socket: &UdpSocket) {
    let wanted = hub.mdns().announce;
    let text = facts(hub).filter(|_| wanted).and_then(|f| f.announcement());
    if let Some(text) = text {
        let _ = socket.send_to(&text, (GROUP, PORT)).await;
    }
}

fn question(hub: &Arc<Hub>, socket: &Arc<UdpSocket>, message: &[u8], from: SocketAddr) {
    let heard: Vec<Value> = answer::questions(message)
        .into_iter()
        .map(|(name, kind, unicast)| {
            json!({
                "name": name, "type": kind, "unicast": unicast, "from": from.to_string(),
                "time_ms": now_ms(),
            })
        })
        .collect();
    hub.mdns().questions.extend(heard);
    let Some((reply, unicast)) = facts(hub).and_then(|f| f.answer(message, from.port())) else {
        return;
    };
    let to = match unicast {
        true => from,
        false => SocketAddr::from((GROUP, PORT)),
    };
    let (hub, socket) = (hub.clone(), socket.clone());
    let delay = Duration::from_millis(hub.mdns().delay_ms);
    tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        hub.mdns().answers += 1;
        let _ = socket.send_to(&reply, to).await;
    });
}

/// `GET /_sim/mdns`.
pub async fn show(State(hub): State<Arc<Hub>>) -> Response {
    let shown = hub.mdns().json();
    done(&shown)
}

/// All optional: what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    on: Option<bool>,
    delay_ms: Option<u64>,
    /// Null: the hub's own address again.
    #[serde(default, deserialize_with = "given")]
    answer_ip: Option<Option<Ipv4Addr>>,
    announce: Option<bool>,
    /// Forgets what was asked and answered.
    #[serde(default)]
    reset: bool,
}

fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Ipv4Addr>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// `POST /_sim/mdns`.
pub async fn change(State(hub): State<Arc<Hub>>, Ask(ask): Ask<Change>) -> Response {
    if hub.args.mdns.is_none() {
        return fail(409, "the simulator was started without --mdns");
    }
    let mut switches = hub.mdns();
    switches.on = ask.on.unwrap_or(switches.on);
    switches.delay_ms = ask.delay_ms.unwrap_or(switches.delay_ms);
    switches.answer_ip = ask.answer_ip.unwrap_or(switches.answer_ip);
    switches.announce = ask.announce.unwrap_or(switches.announce);
    if ask.reset {
        switches.questions.clear();
        switches.answers = 0;
    }
    let shown = switches.json();
    done(&shown)
}
