// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every case of `tests/data/replies`: the bytes that a server sends, and what becomes of them.
//!
//! A file holds cases, each begun by `case: name`; then one instruction a line:
//!
//! ```text
//! # comment
//! method: HEAD             of the request; else GET
//! send: HTTP/1.1 200\r\n   bytes, with \r \n \t \0 \\ \xHH; several lines of these three kinds are joined
//! repeat: 3 abc            as send, that many times
//! base64: H4sI…
//! end: open                the server stays connected and silent; else it closes the connection
//! max-output: 100          Limits, where they are not those of RUN
//! window: 24
//! ```
//!
//! and what is expected, of which a reply without `error` has status, connection and body:
//!
//! ```text
//! interim: 103             the status of an interim reply; once for each
//! status: 200
//! connection: Keep         or the reason why not
//! body: text               escaped as above
//! body-sum: 70000 1c8e22f1 or its length and CRC-32
//! left: HTTP/1.1           input after the reply; else none
//! error: head Tls          where it fails, and with what; or `error: waits`
//! says: use https          what the error's message contains
//! ```
//!
//! Each case is run whole, cut in two at every byte (at some, where it is long), and byte by byte with a `WouldBlock`
//! before each; content is read through large and small buffers. All runs must end alike.

mod support;

use std::fmt;
use std::io::{self, ErrorKind, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use homey_panel::http::{
    BodyDecoder, BodyError, CodingError, Codings, Decoder, Framing, HeadSearch, Limits,
    Persistence, ResponseHead, persistence,
};
use support::{case_files, unescape};

#[derive(Debug, Default, Clone, PartialEq)]
struct Outcome {
    interims: Vec<u16>,
    status: Option<u16>,
    connection: Option<String>,
    body: Body,
    left: Bytes,
    error: Option<String>,
}

#[derive(Debug, Default, Clone, PartialEq)]
enum Body {
    #[default]
    None,
    Text(Bytes),
    Sum(String),
}

/// Bytes that show themselves as text.
#[derive(Default, Clone, PartialEq)]
struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Debug)]
struct Case {
    name: String,
    method: String,
    sent: Vec<u8>,
    closes: bool,
    limits: Limits,
    expected: Outcome,
    says: Option<String>,
}

#[test]
fn every_reply_ends_as_its_case_says() {
    let cases = all_cases();
    assert!(cases.len() >= 200, "only {} reply cases found", cases.len());
    // One decoder for all, so that what one reply left behind would show in the next.
    let mut decoder = Decoder::new();
    for case in &cases {
        let mut check = |pieces: &mut dyn Iterator<Item = &[u8]>, reading| {
            let (found, message) = play(case, &mut decoder, pieces, reading);
            assert_eq!(found, case.expected, "{}, {reading:?}", case.name);
            let says = case.says.as_deref().unwrap_or_default();
            assert!(message.contains(says), "{}: {message}", case.name);
        };
        let whole = || case.sent.chunks(usize::MAX);
        check(
            &mut whole(),
            Reading {
                room: 4096,
                copies: false,
                blocks: false,
            },
        );
        check(
            &mut whole(),
            Reading {
                room: 4096,
                copies: true,
                blocks: false,
            },
        );
        check(
            &mut case.sent.chunks(1),
            Reading {
                room: 1000,
                copies: false,
                blocks: true,
            },
        );
        check(
            &mut case.sent.chunks(1),
            Reading {
                room: 7,
                copies: true,
                blocks: true,
            },
        );
        // All cuts of a short case; of a long one those near its start and end, and ten between.
        let len = case.sent.len();
        let is_tried =
            |cut: &usize| len < 1000 || *cut < 100 || len - cut < 30 || cut % (len / 10) == 0;
        for cut in (1..len).filter(is_tried) {
            let (first, second) = case.sent.split_at(cut);
            let reading = Reading {
                room: 1 + cut % 600 * 7,
                copies: cut % 2 == 0,
                blocks: cut % 3 == 0,
            };
            check(&mut [first, second].into_iter(), reading);
        }
    }
}

