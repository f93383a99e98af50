// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small reply kept whole, for exchanges that are stepped instead of waited for: commands and pings.

use crate::http::{Codings, ContentDecoder, Limits, ResponseHead};
use crate::time::Time;

use super::{BodyStep, Error, Session, Step, collect};

/// Head and decoded body, or why there is none.
pub type Reply = Result<(Box<ResponseHead>, Vec<u8>), Error>;

/// A reply as far as it has come.
#[derive(Default)]
pub struct Whole {
    head: Option<Box<ResponseHead>>,
    body: Vec<u8>,
}

impl Whole {
    /// Reads on as far as that goes now. `Some`: it is over; the body has at most `limit` bytes, raw as well as decoded.
    pub fn advance(&mut self, session: &mut Session, now: Time, limit: usize) -> Option<Reply> {
        match self.read(session, now, limit) {
            Ok(None) => None,
            Ok(Some(head)) => {
                let body = decode(session, &head, std::mem::take(&mut self.body), limit);
                Some(body.map(|body| (head, body)))
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The head, once the body has been read to its end.
    fn read(
        &mut self,
        session: &mut Session,
        now: Time,
        limit: usize,
    ) -> Result<Option<Box<ResponseHead>>, Error> {
        if self.head.is_none() {
            match session.step(now)? {
                Step::Wait => return Ok(None),
                Step::Head(head) => self.head = Some(head),
            }
        }
        let mut chunk = [0_u8; 2048];
        loop {
            match session.body(now, &mut chunk)? {
                BodyStep::Wait => return Ok(None),
                BodyStep::Bytes(n) if self.body.len() + n <= limit => {
                    self.body
                        .extend_from_slice(chunk.get(..n).unwrap_or_default());
                }
                BodyStep::Bytes(_) => {
                    session.fail();
                    return Err(Error::TooLarge { limit });
                }
                BodyStep::End => return self.head.take().map(Some).ok_or(Error::Cancelled),
            }
        }
    }
}

fn decode(
    session: &Session,
    head: &ResponseHead,
    raw: Vec<u8>,
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let codings = Codings::from_head(head).map_err(|source| Error::Coding {
        peer: session.peer(),
        source,
    })?;
    if codings.is_identity() {
        return Ok(raw);
    }
    let limits = Limits {
        max_output: u64::try_from(limit).unwrap_or(u64::MAX),
        ..Limits::default()
    };
    collect(
        &mut ContentDecoder::new(raw.as_slice(), &codings, limits),
        limit,
    )
}
