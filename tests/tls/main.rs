// SPDX-License-Identifier: MIT OR Apache-2.0
//! TLS against servers of our own: whom to trust and whom not, and what the reader of an error is told to do.

mod bundle;
mod connection;
mod trust;

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use homey_panel::http::Limits;
use homey_panel::net::{
    Address, Alone, Deadlines, Error, Repeat, Request, Session, TlsFault, TlsName, Trust,
    client_config, fetch,
};
use homey_rig::beds::pki::{Close, Seen, serve};
use homey_rig::beds::server::Server;
use rustls::{ClientConfig, ServerConfig};

const NAME: &str = "192-168-1-17.homey.homeylocal.com";
const OTHER: &str = "another.homey.homeylocal.com";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const AMPLE: Deadlines = Deadlines::all(Duration::from_secs(20));
const SHORT: Duration = Duration::from_millis(150);

fn session(addr: SocketAddr, config: &Arc<ClientConfig>, name: &str) -> Session {
    Session::new(Box::new(Address {
        ip: addr.ip(),
        port: addr.port(),
        tls: Some((
            config.clone(),
            TlsName::try_from(name.to_string()).expect("a name"),
        )),
    }))
}

fn get(session: &mut Session, deadlines: Deadlines) -> Result<String, Error> {
    let request = Request {
        bytes: GET.as_bytes().to_vec(),
        head_only: false,
        repeat: Repeat::Once,
    };
    let (mut content, mut wait) = (String::new(), Alone);
    let mut body = fetch(session, request, deadlines, &mut wait)?.decoded(Limits::RUN)?;
    body.read_to_string(&mut content).map_err(Error::from_io)?;
    Ok(content)
}

/// One request to one server; what came of it here and there.
fn meet(config: Arc<ServerConfig>, trust: &Trust, name: &str) -> (Result<String, Error>, Seen) {
    let server = Server::start();
    let seen = server.ask(move |tcp| serve(config, tcp, OK, Close::Notify));
    let config = client_config(trust).expect("a configuration");
    let mut session = session(server.addr, &config, name);
    let result = get(&mut session, AMPLE);
    assert!(
        result.is_ok() || !session.may_have_left(),
        "the request left before the server was trusted"
    );
    drop(session);
    (
        result,
        seen.recv_timeout(AMPLE.whole).expect("a connection"),
    )
}

fn fault(result: Result<String, Error>) -> (TlsFault, Error) {
    match result {
        Err(Error::Tls { fault, peer, name }) => (fault.clone(), Error::Tls { fault, peer, name }),
        other => panic!("not a TLS fault: {other:?}"),
    }
}
