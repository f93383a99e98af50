// SPDX-License-Identifier: MIT OR Apache-2.0
//! One request and its reply on one established [`Link`], resumable at every byte.
//!
//! Owns what has been sent and what has come in; knows neither time nor who waits. The bytes of the reply
//! go through the pure `http` module: interim responses are passed over, the final head is handed out, the
//! body is de-framed into the caller's buffer.

use std::io;

use crate::http::{
    BodyDecoder, Framing, HeadError, HeadSearch, Persistence, ResponseHead, persistence,
};

use super::{Error, Link, Phase};

/// Room for what has come in: a whole head at its bound fits.
const INBOX: usize = 16 * 1024 + 512;

/// The most that is read at once; a body is never held beyond it.
const READ_SIZE: usize = 8 * 1024;

/// The most that all interim responses to one request may take together. Any number of them is allowed, but a
/// server that never stops sending them would keep a step from ever ending.
const MAX_INTERIM: usize = 256 * 1024;

/// How far a reply's head is.
pub enum HeadStep {
    /// Wait for the link.
    Wait,
    Head(Box<ResponseHead>),
}

/// How far a reply's body is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum BodyStep {
    /// Wait for the link.
    Wait,
    /// So many bytes of body were put into the buffer, at least one.
    Bytes(usize),
    /// The body is complete.
    End,
}

/// The state of one exchange.
pub struct Exchange {
    peer: String,
    head_only: bool,
    request: Vec<u8>,
    sent: usize,
    flushed: bool,
    /// Sending failed; what was not sent never will be.
    cut_off: bool,
    /// Of it, `start..end` has come in and is not used yet.
    inbox: Vec<u8>,
    start: usize,
    end: usize,
    got_any: bool,
    search: HeadSearch,
    /// Bytes of interim responses so far.
    interim: usize,
    body: Option<BodyDecoder>,
    persistence: Option<Persistence>,
}

impl Exchange {
    /// `request` is the whole request, head and body; `head_only`: its method is HEAD.
    pub fn new(peer: String, head_only: bool, request: Vec<u8>) -> Exchange {
        Exchange {
            peer,
            head_only,
            request,
            sent: 0,
            flushed: false,
            cut_off: false,
            inbox: Vec::new(),
            start: 0,
            end: 0,
            got_any: false,
            search: HeadSearch::new(),
            interim: 0,
            body: None,
            persistence: None,
        }
    }

    /// Whether any byte of the request may have left this machine.
    pub fn may_have_left(&self) -> bool {
        self.sent > 0
    }

    /// Whether any byte of the reply has come.
    pub fn got_any(&self) -> bool {
        self.got_any
    }

    /// Whether nothing more is to be sent.
    pub fn is_sent(&self) -> bool {
        self.flushed
    }

    /// Where this exchange is, for deadlines and error texts.
    pub fn phase(&self) -> Phase {
        match (&self.body, self.flushed, self.got_any) {
            (Some(_), _, _) => Phase::Body,
            (None, _, true) => Phase::Head,
            (None, true, false) => Phase::FirstByte,
            (None, false, false) => Phase::Send,
        }
    }

    /// Whether the connection may carry another request; meaningful once the body has ended.
    pub fn keeps_alive(&self) -> bool {
        // Bytes beyond the reply belong to no request of ours: such a connection cannot be trusted.
        let all_read = self.start == self.end;
        // A reply may come before the request is sent. The server would take the next request for the rest of it.
        let all_sent = self.flushed && !self.cut_off;
        matches!(self.persistence, Some(Persistence::Keep)) && all_read && all_sent
    }

    /// The request's bytes again, for the one repeat that the retry rule allows.
    pub fn into_request(self) -> Vec<u8> {
        self.request
    }

    /// Sends what is left of the request and reads up to the end of the final head.
    pub fn step(&mut self, link: &mut dyn Link) -> Result<HeadStep, Error> {
        self.send(link)?;
        loop {
            if self.got_any {
                if let Some(head) = self.parse_head()? {
                    return Ok(HeadStep::Head(Box::new(head)));
                }
            }
            if self.fill(link)?.is_none() {
                return Ok(HeadStep::Wait);
            }
        }
    }

