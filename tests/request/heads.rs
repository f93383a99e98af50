// SPDX-License-Identifier: MIT OR Apache-2.0
//! Request heads, byte for byte as a server receives them.

use crate::server::Server;
use homey_rig::beds::{Bed, KEY};

const HUB_ID: &str = "5f00aa11bb22cc33dd44ee55";

/// The lines that every `forum` request begins with.
fn forum(first: &str, port: u16) -> String {
    format!(
        "{first} HTTP/1.1\r\n\
         Host: 127.0.0.1:{port}\r\n\
         Accept: application/json\r\n\
         Accept-Language: en-us\r\n\
         Connection: keep-alive\r\n\
         Accept-Encoding: br, gzip, deflate\r\n\
         Origin: homeypanel://authorize\r\n\
         Referer: homeypanel://authorize\r\n\
         User-Agent: Homeypanel/1.0\r\n"
    )
}

fn hub_lines() -> String {
    format!("Authorization: Bearer {KEY}\r\nX-Homey-ID: {HUB_ID}\r\n")
}

/// What a hub at this configuration receives.
fn to_hub(rest: &str, args: &[&str]) -> (String, u16) {
    let (bed, server) = (Bed::new(), Server::ok());
    bed.config(&server.address(), &format!("id = \"{HUB_ID}\"\n{rest}"));
    bed.with_config(&[&["request"], args].concat()).is_good();
    (server.request(), server.port)
}

/// What a server at a full URL receives, with no configuration at all.
fn to_url(args: &[&str]) -> (String, u16) {
    let (bed, server) = (Bed::new(), Server::ok());
    let url = server.url("/x");
    let ended = bed.run(&[&["request", url.as_str()], args].concat());
    assert_eq!(ended.is_good().text(), "ok\n");
    (server.request(), server.port)
}

/// A request under profile `none`.
#[track_caller]
fn none(args: &[&str], want: &str) {
    let (request, _) = to_url(&[&["--profile", "none"], args].concat());
    assert_eq!(request, want, "{args:?}");
}

#[test]
fn a_path_goes_to_the_hub_with_its_bearer_under_forum() {
    let (got, port) = to_hub("", &["/api/manager/zones/zone?a=b#c"]);
    let want = forum("GET /api/manager/zones/zone?a=b", port) + &hub_lines() + "\r\n";
    assert_eq!(got, want);

    let (got, port) = to_hub("", &["-X", "PUT", "--json", "{\"value\":true}", "/p"]);
    let body = "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"value\":true}";
    assert_eq!(got, forum("PUT /p", port) + &hub_lines() + body);

    let (got, port) = to_hub("", &["/p", "-d", "a=1"]);
    let body = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1";
    assert_eq!(got, forum("POST /p", port) + &hub_lines() + body);

    let (got, port) = to_hub("[profile]\nname = \"anyname\"\n", &["/p"]);
    let want = forum("GET /p", port) + &hub_lines() + "\r\n";
    let want = want
        .replace("homeypanel", "anyname")
        .replace("Homeypanel", "Anyname");
    assert_eq!(got, want);
}

#[test]
fn a_full_url_gets_no_bearer_unless_asked() {
    let (got, port) = to_url(&[]);
    assert_eq!(got, forum("GET /x", port) + "\r\n");

    // With a configuration, too.
    let (bed, hub, other) = (Bed::new(), Server::ok(), Server::ok());
    bed.config(&hub.address(), &format!("id = \"{HUB_ID}\"\n"));
    bed.with_config(&["request", &other.url("/x")]).is_good();
    assert_eq!(other.request(), forum("GET /x", other.port) + "\r\n");

    let other = Server::ok();
    bed.with_config(&["request", "--bearer", &other.url("/x")])
        .is_good();
    let bearer = format!("Authorization: Bearer {KEY}\r\n\r\n");
    assert_eq!(other.request(), forum("GET /x", other.port) + &bearer);
    assert_eq!(hub.requests(), [""; 0]);
}

