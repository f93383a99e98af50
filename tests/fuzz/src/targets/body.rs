// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole replies: head, framing and codings one after the other as `net` does it, in one piece and in many.

use homey_panel::http::{BodyDecoder, BodyError, Codings, Decoder, Framing, Limits, ResponseHead};

use super::coding::{decode, same};
use super::input::{Input, Pieces, assert_line};

pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let sizes = input.sizes();
    let method = ["GET", "HEAD", "CONNECT", "PUT"][usize::from(input.last() % 4)];
    let limits = Limits {
        max_output: 1 << (input.last() % 17),
        max_window_bits: 10 + input.last() % 13,
    };
    // Lengths that no head says are tried too.
    let (framing, codings, rest) = match ResponseHead::parse(input.0) {
        Ok(Some((head, len))) => (
            Framing::of(method, &head),
            Codings::from_head(&head),
            &input.0[len..],
        ),
        _ => {
            let len = u64::from_le_bytes([0; 8].map(|_: u8| input.last()));
            (Ok(Framing::Length(len)), Ok(Codings::IDENTITY), input.0)
        }
    };
    let Ok(framing) = framing else {
        return;
    };
    let whole = unframe(framing, rest, &[], 4096);
    let parts = unframe(framing, rest, sizes, 1 + 7 * sizes.len());
    assert_eq!(whole, parts, "{sizes:?}");
    let (content, used, end) = whole;
    match framing {
        Framing::None => assert!(content.is_empty() && used == 0 && end.is_ok()),
        Framing::Length(len) => assert_eq!(end.is_ok(), rest.len() as u64 >= len),
        Framing::UntilClose => assert!(used == rest.len() && end.is_ok()),
        Framing::Chunked => assert!(used > content.len() || end.is_err()),
    }
    if let Err(error) = end {
        assert_line(&error.to_string());
    }
    if let Ok(codings) = codings {
        let mut decoder = Decoder::new();
        let whole = decode(&mut decoder, &codings, limits, &content, &[], 4096);
        let parts = decode(&mut decoder, &codings, limits, &content, sizes, 61);
        same(&whole, &parts, &codings);
    }
}

/// All content of `bytes`, how many of them were used, and how it ended: with `sizes` in pieces, `room` bytes at a time.
pub fn unframe(
    framing: Framing,
    bytes: &[u8],
    sizes: &[u8],
    room: usize,
) -> (Vec<u8>, usize, Result<(), BodyError>) {
    let mut decoder = BodyDecoder::new(framing);
    let (mut content, mut used, mut out) = (Vec::new(), 0, vec![0; room]);
    for mut piece in Pieces::new(bytes, sizes) {
        loop {
            let step = match decoder.decode(piece, &mut out) {
                Ok(step) => step,
                Err(error) => {
                    assert_eq!(
                        decoder.decode(piece, &mut out),
                        Err(error),
                        "it stays failed"
                    );
                    assert_eq!(decoder.end_of_input(), Err(error));
                    // Where in the framing it failed is nobody's business.
                    return (content, 0, Err(error));
                }
            };
            content.extend(&out[..step.produced]);
            used += step.consumed;
            piece = &piece[step.consumed..];
            if step.consumed == 0 {
                break;
            }
        }
        if decoder.is_done() {
            break;
        }
        assert!(piece.is_empty(), "it left bytes that it needs");
    }
    let end = decoder.end_of_input();
    assert_eq!(decoder.is_done(), end.is_ok());
    (content, used, end)
}
