// SPDX-License-Identifier: MIT OR Apache-2.0

//! What changes in the home, told to whoever listens: the realtime endpoint.
//!
//! It tells what changed, not how that looks: listeners look the item up.

use serde_json::Value;
use tokio::sync::broadcast;

/// So many changes may wait for a slow listener.
const DEPTH: usize = 16_384;

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Created,
    Updated,
    Deleted,
}

impl What {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            What::Created => "create",
            What::Updated => "update",
            What::Deleted => "delete",
        }
    }
}

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// A capability has a value, perhaps the same as before.
    Value {
        device: String,
        cap: String,
        value: Value,
        /// The transaction of the client that set it.
        transaction: Option<String>,
        at: i64,
    },
    /// An item of a manager, by its realtime prefix (operations.md 4).
    Item {
        manager: &'static str,
        class: &'static str,
        what: What,
        id: String,
    },
}

/// The sending end; many hold it.
#[derive(Clone, Debug, Default)]
pub struct Feed(Option<broadcast::Sender<Change>>);

impl Feed {
    /// A feed that can be listened to.
    pub fn open() -> Feed {
        Feed(Some(broadcast::Sender::new(DEPTH)))
    }

    /// All changes from now on.
    pub fn listen(&self) -> Option<broadcast::Receiver<Change>> {
        self.0.as_ref().map(broadcast::Sender::subscribe)
    }

    /// Tells a change.
    pub fn tell(&self, change: Change) {
        if let Some(feed) = &self.0 {
            // Nobody may be listening.
            let _ = feed.send(change);
        }
    }

    /// Tells what became of an item.
    pub fn item(&self, manager: &'static str, class: &'static str, what: What, id: &str) {
        self.tell(Change::Item {
            manager,
            class,
            what,
            id: id.to_owned(),
        });
    }
}