#[test]
fn profiles() {
    let (got, port) = to_hub("", &["--profile", "minimal", "/p", "-d", "x"]);
    let want = format!(
        "POST /p HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"
    );
    let body = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(got, want + &hub_lines() + body);

    let own = "[profile]\nuse = \"mine\"\n[profiles.mine]\nlines = [\n\
        \"host:{host}\", \"X-b:  2 \", \"x-A: {name}{{}}\", \"X-b:1\", \"authorization:  Bearer {token}\",\n\
        \"If-None-Match: {etag}\", \"content-LENGTH:{length}\", \"Content-Type:{type}\" ]\n";
    let (got, port) = to_hub(own, &["/p"]);
    let want = format!(
        "GET /p HTTP/1.1\r\nhost:127.0.0.1:{port}\r\nX-b:  2 \r\nx-A: homeypanel{{}}\r\nX-b:1\r\nauthorization:  Bearer {KEY}\r\n\r\n"
    );
    assert_eq!(got, want);
    // By name, while another one is in use; the body's lines come where they stand.
    let other = own.replace("use = \"mine\"", "use = \"forum\"");
    let (got, _) = to_hub(&other, &["/p", "--profile", "mine", "--json", "1"]);
    assert!(
        got.ends_with("content-LENGTH:1\r\nContent-Type:application/json\r\n\r\n1"),
        "{got}"
    );
}