/// Damaged replies end somehow, without panic, and alike however they are cut.
#[test]
fn damaged_replies_end_alike_however_they_are_cut() {
    let mut random = Random(0x5eed);
    let (mut decoder, mut sound) = (Decoder::new(), 0);
    for round in 0..ROUNDS {
        for mut case in all_cases() {
            for _ in 0..1 + random.below(3) {
                let at = random.below(case.sent.len().max(1));
                match (random.below(4), case.sent.get_mut(at)) {
                    (0, Some(_)) => case.sent.truncate(at),
                    (1, Some(_)) => drop(case.sent.remove(at)),
                    (2, Some(byte)) => *byte ^= 1 << random.below(8),
                    (_, Some(byte)) => *byte = random.below(256) as u8,
                    (_, None) => {}
                }
            }
            let whole = Reading {
                room: 1 << 14,
                copies: false,
                blocks: false,
            };
            let (expected, _) = play(
                &case,
                &mut decoder,
                &mut case.sent.chunks(usize::MAX),
                whole,
            );
            let cut = Reading {
                room: 1 + random.below(5000),
                copies: true,
                blocks: true,
            };
            let piece_len = 1 + random.below(case.sent.len().max(1));
            let (found, _) = play(&case, &mut decoder, &mut case.sent.chunks(piece_len), cut);
            let sent = Bytes(case.sent);
            let context = format!(
                "round {round}, {}, pieces of {piece_len}: {sent:?}",
                case.name
            );
            if !fail_in_different_codings(&found, &expected) {
                assert_eq!(found, expected, "{context}");
            }
            sound += usize::from(found.error.is_none());
        }
    }
    assert!(
        sound > 0,
        "every damage was fatal: the replies are not read far enough to test anything"
    );
}

/// How much each coding is given at once decides which of several tells of damage first, and whether damage or the
/// bound on content is noticed first.
fn fail_in_different_codings(one: &Outcome, other: &Outcome) -> bool {
    let coding = |outcome: &Outcome| {
        let error = outcome.error.as_deref()?.strip_prefix("coding ")?;
        Some(
            error
                .split(['(', ')', ','])
                .nth(1)
                .unwrap_or("bound")
                .to_string(),
        )
    };
    matches!((coding(one), coding(other)), (Some(one), Some(other)) if one != other)
}

/// How often every case is damaged; raised by hand for a longer search.
const ROUNDS: usize = 4;

/// xorshift, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn all_cases() -> Vec<Case> {
    case_files("replies")
        .iter()
        .flat_map(|(name, text)| parse(name, text))
        .collect()
}

/// How content is read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// The length of the buffer of each read.
    room: usize,
    /// Takes the framing off by copying, not in place.
    copies: bool,
    /// Answers `WouldBlock` before each piece of input.
    blocks: bool,
}

/// Receives the reply of `case` in `pieces`; gives what came of it and the message of its error, if any.
fn play(
    case: &Case,
    decoder: &mut Decoder,
    pieces: &mut dyn Iterator<Item = &[u8]>,
    reading: Reading,
) -> (Outcome, String) {
    let body = BodyDecoder::new(Framing::None);
    let mut wire = Wire {
        pieces,
        buf: Vec::new(),
        body,
        blocked: false,
        reading,
        closes: case.closes,
    };
    let mut found = Outcome::default();
    match read_reply(case, decoder, &mut wire, &mut found) {
        Ok(content) if matches!(case.expected.body, Body::Sum(_)) => {
            found.body = Body::Sum(sum(&content))
        }
        Ok(content) => found.body = Body::Text(Bytes(content)),
        Err((error, message)) => {
            found.error = Some(error);
            return (found, message);
        }
    }
    wire.take_rest();
    found.left = Bytes(wire.buf);
    (found, String::new())
}

/// An error as its case writes it, and its message.
type Failure = (String, String);

fn failure<E: fmt::Debug + fmt::Display>(step: &str, error: E) -> Failure {
    (format!("{step} {error:?}"), error.to_string())
}

fn waits() -> Failure {
    ("waits".into(), String::new())
}

fn read_reply(
    case: &Case,
    decoder: &mut Decoder,
    wire: &mut Wire,
    found: &mut Outcome,
) -> Result<Vec<u8>, Failure> {
    let head = loop {
        let head = read_head(wire)?;
        if !head.is_interim() {
            break head;
        }
        found.interims.push(head.status());
    };
    found.status = Some(head.status());
    let framing = Framing::of(&case.method, &head).map_err(|error| failure("framing", error))?;
    found.connection = Some(match persistence(&case.method, &head, framing) {
        Persistence::Keep => "Keep".into(),
        Persistence::Close(reason) => format!("{reason:?}"),
    });
    let codings = Codings::from_head(&head).map_err(|error| failure("coding", error))?;
    wire.body = BodyDecoder::new(framing);
    decoder.start(&codings, case.limits);
    let content = read_content(wire, decoder)?;
    assert!(
        wire.body.is_done(),
        "{}: content ended before its body",
        case.name
    );
    Ok(content)
}

fn read_head(wire: &mut Wire) -> Result<ResponseHead, Failure> {
    let mut search = HeadSearch::new();
    loop {
        if let Some((head, len)) = search
            .parse(&wire.buf)
            .map_err(|error| failure("head", error))?
        {
            wire.buf.drain(..len);
            return Ok(head);
        }
        match wire.pieces.next() {
            Some(piece) => wire.buf.extend_from_slice(piece),
            None if wire.closes => return Err(("head closed".into(), String::new())),
            None => return Err(waits()),
        }
    }
}

