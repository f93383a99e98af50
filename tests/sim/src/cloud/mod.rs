// SPDX-License-Identifier: MIT OR Apache-2.0

//! The cloud half (api.md 1 to 8 and 16): accounts.athom.com and
//! api.athom.com on one TLS port, and the relay that leads to the hub.
//!
//! It knows one account. Of the hub it knows what an account knows: its id,
//! its name and its addresses.

mod account;
mod ask;
mod book;
mod consent;
pub mod control;
mod counters;
mod delegation;
mod gate;
pub mod jwt;
mod options;
mod page;
pub mod refuse;
pub mod relay;
mod token;
mod user;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use ring::rand::{SecureRandom, SystemRandom};

use crate::api::disallow;
use crate::args::Args;
use crate::dice::Dice;
use crate::state::Hub;
use book::Book;
use counters::Counters;
pub use options::{EMAIL, PASSWORD};

use options::Options;

/// Id of the account's user (objects.md 1.3).
pub const USER: &str = "5f00aa11bb22cc33dd44ee55";

/// The account as one shared value, each part behind its own lock.
#[derive(Debug)]
pub struct Cloud {
    /// The one client that is registered.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    options: Mutex<Options>,
    book: Mutex<Book>,
    counters: Mutex<Counters>,
    dice: Mutex<Dice>,
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cloud {
    /// An account; its client comes from the seed, everything else it gives
    /// out is different in every process.
    pub fn new(args: &Args) -> Cloud {
        let mut fixed = Dice::new(args.seed ^ 0x636c_6f75_6400);
        let mut seed = [0u8; 8];
        // A failure leaves zeros: the same codes every time, still a cloud.
        let _ = SystemRandom::new().fill(&mut seed);
        Cloud {
            client_id: fixed.hex(24),
            client_secret: fixed.hex(40),
            options: Mutex::default(),
            book: Mutex::default(),
            counters: Mutex::default(),
            dice: Mutex::new(Dice::new(u64::from_le_bytes(seed))),
        }
    }

    /// The switches.
    pub fn options(&self) -> MutexGuard<'_, Options> {
        open(&self.options)
    }

    /// What was given out.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        open(&self.book)
    }

    /// What happened.
    pub fn counters(&self) -> MutexGuard<'_, Counters> {
        open(&self.counters)
    }

    /// Randomness.
    pub fn dice(&self) -> MutexGuard<'_, Dice> {
        open(&self.dice)
    }
}

/// A route's state.
type Shared = State<Arc<Hub>>;

/// Everything the cloud's port answers.
pub fn app(hub: &Arc<Hub>) -> Router {
    Router::new()
        .route("/login", post(account::login))
        .route("/oauth2/authorise", get(consent::ask).post(consent::click))
        .route("/authorise", post(consent::allow))
        .route("/oauth2/token", post(token::token))
        .route("/user/me", get(user::me))
        .route("/delegation/token", post(delegation::token))
        .route("/delegation/verify", get(delegation::verify))
        .fallback(unknown)
        .layer(from_fn_with_state(hub.clone(), gate::inner))
        .layer(from_fn_with_state(hub.clone(), gate::outer))
        .layer(map_response(disallow))
        .layer(from_fn(crate::gate::whole))
        .with_state(hub.clone())
}

async fn unknown(request: Request) -> Response {
    page::no_route(request.method().as_str(), request.uri().path())
}
