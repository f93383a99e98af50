// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reader over content codings as a reader: errors that pass through, errors that stay, memory handed on.
//!
//! What the codings themselves accept is in `tests/data/replies/coded.txt`.

use std::io::{self, ErrorKind, Read};

use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
use homey_panel::http::{
    Coding, CodingError, Codings, ContentDecoder, Decoder, Limits, ResponseHead,
};

const TEXT: &[u8] = b"{\"value\":true,\"title\":\"Stehlampe\",\"zone\":\"Wohnzimmer\"}";

fn codings(names: &str) -> Codings {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {names}\r\n\r\n");
    let (head, _) = ResponseHead::parse(head.as_bytes())
        .expect("a head")
        .expect("a complete one");
    Codings::from_head(&head).expect("known codings")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    GzEncoder::new(content, Compression::best())
        .read_to_end(&mut coded)
        .expect("memory");
    coded
}

/// Gives its bytes one at a time, with an error before each; the errors take turns.
struct Unsteady<'a> {
    rest: &'a [u8],
    calls: usize,
}

impl Read for Unsteady<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        match self.calls % 4 {
            1 => Err(ErrorKind::WouldBlock.into()),
            2 => Err(ErrorKind::Interrupted.into()),
            3 => Err(io::Error::other("of the inner reader")),
            _ => self.rest.read(&mut out[..1]),
        }
    }
}

#[test]
fn errors_of_the_inner_reader_pass_through_and_lose_nothing() {
    let coded = gzip(&gzip(TEXT));
    for names in ["identity", "gzip, gzip"] {
        let source = if names == "identity" { TEXT } else { &coded };
        let inner = Unsteady {
            rest: source,
            calls: 0,
        };
        let mut reader = ContentDecoder::new(inner, &codings(names), Limits::RUN);
        let (mut content, mut errors, mut out) = (Vec::new(), [0; 3], [0; 5]);
        loop {
            match reader.read(&mut out) {
                Ok(0) => break,
                Ok(len) => content.extend_from_slice(&out[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => errors[0] += 1,
                Err(error) if error.kind() == ErrorKind::Interrupted => errors[1] += 1,
                Err(error) => {
                    assert_eq!(error.to_string(), "of the inner reader");
                    assert_eq!(CodingError::of(&error), None);
                    errors[2] += 1;
                }
            }
        }
        assert_eq!(content, TEXT, "{names}");
        assert_eq!(errors, [source.len() + 1; 3], "{names}");
    }
}

#[test]
fn a_coding_error_stays_and_its_cause_can_be_told() {
    let coded = gzip(TEXT);
    let mut reader = ContentDecoder::new(&coded[..coded.len() - 1], &codings("gzip"), Limits::RUN);
    let mut content = Vec::new();
    for _ in 0..3 {
        let error = reader
            .read_to_end(&mut content)
            .expect_err("truncated content");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(
            CodingError::of(&error),
            Some(&CodingError::Truncated(Coding::Gzip))
        );
        assert_eq!(
            error.to_string(),
            "the gzip content of the reply ends too early"
        );
    }
}

#[test]
fn a_json_parser_above_reports_it() {
    let coded = gzip(b"[1,2");
    let mut reader = ContentDecoder::new(&coded[..12], &codings("gzip"), Limits::RUN);
    let error = serde_json::from_reader::<_, Vec<u8>>(&mut reader).expect_err("truncated content");
    assert_eq!(error.io_error_kind(), Some(ErrorKind::UnexpectedEof));
}

#[test]
fn memory_goes_from_reply_to_reply_and_nothing_else_does() {
    let (mut zlib, mut bare) = (Vec::new(), Vec::new());
    ZlibEncoder::new(TEXT, Compression::best())
        .read_to_end(&mut zlib)
        .expect("memory");
    DeflateEncoder::new(TEXT, Compression::best())
        .read_to_end(&mut bare)
        .expect("memory");
    let gzipped = gzip(TEXT);
    let twice = gzip(&gzipped);
    // Each may be cut, or be left half read, and the next must not see it.
    let replies: [(&str, &[u8]); 5] = [
        ("gzip", &gzipped),
        ("deflate", &zlib),
        ("deflate", &bare),
        ("gzip,gzip", &twice),
        ("identity", TEXT),
    ];
    let mut decoder = Decoder::new();
    for (names, coded) in replies.iter().cycle().take(15) {
        for cut in [1, coded.len() / 2, coded.len() - 1] {
            let mut reader =
                ContentDecoder::reusing(decoder, &coded[..cut], &codings(names), Limits::RUN);
            // Whether this much can be read is not the point here.
            let _ = reader.read(&mut [0; 3]);
            decoder = reader.into_parts().1;
        }
        let mut reader = ContentDecoder::reusing(decoder, *coded, &codings(names), Limits::RUN);
        let mut content = Vec::new();
        reader.read_to_end(&mut content).expect("content");
        assert_eq!(content, TEXT, "{names}");
        assert_eq!(*reader.get_ref(), b"");
        decoder = reader.into_parts().1;
    }
}

#[test]
fn a_read_into_no_room_takes_nothing() {
    let coded = gzip(TEXT);
    let mut reader = ContentDecoder::new(&coded[..], &codings("gzip"), Limits::RUN);
    assert_eq!(reader.read(&mut []).expect("nothing"), 0);
    assert_eq!(reader.get_mut().len(), coded.len());
}
