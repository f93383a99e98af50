// SPDX-License-Identifier: MIT OR Apache-2.0
//! Replies without end, and replies that want more than there is: time and memory stay bounded.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use crate::server::{Server, drip, hold};
use homey_rig::beds::{Bed, Ended};

/// The whole program, a debug build at that.
const MOST_KIB: u64 = 24 * 1024;

/// Runs against a server that answers by `answer`, for at most two seconds.
fn against(
    answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    args: &[&str],
) -> Ended {
    let (bed, server) = (Bed::new(), Server::script(answer));
    let url = server.url("/");
    let args = [&["request", "-m", "2", url.as_str()], args].concat();
    let ended = bed.prepare(&args).stdout(Stdio::null());
    assert!(ended.took < Duration::from_secs(6), "{ended}");
    assert!(ended.peak_kib < MOST_KIB, "{} KiB: {ended}", ended.peak_kib);
    ended
}

/// `head`, then `piece` for as long as anybody listens.
fn endless(head: &'static str, piece: &'static str) -> Ended {
    let many = piece.repeat(1 + 16 * 1024 / piece.len());
    against(
        move |peer| {
            peer.write_all(head.as_bytes())?;
            loop {
                peer.write_all(many.as_bytes())?;
            }
        },
        &[],
    )
}

#[test]
fn a_claim_of_ten_gigabytes() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n";
    let closes = move |peer: &mut TcpStream| peer.write_all(&[head.as_bytes(), b"abc"].concat());
    against(closes, &[]).fails(1, &["10737418237 bytes before the end"]);
    let stalls = move |peer: &mut TcpStream| {
        peer.write_all(head.as_bytes())?;
        hold(peer)
    };
    against(stalls, &[]).fails(1, &["not complete after 2.0 s", "-m"]);
    endless(head, "0123456789abcdef").fails(1, &["not complete after 2.0 s", "-m"]);
}

#[test]
fn replies_without_end() {
    for (head, piece, word) in [
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n", "head"),
        ("HTTP/1.1 200 OK\r\nX: ", "yyyyyyyy", "head"),
        (
            "",
            "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n",
            "longer than",
        ),
        ("", "\r\n", "reply"),
        ("", "\0\0\0\0", "not HTTP"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "4\r\nabcd\r\n",
            "not complete",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1;a=b\r\nx\r\n",
            "not complete",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "00000000",
            "chunk",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "X: y\r\n",
            "trailer",
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", "until close", "not complete"),
        ("HTTP/1.1 500 Oh\r\n\r\n", "until close", "not complete"),
        (
            "HTTP/1.1 401 Oh\r\nContent-Type: application/json\r\n\r\n{\"error\":\"",
            "aaaa",
            "not complete",
        ),
    ] {
        let ended = endless(head, piece);
        ended.fails(1, &[word]);
    }
}

#[test]
fn a_head_that_comes_slowly_ends_with_the_time() {
    let ended = against(
        |peer| {
            for _ in 0..1000 {
                drip(peer, b"HTTP/1.1 100 Continue\r\n\r\n")?;
                std::thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        },
        &[],
    );
    ended.fails(1, &["2.0 s", "-m"]);
}

/// A gigabyte of zeros in `coding`, made block by block: the same compressed block again and again.
fn bomb(coding: &str) -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let block = vec![0; 4 << 20];
    let mut compress = Compress::new(Compression::best(), false);
    let mut first = Vec::with_capacity(1 << 20);
    compress
        .compress_vec(&block, &mut first, FlushCompress::Full)
        .unwrap();
    let mut bytes = match coding {
        "gzip" => b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(),
        _ => Vec::new(),
    };
    bytes.extend(first.repeat(256));
    bytes
}

#[test]
fn bombs() {
    for coding in ["gzip", "deflate"] {
        let body = bomb(coding);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (bed, reply) = (Bed::new(), [head.as_bytes(), &body].concat());
        let server = Server::with(reply);
        bed.file(
            "panel.toml",
            "[hub]\naddress = \"http://127.0.0.1\"\n[limits]\nmax_reply_mb = 16\n",
        );
        let args = ["-c", "panel.toml", "request", "-m", "30", &server.url("/")];
        let ended = bed.prepare(&args).stdout(Stdio::null());
        ended.fails(
            1,
            &[
                "decodes to more than 16777216 bytes",
                "max_reply_mb",
                "--raw",
            ],
        );
        assert!(ended.peak_kib < MOST_KIB, "{ended}");
        // Packed it is small, and taken as it is.
        let packed = bed.run(&["-c", "panel.toml", "request", "--raw", &server.url("/")]);
        assert_eq!(packed.is_good().out, body);
    }
}

#[test]
fn fifty_megabytes_pass_through_little_memory() {
    let chunk: &[u8] = &[b'z'; 1 << 20];
    type Write = fn(&mut TcpStream, &[u8]) -> io::Result<()>;
    let answers: [(&str, Write); 2] = [
        ("Content-Length: 52428800", |peer, chunk| {
            peer.write_all(chunk)
        }),
        ("Transfer-Encoding: chunked", |peer, chunk| {
            peer.write_all(b"100000\r\n")?;
            peer.write_all(chunk)?;
            peer.write_all(b"\r\n")
        }),
    ];
    for (field, write) in answers {
        let (bed, server) = (
            Bed::new(),
            Server::script(move |peer| {
                write!(peer, "HTTP/1.1 200 OK\r\n{field}\r\n\r\n")?;
                for _ in 0..50 {
                    write(peer, chunk)?;
                }
                peer.write_all(b"0\r\n\r\n")
            }),
        );
        let out = bed.dir.join("body").display().to_string();
        let ended = bed.run(&["request", "-o", &out, &server.url("/")]);
        ended.is_good();
        assert_eq!(std::fs::metadata(&out).unwrap().len(), 50 << 20);
        println!(
            "50 MiB with {field}: {:?}, {} KiB",
            ended.took, ended.peak_kib
        );
        assert!(ended.peak_kib < 12 * 1024, "{} KiB", ended.peak_kib);
    }
}
