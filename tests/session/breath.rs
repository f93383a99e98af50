// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything else has its turn at least every 16 KiB, and whoever says stop is heard.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use homey_panel::http::Limits;
use homey_panel::net::{Error, fetch};

use crate::script::{Act::*, Clock, World, says, server};
use crate::{LIMITS, get, secs};

const BREATH: u64 = 16 * 1024;
const LEN: u64 = 4 << 20;

fn gzip_of_zeros() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; LEN as usize]).unwrap();
    encoder.finish().unwrap()
}

/// A gzip head, then stored blocks of no bytes without end: input that decodes to nothing.
fn gzip_of_nothing() -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend([0, 0, 0, 0xff, 0xff].repeat(LEN as usize / 5));
    bytes
}

#[test]
fn everything_else_has_its_turn_every_16_kib() {
    let plain = vec![b'x'; LEN as usize];
    let rows = [
        ("raw", "", &plain, false),
        ("plain", "", &plain, true),
        (
            "compressed to a thousandth",
            "Content-Encoding: gzip\r\n",
            &gzip_of_zeros(),
            true,
        ),
        (
            "decoded to nothing",
            "Content-Encoding: gzip\r\n",
            &gzip_of_nothing(),
            true,
        ),
    ];
    for (name, coding, content, is_decoded) in rows {
        for room in [100, 16 * 1024, 1 << 20] {
            let head = format!(
                "HTTP/1.1 200 OK\r\n{coding}Content-Length: {}\r\n\r\n",
                content.len()
            );
            let world = World::new([server([says(&head), Says(content.clone())])]);
            let (mut session, mut clock) = (world.session(), Clock::new(&world));
            let reply = fetch(&mut session, get(), LIMITS, &mut clock).unwrap();
            let mut body: Box<dyn Read> = if is_decoded {
                Box::new(reply.decoded(Limits::RUN).unwrap())
            } else {
                Box::new(reply.raw())
            };
            let mut out = vec![0; room];
            while let Ok(n @ 1..) = body.read(&mut out) {
                assert!(n as u64 <= BREATH, "{name}: {n} bytes without a breath");
            }
            drop(body);
            let breaths = u64::from(clock.breaths);
            // Never more seldom than every 16 KiB, whole reads of the caller's size in between; and not at every byte.
            let most = BREATH + room.min(BREATH as usize) as u64;
            assert!(
                breaths >= LEN / most - 1,
                "{name}, {room}: {breaths} breaths"
            );
            assert!(
                breaths <= LEN / BREATH * 3,
                "{name}, {room}: {breaths} breaths"
            );
            assert_eq!(clock.waits, 0, "{name}: the link was always ready");
        }
    }
}

#[test]
fn whoever_says_stop_is_heard() {
    let drip = |text: &'static str| {
        text.chars()
            .flat_map(|c| [Rests(secs(1) / 100), says(&c.to_string())])
    };
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    let all = text.len() as u32;
    for cancel_at in 1..=all {
        let world = World::new([server(drip(text))]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        clock.cancel_at = cancel_at;
        let result = crate::exchange(&mut session, get(), &mut clock);
        assert_eq!(result, "Cancelled", "at wait {cancel_at}");
        assert!(!session.is_busy() && world.open() == 0 && session.may_have_left());
    }
    for (suffocate_at, is_raw) in [(1, true), (1, false), (2, false), (9, true)] {
        let world = World::new([server([
            says("HTTP/1.1 200 OK\r\n\r\n"),
            Pours(b"0123456789", LEN),
        ])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        clock.suffocate_at = suffocate_at;
        let reply = fetch(&mut session, get(), LIMITS, &mut clock).unwrap();
        let mut sink = std::io::sink();
        let result = if is_raw {
            std::io::copy(&mut reply.raw(), &mut sink)
        } else {
            std::io::copy(&mut reply.decoded(Limits::RUN).unwrap(), &mut sink)
        };
        let error = Error::from_io(result.unwrap_err());
        assert!(matches!(error, Error::Cancelled), "{error}");
        assert!(!session.is_busy() && world.open() == 0);
    }
}
