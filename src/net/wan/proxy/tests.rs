// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;

#[test]
fn curls_forms_of_a_proxy() {
    use ProxyKind::{Http, Socks4, Socks4a, Socks5, Socks5h};
    for (text, kind, host, port, login) in [
        ("proxy:3128", Http, "proxy", 3128, None),
        ("proxy", Http, "proxy", 1080, None),
        (" http://10.0.0.1:80/ ", Http, "10.0.0.1", 80, None),
        ("HTTP://[fd00::1]:8080", Http, "fd00::1", 8080, None),
        ("[::1]", Http, "::1", 1080, None),
        ("socks4://p", Socks4, "p", 1080, None),
        ("socks4a://p:1/x?y", Socks4a, "p", 1, None),
        ("socks5://p:9050", Socks5, "p", 9050, None),
        (
            "Socks5h://u:p%3a%40@p:9050",
            Socks5h,
            "p",
            9050,
            Some(("u", "p:@")),
        ),
        ("u:a@b:c@p:1", Http, "p", 1, Some(("u", "a@b:c"))),
        ("http://u@p", Http, "p", 1080, Some(("u", ""))),
        ("http://%c3%a9:100%@p", Http, "p", 1080, Some(("é", "100%"))),
        (
            "http://u:%zz%+1%é@p",
            Http,
            "p",
            1080,
            Some(("u", "%zz%+1%é")),
        ),
    ] {
        let login = login.map(|(u, p)| (u.to_string(), p.to_string()));
        let host = host.to_string();
        let want = Proxy {
            kind,
            host,
            port,
            login,
        };
        assert_eq!(Proxy::parse(text), Ok(want), "{text}");
    }
}

#[test]
fn what_is_no_proxy_is_explained_without_the_password() {
    for (text, word) in [
        (
            "ftp://u:sesame@p",
            "ftp:// here; supported are http://, socks4://",
        ),
        ("https://u:sesame@p", "https:// here"),
        ("u:sesame://p", "starts with one of"),
        ("u:sesame", "port"),
        ("http://u:sesame@p:0", "port"),
        ("http://u:sesame@p:65536", "port"),
        ("http://u:sesame@", "host"),
        ("http://u:sesame@p q", "host"),
        ("", "host"),
        ("http://u:sesame@::1", "brackets"),
        ("http://u:sesame@[::1", "brackets"),
        ("http://u:sesame@[p]:1", "brackets"),
        ("http://u:sesame@[::1]x", "brackets"),
        ("http://u:sesame%ff@p", "UTF-8"),
    ] {
        let error = Proxy::parse(text).unwrap_err();
        assert!(error.contains(word), "{text}: {error}");
        assert!(!error.contains("sesame"), "{text}: {error}");
    }
}

#[test]
fn neither_debug_nor_display_shows_a_login() {
    let proxy = Proxy::parse("socks5://user:sesame@[::1]:9").unwrap();
    assert_eq!(proxy.to_string(), "socks5://[::1]:9");
    assert_eq!(format!("{proxy:?}"), "Proxy(socks5://[::1]:9 with a login)");
}

#[test]
fn the_environment_is_read_as_curl_reads_it() {
    // variables, explicit, TLS, and the host that is expected of the proxy
    type Case = (
        &'static [(&'static str, &'static str)],
        Option<&'static str>,
        bool,
        &'static str,
    );
    let cases: [Case; 13] = [
        (&[], None, true, ""),
        (&[], Some("x"), true, "x"),
        (
            &[("https_proxy", "a"), ("HTTPS_PROXY", "b")],
            None,
            true,
            "a",
        ),
        (&[("HTTPS_PROXY", "b"), ("all_proxy", "c")], None, true, "b"),
        (&[("https_proxy", ""), ("ALL_PROXY", "c")], None, true, "c"),
        (&[("https_proxy", "a")], None, false, ""),
        (&[("http_proxy", "a")], None, false, "a"),
        (&[("http_proxy", "a")], None, true, ""),
        (&[("HTTP_PROXY", "a")], None, false, ""),
        (&[("https_proxy", "a")], Some("x"), true, "x"),
        (&[("https_proxy", "a")], Some(""), true, ""),
        (
            &[("https_proxy", "a"), ("no_proxy", "athom.com")],
            None,
            true,
            "",
        ),
        (&[("NO_PROXY", "athom.com")], Some("x"), true, ""),
    ];
    for (env, explicit, tls, want) in cases {
        let read = |name: &str| {
            let found = env.iter().find(|(n, _)| *n == name);
            found.map(|(_, v)| v.to_string())
        };
        let proxy = Proxy::choose(explicit, &read, tls, "api.athom.com", None).unwrap();
        assert_eq!(proxy.map(|p| p.host).unwrap_or_default(), want, "{env:?}");
    }
}

#[test]
fn a_bad_variable_is_named() {
    let env = |name: &str| (name == "ALL_PROXY").then(|| "tor://u:sesame@p".to_string());
    let error = Proxy::choose(None, &env, true, "h", None).unwrap_err();
    assert!(
        error.starts_with("ALL_PROXY in the environment: "),
        "{error}"
    );
}

#[test]
fn no_proxy_lists_names_addresses_and_networks() {
    for (list, host, want) in [
        ("*", "a.example", true),
        ("example", "a.example", true),
        ("EXAMPLE.", "a.Example.", true),
        (".example", "example", true),
        ("b.example", "a.example", false),
        ("ample", "a.example", false),
        ("x, a.example", "a.example", true),
        ("x a.example,", "a.example", true),
        (",, ", "a.example", false),
        ("192.168.1.17", "192.168.1.17", true),
        ("192.168.1.16/31", "192.168.1.17", true),
        ("192.168.1.18/31", "192.168.1.17", false),
        ("0.0.0.0/0", "192.168.1.17", true),
        ("192.168.1.17/x", "192.168.1.17", false),
        ("fd00::/8", "fd12::1", true),
        ("fd00::/8", "fe80::1", false),
        ("::/0", "fe80::1", true),
        ("[::1]", "::1", true),
        ("10.0.0.0/8", "hub.example", true),
        ("10.0.0.1/32", "hub.example", false),
    ] {
        let address = (host == "hub.example").then(|| IpAddr::from([10, 1, 2, 3]));
        assert_eq!(is_excepted(list, host, address), want, "{list}: {host}");
    }
}
