// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a TLS connection does: resumption, alerts, stalls, cuts, idle time.

use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use homey_panel::net::{
    Alone, Deadlines, Error, Interest, Phase, Trust, Wait, client_config, monotonic,
};
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use crate::{AMPLE, GET, NAME, OK, OTHER, SHORT, fault, get, session};
use homey_rig::beds::pki::{Authority, Close, Leaf, serve, server_config};
use homey_rig::beds::server::{self, Server, read_len, wait_for_end};

const UNTIL_CLOSE: &str = "HTTP/1.1 200 OK\r\n\r\nuntil close";

/// One configuration resumes with the hub and with the relay, whichever comes between.
#[test]
fn sessions_resume() {
    use HandshakeKind::{Full, Resumed};
    let authority = Authority::new("us");
    let shown = authority.issue(&Leaf::of(&[NAME, OTHER]));
    for versions in [&[&TLS13], &[&TLS12]] {
        for trust in [
            Trust::CaFile(authority.file.path().into()),
            Trust::Pin(shown.pin),
        ] {
            let there = server_config(&shown, versions);
            let here = client_config(&trust).unwrap();
            let mut kinds = Vec::new();
            for name in [NAME, OTHER, NAME, OTHER, NAME, NAME] {
                let (server, there) = (Server::start(), there.clone());
                let seen = server.ask(move |tcp| serve(there, tcp, OK, Close::Notify));
                let mut session = session(server.addr, &here, name);
                assert_eq!(get(&mut session, AMPLE).unwrap(), "ok");
                drop(session);
                kinds.extend(seen.recv().unwrap().kind);
            }
            assert_eq!(
                kinds,
                [Full, Full, Resumed, Resumed, Resumed, Resumed],
                "{versions:?} {trust:?}"
            );
        }
    }
}

/// What answers on that port speaks no TLS, or will not speak it with us.
#[test]
fn others_that_answer() {
    let alert = |code: u8| vec![0x15, 3, 3, 0, 2, 2, code];
    let cure = "192-168-1-17.homey.homeylocal.com, not a bare address";
    let rows: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        (
            "plain HTTP",
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "NotTls",
            "http://",
        ),
        (
            "SSH",
            b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
            "NotTls",
            "check the port",
        ),
        (
            "handshake_failure",
            alert(40),
            "Alert(\"HandshakeFailure\")",
            cure,
        ),
        (
            "unrecognized_name",
            alert(112),
            "Alert(\"UnrecognisedName\")",
            cure,
        ),
        (
            "internal_error",
            alert(80),
            "Alert(\"InternalError\")",
            cure,
        ),
        ("protocol_version", alert(70), "Other(", "TLS 1.2"),
        (
            "an end",
            Vec::new(),
            "Other(",
            "closed the connection during the handshake",
        ),
    ];
    let config = client_config(&Trust::Pin([0; 32])).unwrap();
    for (name, bytes, expected, word) in rows {
        let server = Server::start();
        server.next(move |mut tcp| {
            read_hello(&mut tcp);
            let _ = tcp.write_all(&bytes);
            let _ = tcp.shutdown(std::net::Shutdown::Write);
            wait_for_end(&mut tcp);
        });
        let (fault, error) = fault(get(&mut session(server.addr, &config, NAME), AMPLE));
        assert!(
            format!("{fault:?}").starts_with(expected),
            "{name}: {fault:?}"
        );
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
}

/// One TLS record.
fn read_hello(tcp: &mut TcpStream) {
    let head = read_len(tcp, 5);
    if let [_, _, _, high, low] = head[..] {
        read_len(tcp, usize::from(high) << 8 | usize::from(low));
    }
}