#[test]
fn profile_none_sends_what_was_typed() {
    none(&[], "GET /x HTTP/1.1\r\n\r\n");
    none(
        &[
            "-H",
            "X-B:1",
            "-H",
            "Host:  h",
            "-H",
            "x-b:   2\t",
            "-H",
            "X-A: \u{e9}",
            "-H",
            "X-B:1",
            "-H",
            "E:",
        ],
        "GET /x HTTP/1.1\r\nX-B:1\r\nHost:  h\r\nx-b:   2\t\r\nX-A: \u{e9}\r\nX-B:1\r\nE:\r\n\r\n",
    );
    none(
        &["-d", "ab"],
        "POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
    );
    none(
        &[
            "-d",
            "ab",
            "-H",
            "content-length:2",
            "-H",
            "A: b",
            "-X",
            "PUT",
        ],
        "PUT /x HTTP/1.1\r\ncontent-length:2\r\nA: b\r\n\r\nab",
    );
    // Two Host lines are the user's business here.
    none(
        &["-H", "Host: a", "-H", "Host: b"],
        "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    );
}

#[test]
fn typed_lines_replace_in_place_are_appended_or_take_out() {
    let (got, port) = to_url(&[
        "-H",
        "accept:  text/html",
        "-H",
        "X-New:1",
        "-H",
        "ORIGIN:",
        "-H",
        "X-New: 2",
    ]);
    let want = forum("GET /x", port)
        .replace("Accept: application/json", "accept:  text/html")
        .replace("Origin: homeypanel://authorize\r\n", "");
    assert_eq!(got, want + "X-New:1\r\nX-New: 2\r\n\r\n");

    let (got, _) = to_hub(
        "",
        &[
            "/p",
            "-H",
            "Authorization: Bearer other",
            "-H",
            "x-homey-id:",
        ],
    );
    assert!(
        got.ends_with("User-Agent: Homeypanel/1.0\r\nAuthorization: Bearer other\r\n\r\n"),
        "{got}"
    );

    // curl's way of doing without a Host line.
    let (got, port) = to_url(&["-H", "Host:"]);
    let want = forum("GET /x", port).replace(&format!("Host: 127.0.0.1:{port}\r\n"), "");
    assert_eq!(got, want + "\r\n");

    // An own profile may have a name twice: what is typed takes its places, what is left of it goes.
    let own = "[profile]\nuse = \"mine\"\n[profiles.mine]\nlines = [ \"Host: h\", \"A: 1\", \"B: {token}\", \"A: 2\", \"Content-Length: {length}\", \"Authorization: {token}\" ]\n";
    for (typed, want) in [
        (&["-H", "a: 3"][..], "Host: h\r\na: 3\r\nB: "),
        (
            &["-H", "A:3", "-H", "A:4", "-H", "A:5"],
            "Host: h\r\nA:3\r\nB: ",
        ),
        (&["-H", "A:"], "Host: h\r\nB: "),
    ] {
        let (got, _) = to_hub(own, &[&["/p"], typed].concat());
        assert!(
            got.starts_with(&format!("GET /p HTTP/1.1\r\n{want}{KEY}\r\n")),
            "{typed:?}: {got}"
        );
        assert!(!got.contains("A: 2"), "{typed:?}: {got}");
    }
}

#[test]
fn lines_and_bodies_come_from_files_and_stdin() {
    let bed = Bed::new();
    bed.file("lines", "X-A: 1\r\n\nX-B:  2\n");
    bed.file("body", b"a\r\nb\n\0c");
    for (args, want) in [
        (
            &["-H", "@lines", "-H", "X-A: 3"][..],
            "GET /x HTTP/1.1\r\nX-A: 1\r\nX-B:  2\r\nX-A: 3\r\n\r\n",
        ),
        (&["-H", "@-"], "GET /x HTTP/1.1\r\nFrom: stdin\r\n\r\n"),
        (
            &["-d", "@body"],
            "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        ),
        (
            &["--data-binary", "@body"],
            "POST /x HTTP/1.1\r\nContent-Length: 7\r\n\r\na\r\nb\n\0c",
        ),
        (
            &["-d", "a=1", "-d", "b=2", "--data-binary", "@body"],
            "POST /x HTTP/1.1\r\nContent-Length: 15\r\n\r\na=1&b=2&a\r\nb\n\0c",
        ),
        (
            &["-d", "@-"],
            "POST /x HTTP/1.1\r\nContent-Length: 11\r\n\r\nFrom: stdin",
        ),
        (&["-d", ""], "POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
        (&["-X", "DELETE"], "DELETE /x HTTP/1.1\r\n\r\n"),
        (
            &["-X", "GET", "-d", "q"],
            "GET /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nq",
        ),
    ] {
        let server = Server::ok();
        let url = server.url("/x");
        let args = [&["request", url.as_str(), "--profile", "none"], args].concat();
        bed.prepare(&args).stdin("From: stdin\n").run().is_good();
        assert_eq!(server.request(), want, "{args:?}");
    }
    let server = Server::with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    let ended = bed.run(&["request", "-I", "--profile", "none", &server.url("/x")]);
    assert_eq!(
        ended.is_good().text(),
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    );
    assert_eq!(server.request(), "HEAD /x HTTP/1.1\r\n\r\n");
}

#[test]
fn bytes_beyond_utf8_leave_as_they_are() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (bed, server) = (Bed::new(), Server::ok());
    let mut run = bed.prepare(&["request", "--profile", "none", &server.url("/x")]);
    run.command.arg("-H").arg(OsStr::from_bytes(b"X: \xe9\xff"));
    run.command.arg("-d").arg(OsStr::from_bytes(b"\xfe"));
    run.run().is_good();
    assert_eq!(
        server.bytes(),
        b"POST /x HTTP/1.1\r\nX: \xe9\xff\r\nContent-Length: 1\r\n\r\n\xfe"
    );
}

#[test]
fn unchecked_sends_what_is_wrong() {
    for (args, want) in [
        (&["-d", "abc"][..], "POST /x HTTP/1.1\r\n\r\nabc"),
        (
            &["-d", "abc", "-H", "Content-Length: 2"],
            "POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nabc",
        ),
        (
            &["-H", "Content-Length: 9"],
            "GET /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
        ),
        (
            &["-d", "0\r\n\r\n", "-H", "Transfer-Encoding: chunked"],
            "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            &[
                "-H",
                "Content Type: application/json",
                "-H",
                "N : v",
                "-H",
                " folded",
            ],
            "GET /x HTTP/1.1\r\nContent Type: application/json\r\nN : v\r\n folded\r\n\r\n",
        ),
    ] {
        none(&[&["--unchecked"], args].concat(), want);
    }
    let (got, _) = to_url(&["--unchecked", "-d", "abc", "-H", "Content-Length:"]);
    assert!(got.ends_with("x-www-form-urlencoded\r\n\r\nabc"), "{got}");
    let (got, _) = to_url(&["--unchecked", "-d", "abc", "-H", "content-length: 77"]);
    assert!(
        got.ends_with("x-www-form-urlencoded\r\ncontent-length: 77\r\n\r\nabc"),
        "{got}"
    );
}

#[test]
fn host_lines() {
    use std::sync::Arc;
    let bed = Bed::new();
    let server = Server::listen(
        "[::1]:0",
        Arc::new(|peer| {
            use std::io::Write;
            peer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        }),
    );
    let port = server.port;
    bed.run(&["request", &format!("http://[::1]:{port}/x")])
        .is_good();
    assert!(
        server
            .request()
            .contains(&format!("\r\nHost: [::1]:{port}\r\n"))
    );
    // The port of the scheme is not repeated; --resolve brings any name and port here.
    for (url, host) in [
        ("http://hub.example", "hub.example"),
        ("http://hub.example:80?q", "hub.example"),
        ("HTTP://hub.example:8080/", "hub.example:8080"),
    ] {
        // Nothing listens on these ports at 127.0.0.9, so the head is taken from -v.
        let port = if url.contains("8080") { 8080 } else { 80 };
        let resolve = format!("hub.example:{port}:127.0.0.9");
        let ended = bed.run(&["request", "-v", url, "--resolve", &resolve]);
        assert_eq!(ended.code, 69, "{ended}");
        assert!(
            ended.err.contains(&format!("\r\nHost: {host}\r\n")),
            "{ended}"
        );
    }
}
