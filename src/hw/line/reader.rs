// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cuts a stream of bytes into lines, with a bound on their length. Pure.

use super::protocol::{LineError, MAX_LINE};

/// A line that arrives in pieces.
#[derive(Default)]
pub struct LineReader {
    buf: Vec<u8>,
    skipping: bool,
}

impl LineReader {
    /// Takes the next bytes and calls `take` with each line that they complete, without its line end.
    /// Of a line that is too long `take` gets the beginning, once, with [`LineError::TooLong`]. Empty
    /// lines are skipped.
    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8], Option<LineError>)) {
        for &byte in bytes {
            if byte == b'\n' {
                if !std::mem::take(&mut self.skipping) {
                    self.end(&mut take);
                }
            } else if self.skipping {
            } else if self.buf.len() > MAX_LINE || (self.buf.len() == MAX_LINE && byte != b'\r') {
                take(&self.buf, Some(LineError::TooLong));
                self.buf.clear();
                self.skipping = true;
            } else {
                self.buf.push(byte);
            }
        }
    }

    /// The stream has ended: a last line without a line end counts.
    pub fn finish(&mut self, mut take: impl FnMut(&[u8], Option<LineError>)) {
        if !std::mem::take(&mut self.skipping) {
            self.end(&mut take);
        }
    }

    fn end(&mut self, take: &mut impl FnMut(&[u8], Option<LineError>)) {
        let line = self.buf.strip_suffix(b"\r").unwrap_or(&self.buf);
        if !line.trim_ascii().is_empty() {
            take(line, None);
        }
        self.buf.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = (Vec<u8>, Option<LineError>);

    fn lines(pieces: &[&[u8]]) -> Vec<Line> {
        let mut reader = LineReader::default();
        let mut lines = Vec::new();
        for piece in pieces {
            reader.feed(piece, |line, why| lines.push((line.to_vec(), why)));
        }
        reader.finish(|line, why| lines.push((line.to_vec(), why)));
        lines
    }

    #[test]
    fn lines_are_the_same_however_the_stream_is_cut() {
        let stream = b"{\"tap\":\"a\"}\n\r\n{\"tap\":\"b\"}\r\n  \n\xff\nlast";
        let want: Vec<Line> = [
            &b"{\"tap\":\"a\"}"[..],
            b"{\"tap\":\"b\"}",
            b"\xff",
            b"last",
        ]
        .map(|line| (line.to_vec(), None))
        .into();
        for at in 0..=stream.len() {
            assert_eq!(lines(&[&stream[..at], &stream[at..]]), want, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(lines(&bytes), want);
    }

    #[test]
    fn a_long_line_is_told_once_and_the_next_is_read() {
        let mut stream = vec![b'x'; 100_000];
        stream.extend_from_slice(b"\nnext\n");
        let got = lines(&[&stream]);
        assert_eq!(got.len(), 2);
        assert_eq!(
            (got[0].0.len(), got[0].1),
            (MAX_LINE, Some(LineError::TooLong))
        );
        assert_eq!(got[1], (b"next".to_vec(), None));

        let full = [vec![b'x'; MAX_LINE], b"\r\n".to_vec()].concat();
        assert_eq!(lines(&[&full]), [(vec![b'x'; MAX_LINE], None)]);
        let over = [vec![b'x'; MAX_LINE], b"\rx\n".to_vec()].concat();
        assert_eq!(lines(&[&over])[0].1, Some(LineError::TooLong));
    }
}
