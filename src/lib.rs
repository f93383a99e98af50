// SPDX-License-Identifier: MIT OR Apache-2.0
//! homey-panel: connects a local wall panel (buttons, knobs, LEDs, displays) to an Athom Homey hub.
//!
//! One small, blocking, single-threaded program. It keeps a warm HTTPS connection or two to the hub, polls the
//! state of what the panel shows, and turns presses, turns and holds into capability writes, flow starts and moods.
//!
//! # From a press to a lamp
//!
//! ```text
//!   hand ─► hw ──Event──► panel::Controller ──Call──► run::commands ──► run::lanes ──► net::Session ──► hub
//!                             │   ▲                        │                                           │
//!   lamp ◄─ hw ◄──Show────────┘   └──Outcome, Reading──────┴──── homey::reply ◄── http ◄──────────────┘
//!                                     ▲
//!   run::poll ── ping, names, list ───┘   (its every wait is run::life: one poll(2) over all of the above)
//! ```
//!
//! # From a login to a bearer, and from an id to an address
//!
//! ```text
//!   cli::account ──► client::account ──► net::wan ──► cloud        homey::auth says which call is due, and reads the answers
//!                        │    └────────► net::lan ──► hub
//!                        └ store: session.json, its lock, a kept password (the only files that are written)
//!   run::renewal ──► run::helper: the child `session renew`, which does the same and ends
//!
//!   cli::discover ─► client::route ─┬─► net::Multicast, homey::mdns        in the house
//!   run::route ─────────────────────┘
//!        └─────────► run::helper: the child `discover --for-run`            names of the internet, the relay
//! ```
//!
//! # Layers
//!
//! | module | knows | must not know |
//! |---|---|---|
//! | [`http`] | bytes of HTTP/1.1 (RFC 9110, 9112) | anything of ours, sockets, clocks |
//! | [`homey`] | what the hub's bytes mean; header profiles | sockets, files, panels |
//! | [`panel`] | behaviour, with time as an argument | sockets, devices, clocks |
//! | [`config`] | TOML text to typed values, with every mistake's place | files, the hub |
//! | [`net`] | TCP, TLS, one-shot routes through proxies | what is sent over it |
//! | [`hw`] | Linux devices and terminals | the hub, what a control is bound to |
//! | [`client`] | the configured hub: calls in, judged replies out | panels |
//! | [`run`] | the loop | what a byte means |
//! | [`cli`] | arguments, tables | protocol |
//!
//! Beside the library, `main.rs` has `footprint`: what keeps the release program small, and the only `unsafe` outside `hw`.
//!
//! Knowledge flows one way; `scripts/check-layers` holds it, and that `http`, `homey`, `panel` and `config` are pure.
//!
//! # Rules that shaped it
//!
//! - **Blocking, never deaf.** The poll is straight-line code that reads from the socket through a serde visitor. Every
//!   wait in it is [`net::Wait`], and the loop's implementation polls all panels and command connections too. So `Link` has
//!   no `fill(&mut dyn Wait)`: links and sessions never block at all, and only [`net::fetch`] waits, in one place.
//! - **One client.** A command is the same [`net::Session`] as a poll, stepped instead of waited for.
//! - **Time is a number** ([`time::Time`]). Nothing pure reads a clock, so tests write times as integers.
//! - **The hub's word counts.** A reading is used only if its request left after the command that it might contradict.

pub mod cli;
pub mod client;
pub mod config;
pub mod failure;
pub mod homey;
pub mod http;
pub mod hw;
pub mod letters;
pub mod net;
pub mod panel;
pub mod run;
pub mod time;
