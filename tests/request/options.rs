// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times, addresses and proxies; what the command line gets wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::server::{Server, hold, read_request};
use homey_rig::beds::{Bed, KEY};

#[test]
fn nobody_there_is_69() {
    let bed = Bed::new();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let ended = bed.run(&["request", &format!("http://127.0.0.1:{port}/")]);
    ended.fails(69, &["refused", &format!("127.0.0.1:{port}")]);
    bed.config(&format!("http://127.0.0.1:{port}"), "");
    for command in [
        &["request", "/"][..],
        &["devices"],
        &["check"],
        &["get", "Lamp"],
    ] {
        bed.with_config(command).fails(69, &["refused"]);
    }
    bed.run(&["request", "http://no-such-host.invalid/"])
        .fails(69, &["no-such-host.invalid"]);
}

#[test]
fn who_does_not_answer_is_given_up() {
    let bed = Bed::new();
    let silent = Server::script(hold);
    let ended = bed.run(&["request", "-m", "0.5", &silent.url("/")]);
    ended.fails(69, &["no answer within 0.5 s"]);
    assert!(ended.took < Duration::from_secs(3), "{ended}");
    let ended = bed.run(&[
        "request",
        "-m0.3",
        &silent.url("/").replace("http:", "https:"),
    ]);
    ended.fails(69, &["TLS handshake", "no answer within 0.3 s"]);
    // An address that swallows what is sent to it, where this machine has a route at all.
    let ended = bed.run(&["request", "--max-time", "0.5", "http://192.0.2.1/"]);
    assert_eq!((ended.code, ended.err.lines().count()), (69, 1), "{ended}");
    assert!(ended.took < Duration::from_secs(3), "{ended}");
    // The head began: that is a reply, and not complete.
    let half = Server::script(|peer| {
        peer.write_all(b"HTTP/1.1 200 OK\r\nA: ")?;
        hold(peer)
    });
    bed.run(&["request", "-m", "0.5", &half.url("/")])
        .fails(1, &["not complete after 0.5 s", "-m"]);
    let gone = Server::with("");
    bed.run(&["request", &gone.url("/")])
        .fails(69, &["closed the connection"]);
    let gone = Server::with("HTTP/1.1 200 O");
    bed.run(&["request", &gone.url("/")])
        .fails(1, &["not complete"]);
}

#[test]
fn resolve_names_the_address() {
    let (bed, server) = (Bed::new(), Server::ok());
    let port = server.port;
    let url = format!("http://hub.example:{port}/x");
    let resolve = format!("hub.example:{port}:127.0.0.1");
    bed.run(&["request", &url, "--resolve", &resolve]).is_good();
    assert!(
        server
            .request()
            .contains(&format!("\r\nHost: hub.example:{port}\r\n"))
    );
    bed.run(&["request", &url, "--resolve", "hub.example:1"])
        .fails(64, &["HOST:PORT:ADDRESS"]);
    bed.run(&["request", &url, "--resolve", "hub.example:1:x"])
        .fails(64, &["IP address"]);
    // For the hub as well; the Host line stays the hub's.
    bed.config(&format!("http://127.0.0.9:{port}"), "");
    let resolve = format!("127.0.0.9:{port}:127.0.0.1");
    bed.with_config(&["request", "--resolve", &resolve, "/y"])
        .is_good();
    assert!(server.requests()[1].contains(&format!("\r\nHost: 127.0.0.9:{port}\r\n")));
}

/// A proxy that answers CONNECT with `reply` and, where that is a 200, goes on as a server.
fn proxy(reply: &'static str) -> Server {
    Server::script(move |peer| {
        peer.write_all(reply.as_bytes())?;
        if reply.contains(" 200 ") {
            let request = read_request(peer);
            let n = request.len();
            write!(peer, "HTTP/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n")?;
            peer.write_all(&request)?;
        }
        Ok(())
    })
}

#[test]
fn proxies() {
    let bed = Bed::new();
    let good = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    let at = format!("http://127.0.0.1:{}", good.port);
    let ended = bed.run(&[
        "request",
        "--profile",
        "none",
        "-H",
        "A: b",
        "-x",
        &at,
        "http://hub.example:8000/x",
    ]);
    assert_eq!(ended.is_good().text(), "GET /x HTTP/1.1\r\nA: b\r\n\r\n");
    assert!(
        good.request()
            .starts_with("CONNECT hub.example:8000 HTTP/1.1\r\n"),
        "{}",
        good.request()
    );
    assert!(!good.request().contains("A: b"));

    // The hub through it: the configured address is what the proxy is told, the bearer is for the hub alone.
    bed.config("http://192.168.77.7:81", "");
    let ended = bed.with_config(&["request", "--proxy", &at, "/p"]);
    assert!(
        ended
            .is_good()
            .text()
            .contains("Host: 192.168.77.7:81\r\nAccept: ")
    );
    assert!(ended.text().contains(KEY));
    assert!(good.requests()[1].starts_with("CONNECT 192.168.77.7:81 HTTP/1.1\r\n"));
    assert!(!good.requests()[1].contains(KEY));

    let no = proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let at = format!("127.0.0.1:{}", no.port);
    bed.run(&["request", "-x", &at, "http://hub.example/x"])
        .fails(69, &["does not allow a tunnel", "403"]);
    bed.run(&["request", "-x", "http://127.0.0.1:1", "http://h/"])
        .fails(69, &["connecting to the proxy", "refused"]);
    bed.run(&["request", "-x", "ftp://h", "http://h/"])
        .fails(64, &["ftp"]);
    // The environment's proxy is for URLs, never for the hub in the house.
    let ended = bed
        .prepare(&["request", "http://hub.example/x"])
        .env("http_proxy", &at)
        .run();
    ended.fails(69, &["does not allow a tunnel"]);
    let hub = Server::ok();
    bed.config(&hub.address(), "");
    let run = bed.prepare(&["-c", "panel.toml", "request", "/x"]);
    run.env("http_proxy", &at)
        .env("ALL_PROXY", &at)
        .run()
        .is_good();
}

