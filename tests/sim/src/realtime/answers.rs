// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a connection answers to the packets of its client, and what it tells
//! it unasked.

use serde_json::{Value, json};

use super::calls;
use super::events;
use super::packet::{Kind, Packet, frame};
use super::session::{Over, Session, Step};
use crate::home::feed::Change;

/// The namespace of all that happens after the handshake.
pub const API: &str = "/api";

impl Session {
    pub(super) async fn packet(&mut self, packet: Packet) -> Step {
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
    pub(super) fn tell(&mut self, change: &Change) -> Step {
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
