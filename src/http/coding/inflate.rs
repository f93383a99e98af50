// SPDX-License-Identifier: MIT OR Apache-2.0
//! DEFLATE (RFC 1951), with or without the zlib wrapper (RFC 1950), over flate2's low-level state.
//!
//! flate2's readers give a short success for truncated input; here only the stream's own end is an end. The state, some
//! 45 KB, is made at first use and kept for the next reply.

use flate2::{Decompress, FlushDecompress, Status};

/// What one call did. No progress at all asks for more input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) consumed: usize,
    pub(super) produced: usize,
}

/// Whether a stream came to its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Running,
    Ended,
}

/// The input is no DEFLATE stream, or does not match its zlib checksum.
#[derive(Debug)]
pub(super) struct BadData;

/// Inflate memory; holds nothing before the first [`begin`](Self::begin).
#[derive(Debug, Default)]
pub(super) struct Inflate {
    state: Option<Decompress>,
}

impl Inflate {
    /// Starts a stream, one with the zlib wrapper if `zlib`.
    pub(super) fn begin(&mut self, zlib: bool) {
        match &mut self.state {
            Some(state) => state.reset(zlib),
            None => self.state = Some(Decompress::new(zlib)),
        }
    }

    /// Inflates from `input` to `output`, which must have room. Not to be called after the end of a stream.
    pub(super) fn run(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(Progress, Stream), BadData> {
        let state = self.state.as_mut().ok_or(BadData)?; // invariant: every caller begins first
        let before = (state.total_in(), state.total_out());
        let status = state
            .decompress(input, output, FlushDecompress::None)
            .map_err(|_| BadData)?;
        let progress = Progress {
            // Neither can be more than the slices given.
            consumed: (state.total_in() - before.0) as usize,
            produced: (state.total_out() - before.1) as usize,
        };
        match status {
            Status::StreamEnd => Ok((progress, Stream::Ended)),
            // With input and room at hand, standing still would be for ever.
            _ if progress == Progress::default() && !input.is_empty() => Err(BadData),
            _ => Ok((progress, Stream::Running)),
        }
    }
}
