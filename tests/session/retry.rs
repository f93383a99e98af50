// SPDX-License-Identifier: MIT OR Apache-2.0
//! The retry rule, and whether a request may have left.

use std::io::ErrorKind::ConnectionReset;

use homey_panel::net::{Repeat, Step};

use crate::script::{Act, Act::*, Clock, NEVER, Server, World, says, server};
use crate::{GET, LIMITS, exchange, get, request, short};

const POST: &str = "POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What came before the request under test.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Before {
    Nothing,
    /// The connection was made ahead of it, and has carried nothing.
    Warmed,
    /// A request and its reply.
    Reply,
}
use Before::{Nothing, Reply, Warmed};

fn breaks_after(bytes: usize, acts: impl IntoIterator<Item = Act>) -> Server {
    Server {
        breaks_after: bytes,
        ..server(acts)
    }
}

fn refuses() -> Server {
    Server {
        refuses: true,
        ..server([])
    }
}

fn answers() -> Server {
    server([Hears(1), says(OK)])
}

/// Text of the request, its repeat, what came before, how the connection ends, the one after it, what comes of it,
/// dials, and whether the request may have left.
type Row = (
    &'static str,
    Repeat,
    Before,
    Server,
    Option<Server>,
    &'static str,
    usize,
    bool,
);

#[test]
fn a_request_is_repeated_only_where_nothing_can_happen_twice() {
    use Repeat::{Never, Once};
    let dies = || server([Hears(1), Ends]);
    let resets = || server([Hears(1), Breaks(ConnectionReset)]);
    let says_and_dies = |text| server([Hears(1), says(text), Ends]);
    let rows: Vec<Row> = vec![
        // A kept connection that ends before the first byte: once more, if the request allows.
        (GET, Once, Reply, dies(), Some(answers()), "200 ok", 2, true),
        (
            GET,
            Once,
            Reply,
            resets(),
            Some(answers()),
            "200 ok",
            2,
            true,
        ),
        (
            GET,
            Once,
            Warmed,
            dies(),
            Some(answers()),
            "200 ok",
            2,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            breaks_after(5, [Hears(5), Ends]),
            Some(answers()),
            "200 ok",
            2,
            true,
        ),
        (
            POST,
            Never,
            Reply,
            dies(),
            None,
            "closed FirstByte",
            1,
            true,
        ),
        (
            POST,
            Never,
            Reply,
            resets(),
            None,
            "broken FirstByte ConnectionReset",
            1,
            true,
        ),
        (
            POST,
            Never,
            Warmed,
            dies(),
            None,
            "closed FirstByte",
            1,
            true,
        ),
        (
            POST,
            Never,
            Reply,
            breaks_after(5, [Hears(5), Ends]),
            None,
            "closed FirstByte",
            1,
            true,
        ),
        // Nothing has left: then nothing can happen twice.
        (
            POST,
            Never,
            Reply,
            breaks_after(0, []),
            Some(answers()),
            "200 ok",
            2,
            true,
        ),
        (
            POST,
            Never,
            Reply,
            breaks_after(0, []),
            Some(refuses()),
            "connect",
            2,
            false,
        ),
        (
            GET,
            Once,
            Reply,
            breaks_after(0, []),
            Some(refuses()),
            "connect",
            2,
            false,
        ),
        (
            POST,
            Never,
            Nothing,
            breaks_after(0, []),
            None,
            "broken Send BrokenPipe",
            1,
            false,
        ),
        // Once is once.
        (
            GET,
            Once,
            Reply,
            dies(),
            Some(server([Hears(1), Rests(LIMITS.first_byte / 2), Ends])),
            "closed FirstByte",
            2,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            dies(),
            Some(dies()),
            "closed FirstByte",
            2,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            dies(),
            Some(refuses()),
            "connect",
            2,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            dies(),
            Some(breaks_after(0, [])),
            "broken Send BrokenPipe",
            2,
            true,
        ),
        // A fresh connection that ends is no idle one.
        (
            GET,
            Once,
            Nothing,
            dies(),
            None,
            "closed FirstByte",
            1,
            true,
        ),
        (
            GET,
            Once,
            Nothing,
            resets(),
            None,
            "broken FirstByte ConnectionReset",
            1,
            true,
        ),
        (
            POST,
            Never,
            Nothing,
            dies(),
            None,
            "closed FirstByte",
            1,
            true,
        ),
        (GET, Once, Nothing, refuses(), None, "connect", 1, false),
        // The reply has begun.
        (
            GET,
            Once,
            Reply,
            says_and_dies("H"),
            None,
            "closed Head",
            1,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            says_and_dies("HTTP/1.1 102 P\r\n\r\n"),
            None,
            "closed Head",
            1,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            says_and_dies(&OK[..OK.len() - 1]),
            None,
            "body TruncatedLength { len: 2, left: 1 }",
            1,
            true,
        ),
        (
            GET,
            Once,
            Reply,
            says_and_dies("<html>"),
            None,
            "head Markup",
            1,
            true,
        ),
        // Silence is not an end: what the server does with the request is not known.
        (
            GET,
            Once,
            Reply,
            server([]),
            None,
            "deadline FirstByte after 3s",
            1,
            true,
        ),
    ];
    for (text, repeat, before, mut first, second, expected, dials, left) in rows {
        let context = format!("{repeat:?} after {before:?}: {first:?}, then {second:?}");
        if before == Reply {
            first.breaks_after = first.breaks_after.saturating_add(GET.len());
            // What is heard is counted from the first byte of the connection.
            for act in &mut first.acts {
                if let Hears(n) = act {
                    *n += GET.len();
                }
            }
            first.acts.push_front(says(OK));
            first.acts.push_front(Hears(GET.len()));
        }
        let world = World::new([first].into_iter().chain(second));
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        match before {
            Nothing => {}
            Warmed => assert!(session.warm(LIMITS, world.now.get()).unwrap()),
            Reply => assert_eq!(
                exchange(&mut session, get(), &mut clock),
                "200 ok",
                "{context}"
            ),
        }
        let found = exchange(&mut session, request(text, repeat), &mut clock);
        assert_eq!(found, expected, "{context}");
        assert_eq!(world.dials(), dials, "{context}");
        assert_eq!(session.may_have_left(), left, "{context}");
        assert!(!session.is_busy(), "{context}");
        let succeeded = expected.starts_with("200");
        assert_eq!(
            (session.is_warm(), world.open()),
            (succeeded, usize::from(succeeded)),
            "{context}"
        );
        if succeeded {
            assert_eq!(world.sent(dials - 1), text, "{context}");
        }
    }
}

