// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which replies leave the connection for the next request, and how idle connections end.

use std::io::ErrorKind;
use std::io::Read;
use std::time::Duration;

use homey_panel::http::Limits;
use homey_panel::net::{BodyStep, Repeat, Step, fetch};

use crate::script::{Act, Act::*, Clock, Server, World, says, server};
use crate::{GET, LIMITS, exchange, get, request, secs};

const NEXT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext";

#[test]
fn a_connection_is_kept_where_both_sides_can_tell_where_the_reply_ends() {
    let head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
    let rows: Vec<(&str, &str, &str, bool)> = vec![
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "200 ok",
            true,
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "200 ok",
            true,
        ),
        (GET, "HTTP/1.1 204 No Content\r\n\r\n", "204", true),
        (
            GET,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            "304",
            true,
        ),
        (
            head,
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "200",
            true,
        ),
        (
            GET,
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
            "200 ok",
            true,
        ),
        (
            GET,
            "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
            "500 no",
            true,
        ),
        (
            GET,
            "HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "200 ok",
            true,
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            "200 ok",
            false,
        ),
        (
            GET,
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "200 ok",
            false,
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok?",
            "200 ok",
            false,
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
            "200 ok",
            false,
        ),
        (
            GET,
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n",
            "204",
            false,
        ),
        (
            GET,
            "HTTP/1.1 101 Switching\r\n\r\n",
            "framing Upgrade",
            false,
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            "framing Lengths { first: 2, second: 3 }",
            false,
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 2\r\n\r\nok",
            "coding Unknown(\"zstd\")",
            false,
        ),
    ];
    for (text, reply, expected, kept) in rows {
        let first = server([Hears(1), says(reply), Hears(text.len() + 1), says(NEXT)]);
        let world = World::new([first, server([Hears(1), says(NEXT)])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        assert_eq!(
            exchange(&mut session, request(text, Repeat::Never), &mut clock),
            expected,
            "{reply}"
        );
        assert_eq!(
            (session.is_warm(), session.is_busy()),
            (kept, false),
            "{reply}"
        );
        assert_eq!(
            exchange(&mut session, request(GET, Repeat::Never), &mut clock),
            "200 next",
            "{reply}"
        );
        assert_eq!(world.dials(), if kept { 1 } else { 2 }, "{reply}");
    }
}

#[test]
fn a_reply_until_close_ends_with_the_connection() {
    let world = World::new([
        server([
            says("HTTP/1.1 200 OK\r\n\r\nall of it"),
            Rests(secs(1)),
            Ends,
        ]),
        server([
            says("HTTP/1.1 200 OK\r\n\r\nnot all"),
            Rests(secs(1)),
            Breaks(ErrorKind::UnexpectedEof),
        ]),
    ]);
    let (mut session, mut clock) = (world.session(), Clock::new(&world));
    assert_eq!(exchange(&mut session, get(), &mut clock), "200 all of it");
    assert!(!session.is_warm() && world.open() == 0);
    assert_eq!(
        exchange(&mut session, get(), &mut clock),
        "broken Body UnexpectedEof"
    );
}

/// Any number of interim replies, in one piece and one by one.
#[test]
fn interim_replies_are_passed_over() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    for count in [0, 1, 2, 20, 1000] {
        let one_by_one = vec![says(interim); count];
        let at_once = vec![says(&interim.repeat(count + 1))];
        for mut acts in [one_by_one, at_once] {
            acts.push(says(NEXT));
            let world = World::new([server(acts)]);
            let (mut session, mut clock) = (world.session(), Clock::new(&world));
            assert_eq!(
                exchange(&mut session, get(), &mut clock),
                "200 next",
                "{count}"
            );
            assert!(session.is_warm());
        }
    }
}

#[test]
fn an_idle_connection_that_ends_is_no_error() {
    let rows: [(&str, Act, usize); 5] = [
        ("closed", Ends, 2),
        ("reset", Breaks(ErrorKind::ConnectionReset), 2),
        ("stray bytes", says("HTTP/1.1 408 Timeout\r\n\r\n"), 2),
        ("nothing", Hears(GET.len() + 1), 1),
        ("a signal", Balks(ErrorKind::Interrupted), 1),
    ];
    for (name, act, dials) in rows {
        for is_looked_at in [false, true] {
            let act = act.clone();
            let first = server([
                Hears(1),
                says("HTTP/1.1 204 \r\n\r\n"),
                act,
                Hears(GET.len() + 1),
                says(NEXT),
            ]);
            let world = World::new([first, server([Hears(1), says(NEXT)])]);
            let (mut session, mut clock) = (world.session(), Clock::new(&world));
            assert_eq!(exchange(&mut session, get(), &mut clock), "204");
            if is_looked_at {
                session.drop_dead_link();
                assert_eq!(
                    (session.is_warm(), world.open()),
                    (dials == 1, 2 - dials),
                    "{name}"
                );
            }
            let post = request("POST / HTTP/1.1\r\nHost: h\r\n\r\n", Repeat::Never);
            assert_eq!(
                exchange(&mut session, post, &mut clock),
                "200 next",
                "{name}"
            );
            assert_eq!(world.dials(), dials, "{name}");
        }
    }
}

