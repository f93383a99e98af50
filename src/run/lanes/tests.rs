// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lanes over real sockets of this machine.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::net::{Repeat, Request, monotonic};

fn job(target: &str) -> Job {
    Job {
        ticket: Some(Ticket(1)),
        target: target.into(),
        doing: String::new(),
        scope: None,
        read: None,
        life: Time::NEVER,
        once: true,
        departed: false,
        bearer: 0,
    }
}

fn request(text: &str) -> Request {
    Request {
        bytes: text.as_bytes().to_vec(),
        head_only: false,
        repeat: Repeat::Never,
    }
}

/// What has come over `stream` and is not read yet.
fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 64];
    match stream.read(&mut bytes) {
        Ok(n) => String::from_utf8_lossy(&bytes[..n]).into_owned(),
        Err(e) if e.kind() == ErrorKind::WouldBlock => String::new(),
        Err(e) => panic!("{e}"),
    }
}

/// A listener, and the lanes to it.
fn lanes() -> (TcpListener, Hub, Lanes) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!("[hub]\naddress = \"http://127.0.0.1:{port}\"\n");
    let config = Config::parse("test", &text).unwrap();
    let hub = Hub::new(&config).unwrap();
    let lanes = Lanes::for_hub(&hub, &config);
    (listener, hub, lanes)
}

#[test]
fn a_press_takes_the_connection_that_the_poll_left_standing() {
    let (listener, hub, mut lanes) = lanes();
    let mut idle = hub.session();
    // To a listening socket of this machine a connection stands at once.
    assert!(idle.warm(Deadlines::POLL, monotonic()).unwrap());
    let (mut first, _) = listener.accept().unwrap();
    first.set_nonblocking(true).unwrap();

    let mut finished = Vec::new();
    let mut start = |lanes: &mut Lanes, target: &str, idle: &mut Session| {
        let now = monotonic();
        let request = request(target);
        assert!(lanes.start(job(target), request, now, Some(idle)).is_ok());
        lanes.step(now, &mut finished);
        assert!(finished.is_empty());
    };
    start(&mut lanes, "one", &mut idle);
    assert_eq!(heard(&mut first), "one");
    assert!(!idle.is_warm());
    // Nothing to take any more: a connection of its own. And what is kept warm for commands goes before the poll's.
    start(&mut lanes, "two", &mut idle);
    let (mut second, _) = listener.accept().unwrap();
    second.set_nonblocking(true).unwrap();
    assert_eq!(
        (heard(&mut first), heard(&mut second)),
        (String::new(), "two".into())
    );
    assert!(idle.warm(Deadlines::POLL, monotonic()).unwrap());
    let (mut third, _) = listener.accept().unwrap();
    third.set_nonblocking(true).unwrap();
    lanes.warm(monotonic(), true);
    let (mut fourth, _) = listener.accept().unwrap();
    fourth.set_nonblocking(true).unwrap();
    start(&mut lanes, "three", &mut idle);
    assert_eq!(
        (heard(&mut third), heard(&mut fourth)),
        (String::new(), "three".into())
    );
    assert!(idle.is_warm());
    assert_eq!(lanes.in_flight(), 3);
}

#[test]
fn devices_that_hang_leave_lanes_for_others() {
    let (_listener, _, mut lanes) = lanes();
    let now = monotonic();
    for device in 0..12 {
        let device = format!("dead {device}");
        assert!(lanes.has_room_for(&device));
        let request = request("PUT / HTTP/1.1\r\n\r\n");
        assert!(lanes.start(job(&device), request, now, None).is_ok());
    }
    assert!(!lanes.has_room_for("dead 3") && lanes.has_room_for("alive"));
    assert_eq!((lanes.hung(now), lanes.hung_at(now)), (0, Some(now + HUNG)));
    assert_eq!(
        (lanes.hung(now + HUNG), lanes.hung_at(now + HUNG)),
        (12, None)
    );
}

#[test]
fn a_connection_that_is_about_to_be_closed_is_made_anew() {
    let (listener, _, mut lanes) = lanes();
    let now = monotonic();
    let mut finished = Vec::new();
    let request = request("PUT / HTTP/1.1\r\n\r\n");
    assert!(lanes.start(job("a"), request, now, None).is_ok());
    lanes.step(now, &mut finished);
    let (mut first, _) = listener.accept().unwrap();
    let reply = b"HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5\r\n\r\n";
    first.write_all(reply).unwrap();
    while finished.is_empty() {
        lanes.step(now, &mut finished);
    }
    listener.set_nonblocking(true).unwrap();
    let dialled = || listener.accept().is_ok();
    lanes.warm(now, false);
    assert!(!dialled());
    lanes.warm(now + Duration::from_secs(4), false);
    assert!(dialled());
}

#[test]
fn few_connections_stay_when_many_were_wanted() {
    let (listener, _, mut lanes) = lanes();
    let now = monotonic();
    let mut finished = Vec::new();
    let mut streams = Vec::new();
    for device in ["a", "b", "c", "d"] {
        let request = request("PUT / HTTP/1.1\r\n\r\n");
        assert!(lanes.start(job(device), request, now, None).is_ok());
    }
    lanes.step(now, &mut finished);
    assert_eq!(lanes.wants().count(), 4);
    for _ in 0..4 {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
        streams.push(stream);
    }
    while finished.len() < 4 {
        lanes.step(now, &mut finished);
    }
    lanes.step(now, &mut finished);
    assert_eq!(lanes.wants().count(), KEPT);
}

#[test]
fn a_command_that_waits_for_a_connection_takes_one_that_becomes_free() {
    use nix::sys::socket::{Backlog, listen};

    let (listener, _, mut lanes) = lanes();
    let now = monotonic();
    let mut finished = Vec::new();
    assert!(lanes.start(job("a"), request("one"), now, None).is_ok());
    lanes.step(now, &mut finished);
    let (mut first, _) = listener.accept().unwrap();
    first.set_nonblocking(true).unwrap();
    assert_eq!(heard(&mut first), "one");
    // From here on nobody answers a SYN: the queue of those that wait to be accepted is full.
    listen(&listener, Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut crowd = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        crowd.push(stream);
    }
    assert!(lanes.start(job("b"), request("two"), now, None).is_ok());
    lanes.step(now, &mut finished);
    assert_eq!((heard(&mut first), lanes.in_flight()), (String::new(), 2));
    first.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    while finished.is_empty() {
        lanes.step(now, &mut finished);
    }
    assert_eq!((heard(&mut first), lanes.in_flight()), ("two".into(), 1));
    assert_eq!(finished[0].job.target, "a");
}
