// SPDX-License-Identifier: MIT OR Apache-2.0
//! Heads that are refused before anything leaves.

use crate::server::Server;
use homey_rig::beds::Bed;

#[test]
fn what_would_not_leave_whole_is_refused_before_anything_leaves() {
    let (bed, server) = (Bed::new(), Server::ok());
    bed.config(&server.address(), "");
    bed.file("nul", b"X-A: a\0b\n");
    let cases: [(&[&str], &[&str]); 18] = [
        (&["-H", "X: a\r\nY: b"], &["\"X\"", "0x0d"]),
        (&["-H", "X: a\nY: b"], &["\"X\"", "0x0a"]),
        (&["-H", "@nul"], &["\"X-A\"", "0x00"]),
        (&["--unchecked", "-H", "X: a\r\nY: b"], &["\"X\"", "0x0d"]),
        (
            &["-H", "Content Type: application/json"],
            &["write Content-Type"],
        ),
        (
            &["-H", "Content-Type : application/json"],
            &["write Content-Type"],
        ),
        (
            &["-H", "Authorization Bearer SECRET"],
            &["no colon", "\"Authorization\""],
        ),
        (&["-H", "X-Empty;"], &["\"X-Empty:\""]),
        (&["-H", " folded"], &["whitespace"]),
        (&["-H", "\u{201c}X\u{201d}: a"], &["contains '\u{201c}'"]),
        (
            &["-d", "abc", "-H", "Content-Length: 2"],
            &["Content-Length 2", "3 bytes", "--unchecked"],
        ),
        (
            &["-d", "abc", "-H", "Content-Length:"],
            &["3 bytes", "--unchecked"],
        ),
        (&["-H", "Content-Length: 2"], &["no body", "--unchecked"]),
        (
            &["-d", "a", "-H", "Content-Length: +1"],
            &["\"+1\"", "--unchecked"],
        ),
        (
            &[
                "-d",
                "a",
                "-H",
                "Content-Length: 1",
                "-H",
                "Content-Length: 1",
            ],
            &["two Content-Length"],
        ),
        (
            &["-d", "a", "-H", "Transfer-Encoding: chunked"],
            &["Transfer-Encoding", "--unchecked"],
        ),
        (&["-X", "GE T"], &["GE T"]),
        (&["--profile", "non"], &["forum", "none"]),
    ];
    for (args, words) in cases {
        let ended = bed.with_config(&[&["request", "/x"], args].concat());
        ended.fails(64, words);
        assert!(!ended.err.contains("SECRET"), "{ended}");
    }
    for target in ["/k\u{fc}che", "/a b", "/a\r\nX: y", "/a\u{7f}"] {
        bed.with_config(&["request", target])
            .fails(64, &["percent-encode"]);
    }
    assert_eq!(server.requests(), [""; 0]);
}