/// How much of a reply is read before it is let go, and whether the connection outlives that.
#[test]
fn a_reply_let_go_closes_its_connection_unless_all_of_it_is_here() {
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n01234567";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n0\r\n\r\n";
    let rows: [(&str, &str, Option<usize>, bool); 10] = [
        ("head only", long, None, false),
        ("nothing", long, Some(0), false),
        ("half", long, Some(4), false),
        ("all but one", long, Some(7), false),
        ("all, the end not asked for", long, Some(8), true),
        ("last chunk not asked for", chunked, Some(4), true),
        (
            "last chunk not yet here",
            &chunked[..chunked.len() - 1],
            Some(4),
            false,
        ),
        ("no body", "HTTP/1.1 204 No Content\r\n\r\n", None, true),
        (
            "empty body",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Some(0),
            true,
        ),
        ("until close", "HTTP/1.1 200 OK\r\n\r\n0123", Some(4), false),
    ];
    for (name, text, taken, kept) in rows {
        for is_raw in [true, false] {
            let world = World::new([server([says(text)])]);
            let (mut session, mut clock) = (world.session(), Clock::new(&world));
            let reply = fetch(&mut session, get(), LIMITS, &mut clock).unwrap();
            let mut content = vec![0; taken.unwrap_or(0)];
            match (taken, is_raw) {
                (None, _) => drop(reply),
                (_, true) => reply.raw().read_exact(&mut content).unwrap(),
                (_, false) => reply
                    .decoded(Limits::RUN)
                    .unwrap()
                    .read_exact(&mut content)
                    .unwrap(),
            }
            assert_eq!(
                (session.is_busy(), session.is_warm()),
                (false, kept),
                "{name}"
            );
            assert_eq!(world.open(), usize::from(kept), "{name}");
            assert!(session.may_have_left());
        }
    }
}

/// The same for a session that is stepped: a request that is begun before the last one ended has its own connection.
#[test]
fn a_request_begun_over_another_has_its_own_connection() {
    let half = Server {
        window: 4,
        ..server([])
    };
    let world = World::new([
        half,
        server([Hears(1), says(&NEXT[..NEXT.len() - 1])]),
        server([Hears(1), says(NEXT)]),
    ]);
    let mut session = world.session();
    session.start(get(), LIMITS, world.now.get());
    assert!(matches!(session.step(world.now.get()), Ok(Step::Wait)));
    session.start(get(), LIMITS, world.now.get());
    assert!(matches!(session.step(world.now.get()), Ok(Step::Head(_))));
    assert!(matches!(
        session.body(world.now.get(), &mut [0; 9]),
        Ok(BodyStep::Bytes(3))
    ));
    assert!(matches!(
        session.body(world.now.get(), &mut [0; 9]),
        Ok(BodyStep::Wait)
    ));
    assert_eq!(
        exchange(&mut session, get(), &mut Clock::new(&world)),
        "200 next"
    );
    assert_eq!(
        (world.sent(0).len(), world.sent(1), world.sent(2)),
        (4, GET.into(), GET.into())
    );
    assert_eq!((world.dials(), world.open()), (3, 1));
}

/// A server says how long it keeps idle connections: shortly before that, none of them is used.
#[test]
fn a_connection_about_to_be_closed_is_not_used() {
    for (field, pause_ms, dials) in [
        ("Keep-Alive: timeout=5", 3900, 1),
        ("Keep-Alive: timeout=5", 4000, 2),
        ("keep-alive: max=9, timeout=1", 499, 1),
        ("keep-alive: max=9, timeout=1", 500, 2),
        ("Keep-Alive: timeout=0", 0, 2),
        ("Keep-Alive: timeout=soon", 60_000, 1),
        ("X: none", 60_000, 1),
    ] {
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{field}\r\n\r\nok");
        let acts = |text: &str| [Hears(1), says(text), Hears(GET.len() + 1), says(NEXT)];
        let world = World::new([server(acts(&reply)), server([Hears(1), says(NEXT)])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        let mut ask = || exchange(&mut session, request(GET, Repeat::Never), &mut clock);
        assert_eq!(ask(), "200 ok", "{field}");
        world
            .now
            .set(world.now.get() + Duration::from_millis(pause_ms));
        assert_eq!(ask(), "200 next", "{field}");
        assert_eq!(world.dials(), dials, "{field}, after {pause_ms} ms");
    }
}