    /// De-frames body bytes into `out`, which must not be empty. Only after [`Exchange::step`] gave the head.
    ///
    /// Goes on sending where the head came early: a server may answer as it reads.
    pub fn body(&mut self, link: &mut dyn Link, out: &mut [u8]) -> Result<BodyStep, Error> {
        self.send(link)?;
        loop {
            let Some(decoder) = &mut self.body else {
                return Ok(BodyStep::End);
            };
            let unread = self.inbox.get(self.start..self.end).unwrap_or_default();
            let step = decoder.decode(unread, out).map_err(|source| Error::Body {
                peer: self.peer.clone(),
                source,
            })?;
            self.start += step.consumed;
            if step.produced > 0 {
                return Ok(BodyStep::Bytes(step.produced));
            }
            if decoder.is_done() {
                return Ok(BodyStep::End);
            }
            match self.fill(link)? {
                None => return Ok(BodyStep::Wait),
                Some(0) => return self.end_of_input(),
                Some(_) => {}
            }
        }
    }

    fn end_of_input(&mut self) -> Result<BodyStep, Error> {
        let Some(decoder) = &mut self.body else {
            return Ok(BodyStep::End);
        };
        match decoder.end_of_input() {
            Ok(()) => Ok(BodyStep::End),
            Err(source) => Err(Error::Body {
                peer: self.peer.clone(),
                source,
            }),
        }
    }

    fn send(&mut self, link: &mut dyn Link) -> Result<(), Error> {
        while !self.flushed {
            let unsent = self.request.get(self.sent..).unwrap_or_default();
            let progress = if unsent.is_empty() {
                link.try_flush().inspect(|done| self.flushed = *done)
            } else {
                // A TLS link takes bytes into its own buffer first; flushing in between keeps that small.
                link.try_write(unsent).and_then(|n| {
                    self.sent += n;
                    link.try_flush()
                })
            };
            match progress {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // A server may answer and close before it has read the whole request (RFC 9112 §9.6):
                // whatever it had to say is read first.
                Err(e) if self.sent > 0 => {
                    (self.flushed, self.cut_off) = (true, true);
                    log::info!("{}: sending stopped: {e}", self.peer);
                }
                Err(source) => return Err(self.closed(Some(source))),
            }
        }
        Ok(())
    }

    fn parse_head(&mut self) -> Result<Option<ResponseHead>, Error> {
        loop {
            let unread = self.inbox.get(self.start..self.end).unwrap_or_default();
            let parsed = self.search.parse(unread).map_err(|source| Error::Head {
                peer: self.peer.clone(),
                source,
            })?;
            let Some((head, used)) = parsed else {
                return Ok(None);
            };
            self.start += used;
            self.search = HeadSearch::new();
            if head.is_interim() {
                // RFC 9110 §15.2: any number of interim responses may come before the final one.
                self.interim += used;
                if self.interim > MAX_INTERIM {
                    return Err(Error::Head {
                        peer: self.peer.clone(),
                        source: HeadError::TooLong,
                    });
                }
                continue;
            }
            let method = if self.head_only { "HEAD" } else { "GET" };
            let framing = Framing::of(method, &head).map_err(|source| Error::Framing {
                peer: self.peer.clone(),
                source,
            })?;
            self.persistence = Some(persistence(method, &head, framing));
            self.body = Some(BodyDecoder::new(framing));
            return Ok(Some(head));
        }
    }

    /// Reads once. `None`: nothing there yet. `Some(0)`: the end, only while a body is being read.
    fn fill(&mut self, link: &mut dyn Link) -> Result<Option<usize>, Error> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let room = if self.body.is_some() {
            READ_SIZE
        } else {
            INBOX
        };
        if self.end >= room {
            self.inbox.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let target = (self.end + READ_SIZE).min(room.max(self.end + 1));
        if self.inbox.len() < target {
            self.inbox.reserve_exact(target - self.inbox.len());
            self.inbox.resize(target, 0);
        }
        let space = self.inbox.get_mut(self.end..target).unwrap_or_default();
        let result = loop {
            match link.try_read(space) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        match result {
            Ok(0) if self.body.is_some() => Ok(Some(0)),
            Ok(0) => Err(self.closed(None)),
            Ok(n) => {
                self.end += n;
                self.got_any = true;
                Ok(Some(n))
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(e) => Err(self.closed(Some(e))),
        }
    }

    fn closed(&self, source: Option<io::Error>) -> Error {
        Error::Closed {
            peer: self.peer.clone(),
            phase: self.phase(),
            source,
        }
    }
}