fn read_content(wire: &mut Wire, decoder: &mut Decoder) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let mut out = vec![0; wire.reading.room];
    loop {
        match decoder.read_from(wire, &mut out) {
            Ok(0) => return Ok(content),
            Ok(len) => content.extend_from_slice(&out[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => return Err(waits()),
            Err(error) => {
                if let Some(coding) = CodingError::of(&error) {
                    let again = decoder
                        .read_from(wire, &mut out)
                        .expect_err("the same error again");
                    assert_eq!(CodingError::of(&again), Some(coding));
                    return Err(failure("coding", coding));
                }
                let inner = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<BodyError>());
                return Err(failure(
                    "body",
                    *inner.expect("an error of the body decoder"),
                ));
            }
        }
    }
}

/// The connection: pieces of input, as a reader of the body in them.
struct Wire<'a, 'b> {
    pieces: &'a mut dyn Iterator<Item = &'b [u8]>,
    buf: Vec<u8>,
    body: BodyDecoder,
    blocked: bool,
    reading: Reading,
    closes: bool,
}

impl Wire<'_, '_> {
    /// Body from what is buffered.
    fn take(&mut self, out: &mut [u8]) -> Result<usize, BodyError> {
        let (consumed, len) = if self.reading.copies {
            let step = self.body.decode(&self.buf, out)?;
            (step.consumed, step.produced)
        } else {
            let span = self.body.next_data(&self.buf, out.len())?;
            out[..span.len].copy_from_slice(&self.buf[span.skip..span.skip + span.len]);
            (span.skip + span.len, span.len)
        };
        self.buf.drain(..consumed);
        Ok(len)
    }

    fn take_rest(&mut self) {
        for piece in &mut *self.pieces {
            self.buf.extend_from_slice(piece);
        }
    }
}

impl Read for Wire<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let len = self.take(out).map_err(io::Error::other)?;
            if len > 0 || self.body.is_done() {
                return Ok(len);
            }
            self.blocked = self.reading.blocks && !self.blocked;
            if self.blocked {
                return Err(ErrorKind::WouldBlock.into());
            }
            match self.pieces.next() {
                Some(piece) => self.buf.extend_from_slice(piece),
                None if self.closes => self.body.end_of_input().map_err(io::Error::other)?,
                None => return Err(ErrorKind::TimedOut.into()),
            }
        }
    }
}

fn sum(content: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    format!("{} {:08x}", content.len(), crc.sum())
}

fn parse(file: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (key, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("{file}: {line}"));
        let value = value.strip_prefix(' ').unwrap_or(value);
        if key == "case" {
            cases.push(Case {
                name: format!("{file}: {value}"),
                method: "GET".into(),
                sent: Vec::new(),
                closes: true,
                limits: Limits::RUN,
                expected: Outcome::default(),
                says: None,
            });
            continue;
        }
        let case = cases
            .last_mut()
            .unwrap_or_else(|| panic!("{file}: {line} before any case"));
        let number = || {
            value
                .parse()
                .unwrap_or_else(|_| panic!("{}: {line}", case.name))
        };
        match key {
            "method" => case.method = value.into(),
            "send" => case.sent.extend(unescape(value)),
            "repeat" => {
                let (times, bytes) = value.split_once(' ').expect("a number and bytes");
                case.sent
                    .extend(unescape(bytes).repeat(times.parse().expect("a number")));
            }
            "base64" => case.sent.extend(STANDARD.decode(value).expect("base64")),
            "end" => case.closes = value != "open",
            "max-output" => case.limits.max_output = number(),
            "window" => case.limits.max_window_bits = number() as u8,
            "interim" => case.expected.interims.push(number() as u16),
            "status" => case.expected.status = Some(number() as u16),
            "connection" => case.expected.connection = Some(value.into()),
            "body" => case.expected.body = Body::Text(Bytes(unescape(value))),
            "body-sum" => case.expected.body = Body::Sum(value.into()),
            "left" => case.expected.left = Bytes(unescape(value)),
            "error" => case.expected.error = Some(value.into()),
            "says" => case.says = Some(value.into()),
            _ => panic!("{}: cannot do {line:?}", case.name),
        }
    }
    for Case { name, expected, .. } in &cases {
        let complete = expected.status.is_some()
            && expected.connection.is_some()
            && expected.body != Body::None;
        assert!(
            expected.error.is_some() || complete,
            "{name}: expects too little"
        );
    }
    cases
}