#[test]
fn the_repeat_has_what_is_left_of_the_time() {
    let slow = Server {
        connect: LIMITS.connect / 2,
        handshake: LIMITS.handshake - LIMITS.connect / 4,
        ..server([])
    };
    let kept = server([
        Hears(GET.len()),
        says(OK),
        Hears(1),
        Rests(LIMITS.first_byte * 9 / 10),
        Ends,
    ]);
    let world = World::new([kept, slow]);
    let (mut session, mut clock) = (world.session(), Clock::new(&world));
    assert_eq!(exchange(&mut session, get(), &mut clock), "200 ok");
    // 2.7 + 1 + 4.5 s have gone when the first byte is waited for.
    let found = exchange(&mut session, get(), &mut clock);
    assert_eq!(found, "deadline FirstByte after 1.8s");
    assert_eq!(world.elapsed(), 10.0);
}

#[test]
fn whether_a_request_may_have_left_is_known_at_every_moment() {
    let blocked = |window| Server {
        window,
        ..server([])
    };
    let refuses_later = Server {
        connect: LIMITS.connect / 2,
        ..refuses()
    };
    let rows: [(&str, Server, bool, &str); 9] = [
        (
            "connecting",
            Server {
                connect: NEVER,
                ..server([])
            },
            false,
            "deadline Connect after 2s",
        ),
        ("refused", refuses_later, false, "connect"),
        (
            "handshake",
            Server {
                handshake: NEVER,
                ..server([])
            },
            false,
            "deadline Handshake after 5s",
        ),
        (
            "nothing taken",
            blocked(0),
            false,
            "deadline Send after 10s",
        ),
        ("a byte taken", blocked(1), true, "deadline Send after 10s"),
        (
            "all but one taken",
            blocked(GET.len() - 1),
            true,
            "deadline Send after 10s",
        ),
        ("sent", server([]), true, "deadline FirstByte after 3s"),
        (
            "head",
            server([says("HTTP/1.1 ")]),
            true,
            "deadline Head after 10s",
        ),
        (
            "body",
            server([says(&OK[..OK.len() - 1])]),
            true,
            "deadline Body after 10s",
        ),
    ];
    for (name, server, left, expected) in rows {
        // A finished request before, so that its record is not taken for this one's.
        let first = crate::script::server([says("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")]);
        let world = World::new([first, server]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        assert!(!session.may_have_left());
        assert_eq!(exchange(&mut session, get(), &mut clock), "200");
        assert!(session.may_have_left());
        session.start(get(), LIMITS, world.now.get());
        assert!(!session.may_have_left(), "{name}: nothing was done yet");
        let result = session.step(world.now.get());
        if name != "refused" {
            assert!(matches!(result, Ok(Step::Wait | Step::Head(_))), "{name}");
        }
        assert_eq!(session.may_have_left(), left, "{name}, under way");
        let mut has_head = matches!(result, Ok(Step::Head(_)));
        let error = loop {
            let now = world.now.get();
            let step = match has_head {
                true => session.body(now, &mut [0; 9]).map(|_| true),
                false => session.step(now).map(|step| matches!(step, Step::Head(_))),
            };
            match step {
                Ok(is_head) => has_head = is_head,
                Err(error) => break error,
            }
            world.now.set(session.deadline());
        };
        assert_eq!(short(&error), expected, "{name}");
        assert_eq!(session.may_have_left(), left, "{name}, at its end");
    }
}

/// Whoever closes a session ends its request with it: the rest of a request is never sent on another connection.
#[test]
fn closing_a_session_ends_its_request() {
    for give_up in [
        homey_panel::net::Session::close,
        homey_panel::net::Session::fail,
    ] {
        let half = Server {
            window: 5,
            ..server([])
        };
        let world = World::new([half, answers()]);
        let mut session = world.session();
        session.start(get(), LIMITS, world.now.get());
        assert!(matches!(session.step(world.now.get()), Ok(Step::Wait)));
        give_up(&mut session);
        assert!(!session.is_busy() && !session.is_warm() && session.may_have_left());
        assert!(matches!(session.step(world.now.get()), Ok(Step::Wait)));
        assert_eq!((world.dials(), world.open()), (1, 0));
        let mut clock = Clock::new(&world);
        assert_eq!(exchange(&mut session, get(), &mut clock), "200 ok");
        assert_eq!(
            (world.sent(0).as_str(), world.sent(1).as_str()),
            (&GET[..5], GET)
        );
    }
}
