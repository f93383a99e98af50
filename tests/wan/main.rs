// SPDX-License-Identifier: MIT OR Apache-2.0
//! `net::Wan` against servers on the loopback and real proxies: tinyproxy, microsocks, Dante.
//!
//! Where a proxy is not installed its tests say "skipped" and pass; with HOMEY_PANEL_REQUIRE_PROXIES=1 they fail.

mod proxies;
mod servers;
mod through;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use homey_panel::net::wan::{Resolve, Route, Wan};
use homey_panel::net::{
    Alone, Deadlines, Error, Phase, Repeat, Request, Session, TlsFault, TlsName, Trust,
    client_config, collect, fetch,
};

/// The name in the certificates and for SNI.
const NAME: &str = "192-168-1-17.homey.homeylocal.com";

/// What every test asks for.
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Enough for everything that ends by itself.
const AMPLE: Duration = Duration::from_secs(10);

fn route(host: &str, port: u16, proxy: Option<String>) -> Route {
    Route {
        tls: None,
        host: host.to_string(),
        port,
        resolve: Vec::new(),
        proxy,
        timeout: AMPLE,
    }
}

fn to(address: SocketAddr, proxy: Option<String>) -> Route {
    route(&address.ip().to_string(), address.port(), proxy)
}

fn with_tls(mut route: Route, trust: &Trust, name: &str) -> Route {
    let name = TlsName::try_from(name.to_string()).unwrap();
    route.tls = Some((client_config(trust).unwrap(), name));
    route
}

fn ca(path: &Path) -> Trust {
    Trust::CaFile(path.to_path_buf())
}

fn session(route: Route) -> Result<Session, Error> {
    // The environment of whoever runs the tests is not part of them.
    Ok(Session::new(Box::new(Wan::with_env(route, &|_| None)?)))
}

fn ask(session: &mut Session, within: Duration) -> Result<String, Error> {
    let request = Request {
        bytes: REQUEST.as_bytes().to_vec(),
        head_only: false,
        repeat: Repeat::Never,
    };
    let mut alone = Alone;
    let reply = fetch(session, request, Deadlines::all(within), &mut alone)?;
    assert_eq!(reply.head.status(), 200);
    let body = collect(&mut reply.raw(), 4096)?;
    Ok(String::from_utf8(body).unwrap())
}

fn get(route: Route) -> Result<String, Error> {
    let timeout = route.timeout;
    ask(&mut session(route)?, timeout)
}

/// The text of the error, which must not hold the password of these tests.
fn error(route: Route) -> String {
    let error = get(route).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("sesame"), "{text}");
    error.to_string()
}

fn check(route: Route, word: &str) {
    let text = error(route);
    assert!(text.contains(word), "{word}: {text}");
}

#[test]
fn an_address_a_given_name_and_a_dashed_name_need_no_look_up() {
    let server = servers::http();
    assert_eq!(get(to(server, None)).unwrap(), "hello");
    let port = server.port();
    let mut given = route("hub.invalid", port, None);
    given.resolve = vec![Resolve::parse(&format!("hub.invalid:{port}:127.0.0.1")).unwrap()];
    assert_eq!(get(given).unwrap(), "hello");
    let dashed = route("127-0-0-1.homey.homeylocal.com", port, None);
    assert_eq!(get(dashed).unwrap(), "hello");
    assert_eq!(get(route("localhost", port, None)).unwrap(), "hello");
}

#[test]
fn the_next_address_is_tried_where_the_first_refuses() {
    let port = servers::http().port();
    let mut given = route("hub.invalid", port, None);
    given.resolve = vec![Resolve::parse(&format!("*:{port}:[::1],127.0.0.1")).unwrap()];
    assert_eq!(get(given).unwrap(), "hello");
}

