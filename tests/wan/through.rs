// SPDX-License-Identifier: MIT OR Apache-2.0
//! By way of a proxy: the bytes on the wire, and each real proxy with what it lets through and refuses.

use super::{NAME, ca, check, get, proxies, route, servers, to, with_tls};

#[test]
fn the_bytes_of_connect_and_of_socks4a() {
    let connect = "CONNECT hub.invalid:81 HTTP/1.1\r\nHost: hub.invalid:81\r\n\
                   Proxy-Connection: Keep-Alive\r\nProxy-Authorization: Basic dTpwQA==\r\n\r\n";
    let reply = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    let (http, got) = servers::scripted(connect, reply);
    let target = route("hub.invalid", 81, Some(format!("http://u:p%40@{http}")));
    assert_eq!(get(target).unwrap(), "hello");
    assert_eq!(got.recv().unwrap(), connect);

    let request = "\x04\x01\0\x51\0\0\0\x01\0hub.invalid\0";
    let (socks, got) = servers::scripted(request, b"\0\x5a\0\0\0\0\0\0");
    let target = route("hub.invalid", 81, Some(format!("socks4a://{socks}")));
    assert_eq!(get(target).unwrap(), "hello");
    assert_eq!(got.recv().unwrap(), request);
}

#[test]
fn bytes_right_behind_the_proxys_answer_are_the_targets() {
    // A server that speaks first is not HTTP, but a proxy may send both in one segment.
    let reply = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly";
    let (http, _got) = servers::scripted("CONNECT hub.invalid:81 HTTP/1.1\r\n", reply);
    let target = route("hub.invalid", 81, Some(http.to_string()));
    assert_eq!(get(target).unwrap(), "early");
}

#[test]
fn an_answer_of_a_proxy_without_end_is_given_up() {
    let long = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(100_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(10_000));
    for reply in [long, many] {
        let reply = Box::leak(reply.into_boxed_str()).as_bytes();
        let (http, _got) = servers::scripted("CONNECT hub.invalid:81 HTTP/1.1\r\n", reply);
        let target = route("hub.invalid", 81, Some(http.to_string()));
        check(target, "gave no answer that HTTP has");
    }
}

#[test]
fn an_address_that_is_known_goes_to_the_proxy_instead_of_the_name() {
    let line = "CONNECT 10.0.0.9:443 HTTP/1.1\r\n";
    let (http, got) = servers::scripted(line, b"HTTP/1.1 403 No\r\n\r\n");
    let host = "10-0-0-9.homey.homeylocal.com";
    let target = route(host, 443, Some(http.to_string()));
    check(
        target,
        "does not allow a tunnel to 10-0-0-9.homey.homeylocal.com:443 (403)",
    );
    assert_eq!(got.recv().unwrap(), line);
}

#[test]
fn tinyproxy_tunnels_plain_and_tls() {
    let Some(proxy) = proxies::tinyproxy("") else {
        return;
    };
    let through = || Some(format!("127.0.0.1:{}", proxy.port));
    assert_eq!(get(to(servers::http(), through())).unwrap(), "hello");
    let server = servers::tls(NAME);
    let target = with_tls(to(server.address, through()), &ca(&server.ca), NAME);
    assert_eq!(get(target).unwrap(), NAME);
    check(
        route("127.0.0.1", servers::closed(), through()),
        "could not reach 127.0.0.1:",
    );
    check(
        route("hub.invalid", 80, through()),
        "could not reach hub.invalid:80 (5",
    );
}

#[test]
fn tinyproxy_asks_for_a_login_and_limits_ports() {
    let Some(proxy) = proxies::tinyproxy("BasicAuth user sesame\nConnectPort 443") else {
        return;
    };
    let through = |login: &str| Some(format!("http://{login}127.0.0.1:{}", proxy.port));
    let target = servers::http();
    check(to(target, through("")), "wants a login: SCHEME://USER");
    check(
        to(target, through("user:sesame2@")),
        "refuses this user or password",
    );
    check(
        to(target, through("user:sesame@")),
        "many allow port 443 only",
    );
    let Some(open) = proxies::tinyproxy("BasicAuth user sesame") else {
        return;
    };
    let through = Some(format!("http://user:sesame@127.0.0.1:{}", open.port));
    assert_eq!(get(to(target, through)).unwrap(), "hello");
}

#[test]
fn microsocks_takes_addresses_and_names() {
    let Some(proxy) = proxies::microsocks(&[]) else {
        return;
    };
    let through = |scheme: &str| Some(format!("{scheme}://127.0.0.1:{}", proxy.port));
    let port = servers::http().port();
    for scheme in ["socks5", "socks5h"] {
        assert_eq!(
            get(route("localhost", port, through(scheme))).unwrap(),
            "hello"
        );
        check(
            route("127.0.0.1", servers::closed(), through(scheme)),
            "did not connect to 127.",
        );
    }
    let server = servers::tls(NAME);
    let target = with_tls(
        to(server.address, through("socks5h")),
        &ca(&server.ca),
        NAME,
    );
    assert_eq!(get(target).unwrap(), NAME);
    check(
        route("hub.invalid", 80, through("socks5")),
        "looking up hub.invalid: no such name",
    );
    check(
        route("hub.invalid", 80, through("socks5h")),
        "did not connect to hub.invalid:80",
    );
    check(
        route("127.0.0.1", port, through("http")),
        "if it speaks SOCKS, say so",
    );
    check(
        route("127.0.0.1", port, through("socks4")),
        "does not speak this kind of SOCKS",
    );
}

#[test]
fn microsocks_asks_for_a_login() {
    let Some(proxy) = proxies::microsocks(&["-u", "user", "-P", "sesame"]) else {
        return;
    };
    let through = |login: &str| Some(format!("socks5h://{login}127.0.0.1:{}", proxy.port));
    let target = servers::http();
    assert_eq!(get(to(target, through("user:sesame@"))).unwrap(), "hello");
    check(
        to(target, through("user:sesame2@")),
        "refuses this user or password",
    );
    check(
        to(target, through("")),
        "auth methods (if it wants a login: ",
    );
}

#[test]
fn dante_serves_socks4_and_socks5() {
    let Some(proxy) = proxies::dante() else {
        return;
    };
    let through = |scheme: &str| Some(format!("{scheme}://127.0.0.1:{}", proxy.port));
    let port = servers::http().port();
    for scheme in ["socks4", "socks5", "socks5h"] {
        assert_eq!(
            get(route("localhost", port, through(scheme))).unwrap(),
            "hello",
            "{scheme}"
        );
        check(
            route("10.0.0.9", 80, through(scheme)),
            "did not connect to 10.0.0.9:80",
        );
    }
    check(
        route("::1", port, through("socks4")),
        "socks4:// does not carry",
    );
}
