// SPDX-License-Identifier: MIT OR Apache-2.0

//! One connection: the faults that meet new ones, the TLS handshake, and then
//! hyper.
//!
//! It knows nothing of HTTP beyond handing the stream over.

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;
use tower_http::normalize_path::NormalizePath;

use crate::fault::kind::{Arrived, End};
use crate::fault::plan::Arrival;
use crate::listen::Port;
use crate::pki;
use crate::state::{Cut, Hub, Life, Via};
use crate::wire::Wire;
use crate::wire::link::{Link, Opened};
use crate::wire::socket::Socket;

/// One connection, cut at once when the hub goes down or is told to.
pub async fn connection(
    hub: Arc<Hub>,
    port: Port,
    stream: TcpStream,
    mut cuts: watch::Receiver<Cut>,
) {
    let mut life = hub.life.subscribe();
    let via = port.via;
    let opened = Opened::new(&hub, via);
    let link = opened.link.clone();
    let mut arrival = Arrival::default();
    if via != Via::Control {
        hub.counters().connection();
        arrival = hub.faults().arrive(via);
    }
    // Small replies must not wait for acknowledgements.
    let _ = stream.set_nodelay(true);
    let down = async {
        loop {
            let now = *life.borrow_and_update();
            let down = now == Life::Down && via != Via::Control;
            if now == Life::End || down || life.changed().await.is_err() {
                return;
            }
        }
    };
    let cut = async {
        if via == Via::Control || cuts.changed().await.is_err() {
            return std::future::pending().await;
        }
        // Here: what loses the race below is dropped before its winner acts.
        if cuts.borrow().rst {
            link.reset();
        }
    };
    let work = serve(
        &hub,
        &port,
        &arrival,
        Socket::new(stream, link.clone()),
        &link,
    );
    tokio::pin!(down, cut);
    tokio::select! {
        () = work => {}
        () = down => {}
        () = cut => {}
    }
}

async fn serve(hub: &Arc<Hub>, port: &Port, arrival: &Arrival, socket: Socket, link: &Arc<Link>) {
    if let Some(end) = arrival.ends(Arrived::Accept) {
        if end == End::Rst {
            link.reset();
        }
        return;
    }
    if let Some(time) = arrival.silent {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = socket.deserted() => {}
        }
        return;
    }
    match port.via {
        Via::Https => {
            if let Some(stream) = handshake(hub, arrival, socket, link).await {
                exchange(port, stream, link).await;
            }
        }
        _ => exchange(port, socket, link).await,
    }
}

/// The TLS handshake. A client that does not name the hub's certificate gets
/// the alert `handshake_failure`, as users saw it (api.md 2).
async fn handshake(
    hub: &Hub,
    arrival: &Arrival,
    socket: Socket,
    link: &Link,
) -> Option<TlsStream<Socket>> {
    let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), socket);
    let Ok(mut start) = acceptor.await else {
        hub.counters().handshake_failed();
        return None;
    };
    if let Some(time) = arrival.stall {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = start.io.deserted() => {}
        }
    }
    if let Some(end) = arrival.ends(Arrived::Handshake) {
        if end == End::Rst {
            link.reset();
        }
        hub.counters().handshake_failed();
        return None;
    }
    if !pki::serves(start.client_hello().server_name()) {
        hub.counters().handshake_failed();
        const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];
        let _ = start.io.write_all(&ALERT).await;
        let _ = start.io.shutdown().await;
        return None;
    }
    let other = arrival.certificate.and_then(|c| hub.certs.others.get(&c));
    let config = other.unwrap_or(&hub.certs.own).clone();
    let Ok(stream) = start.into_stream(config).await else {
        hub.counters().handshake_failed();
        return None;
    };
    let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
    hub.counters().handshake(resumed);
    Some(stream)
}

async fn exchange<S>(port: &Port, stream: S, link: &Arc<Link>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let via = port.via;
    // Both forms of a path, with and without a slash at its end, are answered
    // (operations.md 2.6).
    let app = NormalizePath::trim_trailing_slash(port.app.clone());
    let known = link.clone();
    let app = app.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(via);
        request.extensions_mut().insert(known.clone());
        request
    });
    let stream = Wire::new(stream, link.clone());
    // Errors here are clients that went away, and faults.
    let _ = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .with_upgrades()
        .await;
}
