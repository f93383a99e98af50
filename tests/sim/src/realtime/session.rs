// SPDX-License-Identifier: MIT OR Apache-2.0

//! One realtime connection from its upgrade to its end.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::calls;
use super::events;
use super::packet::{In, Kind, Packet, frame};
use super::switches::End;
use crate::connection::Watched;
use crate::home::feed::Change;
use crate::state::{Hub, Life};
use crate::wire::link::Link;

/// The namespace of all that happens after the handshake.
const API: &str = "/api";

/// The client is done, or broke the rules: the connection ends.
struct Over;

type Step = Result<(), Over>;

/// A connection.
pub struct Session {
    hub: Arc<Hub>,
    router: Router,
    link: Option<Arc<Link>>,
    /// Socket.IO 5 on Engine.IO 4, instead of 2 on 3.
    four: bool,
    /// The client may speak: always on Engine.IO 3, there after its `40`.
    connected: bool,
    /// The bearer of the handshake.
    token: Option<String>,
    /// What opens the namespace, on this connection only.
    namespace_token: String,
    /// The namespace is open.
    open: bool,
    held: BTreeSet<String>,
    out: mpsc::UnboundedSender<String>,
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

    fn say(&self, frame: String) {
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
    fn close_namespace(&mut self) {
        if std::mem::take(&mut self.open) {
            self.say(frame("41", API, None, ""));
        }
        self.let_go();
    }

    fn let_go(&mut self) {
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

    async fn packet(&mut self, packet: Packet) -> Step {
        match (packet.kind, packet.namespace.as_str()) {
            (Kind::Connect, "/") if self.four => {
                self.connected = true;
                let sid = self.hub.dice().hex(20);
                self.say(frame("40", "/", None, &json!({"sid": sid}).to_string()));
                Ok(())
            }
            // Clients of Engine.IO 3 may say it too; they are connected already.
            (Kind::Connect, "/") => Ok(()),
            (Kind::Connect, namespace) => {
                self.join(namespace, packet.data.as_ref());
                Ok(())
            }
            (Kind::Disconnect, "/") => Err(Over),
            (Kind::Disconnect, API) => {
                self.open = false;
                self.let_go();
                Ok(())
            }
            (Kind::Event, "/") if self.connected => {
                self.greeted(&packet).await;
                Ok(())
            }
            (Kind::Event, API) if self.open => {
                self.asked(packet).await;
                Ok(())
            }
            // What is said to a namespace that is not open goes nowhere.
            _ => Ok(()),
        }
    }

    /// A client wants a namespace.
    fn join(&mut self, namespace: &str, data: Option<&Value>) {
        let given = data.and_then(|d| d.get("token")).and_then(Value::as_str);
        let right = match self.four {
            true => given == Some(&self.namespace_token),
            // The handshake on this connection is enough.
            false => true,
        };
        let wrong = match namespace == API {
            false => Some("Invalid namespace"),
            true if self.token.is_none() || !right => Some("Unauthorized"),
            true => None,
        };
        if let Some(wrong) = wrong {
            let text = match self.four {
                true => json!({"message": wrong}),
                false => json!(wrong),
            };
            self.say(frame("44", namespace, None, &text.to_string()));
            return;
        }
        self.open = true;
        let data = match self.four {
            true => json!({"sid": self.hub.dice().hex(20)}).to_string(),
            false => String::new(),
        };
        self.say(frame("40", API, None, &data));
        let drop = {
            let mut realtime = self.hub.realtime();
            realtime.count("namespaces");
            let drop = realtime.namespace_drops > 0;
            realtime.namespace_drops = realtime.namespace_drops.saturating_sub(1);
            drop
        };
        if drop {
            self.close_namespace();
        }
    }

    fn answer(&self, namespace: &str, ack: Option<u64>, json: &str) {
        if ack.is_some() {
            self.say(frame("43", namespace, ack, json));
        }
    }

    /// `handshakeClient` with bearer and hub id.
    async fn greeted(&mut self, packet: &Packet) {
        let data = packet.data.as_ref();
        if data.and_then(|d| d.get(0)) != Some(&json!("handshakeClient")) {
            return;
        }
        let ask = data.and_then(|d| d.get(1));
        let word = |key: &str| ask.and_then(|a| a.get(key)).and_then(Value::as_str);
        let token = word("token").unwrap_or_default().to_owned();
        let header = format!("Bearer {token}");
        let via = self.link.as_ref().map(|l| l.via());
        let good = self.hub.auth().check_at(via, Some(&header)).map(|_| ());
        let refused = match (good, word("homeyId")) {
            (Err(code), _) => Some(self.hub.refuse(code)),
            (Ok(()), Some(id)) if id == self.hub.id => None,
            (Ok(()), Some(_)) => Some(self.hub.worded(404, "invalid_homey_id")),
            (Ok(()), None) => Some(self.hub.worded(400, "missing_homey_id")),
        };
        let json = match refused {
            Some(reply) => {
                self.hub.realtime().count("handshake_errors");
                format!("[{}]", calls::error(&self.hub, reply).await)
            }
            None => {
                self.hub.realtime().count("handshakes");
                self.token = Some(token);
                let done = json!({
                    "success": true, "namespace": API, "token": self.namespace_token,
                });
                format!("[null,{done}]")
            }
        };
        self.answer("/", packet.ack, &json);
    }

    /// Subscriptions and calls.
    async fn asked(&mut self, packet: Packet) {
        let Packet { ack, data, .. } = packet;
        let data = data.unwrap_or_default();
        let first = data.get(1).cloned().unwrap_or_default();
        match data.get(0).and_then(Value::as_str) {
            Some("subscribe") => {
                let uri = first.as_str().unwrap_or_default();
                let json = match self.may_hear(uri) {
                    Ok(()) => {
                        if self.held.insert(uri.to_owned()) {
                            self.hub.realtime().subscription(uri, true);
                        }
                        "[null]".to_owned()
                    }
                    Err(code) => {
                        let reply = self.hub.refuse(code);
                        format!("[{}]", calls::error(&self.hub, reply).await)
                    }
                };
                self.answer(API, ack, &json);
            }
            Some("unsubscribe") => {
                let uri = first.as_str().unwrap_or_default();
                if self.held.remove(uri) {
                    self.hub.realtime().subscription(uri, false);
                }
                self.answer(API, ack, "[null]");
            }
            Some("api") => {
                self.hub.realtime().count("calls");
                let (hub, router, out) = (self.hub.clone(), self.router.clone(), self.out.clone());
                let token = self.token.clone().unwrap_or_default();
                // A hanging device must not hold up the rest.
                tokio::spawn(async move {
                    let json = calls::call(&hub, router, &token, &first).await;
                    if ack.is_some() {
                        let _ = out.send(frame("43", API, ack, &json));
                    }
                });
            }
            _ => {}
        }
    }

    /// Whether the bearer may subscribe to a URI: it needs a scope that reads
    /// something of that manager.
    fn may_hear(&self, uri: &str) -> Result<(), &'static str> {
        let header = format!("Bearer {}", self.token.as_deref().unwrap_or_default());
        let auth = self.hub.auth();
        let bearer = auth.check(Some(&header))?;
        let rest = uri.strip_prefix("homey:").ok_or("not_found")?;
        let (kind, id) = rest.split_once(':').ok_or("not_found")?;
        match (kind, id) {
            (_, "") => Err("not_found"),
            ("device", _) if bearer.may("device.readonly") => Ok(()),
            ("device", _) => Err("Missing Scopes"),
            ("manager", manager) => match self.hub.readable(manager) {
                None => Err("not_found"),
                Some(scopes) if scopes.is_empty() => Ok(()),
                Some(scopes) if scopes.iter().any(|s| bearer.may(s)) => Ok(()),
                Some(_) => Err("Missing Scopes"),
            },
            ("app", _) => Ok(()),
            _ => Err("not_found"),
        }
    }

    /// Tells a change to the client, if it wants to hear of it.
    fn tell(&mut self, change: &Change) -> Step {
        let (on, updates) = {
            let realtime = self.hub.realtime();
            (realtime.events, realtime.updates)
        };
        let value = matches!(change, Change::Value { .. });
        let wanted = self.open && on && (updates || value);
        if !wanted || !events::concerns(change, |uri| self.held.contains(uri)) {
            return Ok(());
        }
        let header = format!("Bearer {}", self.token.as_deref().unwrap_or_default());
        let good = self.hub.auth().check(Some(&header)).is_ok();
        if !good {
            // The session is over, or the key revoked.
            self.close_namespace();
            return Ok(());
        }
        for (uri, event, data) in events::events(&self.hub, change) {
            if self.held.contains(&uri) {
                self.hub.realtime().count("sent");
                let json = json!([uri, event, data]).to_string();
                self.say(frame("42", API, None, &json));
            }
        }
        Ok(())
    }
}
