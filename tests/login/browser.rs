// SPDX-License-Identifier: MIT OR Apache-2.0
//! Consent in a browser: the redirect comes to a loopback port, or is pasted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::bed::{Bed, Out};

/// The value of one name of a URL's query, as it stands there.
fn value<'u>(url: &'u str, name: &str) -> &'u str {
    let query = url.split_once('?').unwrap().1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).unwrap().1
}

/// A code of the cloud's, by a login with curl-like requests of a browser: the way of the password, which gives the same.
fn get(port: u16, target: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Reads the program's first lines up to the page.
fn page(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    while !line.trim().starts_with("https://") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0);
    }
    line.trim().to_owned()
}

#[test]
fn the_redirect_comes_to_a_loopback_port() {
    let bed = Bed::new();
    let port = free_port();
    bed.configure(
        "",
        &format!("redirect_uri = \"http://localhost:{port}/callback\""),
    );
    let mut child = bed.start(&["login", "--browser"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let page = page(&mut out);
    assert!(
        page.starts_with(&format!("{}/oauth2/authorise?", bed.sim.word("cloud"))),
        "{page}"
    );
    assert_eq!(
        value(&page, "redirect_uri"),
        format!("http%3A%2F%2Flocalhost%3A{port}%2Fcallback")
    );
    let state = value(&page, "state");
    assert_eq!(state.len(), 32);
    // Somebody else's redirect, another page of the browser's, and a connection that says nothing.
    assert!(get(port, "/callback?code=bad&state=0").starts_with("HTTP/1.1 404"));
    assert!(get(port, "/favicon.ico").starts_with("HTTP/1.1 404"));
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    let code = code(&bed, &page);
    let reply = get(port, &format!("/callback?code={code}&state={state}"));
    assert!(
        reply.starts_with("HTTP/1.1 200 OK") && !reply.contains(&code),
        "{reply}"
    );
    let status = child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(
        status.success() && rest.contains("with a browser"),
        "{rest}"
    );
    assert_eq!(bed.session().1["kind"], "oauth");
    bed.run(&["devices"]).good();
    bed.run(&["session", "renew", "--force"]).good();
}

#[test]
fn the_redirect_is_pasted_and_has_to_be_ours() {
    let bed = Bed::new();
    for (paste, code, words) in [
        ("http://localhost/?code=CODE&state=STATE\n", 0, ""),
        ("http://localhost/?state=STATE&code=CODE#top\n", 0, ""),
        (
            "http://localhost/?code=CODE&state=00000000000000000000000000000000\n",
            77,
            "carries another state",
        ),
        ("http://localhost/?code=CODE\n", 77, "carries another state"),
        ("http://localhost/?state=STATE\n", 77, "carries no code"),
        (
            "http://localhost/?error=access_denied&state=STATE\n",
            77,
            "says access_denied",
        ),
        ("", 64, "standard input ended"),
    ] {
        let mut child = bed
            .command(&["login", "--browser", "--paste"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let page = page(&mut out);
        let mut given = paste.replace("STATE", value(&page, "state"));
        if given.contains("CODE") {
            given = given.replace("CODE", &self::code(&bed, &page));
        }
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(given.as_bytes()).unwrap();
        drop(stdin);
        let mut told = Out::of(child.wait_with_output().unwrap());
        out.read_to_string(&mut told.out).unwrap();
        match code {
            0 => drop(told.good()),
            code => drop(told.failed(code, words)),
        }
    }
    bed.run(&["login", "--browser"])
        .failed(64, "names no port of this machine");
}

#[test]
fn a_hub_that_is_not_there_is_known_before_anybody_consents() {
    let bed = Bed::new();
    let refuse = serde_json::json!({"kind": "refuse", "cut": true});
    bed.sim.post("fault", &refuse);
    // Where the account may know another way, it is only said.
    let told = bed.fed(&["login", "--browser", "--paste"], "\n");
    assert!(
        told.out.contains("open this page") && told.err.contains("nothing listens there"),
        "{told:?}"
    );
    bed.configure("relay = false", "");
    let told = bed.fed(&["login", "--browser", "--paste"], "\n");
    let told = told.failed(69, "nothing listens there");
    assert_eq!(told.out, "", "no page is shown");
}

/// What the consent page would give to a browser for this URL: the cloud's own two steps, by `request`.
fn code(bed: &Bed, page: &str) -> String {
    let cloud = bed.sim.word("cloud");
    let ca = bed.sim.word("ca_file");
    let email = bed
        .sim
        .word("email")
        .replace('+', "%2B")
        .replace('@', "%40");
    let password = "p%26ss%20w%2Brd%20100%25%20%C3%A9%3D1";
    bed.options(serde_json::json!({"variant": "redirect"}));
    let form = format!("email={email}&password={password}&otptoken=");
    let login = bed.run(&[
        "request",
        "--cacert",
        ca,
        "-d",
        &form,
        "-H",
        "Content-Type: application/x-www-form-urlencoded",
        &format!("{cloud}/login"),
    ]);
    let token: serde_json::Value = serde_json::from_str(&login.good().out).unwrap();
    let token = token["token"].as_str().unwrap();
    let redirect = value(page, "redirect_uri");
    let url = format!(
        "{cloud}/oauth2/authorise?client_id={}&redirect_uri={redirect}&response_type=code&user_token={token}",
        value(page, "client_id")
    );
    let reply = bed.run(&["request", "--cacert", ca, "-i", &url]).good();
    let location = reply
        .out
        .lines()
        .find(|l| l.to_lowercase().starts_with("location:"))
        .unwrap();
    let code = location.split_once("code=").unwrap().1;
    code.split('&').next().unwrap().trim().to_owned()
}
