// SPDX-License-Identifier: MIT OR Apache-2.0

//! The stream that hyper serves on, between HTTP and TLS or TCP: it passes
//! everything on, unless the gate asked for a reply of raw steps. Then hyper's
//! own reply, of which the gate makes a head without a body, is swallowed and
//! the steps are done in its place.
//!
//! It knows bytes and times, not what they mean. Clients that send a request
//! before the reply to the last one are not thought of.

pub mod link;
pub mod render;
pub mod socket;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::fault::kind::End;
use link::Link;

/// What to do with a connection, in order.
#[derive(Debug)]
pub enum Step {
    /// These bytes, at once.
    Send(Bytes),
    /// These bytes, so many at a time with a pause after each.
    Drip(Bytes, usize, Duration),
    /// Nothing for so long.
    Pause(Duration),
    /// Nothing for so long; a request within that time ends the script.
    Idle(Duration),
    /// The end.
    End(End),
}

/// The end of a head.
const BLANK: &[u8] = b"\r\n\r\n";

/// A steered stream.
pub struct Wire<S> {
    inner: S,
    link: Arc<Link>,
    /// How much of `BLANK` was seen of the reply that is being swallowed.
    swallowing: Option<usize>,
    steps: VecDeque<Step>,
    timer: Option<Pin<Box<Sleep>>>,
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "ended on purpose")
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Steers a stream.
    pub fn new(inner: S, link: Arc<Link>) -> Wire<S> {
        Wire {
            inner,
            link,
            swallowing: None,
            steps: VecDeque::new(),
            timer: None,
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>, time: Duration) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(())
    }

    /// Does what is due. Ready when nothing is in the way of other bytes: all
    /// is done, or the connection idles.
    fn play(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.swallowing.is_some() {
            return Poll::Ready(Ok(()));
        }
        while let Some(step) = self.steps.front_mut() {
            match step {
                Step::Send(bytes) => {
                    while !bytes.is_empty() {
                        let n = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
                        if n == 0 {
                            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                        }
                        let _ = bytes.split_to(n);
                    }
                    ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
                }
                Step::Drip(bytes, size, every) => {
                    let (size, every) = (*size, *every);
                    let piece = bytes.split_to(size.min(bytes.len()));
                    if !piece.is_empty() {
                        self.steps.push_front(Step::Pause(every));
                        self.steps.push_front(Step::Send(piece));
                        continue;
                    }
                }
                Step::Pause(time) => {
                    let time = *time;
                    ready!(self.wait(cx, time));
                }
                Step::Idle(time) => {
                    let time = *time;
                    if self.wait(cx, time).is_pending() {
                        return Poll::Ready(Ok(()));
                    }
                }
                Step::End(End::Rst) => {
                    self.link.reset();
                    return Poll::Ready(Err(ended()));
                }
                Step::End(End::Close { notify }) => {
                    if *notify {
                        let _ = ready!(Pin::new(&mut self.inner).poll_shutdown(cx));
                    }
                    return Poll::Ready(Err(ended()));
                }
            }
            self.steps.pop_front();
        }
        Poll::Ready(Ok(()))
    }

    /// Takes a piece of hyper's reply away, up to its end; how much that was.
    fn swallow(&mut self, seen: usize, buf: &[u8]) -> usize {
        let mut seen = seen;
        for (n, byte) in buf.iter().enumerate() {
            // A head has no "\r\r", so that a mismatch starts over simply.
            seen = match *byte == BLANK[seen] {
                true => seen + 1,
                false => usize::from(*byte == b'\r'),
            };
            if seen == BLANK.len() {
                self.swallowing = None;
                return n + 1;
            }
        }
        self.swallowing = Some(seen);
        buf.len()
    }

    fn forget(&mut self) {
        self.steps.clear();
        self.timer = None;
    }

    /// Before each write: what to do with these bytes of hyper's. None when
    /// they are to be passed on.
    fn instead(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<Option<usize>>> {
        ready!(self.play(cx))?;
        if let Some(steps) = self.link.take() {
            self.forget();
            self.steps = steps.into();
            self.swallowing = Some(0);
        }
        Poll::Ready(Ok(self.swallowing.map(|seen| self.swallow(seen, buf))))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(e)) = self.play(cx) {
            return Poll::Ready(Err(e));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let came = buf.filled().len() > before;
        if came && matches!(self.steps.front(), Some(Step::Idle(_))) {
            self.forget();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.instead(cx, buf))? {
            Some(taken) => Poll::Ready(Ok(taken)),
            None => Pin::new(&mut self.inner).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|b| !b.is_empty());
        match ready!(self.instead(cx, first.map_or(&[], |b| b)))? {
            Some(taken) => Poll::Ready(Ok(taken)),
            None => Pin::new(&mut self.inner).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.play(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// hyper is done with the connection: what is still to be sent is sent, if
    /// the client stays that long.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.play(cx)?.is_pending() {
            // Nobody else reads any more, so that its going would not be seen.
            let mut bytes = [0u8; 256];
            let mut scratch = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut scratch))?;
            if !scratch.filled().is_empty() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.forget();
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
