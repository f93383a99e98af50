// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests and replies over real loopback sockets: what leaves, what comes in, and how connections fail.

#[path = "support/replies.rs"]
mod replies;
mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use homey_panel::http::Limits;
use homey_panel::net::{
    Address, Alone, Deadlines, Error, Phase, Repeat, Request, Session, Wait, fetch, monotonic,
};
use homey_rig::beds::server::{Server, read_head, read_len, wait_for_end};
use nix::sys::socket;
use replies::{all_cases, ending, read_out};
use support::{case_files, unescape};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Long enough for a busy machine under qemu.
const AMPLE: Deadlines = Deadlines::all(Duration::from_secs(20));
const SHORT: Duration = Duration::from_millis(150);

fn session(addr: SocketAddr) -> Session {
    Session::new(Box::new(Address {
        ip: addr.ip(),
        port: addr.port(),
        tls: None,
    }))
}

fn request(bytes: &[u8], repeat: Repeat) -> Request {
    Request {
        bytes: bytes.to_vec(),
        head_only: bytes.starts_with(b"HEAD"),
        repeat,
    }
}

fn get(session: &mut Session, deadlines: Deadlines) -> Result<String, Error> {
    let (request, mut wait) = (request(GET.as_bytes(), Repeat::Never), Alone);
    let reply = fetch(session, request, deadlines, &mut wait)?;
    let mut content = String::new();
    let mut body = reply.decoded(Limits::RUN)?;
    body.read_to_string(&mut content).map_err(Error::from_io)?;
    Ok(content)
}

/// Every golden request arrives as its file says, each on a connection of its own and all on one.
#[test]
fn requests_arrive_byte_for_byte() {
    let mut requests = Vec::new();
    for (name, text) in case_files("requests") {
        let (_, expected) = text.split_once("\n---\n").expect("a case");
        if !expected.starts_with("error: ") {
            let bytes: Vec<u8> = expected.lines().flat_map(unescape).collect();
            requests.push((name, bytes));
        }
    }
    assert!(
        requests.len() >= 10,
        "only {} golden requests",
        requests.len()
    );
    let server = Server::start();
    let lens: Vec<usize> = requests.iter().map(|(_, bytes)| bytes.len()).collect();
    let kept = server.ask(move |mut tcp| {
        let mut take = |len| {
            let got = read_len(&mut tcp, len);
            let _ = tcp.write_all(OK.as_bytes());
            got
        };
        lens.into_iter().map(&mut take).collect::<Vec<_>>()
    });
    let (mut one, mut wait) = (session(server.addr), Alone);
    for (name, bytes) in &requests {
        let reply = fetch(&mut one, request(bytes, Repeat::Never), AMPLE, &mut wait);
        let head_only = bytes.starts_with(b"HEAD");
        let (status, _) = read_out(reply, Limits::RUN).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(status, 200, "{name}");
        assert!(
            !head_only,
            "{name}: a HEAD would leave its body behind on the kept connection"
        );
    }
    for ((name, bytes), got) in requests.iter().zip(kept.recv().unwrap()) {
        assert_eq!(
            got.escape_ascii().to_string(),
            bytes.escape_ascii().to_string(),
            "{name}"
        );
    }
    for (name, bytes) in &requests {
        let got = server.ask(|mut tcp| {
            let _ = tcp.write_all(OK.as_bytes());
            let _ = tcp.shutdown(Shutdown::Write);
            let mut all = Vec::new();
            let _ = tcp.read_to_end(&mut all);
            all
        });
        let mut fresh = session(server.addr);
        read_out(
            fetch(&mut fresh, request(bytes, Repeat::Never), AMPLE, &mut Alone),
            Limits::RUN,
        )
        .unwrap();
        drop(fresh);
        let got = got.recv().unwrap();
        assert_eq!(
            got.escape_ascii().to_string(),
            bytes.escape_ascii().to_string(),
            "{name}"
        );
    }
}

