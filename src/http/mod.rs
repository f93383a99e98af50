// SPDX-License-Identifier: MIT OR Apache-2.0
//! HTTP/1.1 as bytes in, bytes out (RFC 9110, RFC 9112). Pure: no socket, no clock, nothing of ours above it.
//!
//! ```text
//! RequestHead ── finish ──► bytes to send, then the body as it is
//!
//! bytes received
//!   │
//!   ├─ HeadSearch::parse ──► ResponseHead ─┬─ Framing::of ────────► where the body ends
//!   │    (1xx: again)                      ├─ persistence ────────► keep or close, and why
//!   │                                      ├─ entity_tag ─────────► to ask later whether it has changed
//!   │                                      └─ Codings::from_head ─► what the body is wrapped in
//!   ▼
//! BodyDecoder ── takes chunks or counts bytes, consumes nothing after the body
//!   ▼
//! ContentDecoder ── gzip, deflate, br; a std::io::Read over the above
//!   ▼
//! content
//! ```
//!
//! Every step takes input cut anywhere and gives the same outcome however it was cut (of two faults in content that is coded
//! twice, the one that is met first is named); what a peer sends is bounded before memory is taken for it. Errors are one
//! enum a step; after any of them the connection is of no more use.

pub mod body;
pub mod coding;
mod field;
pub mod framing;
pub mod persistence;
pub mod redact;
pub mod request;
pub mod response;
pub mod validator;

pub use body::{BodyDecoder, BodyError, Span, Step};
pub use coding::{Coding, CodingError, Codings, ContentDecoder, Decoder, Flaw, Limits};
pub use field::is_tchar;
pub use framing::{Framing, FramingError};
pub use persistence::{CloseReason, Persistence, keep_alive_timeout, persistence};
pub use redact::redacted;
pub use request::{Check, RequestError, RequestHead};
pub use response::{HeadError, HeadSearch, MAX_FIELDS, MAX_HEAD, ResponseHead};
pub use validator::entity_tag;