#[test]
fn the_command_line() {
    let bed = Bed::new();
    for (args, words) in [
        (&[][..], &["command is missing", "--help"][..]),
        (&["devicse"], &["\"devicse\"", "did you mean devices"]),
        (&["request"], &["missing"]),
        (&["request", "api/x"], &["api/x", "starting with /"]),
        (&["request", "192.168.1.17/x"], &["http://"]),
        (&["request", "http://u:SECRET@h/"], &["-H @FILE"]),
        (&["request", "http://h/", "-m", "0"], &["seconds"]),
        (
            &["request", "http://h/", "-d", "@nofile"],
            &["@nofile", "No such file"],
        ),
        (
            &["request", "http://h/", "-H", "@nofile"],
            &["@nofile", "No such file"],
        ),
        (&["request", "http://h/", "--pin", "md5//x"], &["sha256//"]),
        (
            &["request", "https://h/", "--cacert", "nofile"],
            &["nofile", "No such file"],
        ),
        (&["request", "http://h/", "--location"], &["--location"]),
        (&["request", "http://h/", "http://i/"], &["http://i/"]),
        (&["devices", "x"], &["x"]),
        (&["zones", "--wrong"], &["--wrong"]),
        (&["get"], &["DEVICE is missing"]),
        (&["set", "a", "b"], &["DEVICE CAPABILITY VALUE"]),
        (&["flow"], &["list"]),
        (&["flow", "start"], &["name is missing"]),
        (&["mood", "stop", "x"], &["list, or set NAME"]),
        (&["version", "x"], &["x"]),
        (&["run", "x"], &["x"]),
        (&["--log", "loud", "version"], &["loud", "warn or info"]),
    ] {
        let ended = bed.run(args);
        ended.fails(64, words);
        assert!(!ended.err.contains("SECRET"), "{ended}");
    }
    for args in [
        &["--help"][..],
        &["help"],
        &["devices", "--help"],
        &["set", "-h"],
        &["run", "--help"],
        &["request", "--help"],
        &["request", "-h"],
    ] {
        let ended = bed.run(args);
        assert!(
            ended.is_good().text().contains("usage: homey-panel"),
            "{args:?}: {ended}"
        );
    }
    for args in [&["version"][..], &["--version"], &["-V"]] {
        let ended = bed.run(args);
        assert!(
            ended.is_good().text().starts_with("homey-panel 0."),
            "{ended}"
        );
        assert_eq!(ended.text().lines().count(), 1);
    }
    bed.run(&["request", "/x"])
        .fails(78, &["/etc/homey-panel.toml", "-c FILE"]);
    bed.run(&["-c", "absent.toml", "devices"])
        .fails(78, &["absent.toml", "-c FILE"]);
    bed.run(&["request", "-c", "absent.toml", "http://127.0.0.1:1/"])
        .fails(78, &["absent.toml"]);
}

#[test]
fn help_to_a_reader_that_has_gone_says_nothing() {
    let bed = Bed::new();
    let (reader, writer) = nix::unistd::pipe().unwrap();
    drop(reader);
    let ended = bed.prepare(&["--help"]).stdout(writer.into());
    assert_eq!((ended.code, ended.err.as_str()), (1, ""), "{ended}");
}

#[test]
fn a_configuration_may_be_named_after_the_command() {
    let (bed, server) = (Bed::new(), Server::ok());
    bed.config(&server.address(), "");
    bed.run(&["request", "-c", "panel.toml", "/x"]).is_good();
    assert!(server.request().contains(KEY));
    let ended = bed
        .prepare(&["request", "/x"])
        .env("HOMEY_PANEL_CONFIG", bed.dir.join("panel.toml"))
        .run();
    ended.is_good();
}

/// Answers are read to their end though the server has stopped reading the request.
#[test]
fn an_early_answer_to_a_large_body_is_shown() {
    let (bed, body) = (Bed::new(), vec![b'x'; 8 << 20]);
    bed.file("body", &body);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut peer, _): (TcpStream, _) = listener.accept().unwrap();
        let _ = peer.read(&mut [0; 1024]);
        let _ = peer.write_all(
            b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbig\n",
        );
        let _ = peer.shutdown(std::net::Shutdown::Write);
        std::thread::sleep(Duration::from_secs(2));
    });
    let ended = bed.run(&[
        "request",
        "-m",
        "5",
        "--data-binary",
        "@body",
        &format!("http://127.0.0.1:{port}/"),
    ]);
    ended.fails(1, &["413 Too Large"]);
    assert_eq!(ended.text(), "big\n");
}
