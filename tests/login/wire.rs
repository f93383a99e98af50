// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way in as the bytes that leave: every request whole, against servers over TLS that record what comes and play back
//! what a script says.
//!
//! What is expected stands here in letters, after `api.md` 5 to 7; the lines that all have are the forum's, in its order. Texts
//! and tokens hold what forms, queries and JSON have to encode.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use homey_rig::SOON;
use homey_rig::beds::Dir;
use rustls::{ServerConfig, ServerConnection, Stream};

use crate::bed::{Out, program};
use homey_rig::beds::pki::{Authority, BOTH, Leaf, server_config};
use homey_rig::beds::server::{Server, read_head, read_len};

const HUB: &str = "5f00aa11bb22cc33dd44ff66";
const EMAIL: &str = "pänel ü+1&x%2@example.org";
const PASSWORD: &str = r#"p&s+s%20 w=ü"\"#;
const SECRET: &str = "s&e+c%r=t/";
/// As the query of both authorise calls has it.
const QUERY: &str = "client_id=0a1b2c3d4e5f60718293a4b5&redirect_uri=http%3A%2F%2Flocalhost%3A8484%2Fback%3Fa%3D1%26b%3D%25C3%25BC%2B&response_type=code&user_token=eyJh.a%2Bb%2Fc%3D.d-_~";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";
const ID: &str = "X-Homey-ID: 5f00aa11bb22cc33dd44ff66";
const BEARER: &str = "uuid0000-1:uuid0000-2:0123456789abcdef0123456789abcdef01234567";

/// One host of the three.
struct Host {
    server: Server,
    tls: Arc<ServerConfig>,
    authority: String,
}

impl Host {
    fn new(tls: &Arc<ServerConfig>, name: &str) -> Host {
        let server = Server::start();
        Host {
            authority: format!("{name}:{}", server.addr.port()),
            tls: tls.clone(),
            server,
        }
    }

