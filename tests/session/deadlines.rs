// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every phase has its deadline, which is named and counts only after one more look.

use homey_panel::net::{BodyStep, Step};

use crate::script::{Act, Act::*, Clock, NEVER, Server, World, says, server};
use crate::{GET, LIMITS, exchange, get, millis, secs, short};

fn slow(connect: u64, handshake: u64, acts: impl IntoIterator<Item = Act>) -> Server {
    Server {
        connect: millis(connect),
        handshake: millis(handshake),
        ..server(acts)
    }
}

/// A server that says this a byte every two seconds.
fn drips(text: &str) -> Vec<Act> {
    let bytes = text.chars();
    bytes
        .flat_map(|c| [Rests(secs(2)), says(&c.to_string())])
        .collect()
}

#[test]
fn every_phase_is_cut_at_its_deadline_and_named() {
    let blocked = Server {
        window: 3,
        ..slow(1900, 4900, [])
    };
    let opens_late = Server {
        window: 3,
        ..slow(1900, 4900, [Rests(secs(2)), Opens(99)])
    };
    let drips_body = [says("HTTP/1.1 200 OK\r\n\r\n")]
        .into_iter()
        .chain(drips("0123456789"));
    let rows: [(Server, &str, f64); 10] = [
        (
            Server {
                connect: NEVER,
                ..server([])
            },
            "deadline Connect after 2s",
            2.0,
        ),
        (
            Server {
                handshake: NEVER,
                ..slow(1500, 0, [])
            },
            "deadline Handshake after 5s",
            6.5,
        ),
        (slow(1900, 4900, []), "deadline FirstByte after 3s", 9.8),
        (blocked, "deadline Send after 10s", 10.0),
        (opens_late, "deadline FirstByte after 1.2s", 10.0),
        (
            server([
                Rests(secs(3)),
                Rests(secs(1)),
                says("HTTP/1.1 204 \r\n\r\n"),
            ]),
            "deadline FirstByte after 3s",
            3.0,
        ),
        (
            server(drips("HTTP/1.1 200 OK")),
            "deadline Head after 10s",
            10.0,
        ),
        (server(drips_body), "deadline Body after 10s", 10.0),
        // An interim reply is a first byte, and no more.
        (
            server([Rests(secs(2)), says("HTTP/1.1 102 P\r\n\r\n")]),
            "deadline Head after 10s",
            10.0,
        ),
        (
            server([says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")]),
            "deadline Body after 10s",
            10.0,
        ),
    ];
    for (server, expected, seconds) in rows {
        let context = format!("{server:?}");
        let world = World::new([server]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        assert_eq!(
            exchange(&mut session, get(), &mut clock),
            expected,
            "{context}"
        );
        assert_eq!(world.elapsed(), seconds, "{context}");
        assert_eq!(world.open(), 0, "{context}");
        assert!(clock.waits < 20, "{context}: {} waits", clock.waits);
    }
}

/// What comes at the very deadline is seen by the one more look, though the wait said that the time is over.
#[test]
fn a_deadline_counts_only_after_one_more_look() {
    let whole = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let half = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    let rows: [(&str, Server); 6] = [
        ("connect", slow(2000, 0, [whole.clone()])),
        ("handshake", slow(0, 5000, [whole.clone()])),
        ("first byte", server([Rests(secs(3)), whole.clone()])),
        (
            "head",
            server([
                says("HTTP"),
                Rests(secs(10)),
                says("/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            ]),
        ),
        ("body", server([half, Rests(secs(10)), says("k")])),
        (
            "send",
            Server {
                window: 1,
                ..server([Rests(secs(10)), Opens(99), whole])
            },
        ),
    ];
    for (name, server) in rows {
        let world = World::new([server]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        let found = exchange(&mut session, get(), &mut clock);
        assert!(found.starts_with("200"), "{name}: {found}");
        assert!(session.is_warm(), "{name}");
    }
}

/// A panel that was stopped for a minute takes what has come in the meantime.
#[test]
fn a_late_look_takes_what_is_there() {
    let world = World::new([server([
        Hears(GET.len()),
        Rests(secs(1)),
        says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ])]);
    let mut session = world.session();
    session.start(get(), LIMITS, world.now.get());
    assert!(matches!(session.step(world.now.get()), Ok(Step::Wait)));
    world.now.set(world.now.get() + secs(60));
    assert!(matches!(session.step(world.now.get()), Ok(Step::Head(head)) if head.status() == 200));
}

/// A body that never lets the socket run empty is cut all the same, soon after its time.
#[test]
fn an_endless_body_ends_with_its_deadline() {
    let rows = [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
    ];
    for head in rows {
        let world = World::new([server([says(head), Pours(&[b'x'; 1000], u64::MAX)])]);
        world.read_cost.set(millis(1));
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        assert_eq!(
            exchange(&mut session, get(), &mut clock),
            "deadline Body after 10s"
        );
        assert!(world.elapsed() < 10.5, "only after {} s", world.elapsed());
        assert_eq!(world.open(), 0);
    }
}

/// A link that blocks by itself is told before each call how long it may, lest it block for ever or not at all.
#[test]
fn links_that_block_are_told_how_long_they_may() {
    let world = World::new([server([
        Rests(secs(2)),
        says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    ])]);
    let mut session = world.session();
    let start = world.now.get();
    session.start(get(), LIMITS, start);
    assert!(matches!(session.step(start), Ok(Step::Wait)));
    for (at, allowed) in [(1, secs(2)), (2, secs(1))] {
        world.now.set(start + secs(at));
        session.step(world.now.get()).expect("no error yet");
        assert_eq!(
            world.allowed.get(),
            allowed,
            "waiting for the first byte at {at} s"
        );
    }
    for at in [2, 4, 9] {
        world.now.set(start + secs(at));
        assert!(matches!(
            session.body(world.now.get(), &mut [0; 9]),
            Ok(BodyStep::Wait)
        ));
        assert_eq!(world.allowed.get(), secs(10 - at), "in the body at {at} s");
    }
}

#[test]
fn warming_has_the_same_deadlines() {
    let rows = [
        (
            Server {
                connect: NEVER,
                ..server([])
            },
            "deadline Connect after 2s",
            2,
        ),
        (
            Server {
                handshake: NEVER,
                ..server([])
            },
            "deadline Handshake after 5s",
            5,
        ),
        (
            Server {
                refuses: true,
                ..server([])
            },
            "connect",
            0,
        ),
    ];
    for (server, expected, seconds) in rows {
        let world = World::new([server]);
        let mut session = world.session();
        let start = world.now.get();
        for _ in 0..seconds {
            assert!(!session.warm(LIMITS, world.now.get()).unwrap());
            assert!(session.is_dialling());
            world.now.set(world.now.get() + secs(1));
        }
        assert_eq!(
            session.deadline() <= start + secs(seconds),
            seconds > 0,
            "{expected}"
        );
        let error = session.warm(LIMITS, world.now.get()).unwrap_err();
        assert_eq!(short(&error), expected);
        assert_eq!((world.dials(), world.open()), (1, 0));
    }
    // A request that finds a connection on its way takes it, with deadlines of its own.
    let world = World::new([slow(1500, 1000, [says("HTTP/1.1 204 \r\n\r\n")])]);
    let mut session = world.session();
    assert!(!session.warm(LIMITS, world.now.get()).unwrap());
    world.now.set(world.now.get() + secs(1));
    assert_eq!(
        exchange(&mut session, get(), &mut Clock::new(&world)),
        "204"
    );
    assert_eq!((world.dials(), world.elapsed()), (1, 2.5));
}
