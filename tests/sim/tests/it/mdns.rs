// SPDX-License-Identifier: MIT OR Apache-2.0

//! The mDNS responder on the loopback of a network of its own, where nobody
//! else listens to the group.
//!
//! Where no such network can be made the tests say "skipped" and pass; with
//! HOMEY_SIM_REQUIRE_NETNS=1 they fail.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, Question, TYPE};
use socket2::{Domain, Socket, Type};

use crate::sim::Sim;

const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353);
const LO: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// True in a network of its own. Elsewhere it runs the calling test there and
/// says false when that passed.
fn alone(test: &str) -> bool {
    if std::env::var_os("HOMEY_SIM_IN_NETNS").is_some() {
        return true;
    }
    let script = "ip link set lo up && ip link set lo multicast on && \
                  ip route add 224.0.0.0/4 dev lo && echo ready && exec \"$0\" \"$@\"";
    let own = std::env::current_exe().expect("the test's path");
    let output = Command::new("unshare")
        .args(["-rn", "sh", "-c", script])
        .arg(own)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("HOMEY_SIM_IN_NETNS", "1")
        .output();
    let (made, passed, text) = match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let passed = output.status.success() && text.contains("1 passed");
            (text.starts_with("ready"), passed, text + &errors)
        }
        Err(e) => (false, false, e.to_string()),
    };
    if made {
        assert!(passed, "{text}");
    } else {
        let required = std::env::var_os("HOMEY_SIM_REQUIRE_NETNS").is_some();
        assert!(!required, "no network of its own: {text}");
        println!("skipped: no network of its own");
    }
    false
}

/// A socket that asks: of a simple resolver (port 0), or a member of the group.
fn socket(port: u16) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    socket.set_reuse_address(true).expect("reuse");
    socket.set_reuse_port(true).expect("reuse");
    socket.set_multicast_if_v4(&LO).expect("the interface");
    let at = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port);
    socket.bind(&at.into()).expect("the port");
    if port != 0 {
        socket
            .join_multicast_v4(GROUP.ip(), &LO)
            .expect("the group");
    }
    let socket: UdpSocket = socket.into();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a time limit");
    socket
}

fn ask(socket: &UdpSocket, name: &str, kind: TYPE, unicast: bool) {
    let mut query = Packet::new_query(7);
    let name = Name::new(name).expect("a name");
    query
        .questions
        .push(Question::new(name, kind.into(), CLASS::IN.into(), unicast));
    let text = query.build_bytes_vec().expect("a message");
    socket.send_to(&text, GROUP).expect("sent");
}

/// The next reply, which is not what was asked.
fn reply(socket: &UdpSocket) -> Option<Packet<'static>> {
    let mut bytes = [0u8; 2000];
    loop {
        let size = socket.recv(&mut bytes).ok()?;
        let bytes: &'static [u8] = bytes[..size].to_vec().leak();
        let packet = Packet::parse(bytes).expect("a message");
        if packet.has_flags(simple_dns::PacketFlag::RESPONSE) {
            return Some(packet);
        }
    }
}

fn addresses(packet: &Packet) -> Vec<Ipv4Addr> {
    let all = packet.answers.iter().chain(&packet.additional_records);
    all.filter_map(|r| match &r.rdata {
        RData::A(a) => Some(a.address.into()),
        _ => None,
    })
    .collect()
}

fn start() -> Sim {
    let sim = Sim::start(&["--devices", "0", "--mdns", "127.0.0.1"]);
    sim.control("mdns", json!({"announce": false}));
    sim
}

fn quiet(socket: &UdpSocket) -> bool {
    socket
        .set_read_timeout(Some(Duration::from_millis(150)))
        .expect("a time limit");
    let none = reply(socket).is_none();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a time limit");
    none
}