/// Replies of `tests/data/replies` over real sockets: all that are short, and some of the coded ones.
#[test]
fn replies_end_as_their_cases_say() {
    let cases: Vec<_> = all_cases().into_iter().enumerate().collect();
    let server = Server::start();
    let mut played = 0;
    for (i, case) in cases {
        if case.sent.len() > 4000 || case.name.starts_with("coded") && i % 5 != 0 {
            continue;
        }
        played += 1;
        for size in [case.sent.len().max(1), 1] {
            let (sent, closes) = (case.sent.clone(), case.closes);
            server.next(move |mut tcp| {
                read_head(&mut tcp);
                for piece in sent.chunks(size) {
                    if tcp.write_all(piece).is_err() {
                        break;
                    }
                }
                if !closes {
                    wait_for_end(&mut tcp);
                }
            });
            let text = if case.head_only {
                GET.replace("GET", "HEAD")
            } else {
                GET.into()
            };
            let stalls = case.ending == "waits";
            let deadlines = if stalls { Deadlines::all(SHORT) } else { AMPLE };
            let (mut session, mut wait) = (session(server.addr), Alone);
            let reply = fetch(
                &mut session,
                request(text.as_bytes(), Repeat::Once),
                deadlines,
                &mut wait,
            );
            let result = read_out(reply, case.limits);
            if case.has_more && session.is_warm() {
                // What follows may come a little later; the idle connection is not to be used then either.
                let (fd, interest) = session.wants().expect("a descriptor");
                Alone.wait(fd, interest, monotonic() + AMPLE.whole).unwrap();
                session.drop_dead_link();
            }
            let found = ending(result, session.is_warm());
            assert_eq!(found, case.ending, "{}, pieces of {size}", case.name);
        }
    }
    assert!(played >= 60, "only {played} cases were played");
}

/// Takes a request, gives a reply, and leaves the connection open until the other side closes it.
fn answer(reply: &'static str) -> impl FnOnce(TcpStream) + Send {
    move |mut tcp| {
        read_head(&mut tcp);
        let _ = tcp.write_all(reply.as_bytes());
        wait_for_end(&mut tcp);
    }
}

/// Closes with RST instead of FIN.
fn reset(tcp: TcpStream) {
    let linger = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    socket::setsockopt(&tcp, socket::sockopt::Linger, &linger).expect("SO_LINGER");
}

/// A server that resets: before the reply, in the head, in the body.
#[test]
fn resets_are_named_with_their_phase() {
    let cut = |n: usize| &OK[..n];
    let rows = [
        (cut(0), Phase::FirstByte),
        (cut(9), Phase::Head),
        (cut(OK.len() - 1), Phase::Body),
        ("HTTP/1.1 200 OK\r\n\r\nuntil close", Phase::Body),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            Phase::Body,
        ),
    ];
    let server = Server::start();
    for (text, phase) in rows {
        // The reset follows only once what came before it was read, so that the phase is certain.
        let (seen, was_seen) = channel();
        server.next(move |mut tcp| {
            read_head(&mut tcp);
            let _ = tcp.write_all(text.as_bytes());
            let _ = was_seen.recv();
            reset(tcp);
        });
        let mut session = session(server.addr);
        let mut watch = Watch {
            seen: Some(seen),
            bytes: text.len(),
        };
        let result = fetch(
            &mut session,
            request(GET.as_bytes(), Repeat::Once),
            AMPLE,
            &mut watch,
        );
        let error = read_out(result, Limits::RUN).expect_err("a reset");
        match error {
            Error::Closed {
                phase: found,
                source: Some(e),
                ..
            } => {
                assert_eq!(
                    (found, e.kind()),
                    (phase, ErrorKind::ConnectionReset),
                    "{text:?}"
                );
            }
            other => panic!("{text:?}: {other}"),
        }
        assert!(session.may_have_left() && !session.is_warm());
    }
}

