// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reader that undoes codings, in any number up to [`MAX_CODINGS`](super::MAX_CODINGS), over any other reader.
//!
//! It reads the inner reader only when it has nothing to give, and keeps all state in itself: an inner `WouldBlock` or
//! `Interrupted` passes through and the next call goes on where this one stopped. The end of the content is the end of
//! the inner reader, so a body is always read to its last chunk.

use std::io::{self, Read};

use super::stage::Stage;
use super::{CodingError, Codings, Limits};

/// The state of decoding and its memory, apart from any reader.
///
/// Empty, it holds nothing. [`start`](Self::start) makes it ready for a reply; what one reply needed, some 55 KB for each
/// gzip or deflate, is kept for the next. A br decoder is made anew for each reply, since it cannot be reset; one that did
/// not come to its end lives until the next start.
#[derive(Default)]
pub struct Decoder {
    /// From the wire to the content. Those from `active` on are memory only.
    stages: Vec<Stage>,
    active: usize,
    limits: Limits,
    /// Bytes given without any coding.
    plain: u64,
    failed: Option<CodingError>,
}

/// Why a read failed: here or further in.
enum Failure {
    Coding(CodingError),
    Inner(io::Error),
}

impl Decoder {
    /// A decoder with no memory, ready for content as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the reply before and makes ready for one with `codings`.
    pub fn start(&mut self, codings: &Codings, limits: Limits) {
        (self.active, self.limits, self.plain, self.failed) = (0, limits, 0, None);
        for coding in codings.iter() {
            if self.active == self.stages.len() {
                self.stages.push(Stage::new());
            }
            self.stages[self.active].begin(coding, limits);
            self.active += 1;
        }
        self.stages[self.active..].iter_mut().for_each(Stage::rest);
    }

    /// Reads content into `out`, taking coded bytes from `inner`; 0 is the end of the content.
    ///
    /// Errors are [`CodingError`]s wrapped in an `io::Error`, the same again in every further call, or those of `inner`,
    /// unchanged; after one of `inner` the call may be repeated. Content that breaks off is always an error. `inner`
    /// must be the same stream in all calls for one reply.
    pub fn read_from<R: Read + ?Sized>(
        &mut self,
        inner: &mut R,
        out: &mut [u8],
    ) -> io::Result<usize> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        if out.is_empty() {
            return Ok(0);
        }
        let result = match self.active {
            0 => read_plain(inner, self.limits.max_output, &mut self.plain, out),
            active => read_coded(&mut self.stages[..active], inner, out),
        };
        result.map_err(|failure| match failure {
            Failure::Inner(error) => error,
            Failure::Coding(error) => self.failed.insert(error).clone().into(),
        })
    }
}

/// Reads through the last of `stages`, which takes its input from those before it, and they from `inner`.
fn read_coded<R: Read + ?Sized>(
    stages: &mut [Stage],
    inner: &mut R,
    out: &mut [u8],
) -> Result<usize, Failure> {
    let Some((stage, before)) = stages.split_last_mut() else {
        return inner.read(out).map_err(Failure::Inner);
    };
    loop {
        let len = stage.decode(out).map_err(Failure::Coding)?;
        if len > 0 {
            return Ok(len);
        }
        if stage.fill(|buf| read_coded(before, inner, buf))? == 0 {
            return stage.end_of_input().map(|()| 0).map_err(Failure::Coding);
        }
    }
}

/// Reads content without codings, bounded all the same.
fn read_plain<R: Read + ?Sized>(
    inner: &mut R,
    max_output: u64,
    given: &mut u64,
    out: &mut [u8],
) -> Result<usize, Failure> {
    let room = max_output - *given;
    if room == 0 {
        return match inner.read(&mut [0]).map_err(Failure::Inner)? {
            0 => Ok(0),
            _ => Err(Failure::Coding(CodingError::TooLarge { max_output })),
        };
    }
    let len = usize::try_from(room).map_or(out.len(), |room| room.min(out.len()));
    let len = inner.read(&mut out[..len]).map_err(Failure::Inner)?;
    *given = given.saturating_add(len as u64).min(max_output);
    Ok(len)
}

/// A [`Decoder`] together with the reader it takes coded bytes from.
pub struct ContentDecoder<R: Read> {
    inner: R,
    decoder: Decoder,
}

impl<R: Read> ContentDecoder<R> {
    /// Reads from `inner` what is wrapped in `codings`.
    pub fn new(inner: R, codings: &Codings, limits: Limits) -> Self {
        Self::reusing(Decoder::new(), inner, codings, limits)
    }

    /// As [`new`](Self::new), with the memory of a decoder that another reply gave back.
    pub fn reusing(mut decoder: Decoder, inner: R, codings: &Codings, limits: Limits) -> Self {
        decoder.start(codings, limits);
        ContentDecoder { inner, decoder }
    }

    /// The inner reader. What is read from it here is missing in the content.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The inner reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The inner reader, and the decoder for [`reusing`](Self::reusing).
    pub fn into_parts(self) -> (R, Decoder) {
        (self.inner, self.decoder)
    }
}

impl<R: Read> Read for ContentDecoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decoder.read_from(&mut self.inner, out)
    }
}
