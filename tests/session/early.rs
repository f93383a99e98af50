// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies that come while the request is still being sent (RFC 9112 §9.3, §9.6).

use std::io::ErrorKind::ConnectionReset;

use homey_panel::net::Repeat;

use crate::script::{Act, Act::*, Clock, Server, World, says, server};
use crate::{exchange, request, secs};

const NEXT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext";
const LARGE: &str = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";

#[test]
fn an_early_reply_is_taken_and_half_a_request_leaves_no_kept_connection() {
    let large = format!(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n{}",
        "x".repeat(90_000)
    );
    let half = |acts: Vec<Act>| Server {
        window: 4000,
        ..server(acts)
    };
    let breaks = |acts: Vec<Act>| Server {
        breaks_after: 4000,
        ..server(acts)
    };
    let head = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    let rows: Vec<(&str, Server, &str, bool)> = vec![
        (
            "answers and takes no more",
            half(vec![says(LARGE)]),
            "413 no",
            false,
        ),
        (
            "answers, closes",
            breaks(vec![says(LARGE), Ends]),
            "413 no",
            false,
        ),
        (
            "answers, resets",
            breaks(vec![says(LARGE), Breaks(ConnectionReset)]),
            "413 no",
            false,
        ),
        (
            "resets",
            breaks(vec![Breaks(ConnectionReset)]),
            "broken FirstByte ConnectionReset",
            false,
        ),
        ("closes", breaks(vec![Ends]), "closed FirstByte", false),
        (
            "takes no more and is silent",
            half(vec![]),
            "deadline Send after 10s",
            false,
        ),
        // It answers as it reads: the rest must be sent for the reply to go on.
        (
            "reads on after its head",
            half(vec![
                head.clone(),
                Rests(secs(1)),
                Opens(usize::MAX),
                Hears(large.len()),
                says("ok"),
            ]),
            "200 ok",
            true,
        ),
        (
            "reads on in its body",
            half(vec![
                head,
                says("o"),
                Opens(50_000),
                Hears(54_000),
                Opens(50_000),
                Hears(large.len()),
                says("k"),
            ]),
            "200 ok",
            true,
        ),
        (
            "reads on after an interim reply",
            half(vec![
                says("HTTP/1.1 100 Continue\r\n\r\n"),
                Opens(usize::MAX),
                Hears(large.len()),
                says(NEXT),
            ]),
            "200 next",
            true,
        ),
    ];
    for (name, mut first, expected, kept) in rows {
        first.acts.extend([Hears(large.len() + 1), says(NEXT)]);
        let world = World::new([first, server([Hears(1), says(NEXT)])]);
        let (mut session, mut clock) = (world.session(), Clock::new(&world));
        assert_eq!(
            exchange(&mut session, request(&large, Repeat::Never), &mut clock),
            expected,
            "{name}"
        );
        assert!(session.may_have_left(), "{name}");
        assert_eq!(session.is_warm(), kept, "{name}");
        assert_eq!(
            exchange(&mut session, crate::get(), &mut clock),
            "200 next",
            "{name}"
        );
        assert_eq!(world.dials(), if kept { 1 } else { 2 }, "{name}");
        if kept {
            assert_eq!(world.sent(0), format!("{large}{}", crate::GET), "{name}");
        }
    }
}
