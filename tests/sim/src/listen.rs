// SPDX-License-Identifier: MIT OR Apache-2.0

//! The ports: plain, TLS and control; their closing and reopening.
//!
//! It knows nothing of HTTP beyond handing a connection to hyper.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;
use tower::ServiceExt;
use tower_http::normalize_path::NormalizePath;

use crate::pki;
use crate::state::{Hub, Life, Via};

/// How a port speaks.
#[derive(Clone)]
pub struct Port {
    /// Which of the three it is.
    pub via: Via,
    /// With TLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// What answers.
    pub app: Router,
}

/// Opens a port; the address tells the number that was chosen.
pub async fn open(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|e| format!("cannot listen on {address}: {e}"))?;
    let address = listener
        .local_addr()
        .map_err(|e| format!("cannot read the address of a port: {e}"))?;
    Ok((listener, address))
}

/// Serves a port for ever, through restarts of the hub.
pub async fn serve(hub: Arc<Hub>, port: Port, first: TcpListener, address: SocketAddr) {
    let mut life = hub.life.subscribe();
    let mut listener = Some(first);
    loop {
        let now = match port.via {
            // The control port stays open through a restart.
            Via::Control if *life.borrow_and_update() == Life::Down => Life::Up,
            _ => *life.borrow_and_update(),
        };
        match (now, listener.take()) {
            (Life::End, _) => return,
            (Life::Down, closed) => {
                if closed.is_some() {
                    drop(closed);
                    hub.listening.send_modify(|n| *n = n.saturating_sub(1));
                }
                if life.changed().await.is_err() {
                    return;
                }
            }
            (Life::Up, None) => match open(address).await {
                Ok((opened, _)) => {
                    listener = Some(opened);
                    hub.listening.send_modify(|n| *n += 1);
                }
                // The port may still be taken for a moment.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            },
            (Life::Up, Some(opened)) => {
                tokio::select! {
                    accepted = opened.accept() => {
                        if let Ok((stream, _)) = accepted {
                            tokio::spawn(connection(hub.clone(), port.clone(), stream));
                        }
                    }
                    changed = life.changed() => if changed.is_err() { return },
                }
                listener = Some(opened);
            }
        }
    }
}

/// One connection, cut at once when the hub goes down.
async fn connection(hub: Arc<Hub>, port: Port, stream: TcpStream) {
    let mut life = hub.life.subscribe();
    if port.via != Via::Control {
        hub.counters().connection();
    }
    // Small replies must not wait for acknowledgements.
    let _ = stream.set_nodelay(true);
    let via = port.via;
    let cut = async move {
        loop {
            let now = *life.borrow_and_update();
            let down = now == Life::Down && via != Via::Control;
            if now == Life::End || down || life.changed().await.is_err() {
                return;
            }
        }
    };
    let work = async {
        match &port.tls {
            None => exchange(&port, stream).await,
            Some(config) => {
                if let Some(stream) = handshake(&hub, config.clone(), stream).await {
                    exchange(&port, stream).await;
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = cut => {}
    }
}

/// The TLS handshake. A client that does not name the hub's certificate gets
/// the alert `handshake_failure`, as users saw it (api.md 2).
async fn handshake(
    hub: &Hub,
    config: Arc<ServerConfig>,
    stream: TcpStream,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
    let Ok(mut start) = acceptor.await else {
        hub.counters().handshake_failed();
        return None;
    };
    if !pki::serves(start.client_hello().server_name()) {
        hub.counters().handshake_failed();
        const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];
        let _ = start.io.write_all(&ALERT).await;
        let _ = start.io.shutdown().await;
        return None;
    }
    let Ok(stream) = start.into_stream(config).await else {
        hub.counters().handshake_failed();
        return None;
    };
    let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
    hub.counters().handshake(resumed);
    Some(stream)
}

async fn exchange<S>(port: &Port, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let via = port.via;
    // Both forms of a path, with and without a slash at its end, are answered
    // (operations.md 2.6).
    let app = NormalizePath::trim_trailing_slash(port.app.clone());
    let app = app.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(via);
        request
    });
    // Errors here are clients that went away.
    let _ = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .with_upgrades()
        .await;
}
