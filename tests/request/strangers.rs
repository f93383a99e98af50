// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands where something else than a hub answers, or a hub answers nonsense.

use crate::server::Server;
use homey_rig::beds::Bed;

/// Who answers is not a hub, or not ours: no bearer is sent, or nothing is believed.
#[test]
fn somebody_else_answers() {
    let bed = Bed::new();
    let portal =
        Server::with("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in</html>");
    bed.config(&portal.address(), "");
    for command in [
        &["devices"][..],
        &["get", "x"],
        &["flow", "start", "x"],
        &["check"],
    ] {
        let ended = bed.with_config(command);
        assert_eq!((ended.code, ended.err.lines().count()), (69, 1), "{ended}");
        assert!(ended.err.contains("not the hub"), "{ended}");
    }
    for request in portal.requests() {
        assert!(!request.contains("Authorization"), "{request}");
    }
    let other = Server::with(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Homey-ID: aaaaaaaaaaaaaaaaaaaaaaaa\r\nContent-Length: 4\r\n\r\ntrue",
    );
    bed.config(&other.address(), "id = \"5f00aa11bb22cc33dd44ee55\"");
    bed.with_config(&["devices"]).fails(
        69,
        &["aaaaaaaaaaaaaaaaaaaaaaaa", "5f00aa11bb22cc33dd44ee55"],
    );
    assert!(!other.request().contains("Authorization"));
}

/// A hub whose lists never end or are cut.
#[test]
fn lists_that_are_no_lists() {
    use std::io::Write;
    for (reply, word) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n[{\"id\":\"a\"",
            "body",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[{\"id\":\"a",
            "zone",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\"just text\"",
            "zone",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", "zone"),
        ("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", "500"),
        (
            "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
            "302",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
            "gzip",
        ),
    ] {
        let server = Server::script(move |peer| {
            // The ping, then what is to be tested, each on a connection of its own or both on one.
            peer.write_all(b"HTTP/1.1 200 OK\r\nX-Homey-ID: 5f00aa11bb22cc33dd44ee55\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue")?;
            if !crate::server::read_request(peer).is_empty() {
                peer.write_all(reply.as_bytes())?;
            }
            Ok(())
        });
        let bed = Bed::new();
        bed.config(&server.address(), "");
        let ended = bed.with_config(&["zones"]);
        ended.fails(69, &[word]);
    }
    let server = Server::script(|peer| {
        peer.write_all(
            b"HTTP/1.1 200 OK\r\nX-Homey-ID: 5f00aa11bb22cc33dd44ee55\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue",
        )?;
        crate::server::read_request(peer);
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")?;
        let piece = "{\"id\":\"a\",\"name\":\"b\",\"x\":[1,2,3]},".repeat(1000);
        loop {
            peer.write_all(piece.as_bytes())?;
        }
    });
    let bed = Bed::new();
    bed.config(&server.address(), "[limits]\nmax_reply_mb = 4\n");
    let ended = bed.with_config(&["zones"]);
    assert!(ended.code != 0 && ended.err.lines().count() == 1, "{ended}");
    assert!(
        ended.peak_kib < 40 * 1024 && ended.took.as_secs() < 32,
        "{ended}, {} KiB",
        ended.peak_kib
    );
}
