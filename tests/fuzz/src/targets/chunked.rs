// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chunked coding: the same outcome however it arrives, and whatever is put into chunks comes out again.

use homey_panel::http::Framing;

use super::body::unframe;
use super::input::{Input, Pieces};

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let whole = unframe(Framing::Chunked, input.0, &[], 4096);
    let parts = unframe(Framing::Chunked, input.0, sizes, 1 + sizes.len());
    assert_eq!(whole, parts, "{sizes:?}");

    let mut chunks = Vec::new();
    for piece in Pieces::new(input.0, sizes) {
        chunks.extend(
            format!("{:X}; a=\"\n\"", piece.len())
                .replace('\n', ";")
                .bytes(),
        );
        chunks.extend(b"\r\n");
        chunks.extend(piece);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\nX: y\r\n\r\n");
    let len = chunks.len();
    chunks.extend(b"HTTP");
    let got = unframe(Framing::Chunked, &chunks, sizes, 4096);
    assert_eq!(got, (input.0.to_vec(), len, Ok(())));
}
