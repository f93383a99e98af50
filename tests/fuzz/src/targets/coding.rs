// SPDX-License-Identifier: MIT OR Apache-2.0
//! Content codings, alone and stacked: the same outcome however the bytes arrive, never more than the bound, no end of reading
//! without an end, and what was packed comes out again.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use homey_panel::http::{CodingError, Codings, Decoder, Limits, ResponseHead};

use super::input::{Input, Pieces, assert_line};

/// Every single coding and some stacks; the last applied stands last.
const STACKS: [&str; 10] = [
    "gzip",
    "deflate",
    "br",
    "gzip, br",
    "br, gzip",
    "deflate, gzip",
    "gzip, deflate",
    "br, br",
    "identity",
    "deflate, br, gzip, gzip",
];

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let stack = STACKS[usize::from(input.last()) % STACKS.len()];
    let max_output = 1 << (input.last() % 17);
    let window = input.last();
    let limits = Limits {
        max_output,
        max_window_bits: 10 + window % 13,
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {stack}\r\n\r\n");
    let Ok(Some((head, _))) = ResponseHead::parse(head.as_bytes()) else {
        panic!("no head");
    };
    let codings = Codings::from_head(&head).expect("known codings");
    // One decoder for both: what it keeps of the first must not matter to the second.
    let mut decoder = Decoder::new();
    let whole = decode(&mut decoder, &codings, limits, input.0, &[], 4096);
    let room = 1 + 37 * sizes.len();
    let parts = decode(&mut decoder, &codings, limits, input.0, sizes, room);
    same(&whole, &parts, &codings);
    assert!(whole.0.len() as u64 <= limits.max_output);

    // Making a packer takes longer than all of the above.
    let packed = (window >= 192).then(|| pack(stack, input.0));
    if let Some(packed) = packed.flatten() {
        let limits = Limits {
            max_output: input.0.len() as u64,
            ..Limits::RUN
        };
        // In a stack the bound holds for the packed content as well.
        let outer = stack.contains(',');
        let limits = if outer { Limits::RUN } else { limits };
        let got = decode(&mut decoder, &codings, limits, &packed, sizes, room);
        assert_eq!(got, (input.0.to_vec(), None), "{stack}");
    }
}

/// `content` in the codings, where flate2 has them.
fn pack(stack: &str, content: &[u8]) -> Option<Vec<u8>> {
    let mut packed = content.to_vec();
    for coding in stack.split(", ") {
        let (fast, len) = (Compression::fast(), packed.len());
        let result: io::Result<Vec<u8>> = match coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), fast);
                encoder.write_all(&packed).and_then(|()| encoder.finish())
            }
            // Either form of deflate, by chance; the bare one must not begin like the other.
            "deflate" if len % 2 == 0 => {
                let mut encoder = ZlibEncoder::new(Vec::new(), fast);
                encoder.write_all(&packed).and_then(|()| encoder.finish())
            }
            "deflate" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), fast);
                encoder.write_all(&packed).and_then(|()| encoder.finish())
            }
            "identity" => Ok(packed),
            _ => return None,
        };
        packed = result.ok()?;
    }
    Some(packed)
}

/// Content and, where there is one, the error.
pub type Decoded = (Vec<u8>, Option<CodingError>);

/// Reads all content that `bytes` mean, `room` bytes at a time.
pub fn decode(
    decoder: &mut Decoder,
    codings: &Codings,
    limits: Limits,
    bytes: &[u8],
    sizes: &[u8],
    room: usize,
) -> Decoded {
    decoder.start(codings, limits);
    let (mut inner, mut content, mut out) = (Pieces::new(bytes, sizes), Vec::new(), vec![0; room]);
    // A read gives content, the end or an error, or was interrupted, once for each read of the inner one.
    let mut reads = 0;
    loop {
        reads += 1;
        assert!(
            reads <= content.len() + 2 * bytes.len() + 8,
            "no end of reading"
        );
        match decoder.read_from(&mut inner, &mut out) {
            Ok(0) => return (content, None),
            Ok(len) => content.extend(&out[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let again = decoder.read_from(&mut inner, &mut out);
                assert_eq!(
                    again.map_err(error_of),
                    Err(error_of(error)),
                    "it stays failed"
                );
                let error = decoder.read_from(&mut inner, &mut out).map_err(error_of);
                return (content, error.err());
            }
        }
    }
}

fn error_of(error: io::Error) -> CodingError {
    assert_line(&error.to_string());
    match error.downcast() {
        Ok(error) => error,
        Err(other) => panic!("an error of another kind: {other}"),
    }
}

/// Asserts that both are the same outcome. How much content comes before an error may differ: a decoder that gets more at
/// once sees the error sooner. So may, where there are two errors, which of them it is: content that is too large as well, and
/// a fault in each of two codings.
pub fn same(whole: &Decoded, parts: &Decoded, codings: &Codings) {
    let too_large = |end: &Option<CodingError>| matches!(end, Some(CodingError::TooLarge { .. }));
    let two = codings.iter().count() > 1 || too_large(&whole.1) || too_large(&parts.1);
    match (&whole.1, &parts.1) {
        (None, None) => assert_eq!(whole.0, parts.0),
        (Some(_), Some(_)) if two => {}
        (whole, parts) => assert_eq!(whole, parts),
    }
    assert!(whole.0.starts_with(&parts.0) || parts.0.starts_with(&whole.0));
}
