// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory and time are bounded whatever a server sends (T12): what was read from a link and not yet passed on is all
//! that a session holds.

use std::io::Read;

use homey_panel::http::MAX_HEAD;
use homey_panel::net::{Error, collect, fetch};

use crate::script::{Act, Act::*, Clock, World, says, server};
use crate::{GET, LIMITS, get, short};

/// A whole head and a little.
const INBOX: u64 = MAX_HEAD as u64 + 512;
/// What may be asked of a link at once.
const READ: usize = 8 * 1024;

const KB: u64 = 1 << 10;

#[test]
fn heads_without_end_are_refused_early() {
    let head = || says("HTTP/1.1 200 OK\r\n");
    let interims = b"HTTP/1.1 103 E\r\nA: b\r\n\r\n";
    let rows: Vec<(&str, Vec<Act>, &str, u64)> = vec![
        (
            "one endless field",
            vec![head(), Pours(&[b'a'; 4096], KB << 10)],
            "head TooLong",
            INBOX,
        ),
        (
            "endless fields",
            vec![head(), Pours(b"A: b\r\n", KB << 10)],
            "head TooLong",
            INBOX,
        ),
        (
            "endless empty lines",
            vec![Pours(b"\r\n", KB << 10)],
            "head TooLong",
            INBOX,
        ),
        (
            "an endless reason",
            vec![says("HTTP/1.1 200 "), Pours(&[b'a'; 9000], KB << 10)],
            "head TooLong",
            INBOX,
        ),
        (
            "no head at all",
            vec![Pours(&[b'a'; 9000], KB << 10)],
            "head NotHttp { first: 97 }",
            INBOX,
        ),
        // Any number of them that makes sense, but not until the panel dies.
        (
            "endless interim replies",
            vec![Pours(interims, u64::MAX)],
            "head TooLong",
            KB * 512,
        ),
    ];
    for (name, acts, expected, most) in rows {
        let world = World::new([server(acts)]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        let error = fetch(&mut session, get(), LIMITS, &mut clock)
            .err()
            .expect("no head");
        assert_eq!(short(&error), expected, "{name}");
        assert!(
            world.read.get() <= most,
            "{name}: {} bytes were read",
            world.read.get()
        );
        assert!(
            world.largest_read.get() <= READ,
            "{name}: {}",
            world.largest_read.get()
        );
        assert_eq!(world.open(), 0);
    }
}

/// 100 MB in each framing, in pieces of several sizes: streamed, and never more held than the inbox.
#[test]
fn a_body_of_100_mb_is_never_held() {
    const BODY: u64 = 100 << 20;
    static PIECE: [u8; 16384] = [b'x'; 16384];
    static CHUNK: [u8; 4096] = {
        let mut chunk = [b'x'; 4096];
        let head = b"ff9\r\n";
        let mut i = 0;
        while i < head.len() {
            chunk[i] = head[i];
            i += 1;
        }
        chunk[4094] = b'\r';
        chunk[4095] = b'\n';
        chunk
    };
    let lead = "HTTP/1.1 200 OK\r\n";
    let length = format!("{lead}Content-Length: {BODY}\r\n\r\n");
    let chunked = format!("{lead}Transfer-Encoding: chunked\r\n\r\n");
    let rows = [
        (length, Pours(&PIECE, BODY), Hears(GET.len() + 1), BODY),
        (
            chunked,
            Pours(&CHUNK, BODY),
            says("0\r\n\r\n"),
            BODY / 4096 * 4089,
        ),
        (format!("{lead}\r\n"), Pours(&PIECE, BODY), Ends, BODY),
    ];
    for (head, body, end, expected) in rows {
        let world = World::new([server([says(&head), body, end])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        let reply = fetch(&mut session, get(), LIMITS, &mut clock).unwrap();
        let mut body = reply.raw();
        let (mut given, mut out) = (0, vec![0; 64 * 1024]);
        loop {
            let n = body.read(&mut out).unwrap() as u64;
            if n == 0 {
                break;
            }
            given += n;
            let framing = given / 4089 * 7 + 200;
            let held = world.read.get() - given;
            assert!(held <= INBOX + framing, "{held} bytes held after {given}");
        }
        drop(body);
        assert_eq!(given, expected);
        assert!(world.largest_read.get() <= READ);
    }
}

#[test]
fn a_body_is_collected_up_to_its_limit() {
    for (len, limit, is_taken) in [
        (0, 0, true),
        (1, 0, false),
        (1000, 1000, true),
        (1001, 1000, false),
        (1 << 20, 1000, false),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
        let world = World::new([server([says(&head), Pours(&[b'x'; 1000], len)])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        let reply = fetch(&mut session, get(), LIMITS, &mut clock).unwrap();
        match collect(&mut reply.raw(), limit) {
            Ok(bytes) => assert_eq!((bytes.len() as u64, is_taken), (len, true)),
            Err(Error::TooLarge { limit: said }) => assert_eq!((said, is_taken), (limit, false)),
            Err(other) => panic!("{other}"),
        }
        // One byte more than the limit is read, to tell.
        assert_eq!(
            session.is_warm(),
            len <= limit as u64 + 1,
            "{len} of {limit}"
        );
        assert!(world.read.get() <= 20_000);
    }
}

/// A reader that asks again after an error gets no end, which would look like a complete body.
#[test]
fn a_cut_body_never_ends_well_even_when_asked_again() {
    let rows = [
        ("Content-Length: 9\r\n\r\nabc", Ends),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Ends),
        ("\r\nabc", Breaks(std::io::ErrorKind::UnexpectedEof)),
        (
            "Content-Length: 9\r\n\r\nabc",
            Breaks(std::io::ErrorKind::ConnectionReset),
        ),
        ("Content-Length: 9\r\n\r\nabc", Hears(999)),
    ];
    for (text, end) in rows {
        let world = World::new([server([says("HTTP/1.1 200 OK\r\n"), says(text), end])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        let mut body = fetch(&mut session, get(), LIMITS, &mut clock)
            .unwrap()
            .raw();
        let mut out = [0; 9];
        assert_eq!(body.read(&mut out).unwrap(), 3);
        for _ in 0..3 {
            assert!(body.read(&mut out).is_err(), "{text:?}");
        }
        drop(body);
        assert!(!session.is_busy() && world.open() == 0);
    }
}
