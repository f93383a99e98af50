// SPDX-License-Identifier: MIT OR Apache-2.0

//! A client of literal requests to the cloud and the relay, and the login
//! chain's steps with it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};

use crate::sim::Sim;

/// The password of the ready line, percent-encoded by hand.
pub const PASSWORD: &str = "p%26ss%20w%2Brd%20100%25%20%C3%A9%3D1";

/// A reply as text.
#[derive(Debug)]
pub struct Said {
    pub head: String,
    pub body: String,
}

impl Said {
    pub fn status(&self) -> u16 {
        self.head[9..12].parse().expect("a status")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The values of all lines of a header, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|l| l.split_once(": "));
        let named = lines.filter(|l| l.0.eq_ignore_ascii_case(name));
        named.map(|l| l.1).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_default()
    }

    /// What stands between two pieces of the body.
    pub fn between(&self, from: &str, to: &str) -> String {
        let (_, rest) = self.body.split_once(from).expect("the first piece");
        rest.split_once(to).expect("the second piece").0.to_owned()
    }

    /// Status and error code.
    pub fn refusal(&self) -> (u16, String) {
        let code = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status(), code)
    }
}

/// Sends bytes over TLS under a name and reads to the end.
pub fn exchange(sim: &Sim, address: &str, name: &str, text: &str) -> std::io::Result<Said> {
    let config = crate::tls::config(sim, &rustls::version::TLS13);
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let client = ClientConnection::new(config, name).expect("a client");
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = StreamOwned::new(client, tcp);
    stream.write_all(text.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    Ok(Said {
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

impl Sim {
    /// One request to the cloud; `head` is its request line and whole header
    /// lines without Host, Connection and Content-Length.
    pub fn cloud_as(&self, host: &str, head: &str, body: &str) -> Said {
        let (line, rest) = head.split_once('\n').unwrap_or((head, ""));
        let lines: String = rest.lines().map(|l| format!("{}\r\n", l.trim())).collect();
        let length = match line.starts_with("GET") {
            true => String::new(),
            false => format!("Content-Length: {}\r\n", body.len()),
        };
        let text = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}{length}\r\n{body}"
        );
        exchange(self, self.word("cloud_address"), host, &text).expect("a reply")
    }

    pub fn cloud(&self, head: &str, body: &str) -> Said {
        self.cloud_as("localhost", head, body)
    }

    pub fn cloud_form(&self, target: &str, body: &str) -> Said {
        let head = format!("POST {target}\nContent-Type: application/x-www-form-urlencoded");
        self.cloud(&head, body)
    }

    pub fn cloud_options(&self, options: Value) -> Value {
        self.control("cloud/options", options)
    }

    pub fn advance(&self, ms: i64) {
        self.control("clock", json!({"advance_ms": ms}));
    }

    /// Refusals by reason.
    pub fn refused(&self) -> Value {
        self.control("cloud/counters", Value::Null)["refused"].clone()
    }

    /// Step 1.
    pub fn jwt(&self) -> String {
        let body = format!("email=pat%2Bpanel%40example.org&password={PASSWORD}&otptoken=");
        let reply = self.cloud_form("/login", &body);
        assert_eq!(reply.status(), 200, "{reply:?}");
        reply.json()["token"].as_str().expect("a token").to_owned()
    }

    /// The query of the authorise step.
    pub fn query(&self, jwt: &str) -> String {
        format!(
            "client_id={}&redirect_uri=http%3A%2F%2Flocalhost&response_type=code&user_token={jwt}",
            self.word("client_id")
        )
    }

    /// Steps 1 and 2.
    pub fn code(&self) -> String {
        self.cloud_options(json!({"variant": "redirect"}));
        let query = self.query(&self.jwt());
        let reply = self.cloud(&format!("GET /oauth2/authorise?{query}"), "");
        let code = reply
            .header("Location")
            .strip_prefix("http://localhost?code=");
        code.expect("a code").to_owned()
    }

    /// Id and secret as form members.
    pub fn client(&self) -> String {
        let (id, secret) = (self.word("client_id"), self.word("client_secret"));
        format!("client_id={id}&client_secret={secret}")
    }

    /// Access and refresh token.
    pub fn tokens(&self) -> (String, String) {
        let tokens = self.control("cloud/tokens", json!({}));
        let word = |key: &str| tokens[key].as_str().expect("a token").to_owned();
        (word("access_token"), word("refresh_token"))
    }

    /// A refresh.
    pub fn refresh(&self, token: &str) -> Said {
        let client = self.client();
        let body = format!("{client}&grant_type=refresh_token&refresh_token={token}");
        self.cloud_form("/oauth2/token", &body)
    }
}
