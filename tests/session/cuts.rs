// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every reply of `tests/data/replies` through a session and its decoders: whole, cut everywhere, and with trouble
//! in every read and write.

use homey_panel::net::{Repeat, fetch};

use crate::replies::{Case, all_cases, ending, read_out};
use crate::script::{Act::*, Clock, World, server};
use crate::{GET, LIMITS, request};

/// How `case` ends when its bytes come in `pieces`.
fn play<'a>(case: &Case, pieces: impl Iterator<Item = &'a [u8]>, trouble: (u64, u64)) -> String {
    let text = if case.head_only {
        GET.replace("GET", "HEAD")
    } else {
        GET.to_string()
    };
    let mut acts = vec![Hears(text.len())];
    acts.extend(pieces.filter(|p| !p.is_empty()).map(|p| Says(p.to_vec())));
    if case.closes {
        acts.push(Ends);
    }
    let world = World::new([server(acts)]);
    world.trouble.set(trouble.0);
    world.dice.set(trouble.1);
    let (mut session, mut clock) = (world.session(), Clock::new(&world));
    let reply = fetch(
        &mut session,
        request(&text, Repeat::Once),
        LIMITS,
        &mut clock,
    );
    let result = read_out(reply, case.limits);
    assert!(!session.is_busy(), "{}", case.name);
    if case.has_more {
        // It may come later than the reply; then the idle connection is found to be bad.
        world.trouble.set(0);
        session.drop_dead_link();
    }
    assert_eq!(
        world.open(),
        usize::from(session.is_warm()),
        "{}",
        case.name
    );
    assert_eq!(world.sent(0), text, "{}", case.name);
    ending(result, session.is_warm())
}

/// A byte, or more where there are very many.
fn grain(case: &Case) -> usize {
    1 + case.sent.len() / 3000
}

/// All places of a short reply; of a long one those near its start and end, and ten between. Of coded content, which
/// `tests/http_replies.rs` cuts everywhere, a few.
fn places(case: &Case) -> impl Iterator<Item = usize> {
    let len = case.sent.len();
    let step = if case.name.starts_with("coded") {
        37
    } else {
        1
    };
    (1..len).filter(move |cut| {
        let is_near_an_end = len < 600 || *cut < 100 || len - cut < 30;
        is_near_an_end && cut % step == 0 || cut % (len / 10).max(1) == 0
    })
}

#[test]
fn every_reply_ends_alike_however_it_is_cut() {
    for case in all_cases() {
        let check = |pieces: &mut dyn Iterator<Item = &[u8]>, how: &str| {
            assert_eq!(
                play(&case, pieces, (0, 1)),
                case.ending,
                "{}, {how}",
                case.name
            );
        };
        check(&mut [&case.sent[..]].into_iter(), "whole");
        check(&mut case.sent.chunks(grain(&case)), "byte by byte");
        for cut in places(&case) {
            let (first, second) = case.sent.split_at(cut);
            check(&mut [first, second].into_iter(), &format!("cut at {cut}"));
        }
    }
}

/// Interrupted calls, short reads and writes, and calls that would block though the link seemed ready (T11).
#[test]
fn every_reply_ends_alike_with_trouble_in_every_call() {
    for case in all_cases() {
        for seed in 1..=4_u64 {
            let dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for (percent, size) in [
                (10, usize::MAX),
                (10, 5 * grain(&case)),
                (60, 50 * grain(&case)),
            ] {
                let found = play(&case, case.sent.chunks(size), (percent, dice));
                assert_eq!(
                    found, case.ending,
                    "{}: {percent} %, pieces of {size}, seed {seed}",
                    case.name
                );
            }
        }
    }
}

/// Many requests on one connection, with trouble: none is lost, doubled or mixed up with another.
#[test]
fn a_thousand_requests_with_trouble_arrive_in_order() {
    let text = |i: usize| format!("GET /{i:04} HTTP/1.1\r\nHost: h\r\n\r\n");
    let acts = (0..1000).flat_map(|i| {
        let reply = match i % 3 {
            0 => format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{i:04}"),
            1 => format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n{}\r\n3\r\n{}\r\n0\r\n\r\n", &format!("{i:04}")[..1], &format!("{i:04}")[1..]),
            _ => format!("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{i:04}"),
        };
        [Hears(text(0).len() * (i + 1)), Says(reply.into_bytes())]
    });
    let world = World::new([server(acts)]);
    world.trouble.set(10);
    let (mut session, mut clock) = (world.session(), Clock::new(&world));
    let mut sent = String::new();
    for i in 0..1000 {
        sent += &text(i);
        let found = crate::exchange(&mut session, request(&text(i), Repeat::Never), &mut clock);
        assert_eq!(found, format!("200 {i:04}"));
    }
    assert_eq!(world.sent(0), sent);
}
