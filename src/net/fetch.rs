// SPDX-License-Identifier: MIT OR Apache-2.0
//! A request read like a blocking stream: socket → TLS → de-framing → inflate → whoever reads.
//!
//! Every wait in it goes through the caller's [`Wait`], and after every 16 KiB decoded the caller's other
//! business has its turn, so that a visitor may pull megabytes straight from the socket.

use std::io::{self, Read};
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollTimeout, poll};

use crate::http::{Codings, ContentDecoder, Limits, ResponseHead};
use crate::time::Time;

use super::{
    BodyStep, Deadlines, Error, Interest, Phase, Ready, Request, Session, Step, Wait, monotonic,
};

/// So many decoded bytes between two breaths.
const BREATH: usize = 16 * 1024;

/// The head of a reply and the way to its body.
pub struct Reply<'a> {
    pub head: ResponseHead,
    body: RawBody<'a>,
}

/// Sends `request` and waits for the head of its reply.
pub fn fetch<'a>(
    session: &'a mut Session,
    request: Request,
    deadlines: Deadlines,
    wait: &'a mut dyn Wait,
) -> Result<Reply<'a>, Error> {
    session.start(request, deadlines, wait.now());
    loop {
        match session.step(wait.now())? {
            Step::Head(head) => {
                return Ok(Reply {
                    head: *head,
                    body: RawBody {
                        session,
                        wait,
                        taken: 0,
                        decoded: 0,
                        ended: false,
                    },
                });
            }
            Step::Wait => pause(session, wait)?,
        }
    }
}

/// Connects, TLS included, and sends nothing. The next request goes out on that connection.
pub fn connect(
    session: &mut Session,
    deadlines: Deadlines,
    wait: &mut dyn Wait,
) -> Result<(), Error> {
    while !session.warm(deadlines, wait.now())? {
        pause(session, wait)?;
    }
    Ok(())
}

fn pause(session: &mut Session, wait: &mut dyn Wait) -> Result<(), Error> {
    let deadline = session.deadline();
    let Some((fd, interest)) = session.wants() else {
        return Ok(());
    };
    match wait.wait(fd, interest, deadline) {
        // A passed deadline is found by the next step, after it has looked at the link once more.
        Ok(Ready::Fd | Ready::Deadline) => Ok(()),
        Ok(Ready::Cancelled) => {
            session.fail();
            Err(Error::Cancelled)
        }
        Err(e) => {
            session.fail();
            Err(Error::Route(format!("waiting for the network: {e}")))
        }
    }
}

impl<'a> Reply<'a> {
    /// The body as it came, without its transfer framing, content codings left on.
    pub fn raw(self) -> RawBody<'a> {
        self.body
    }

    /// The body with its content codings taken off, within `limits`.
    pub fn decoded(self, limits: Limits) -> Result<Body<'a>, Error> {
        let codings = Codings::from_head(&self.head).map_err(|source| Error::Coding {
            peer: self.body.session.peer(),
            source,
        })?;
        Ok(Body {
            inner: ContentDecoder::new(self.body, &codings, limits),
        })
    }
}

/// See [`Reply::raw`]. Errors are [`Error`]s inside `io::Error`; [`Error::from_io`] takes them out again.
///
/// Let go before its end, it closes the connection, unless the end is already here.
pub struct RawBody<'a> {
    session: &'a mut Session,
    wait: &'a mut dyn Wait,
    /// Bytes given since the last breath, and bytes that they were decoded to.
    taken: usize,
    decoded: usize,
    ended: bool,
}

impl RawBody<'_> {
    /// How many bytes may be given before the next breath. Breathes where it is time: coded bytes count as well as
    /// decoded ones, since either may be many where the other is few.
    fn room(&mut self) -> io::Result<usize> {
        if self.taken.max(self.decoded) >= BREATH {
            (self.taken, self.decoded) = (0, 0);
            if !self.wait.breathe() {
                self.session.fail();
                return Err(io::Error::other(Error::Cancelled));
            }
        }
        Ok(BREATH - self.taken.max(self.decoded))
    }

    /// The end, or what it is when the request has failed before: an error again, never an end.
    fn over(&self) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        Err(io::Error::other(Error::Closed {
            peer: self.session.peer(),
            phase: Phase::Body,
            source: None,
        }))
    }
}

impl Read for RawBody<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.ended || !self.session.is_busy() {
            return self.over();
        }
        let room = self.room()?.min(out.len());
        let out = out.get_mut(..room).unwrap_or_default();
        loop {
            match self
                .session
                .body(self.wait.now(), out)
                .map_err(io::Error::other)?
            {
                BodyStep::Bytes(n) => {
                    self.taken += n;
                    return Ok(n);
                }
                BodyStep::End => {
                    self.ended = true;
                    return Ok(0);
                }
                BodyStep::Wait => pause(self.session, self.wait).map_err(io::Error::other)?,
            }
        }
    }
}

/// See [`Reply::decoded`].
pub struct Body<'a> {
    inner: ContentDecoder<RawBody<'a>>,
}

impl Read for Body<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = self.inner.get_mut().room()?.min(out.len());
        let n = self.inner.read(out.get_mut(..room).unwrap_or_default())?;
        self.inner.get_mut().decoded += n;
        Ok(n)
    }
}

impl Drop for RawBody<'_> {
    /// A body that is not read to its end leaves a connection that cannot be used again.
    fn drop(&mut self) {
        if !self.session.is_busy() {
            return;
        }
        // A reader that knows where its content ends does not ask for the end: that is no reason to close.
        if !matches!(
            self.session.body(self.wait.now(), &mut [0]),
            Ok(BodyStep::End)
        ) {
            self.session.fail();
        }
    }
}

/// Reads a whole body of at most `limit` bytes.
pub fn collect(body: &mut dyn Read, limit: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    body.take(bound)
        .read_to_end(&mut bytes)
        .map_err(Error::from_io)?;
    if bytes.len() > limit {
        return Err(Error::TooLarge { limit });
    }
    Ok(bytes)
}

/// The wait of a one-shot command: polls the descriptor alone.
pub struct Alone;

impl Wait for Alone {
    fn now(&self) -> Time {
        monotonic()
    }

    fn wait(
        &mut self,
        fd: BorrowedFd<'_>,
        interest: Interest,
        deadline: Time,
    ) -> io::Result<Ready> {
        loop {
            // Rounded up: a wait that ends a fraction of a millisecond early would spin until the deadline.
            let left = deadline.since(monotonic()).as_micros().div_ceil(1000);
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(fd, interest.poll_flags())], timeout) {
                Ok(0) if monotonic() >= deadline => return Ok(Ready::Deadline),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(Ready::Fd),
                Err(e) => return Err(e.into()),
            }
        }
    }

    fn breathe(&mut self) -> bool {
        true
    }
}