#[test]
fn several_requests_share_one_connection() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let (server, heads) = servers::scripted(REQUEST, reply);
    let mut session = session(to(server, None)).unwrap();
    assert_eq!(ask(&mut session, Duration::from_millis(300)).unwrap(), "hi");
    assert!(session.is_warm());
    let began = Instant::now();
    assert_eq!(ask(&mut session, AMPLE).unwrap(), "hello");
    assert_eq!(heads.try_iter().count(), 1);
    assert!(
        began.elapsed() < Duration::from_millis(100),
        "looking at an idle connection blocks"
    );
}

#[test]
fn the_name_for_tls_is_apart_from_the_host() {
    let server = servers::tls(NAME);
    let route = with_tls(to(server.address, None), &ca(&server.ca), NAME);
    assert_eq!(get(route).unwrap(), NAME);
}

#[test]
fn tls_faults_have_their_own_names() {
    let (server, other) = (servers::tls(NAME), servers::tls("other.example"));
    let fault = |route: Route| match get(route) {
        Err(Error::Tls { fault, .. }) => fault,
        other => panic!("{other:?}"),
    };
    let route = with_tls(to(server.address, None), &ca(&server.ca), "other.example");
    let presented = vec![NAME.to_string()];
    assert_eq!(fault(route), TlsFault::WrongName { presented });
    let route = with_tls(to(server.address, None), &ca(&other.ca), NAME);
    assert!(matches!(fault(route), TlsFault::Untrusted { .. }));
    let route = with_tls(to(server.address, None), &Trust::Pin([0; 32]), NAME);
    assert!(matches!(fault(route), TlsFault::WrongPin { .. }));
    let plain = servers::drip("HTTP/1.1 400 Bad Request\r\n\r\n");
    let route = with_tls(to(plain, None), &ca(&server.ca), NAME);
    assert_eq!(fault(route), TlsFault::NotTls);
}

#[test]
fn names_that_do_not_exist_and_hosts_that_are_none() {
    check(
        route("hub.invalid", 80, None),
        "looking up hub.invalid: no such name",
    );
    check(
        route("a b", 80, None),
        "neither a host name nor an IP address",
    );
    check(route("user@localhost", 80, None), "neither a host name");
    check(
        route("localhost", 80, Some("tor://p".into())),
        "supported are http://",
    );
}

#[test]
fn nothing_listens_there() {
    let port = servers::closed();
    let result = get(route("localhost", port, None));
    let Err(Error::Connect { peer, source }) = result else {
        panic!("{result:?}")
    };
    assert!(peer.starts_with(&format!("localhost:{port} (")), "{peer}");
    assert_eq!(source.kind(), std::io::ErrorKind::ConnectionRefused);
    for scheme in ["http", "socks4", "socks5h"] {
        let proxy = format!("{scheme}://u:sesame@127.0.0.1:{port}");
        let text = format!("connecting to the proxy {scheme}://127.0.0.1:{port}: refused");
        check(route("127.0.0.1", 80, Some(proxy)), &text);
    }
    check(
        route("127.0.0.1", 80, Some("http://proxy.invalid".into())),
        "looking up proxy.invalid: no such name",
    );
}

#[test]
fn every_silence_ends_at_the_deadline_and_says_where_it_was() {
    let silent = servers::silent();
    let drip = servers::drip("HTTP/1.1 100 x\r\nA: b\r\n");
    let server = servers::tls(NAME);
    let soon = |mut route: Route| {
        route.timeout = Duration::from_millis(300);
        route
    };
    let socks = format!("socks5://{silent}");
    for (route, expected) in [
        (to(silent, None), Phase::FirstByte),
        (
            with_tls(to(silent, None), &ca(&server.ca), NAME),
            Phase::Handshake,
        ),
        (to(silent, Some(silent.to_string())), Phase::Connect),
        (to(silent, Some(drip.to_string())), Phase::Connect),
        (to(silent, Some(socks)), Phase::Connect),
    ] {
        let began = Instant::now();
        let result = get(soon(route));
        let Err(Error::Deadline { phase, .. }) = result else {
            panic!("{expected:?}: {result:?}")
        };
        assert_eq!(phase, expected);
        let took = began.elapsed();
        assert!(took < Duration::from_secs(2), "{expected:?}: {took:?}");
    }
}