#[test]
fn a_handshake_that_stalls_has_its_deadline() {
    let deadlines = Deadlines {
        handshake: SHORT,
        ..AMPLE
    };
    let config = client_config(&Trust::Pin([0; 32])).unwrap();
    for bytes in [
        &b""[..],
        b"\x16",
        b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03",
    ] {
        let server = Server::start();
        server.next(move |mut tcp| {
            let _ = tcp.write_all(bytes);
            wait_for_end(&mut tcp);
        });
        let (mut session, start) = (session(server.addr, &config, NAME), Instant::now());
        match get(&mut session, deadlines) {
            Err(Error::Deadline {
                phase: Phase::Handshake,
                after,
                ..
            }) => assert_eq!(after, SHORT),
            other => panic!("{bytes:?}: {other:?}"),
        }
        assert!(start.elapsed() < AMPLE.whole / 2 && !session.may_have_left());
    }
}

/// A connection that is cut never looks like a complete reply; a complete reply needs no orderly end.
#[test]
fn cut_connections_do_not_end_replies() {
    let shown = Leaf::of(&[NAME]).self_signed();
    let client = client_config(&Trust::Pin(shown.pin)).unwrap();
    let cut = &OK[..OK.len() - 1];
    type Row = (&'static str, Close, Result<&'static str, &'static str>);
    let rows: [Row; 7] = [
        (UNTIL_CLOSE, Close::Notify, Ok("until close")),
        (
            UNTIL_CLOSE,
            Close::Cut,
            Err("Closed { peer: \"P\", phase: Body, source: Some(Custom { kind: UnexpectedEof"),
        ),
        (OK, Close::Notify, Ok("ok")),
        (OK, Close::Cut, Ok("ok")),
        (
            cut,
            Close::Notify,
            Err("Body { peer: \"P\", source: TruncatedLength { len: 2, left: 1 }"),
        ),
        (
            cut,
            Close::Cut,
            Err("Closed { peer: \"P\", phase: Body, source: Some(Custom { kind: UnexpectedEof"),
        ),
        (
            "HTTP/1.1 200",
            Close::Cut,
            Err("Closed { peer: \"P\", phase: Head, source: Some(Custom { kind: UnexpectedEof"),
        ),
    ];
    for versions in [&[&TLS13], &[&TLS12]] {
        for (reply, close, expected) in rows {
            let (server, there) = (Server::start(), server_config(&shown, versions));
            server.next(move |tcp| drop(serve(there, tcp, reply, close)));
            match (
                get(&mut session(server.addr, &client, NAME), AMPLE),
                expected,
            ) {
                (Ok(content), Ok(wanted)) => assert_eq!(content, wanted),
                (Err(error), Err(wanted)) => {
                    let found = format!("{error:?}").replace(&server.addr.to_string(), "P");
                    assert!(found.starts_with(wanted), "{reply:?} {close:?}: {found}");
                }
                (other, _) => panic!("{reply:?} {close:?}: {other:?}"),
            }
        }
    }
}

/// What TLS does by itself on an idle connection (tickets, new keys) neither ends it nor keeps the loop awake.
#[test]
fn an_idle_connection_outlives_new_keys() {
    let shown = Leaf::of(&[NAME]).self_signed();
    let (there, server) = (server_config(&shown, &[&TLS13]), Server::start());
    let requests = server.ask(move |mut tcp| {
        let mut tls = rustls::ServerConnection::new(there).unwrap();
        let mut requests = 0;
        for _ in 0..3 {
            let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
            requests += usize::from(server::read_head(&mut stream) == GET.as_bytes());
            stream.write_all(OK.as_bytes()).unwrap();
            stream.flush().unwrap();
            tls.refresh_traffic_keys().unwrap();
            while tls.wants_write() {
                tls.write_tls(&mut tcp).unwrap();
            }
        }
        wait_for_end(&mut tcp);
        requests
    });
    let client = client_config(&Trust::Pin(shown.pin)).unwrap();
    let mut session = session(server.addr, &client, NAME);
    for _ in 0..3 {
        assert_eq!(get(&mut session, AMPLE).unwrap(), "ok");
        let (fd, interest) = session.wants().expect("an idle connection is watched");
        Alone.wait(fd, interest, monotonic() + SHORT).unwrap();
        session.drop_dead_link();
        assert!(session.is_warm());
        let (_, interest) = session.wants().expect("an idle connection is watched");
        assert_eq!(interest, Interest::Read);
    }
    drop(session);
    assert_eq!(requests.recv().unwrap(), 3);
}
