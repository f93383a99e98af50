// SPDX-License-Identifier: MIT OR Apache-2.0

//! The ports: plain, TLS and control; their closing and reopening.
//!
//! It knows nothing of connections beyond handing them to `connection`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};

use crate::connection::{Watched, connection};
use crate::state::{Hub, Life, Via};

/// How a port speaks.
#[derive(Clone)]
pub struct Port {
    /// Which it is.
    pub via: Via,
    /// Where it was opened.
    pub address: SocketAddr,
    /// What answers.
    pub app: Router,
}

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Takes an address without listening: nobody else can have it, and who
/// connects is refused.
pub fn reserve(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Opens a port; the address tells the number that was chosen.
pub async fn open(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let listener = reserve(address).and_then(|s| s.listen(BACKLOG));
    let listener = listener.map_err(|e| format!("cannot listen on {address}: {e}"))?;
    let address = listener
        .local_addr()
        .map_err(|e| format!("cannot read the address of a port: {e}"))?;
    Ok((listener, address))
}

/// A port between its closing and its opening.
enum Door {
    Open(TcpListener),
    Closed(TcpSocket),
    /// The address could not be taken yet.
    Lost,
}

/// Serves a port for ever, through restarts of the hub and faults.
pub async fn serve(hub: Arc<Hub>, port: Port, first: TcpListener) {
    let mut life = hub.life.subscribe();
    let mut refusing = hub.refusing.subscribe();
    let mut leases = hub.lease.subscribe();
    let place = port.via.place();
    let tell = |open: Option<SocketAddr>| {
        if let Some(place) = place {
            hub.listening.send_modify(|all| all[place] = open);
        }
    };
    let mut address = port.address;
    tell(Some(address));
    let mut door = Door::Open(first);
    loop {
        let now = *life.borrow_and_update();
        let refused = *refusing.borrow_and_update();
        let down = now == Life::Down && port.via.at_home();
        // The control port stays open through everything.
        let closed = place.is_some_and(|p| down || refused[p]);
        let moved = leases.borrow_and_update().address(port.via, port.address);
        if moved != address {
            address = moved;
            tell(None);
            // The old one is free from here on.
            door = Door::Lost;
        }
        if now == Life::End {
            return;
        }
        door = match (door, closed) {
            (Door::Open(listener), false) => {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((stream, _)) = accepted {
                            // Subscribed here: a cut must not miss it.
                            let watched = Watched::new(&hub);
                            tokio::spawn(connection(hub.clone(), port.clone(), stream, watched));
                        }
                    }
                    changed = life.changed() => if changed.is_err() { return },
                    changed = refusing.changed() => if changed.is_err() { return },
                    changed = leases.changed() => if changed.is_err() { return },
                }
                Door::Open(listener)
            }
            (Door::Open(listener), true) => {
                drop(listener);
                let socket = reserve(address);
                tell(None);
                socket.map_or(Door::Lost, Door::Closed)
            }
            (Door::Closed(socket), false) => match socket.listen(BACKLOG) {
                Ok(listener) => {
                    tell(Some(address));
                    Door::Open(listener)
                }
                Err(_) => Door::Lost,
            },
            (Door::Lost, _) => match reserve(address) {
                Ok(socket) => Door::Closed(socket),
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Door::Lost
                }
            },
            (door, true) => {
                tokio::select! {
                    changed = life.changed() => if changed.is_err() { return },
                    changed = refusing.changed() => if changed.is_err() { return },
                    changed = leases.changed() => if changed.is_err() { return },
                }
                door
            }
        };
    }
}