    /// Takes one connection and answers one request on it after the other with `replies`; what came, request by request, and at
    /// last what came after them.
    fn play(&self, replies: &[String]) -> Receiver<Vec<String>> {
        let (tls, replies) = (self.tls.clone(), replies.to_vec());
        self.server.ask(move |mut tcp| {
            let mut tls = ServerConnection::new(tls).unwrap();
            let mut stream = Stream::new(&mut tls, &mut tcp);
            let mut seen = Vec::new();
            for reply in replies {
                seen.push(request(&mut stream));
                stream.write_all(reply.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
            let mut rest = Vec::new();
            // An end without a farewell is an end too.
            let _ = stream.read_to_end(&mut rest);
            seen.push(text(rest));
            seen
        })
    }

    /// A whole request to this host: first line, the lines that all have, its own lines, and its body.
    fn wants(&self, first: &str, own: &[&str], body: &str) -> String {
        let host = format!("Host: {}", self.authority);
        let common = [
            first,
            &host,
            "Accept: application/json",
            "Accept-Language: en-us",
            "Connection: keep-alive",
            "Accept-Encoding: br, gzip, deflate",
            "Origin: anyname://authorize",
            "Referer: anyname://authorize",
            "User-Agent: Anyname/1.0",
        ];
        [&common, own, &["", body]].concat().join("\r\n")
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("nothing but UTF-8 leaves")
}

/// One request with the body that it announces.
fn request(stream: &mut impl Read) -> String {
    let mut bytes = read_head(stream);
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.split_once("\r\ncontent-length:");
    let length = length.map_or(0, |(_, rest)| {
        let line = rest.lines().next().unwrap_or_default();
        line.trim().parse().expect("a length")
    });
    bytes.extend(read_len(stream, length));
    text(bytes)
}

/// A reply with these lines and this body.
fn reply(status: &str, lines: &[&str], body: &str) -> String {
    let length = format!("Content-Length: {}", body.len());
    let status = format!("HTTP/1.1 {status}");
    [&[&status, &*length], lines, &["", body]]
        .concat()
        .join("\r\n")
}

fn json(body: &str) -> String {
    reply(
        "200 OK",
        &["Content-Type: application/json; charset=utf-8"],
        body,
    )
}

/// Cloud and hub, and a configuration for them.
struct Stage {
    accounts: Host,
    api: Host,
    hub: Host,
    dir: Dir,
    /// Its file is to last.
    _authority: Authority,
}

impl Stage {
    fn new(id: &str) -> Stage {
        let authority = Authority::new("wire");
        let hub_name = "127-0-0-1.homey.homeylocal.com";
        let shown = authority.issue(&Leaf::of(&["localhost", hub_name]));
        let tls = server_config(&shown, BOTH);
        let ca = authority.file.path().display().to_string();
        let stage = Stage {
            accounts: Host::new(&tls, "localhost"),
            api: Host::new(&tls, "localhost"),
            hub: Host::new(&tls, hub_name),
            dir: Dir::new(),
            _authority: authority,
        };
        let folder = stage.dir.0.display();
        let config = format!(
            "[hub]\naddress = \"https://{}\"\n{id}session_file = \"{folder}/session.json\"\n\
             [trust]\nca_file = \"{ca}\"\n[profile]\nuse = \"forum\"\nname = \"anyname\"\n\
             [cloud]\nclient_id = \"0a1b2c3d4e5f60718293a4b5\"\nclient_secret_file = \"{folder}/secret\"\n\
             redirect_uri = \"http://localhost:8484/back?a=1&b=%C3%BC+\"\n\
             accounts = \"https://{}\"\napi = \"https://{}\"\nca_file = \"{ca}\"\n",
            stage.hub.server.addr, stage.accounts.authority, stage.api.authority
        );
        stage.dir.write("panel.toml", &config);
        stage.dir.write("secret", SECRET);
        stage.dir.write("password", PASSWORD);
        stage
    }

    fn run(&self, args: &[&str]) -> Out {
        let config = self.dir.0.join("panel.toml");
        let mut command = program(&config, &self.dir.0, args);
        Out::of(command.output().unwrap()).good()
    }

    /// The replies of a hub that lets in.
    fn hub_replies() -> [String; 3] {
        let told = format!("X-Homey-ID: {HUB}");
        let ping = reply("200 OK", &["Content-Type: application/json", &told], "true");
        let session = "{\"createdAt\":\"2026-03-01T08:00:00.000Z\",\"expiresAt\":\"2026-03-02T08:00:00.000Z\"}";
        [ping, json(&format!("\"{BEARER}\"")), json(session)]
    }

    fn ping(&self, query: &str, own: &[&str]) -> String {
        let first = format!("GET /api/manager/system/ping{query} HTTP/1.1");
        self.hub.wants(&first, own, "")
    }

    fn session_me(&self) -> String {
        let bearer = format!("Authorization: Bearer {BEARER}");
        let first = "GET /api/manager/sessions/session/me HTTP/1.1";
        self.hub.wants(first, &[&bearer, ID], "")
    }

    /// What the cloud's API says after it gave tokens.
    fn api_replies(access: &str, refresh: &str) -> [String; 3] {
        let tokens = format!(
            "{{\"token_type\":\"bearer\",\"access_token\":\"{access}\",\"expires_in\":30,\"refresh_token\":\"{refresh}\"}}"
        );
        let hubs =
            format!("{{\"homeys\":[{{\"id\":\"{HUB}\",\"name\":\"Home\",\"apiVersion\":3}}]}}");
        [json(&tokens), json(&hubs), json("\"eyJk.e+g/=.x\"")]
    }

    /// What is to come there: the call for tokens, then these.
    fn api_wants(&self, length: &str, form: &str, access: &str) -> [String; 4] {
        let bearer = format!("Authorization: Bearer {access}");
        let delegation = "POST /delegation/token?audience=homey HTTP/1.1";
        [
            self.api
                .wants("POST /oauth2/token HTTP/1.1", &[FORM, length], form),
            self.api.wants("GET /user/me HTTP/1.1", &[&bearer], ""),
            self.api
                .wants(delegation, &[&bearer, JSON, "Content-Length: 2"], "{}"),
            String::new(),
        ]
    }

    fn hub_wants(&self) -> [String; 4] {
        let login = "POST /api/manager/users/login HTTP/1.1";
        let body = r#"{"token":"eyJk.e+g/=.x"}"#;
        [
            self.ping(&format!("?id={HUB}"), &[ID]),
            self.hub
                .wants(login, &[ID, JSON, "Content-Length: 24"], body),
            self.session_me(),
            String::new(),
        ]
    }
}

/// What a host has seen, once the program has ended.
#[track_caller]
fn saw(seen: &Receiver<Vec<String>>, wanted: &[String]) {
    let seen = seen
        .recv_timeout(SOON)
        .expect("one connection, and its end");
    for (seen, wanted) in seen.iter().zip(wanted) {
        assert_eq!(seen, wanted);
    }
    assert_eq!(seen.len(), wanted.len());
}

#[test]
fn every_byte_of_a_login_and_a_renewal_is_as_the_facts_have_it() {
    let stage = Stage::new(&format!("id = \"{HUB}\"\n"));
    let page = "<html><form method=\"post\"><input type=\"hidden\" name=\"_csrf\" value=\"A+b/c&amp;d==\"></form></html>";
    let accounts = stage.accounts.play(&[
        json("{\"token\":\"eyJh.a+b/c=.d-_~\"}"),
        reply(
            "200 OK",
            &[
                "Content-Type: text/html",
                "Set-Cookie: lang=en; Path=/",
                "set-cookie: _csrf=s%3Ax+y/z; Path=/; HttpOnly",
            ],
            page,
        ),
        reply(
            "302 Found",
            &["location: http://localhost:8484/back?a=1&state=code&code=c%2Bd%26e%25f"],
            "",
        ),
    ]);
    let api = stage.api.play(&Stage::api_replies("acc+/~=", "ref&+%/="));
    let hub = stage.hub.play(&Stage::hub_replies());
    let file = stage.dir.0.join("password").display().to_string();
    stage.run(&[
        "login",
        "--password",
        "--email",
        EMAIL,
        "--password-file",
        &file,
    ]);
    saw(
        &accounts,
        &[
            stage.accounts.wants(
                "POST /login HTTP/1.1",
                &[FORM, "Content-Length: 104"],
                "email=p%C3%A4nel%20%C3%BC%2B1%26x%252%40example.org&password=p%26s%2Bs%2520%20w%3D%C3%BC%22%5C&otptoken=",
            ),
            stage.accounts.wants(&format!("GET /oauth2/authorise?{QUERY} HTTP/1.1"), &[], ""),
            stage.accounts.wants(
                &format!("POST /authorise?{QUERY} HTTP/1.1"),
                &[FORM, "Content-Length: 86", "Cookie: _csrf=s%3Ax+y/z"],
                "resource=resource.homey.5f00aa11bb22cc33dd44ff66&_csrf=A%2Bb%2Fc%26d%3D%3D&allow=Allow",
            ),
            String::new(),
        ],
    );
    let form = "client_id=0a1b2c3d4e5f60718293a4b5&client_secret=s%26e%2Bc%25r%3Dt%2F&grant_type=authorization_code&code=c%2Bd%26e%25f";
    saw(
        &api,
        &stage.api_wants("Content-Length: 118", form, "acc+/~="),
    );
    saw(&hub, &stage.hub_wants());

    let api = stage.api.play(&Stage::api_replies("second", "another"));
    let hub = stage.hub.play(&Stage::hub_replies());
    stage.run(&["session", "renew", "--force"]);
    let form = "client_id=0a1b2c3d4e5f60718293a4b5&client_secret=s%26e%2Bc%25r%3Dt%2F&grant_type=refresh_token&refresh_token=ref%26%2B%25%2F%3D";
    saw(
        &api,
        &stage.api_wants("Content-Length: 127", form, "second"),
    );
    saw(&hub, &stage.hub_wants());
}

#[test]
fn every_byte_of_a_local_login_is_as_the_facts_have_it() {
    // With the hub's id in the configuration, and without: then the ping tells it.
    let known = format!("id = \"{HUB}\"\n");
    let query = format!("?id={HUB}");
    for (id, query, own) in [(&*known, &*query, &[ID][..]), ("", "", &[])] {
        let stage = Stage::new(id);
        let hub = stage.hub.play(&Stage::hub_replies());
        let file = stage.dir.0.join("password").display().to_string();
        stage.run(&[
            "login",
            "--local",
            "--user",
            "ü & +%",
            "--password-file",
            &file,
        ]);
        let body = r#"{"username":"ü & +%","password":"p&s+s%20 w=ü\"\\","clientId":"homey-panel","clientName":"anyname"}"#;
        let login = "POST /api/manager/users/login-local HTTP/1.1";
        saw(
            &hub,
            &[
                stage.ping(query, own),
                stage
                    .hub
                    .wants(login, &[ID, JSON, "Content-Length: 101"], body),
                stage.session_me(),
                String::new(),
            ],
        );
    }
}
