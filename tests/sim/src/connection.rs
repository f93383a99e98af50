// SPDX-License-Identifier: MIT OR Apache-2.0

//! One connection: the faults that meet new ones, the TLS handshake, and then
//! hyper.
//!
//! It knows nothing of HTTP beyond handing the stream over.

use std::sync::Arc;

use hyper::header::{DATE, HeaderValue};
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

use crate::clock::{http_date, now_ms};
use crate::counters::Event;
use crate::fault::kind::{Arrived, End};
use crate::fault::plan::Arrival;
use crate::listen::Port;
use crate::state::{Cut, Hub, Lease, Life, Via};
use crate::wire::Wire;
use crate::wire::link::{Link, Opened};
use crate::wire::socket::Socket;

/// What may end a connection, as it was when the connection came.
pub struct Watched {
    cuts: watch::Receiver<Cut>,
    cut: Cut,
    leases: watch::Receiver<Lease>,
    lease: u64,
}

impl Watched {
    /// As it is now.
    pub fn new(hub: &Hub) -> Watched {
        let (cuts, leases) = (hub.cut.subscribe(), hub.lease.subscribe());
        let (cut, lease) = (*cuts.borrow(), leases.borrow().count);
        Watched {
            cuts,
            cut,
            leases,
            lease,
        }
    }

    /// Waits until the connection is cut or the hub moves away; true when it
    /// stays open with nobody to work on it.
    pub async fn ended(&mut self, link: &Link) -> bool {
        let Some(place) = link.via().place() else {
            return std::future::pending().await;
        };
        let (before, lease) = (self.cut.counts[place], self.lease);
        let moved = async {
            if !link.via().at_home() {
                return std::future::pending().await;
            }
            let met = self.leases.wait_for(|l| l.count != lease).await;
            met.map(|l| *l).unwrap_or_default()
        };
        tokio::select! {
            cut = self.cuts.wait_for(|cut| cut.counts[place] != before) => {
                if cut.is_ok_and(|cut| cut.rst) {
                    link.reset();
                }
                false
            }
            moved = moved => {
                self.lease = moved.count;
                if !moved.silent {
                    link.reset();
                }
                moved.silent
            }
        }
    }
}

/// What the hub's counters are told of connections, or the cloud's.
fn count(hub: &Hub, via: Via, event: Event) {
    match via {
        Via::Control => {}
        Via::Cloud => hub.cloud.counters().connection(event),
        _ => hub.counters().connection(event),
    }
}

/// One connection, cut at once when the hub goes down or is told to.
pub async fn connection(hub: Arc<Hub>, port: Port, stream: TcpStream, mut watched: Watched) {
    let mut life = hub.life.subscribe();
    let via = port.via;
    let opened = Opened::new(&hub, via);
    let link = opened.link.clone();
    let mut arrival = Arrival::default();
    if via != Via::Control {
        count(&hub, via, Event::Accepted);
        arrival = hub.faults().arrive(via);
    }
    // Small replies must not wait for acknowledgements.
    let _ = stream.set_nodelay(true);
    let down = async {
        loop {
            let now = *life.borrow_and_update();
            let down = now == Life::Down && via.at_home();
            if now == Life::End || down || life.changed().await.is_err() {
                return;
            }
        }
    };
    let work = serve(
        &hub,
        &port,
        &arrival,
        Socket::new(stream, link.clone()),
        &link,
    );
    tokio::pin!(work, down);
    tokio::select! {
        () = &mut work => {}
        () = &mut down => {}
        silent = watched.ended(&link) => if silent {
            // Nobody works on it, but it is open until it is cut.
            tokio::select! {
                () = down => {}
                _ = watched.ended(&link) => {}
            }
        },
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
        via if via.tls() => {
            if let Some(stream) = handshake(hub, port.via, arrival, socket, link).await {
                exchange(hub, port, stream, link).await;
            }
        }
        _ => exchange(hub, port, socket, link).await,
    }
}

/// The TLS handshake. A client that does not name the hub's certificate gets
/// the alert `handshake_failure`, as users saw it (api.md 2).
async fn handshake(
    hub: &Hub,
    via: Via,
    arrival: &Arrival,
    socket: Socket,
    link: &Link,
) -> Option<TlsStream<Socket>> {
    let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), socket);
    let Ok(mut start) = acceptor.await else {
        count(hub, via, Event::HandshakeFailed);
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
        count(hub, via, Event::HandshakeFailed);
        return None;
    }
    if !hub.certs.serves(via, start.client_hello().server_name()) {
        count(hub, via, Event::HandshakeFailed);
        const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];
        let _ = start.io.write_all(&ALERT).await;
        let _ = start.io.shutdown().await;
        return None;
    }
    let other = arrival.certificate.and_then(|c| hub.certs.others.get(&c));
    let config = other.unwrap_or_else(|| hub.certs.of(via)).clone();
    let Ok(stream) = start.into_stream(config).await else {
        count(hub, via, Event::HandshakeFailed);
        return None;
    };
    let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
    count(hub, via, Event::Handshake { resumed });
    Some(stream)
}

async fn exchange<S>(hub: &Hub, port: &Port, stream: S, link: &Arc<Link>)
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
    let app = app.map_response(|mut reply: hyper::Response<_>| {
        if let Ok(date) = HeaderValue::from_str(&http_date(now_ms())) {
            reply.headers_mut().insert(DATE, date);
        }
        reply
    });
    // A proxy in front of the cloud may write names in small letters.
    let small = via == Via::Cloud && hub.cloud.options().lower_case;
    let stream = Wire::new(stream, link.clone());
    // Errors here are clients that went away, and faults.
    let _ = http1::Builder::new()
        .title_case_headers(!small)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .with_upgrades()
        .await;
}
