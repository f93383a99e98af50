// SPDX-License-Identifier: MIT OR Apache-2.0

//! One realtime connection from its upgrade to its end.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::answers::API;
use super::packet::{In, frame};
use super::switches::End;
use crate::connection::Watched;
use crate::state::{Hub, Life};
use crate::wire::link::Link;

/// The client is done, or broke the rules: the connection ends.
pub(super) struct Over;

pub(super) type Step = Result<(), Over>;

/// A connection.
pub struct Session {
    pub(super) hub: Arc<Hub>,
    pub(super) router: Router,
    pub(super) link: Option<Arc<Link>>,
    /// Socket.IO 5 on Engine.IO 4, instead of 2 on 3.
    pub(super) four: bool,
    /// The client may speak: always on Engine.IO 3, there after its `40`.
    pub(super) connected: bool,
    /// The bearer of the handshake.
    pub(super) token: Option<String>,
    /// What opens the namespace, on this connection only.
    pub(super) namespace_token: String,
    /// The namespace is open.
    pub(super) open: bool,
    pub(super) held: BTreeSet<String>,
    pub(super) out: mpsc::UnboundedSender<String>,
    outbox: mpsc::UnboundedReceiver<String>,
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut realtime = self.hub.realtime();
        realtime.open -= 1;
        for uri in &self.held {
            realtime.subscription(uri, false);
        }
    }
}

impl Session {
    /// Counts it as open.
    pub fn new(hub: Arc<Hub>, router: Router, link: Option<Arc<Link>>, four: bool) -> Session {
        {
            let mut realtime = hub.realtime();
            realtime.open += 1;
            realtime.count("opened");
        }
        let (out, outbox) = mpsc::unbounded_channel();
        let namespace_token = hub.dice().hex(40);
        Session {
            hub,
            router,
            link,
            four,
            connected: !four,
            token: None,
            namespace_token,
            open: false,
            held: BTreeSet::new(),
            out,
            outbox,
        }
    }

    pub(super) fn say(&self, frame: String) {
        // The receiver lives as long as this.
        let _ = self.out.send(frame);
    }

    /// Serves it to its end.
    pub async fn run(mut self, mut socket: WebSocket) {
        let feed = self.hub.home().feed.listen();
        let Some(mut feed) = feed else { return };
        let mut life = self.hub.life.subscribe();
        let mut watched = Watched::new(&self.hub);
        let link = self.link.clone();
        let mut gone = pin!(async {
            match &link {
                Some(link) => watched.ended(link).await,
                None => std::future::pending().await,
            }
        });
        let mut endings = self.hub.endings.subscribe();
        let (interval, timeout) = {
            let r = self.hub.realtime();
            (r.ping_interval_ms, r.ping_timeout_ms)
        };
        self.greet(interval, timeout);
        let interval = Duration::from_millis(interval);
        let timeout = Duration::from_millis(timeout);
        // Of Engine.IO 3: when the client's next ping is overdue. Of 4: when
        // to send one, and then when its answer is overdue.
        let mut waiting = false;
        let wait = if self.four {
            interval
        } else {
            interval + timeout
        };
        let mut timer = pin!(sleep_until(Instant::now() + wait));
        loop {
            let step = tokio::select! {
                said = socket.recv() => match said {
                    Some(Ok(Message::Text(text))) => {
                        let heard = In::read(&text);
                        if matches!(heard, In::Ping(_)) && !self.four {
                            timer.as_mut().reset(Instant::now() + interval + timeout);
                        }
                        if heard == In::Pong && self.four && waiting {
                            waiting = false;
                            timer.as_mut().reset(Instant::now() + interval);
                        }
                        self.heard(heard).await
                    }
                    // Pings of the websocket itself, and binary frames, which
                    // nobody sends.
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Over),
                    Some(Ok(_)) => Ok(()),
                },
                frame = self.outbox.recv() => match frame {
                    Some(frame) => socket.send(Message::Text(frame)).await.map_err(|_| Over),
                    None => Err(Over),
                },
                change = feed.recv() => match change {
                    Ok(change) => self.tell(&change),
                    Err(RecvError::Lagged(_)) => Err(Over),
                    Err(RecvError::Closed) => Err(Over),
                },
                () = &mut timer => match self.four && !waiting {
                    true => {
                        if self.hub.realtime().pong {
                            self.say("2".to_owned());
                            waiting = true;
                        }
                        let wait = if waiting { timeout } else { interval };
                        timer.as_mut().reset(Instant::now() + wait);
                        Ok(())
                    }
                    false => Err(Over),
                },
                changed = life.changed() => match changed {
                    Ok(()) if *life.borrow_and_update() == Life::Up => Ok(()),
                    _ => Err(Over),
                },
                silent = &mut gone => {
                    if silent {
                        // The hub is elsewhere, and nobody ends this.
                        let ended = |life: &Life| *life != Life::Up;
                        let _ = life.wait_for(ended).await;
                    }
                    Err(Over)
                }
                end = endings.recv() => match end {
                    Ok(end) => self.ended(end, &mut socket).await,
                    Err(_) => Ok(()),
                },
            };
            if step.is_err() {
                return;
            }
        }
    }

    fn greet(&self, interval: u64, timeout: u64) {
        let sid = self.hub.dice().hex(20);
        let mut hello = json!({
            "sid": sid, "upgrades": [], "pingInterval": interval, "pingTimeout": timeout,
        });
        if self.four {
            hello["maxPayload"] = json!(1_000_000);
        }
        self.say(format!("0{hello}"));
        if !self.four {
            self.say("40".to_owned());
        }
    }

    async fn ended(&mut self, end: End, socket: &mut WebSocket) -> Step {
        match (end, &self.link) {
            (End::Namespace, _) => {
                self.close_namespace();
                return Ok(());
            }
            (End::Rst, Some(link)) => link.reset(),
            (End::Close, _) => {
                let _ = socket.send(Message::Close(None)).await;
            }
            _ => {}
        }
        Err(Over)
    }

    /// Tells the client that its namespace is closed.
    pub(super) fn close_namespace(&mut self) {
        if std::mem::take(&mut self.open) {
            self.say(frame("41", API, None, ""));
        }
        self.let_go();
    }

    pub(super) fn let_go(&mut self) {
        for uri in std::mem::take(&mut self.held) {
            self.hub.realtime().subscription(&uri, false);
        }
    }

    async fn heard(&mut self, heard: In) -> Step {
        match heard {
            In::Close | In::Other => Err(Over),
            In::Pong => Ok(()),
            In::Ping(rest) => {
                if self.hub.realtime().pong {
                    self.say(format!("3{rest}"));
                }
                Ok(())
            }
            In::Packet(packet) => self.packet(packet).await,
        }
    }
}