/// Waits as [`Alone`]; once nothing more is to be read it lets the server go on.
struct Watch {
    seen: Option<std::sync::mpsc::Sender<()>>,
    bytes: usize,
}

impl Wait for Watch {
    fn now(&self) -> homey_panel::time::Time {
        monotonic()
    }

    fn wait(
        &mut self,
        fd: std::os::fd::BorrowedFd<'_>,
        interest: homey_panel::net::Interest,
        deadline: homey_panel::time::Time,
    ) -> std::io::Result<homey_panel::net::Ready> {
        let soon = monotonic() + SHORT;
        let ready = Alone.wait(fd, interest, soon.min(deadline))?;
        if ready == homey_panel::net::Ready::Deadline || self.bytes == 0 {
            drop(self.seen.take());
        }
        Ok(ready)
    }

    fn breathe(&mut self) -> bool {
        true
    }
}

#[test]
fn nobody_listens() {
    let addr = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut session = session(addr);
    let error = get(&mut session, AMPLE).expect_err("nobody listens");
    assert!(
        matches!(&error, Error::Connect { source, .. } if source.kind() == ErrorKind::ConnectionRefused)
    );
    let text = error.to_string();
    assert!(
        text.contains(&addr.to_string()) && text.contains("refused"),
        "{text}"
    );
    assert!(!error.is_unreachable() && !error.is_wrong_host() && !error.is_clock());
    assert!(!session.may_have_left() && !session.is_busy() && !session.is_dialling());
}

/// A server that lets each phase hang: its deadline is kept, and not by spinning.
#[test]
fn deadlines_are_kept_on_real_sockets() {
    let short = |phase| {
        let mut deadlines = AMPLE;
        match phase {
            Phase::Connect => deadlines.connect = SHORT,
            Phase::FirstByte => deadlines.first_byte = SHORT,
            _ => deadlines.whole = SHORT,
        }
        deadlines
    };
    // A listener whose queue is full does not answer any more who connects.
    let flags = socket::SockFlag::empty();
    let full = socket::socket(
        socket::AddressFamily::Inet,
        socket::SockType::Stream,
        flags,
        None,
    )
    .unwrap();
    let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    socket::bind(full.as_raw_fd(), &socket::SockaddrIn::from(any)).unwrap();
    socket::listen(&full, socket::Backlog::new(0).unwrap()).unwrap();
    let bound: socket::SockaddrIn = socket::getsockname(full.as_raw_fd()).unwrap();
    let full_addr = SocketAddr::from(SocketAddrV4::from(bound));
    let waiting: Vec<_> = (0..3)
        .filter_map(|_| TcpStream::connect_timeout(&full_addr, SHORT).ok())
        .collect();
    assert!(waiting.len() < 3, "the queue of a listener should be full");

    let server = Server::start();
    for (phase, text) in [
        (Phase::Connect, ""),
        (Phase::FirstByte, ""),
        (Phase::Head, "HTTP/1.1"),
        (Phase::Body, &OK[..OK.len() - 1]),
    ] {
        let addr = if phase == Phase::Connect {
            full_addr
        } else {
            server.addr
        };
        if phase != Phase::Connect {
            server.next(answer(text));
        }
        let (mut session, start, cpu) = (session(addr), Instant::now(), cpu_time());
        match get(&mut session, short(phase)) {
            Err(Error::Deadline {
                phase: found,
                after,
                ..
            }) => assert_eq!((found, after), (phase, SHORT)),
            other => panic!("{phase:?}: {other:?}"),
        }
        let took = start.elapsed();
        assert!(
            took >= SHORT && took < AMPLE.whole / 2,
            "{phase:?} took {took:?}"
        );
        let cpu = cpu_time() - cpu;
        assert!(
            cpu < SHORT / 2,
            "{phase:?}: waiting took {cpu:?} of processor time"
        );
        assert_eq!(session.may_have_left(), phase != Phase::Connect);
    }
}