#[test]
fn names_are_answered_to_the_asker_or_to_all() {
    if !alone("mdns::names_are_answered_to_the_asker_or_to_all") {
        return;
    }
    let sim = start();
    let name = format!("homey-{}.local", sim.word("hub_id"));
    let (simple, member) = (socket(0), socket(5353));
    // A simple resolver is answered itself, with its id and question.
    for unicast in [true, false] {
        ask(&simple, &name, TYPE::A, unicast);
        let got = reply(&simple).expect("an answer");
        assert_eq!((got.id(), got.questions.len()), (7, 1));
        assert_eq!(addresses(&got), [LO]);
    }
    assert!(quiet(&member), "nobody else hears it");
    // A member that wants all to hear it.
    ask(&member, &name, TYPE::A, false);
    let got = reply(&member).expect("an answer");
    assert_eq!((got.id(), got.questions.len()), (0, 0));
    assert_eq!(addresses(&got), [LO]);
    ask(
        &simple,
        "homey-5f00aa11bb22cc33dd44ff66.local",
        TYPE::A,
        true,
    );
    assert!(quiet(&simple));
    let heard = sim.control("mdns", Value::Null);
    let first = &heard["questions"][0];
    assert_eq!(
        (&first["name"], &first["type"], &first["unicast"]),
        (&json!(name), &json!("A"), &json!(true))
    );
    assert_eq!(
        (
            heard["questions"].as_array().map(Vec::len),
            &heard["answers"]
        ),
        (Some(4), &json!(3))
    );
}

#[test]
fn the_service_leads_to_the_hub() {
    if !alone("mdns::the_service_leads_to_the_hub") {
        return;
    }
    let sim = start();
    let simple = socket(0);
    ask(&simple, "_homey._tcp.local", TYPE::PTR, true);
    let got = reply(&simple).expect("an answer");
    assert_eq!(addresses(&got), [LO]);
    let port = sim
        .word("http")
        .rsplit(':')
        .next()
        .and_then(|p| p.parse::<u16>().ok());
    let mut seen = (None, None);
    for record in &got.additional_records {
        match &record.rdata {
            RData::SRV(srv) => seen.0 = Some(srv.port),
            RData::TXT(txt) => seen.1 = Some(txt.attributes()),
            _ => {}
        }
    }
    assert_eq!(seen.0, port);
    let txt = seen.1.expect("a TXT record");
    for (key, value) in [
        ("id", sim.word("hub_id")),
        ("model", "homey5q"),
        ("name", "Home"),
    ] {
        assert_eq!(txt[key].as_deref(), Some(value), "{key}");
    }
    assert!(txt["version"].is_some());
}

#[test]
fn the_responder_can_be_mute_late_or_wrong() {
    if !alone("mdns::the_responder_can_be_mute_late_or_wrong") {
        return;
    }
    let sim = start();
    let name = format!("homey-{}.local", sim.word("hub_id"));
    let simple = socket(0);
    let asks = || ask(&simple, &name, TYPE::A, true);
    sim.control("mdns", json!({"on": false}));
    asks();
    assert!(quiet(&simple));
    sim.control("mdns", json!({"on": true, "answer_ip": "192.0.2.7"}));
    asks();
    assert_eq!(
        addresses(&reply(&simple).expect("an answer")),
        [Ipv4Addr::new(192, 0, 2, 7)]
    );
    sim.control("mdns", json!({"answer_ip": null, "delay_ms": 300}));
    let began = Instant::now();
    asks();
    assert_eq!(addresses(&reply(&simple).expect("an answer")), [LO]);
    assert!(began.elapsed() >= Duration::from_millis(300));
    sim.control("mdns", json!({"delay_ms": 0}));
    // A hub that is off says nothing.
    sim.control("restart", json!({"down_ms": 60_000}));
    asks();
    assert!(quiet(&simple));
}

#[test]
fn a_move_is_answered_and_announced() {
    if !alone("mdns::a_move_is_answered_and_announced") {
        return;
    }
    let sim = start();
    let name = format!("homey-{}.local", sim.word("hub_id"));
    let (simple, member) = (socket(0), socket(5353));
    let there = Ipv4Addr::new(127, 0, 0, 2);
    sim.control("mdns", json!({"announce": true}));
    sim.control("address", json!({"ip": there}));
    let told = reply(&member).expect("an announcement");
    assert_eq!(addresses(&told), [there, there]);
    assert!(told.answers.iter().any(|r| r.cache_flush));
    ask(&simple, &name, TYPE::A, true);
    assert_eq!(addresses(&reply(&simple).expect("an answer")), [there]);
}

#[test]
fn it_is_off_unless_asked_for() {
    let sim = Sim::start(&["--devices", "0"]);
    let url = format!("{}/_sim/mdns", sim.word("control"));
    assert_eq!(sim.send("POST", &url, &[], "{\"on\":true}").status, 409);
}
