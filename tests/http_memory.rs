// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory does not grow with the body, nor with the number of replies: measured as the peak of the process.
//!
//! One test in a program of its own, so that no other test's memory is counted.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use homey_panel::http::{BodyDecoder, Codings, Decoder, Framing, Limits, ResponseHead};

/// What one gzip reply may need: decoder, buffers, and some slack for the allocator.
const MAX_GROWTH_KB: u64 = 512;

#[test]
fn peak_memory_is_that_of_one_small_reply() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (head, _) = ResponseHead::parse(head)
        .expect("a head")
        .expect("a complete one");
    let codings = Codings::from_head(&head).expect("known codings");
    let small = chunked(&gzip(1000));
    let large = chunked(&gzip(24 << 20));
    let mut decoder = Decoder::new();

    assert_eq!(read(&small, &codings, &mut decoder), 1000);
    let before = peak_kb();
    assert_eq!(read(&large, &codings, &mut decoder), 24 << 20);
    for _ in 0..500 {
        assert_eq!(read(&small, &codings, &mut decoder), 1000);
    }
    let growth = peak_kb() - before;
    assert!(growth <= MAX_GROWTH_KB, "the peak grew by {growth} KB");
}

fn read(wire: &[u8], codings: &Codings, decoder: &mut Decoder) -> u64 {
    decoder.start(codings, Limits::RUN);
    let mut body = Body {
        rest: wire,
        decoder: BodyDecoder::new(Framing::Chunked),
    };
    let (mut len, mut out) = (0, [0; 4096]);
    loop {
        match decoder.read_from(&mut body, &mut out).expect("content") {
            0 => return len,
            read => len += read as u64,
        }
    }
}

struct Body<'a> {
    rest: &'a [u8],
    decoder: BodyDecoder,
}

impl Read for Body<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let step = self
            .decoder
            .decode(self.rest, out)
            .map_err(std::io::Error::other)?;
        self.rest = &self.rest[step.consumed..];
        Ok(step.produced)
    }
}

/// That many bytes of content, which compress to little.
fn gzip(len: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let block = b"0123456789abcdef".repeat(64);
    for start in (0..len).step_by(block.len()) {
        encoder
            .write_all(&block[..block.len().min(len - start)])
            .expect("memory");
    }
    encoder.finish().expect("memory")
}

fn chunked(content: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for chunk in content.chunks(1000) {
        write!(wire, "{:x}\r\n", chunk.len()).expect("memory");
        wire.extend_from_slice(chunk);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    wire
}

/// The most memory that this process ever had, in KB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux /proc");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("VmHWM");
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number of kB")
}