/// The processor time of this thread.
fn cpu_time() -> Duration {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::from(now)
}

/// The server closes its direction only, at several moments.
#[test]
fn half_closed_connections() {
    type Row = (&'static str, Result<&'static str, Phase>);
    let rows: [Row; 4] = [
        ("", Err(Phase::FirstByte)),
        ("HTTP/1.1 200 OK\r\n\r\nuntil close", Ok("until close")),
        (OK, Ok("ok")),
        ("HTTP/1.1 102 P\r\n\r\n", Err(Phase::Head)),
    ];
    let server = Server::start();
    for (text, expected) in rows {
        let ended = server.ask(move |mut tcp| {
            read_head(&mut tcp);
            let _ = tcp.write_all(text.as_bytes());
            let _ = tcp.shutdown(Shutdown::Write);
            wait_for_end(&mut tcp);
        });
        let mut session = session(server.addr);
        match (get(&mut session, AMPLE), expected) {
            (Ok(content), Ok(wanted)) => assert_eq!(content, wanted),
            (
                Err(Error::Closed {
                    phase,
                    source: None,
                    ..
                }),
                Err(wanted),
            ) => assert_eq!(phase, wanted),
            (other, _) => panic!("{text:?}: {other:?}"),
        }
        if session.is_warm() {
            let (fd, interest) = session.wants().expect("a descriptor");
            Alone.wait(fd, interest, monotonic() + AMPLE.whole).unwrap();
            session.drop_dead_link();
        }
        assert!(!session.is_warm(), "{text:?}");
        // Our side was closed as well.
        ended
            .recv_timeout(AMPLE.whole)
            .expect("the end of the connection");
    }
}

/// A kept connection that the server closes as idle, seen or unseen, costs nobody anything.
#[test]
fn an_idle_close_is_no_error() {
    let server = Server::start();
    let one_reply = |mut tcp: TcpStream| {
        read_head(&mut tcp);
        let _ = tcp.write_all(OK.as_bytes());
    };
    let mut session = session(server.addr);
    for _ in 0..20 {
        server.next(one_reply);
        assert_eq!(get(&mut session, AMPLE).unwrap(), "ok");
        if session.is_warm() {
            let (fd, interest) = session.wants().expect("an idle connection is watched");
            Alone.wait(fd, interest, monotonic() + AMPLE.whole).unwrap();
        }
    }
}

/// A request larger than all buffers, to a server that reads late.
#[test]
fn a_large_request_leaves_whole() {
    let body = "0123456789abcdef".repeat(1 << 18);
    let head = format!(
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let bytes = [head.as_bytes(), body.as_bytes()].concat();
    let (server, len) = (Server::start(), bytes.len());
    let got = server.ask(move |mut tcp| {
        std::thread::sleep(SHORT);
        let got = read_len(&mut tcp, len);
        let _ = tcp.write_all(OK.as_bytes());
        got
    });
    let (mut session, mut wait) = (session(server.addr), Alone);
    let cpu = cpu_time();
    let reply = fetch(
        &mut session,
        request(&bytes, Repeat::Never),
        AMPLE,
        &mut wait,
    );
    assert_eq!(read_out(reply, Limits::RUN).unwrap().0, 200);
    assert!(got.recv().unwrap() == bytes);
    assert!(cpu_time() - cpu < SHORT, "waiting to send must not spin");
}

#[test]
fn ipv6_is_dialled_like_ipv4() {
    // A machine without IPv6 has no such address.
    let Ok(server) = Server::on("[::1]:0") else {
        return;
    };
    server.next(answer(OK));
    let mut session = session(server.addr);
    assert_eq!(get(&mut session, AMPLE).unwrap(), "ok");
    assert_eq!(session.peer(), format!("[::1]:{}", server.addr.port()));
    assert!(matches!(server.addr.ip(), IpAddr::V6(_)));
}
