// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where bodies go: stdout as they arrive, files whole or not at all, and what `-i`, `-v` and `--raw` show.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::server::{Server, hold};
use homey_rig::beds::{Bed, KEY};

const REPLY: &str =
    "HTTP/1.1 200 Fine\r\nX-One:  1\r\nSet-Cookie: a=SECRET\r\ncontent-length:5\r\n\r\nhello";
const CUT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";

#[test]
fn a_body_arrives_as_it_comes() {
    let (tell, told) = mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let server = Server::script(move |peer| {
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")?;
        // The second half is sent only when the first has come out of the program.
        let _ = told.lock().unwrap().recv_timeout(Duration::from_secs(5));
        peer.write_all(b"-half")
    });
    let bed = Bed::new();
    let mut command = bed.prepare(&["request", &server.url("/")]).command;
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 5];
    out.read_exact(&mut first).unwrap();
    tell.send(()).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!((&first, rest.as_str()), (b"first", "-half"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_file_is_whole_or_not_there() {
    let bed = Bed::new();
    let good = Server::with(REPLY);
    bed.run(&["request", "-o", "body", &good.url("/")])
        .is_good();
    assert_eq!(fs::read(bed.dir.join("body")).unwrap(), b"hello");
    let mode = fs::metadata(bed.dir.join("body"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let cut = Server::with(CUT);
    bed.file("old", "old");
    for name in ["new", "old"] {
        let ended = bed.run(&["request", "-o", name, &cut.url("/")]);
        ended.fails(1, &["4 bytes before the end of a body of 9"]);
    }
    bed.run(&["request", "-o", "old", "http://127.0.0.1:1/"])
        .fails(69, &["refused"]);
    assert_eq!(bed.names(), ["body", "old"]);
    assert_eq!(fs::read(bed.dir.join("old")).unwrap(), b"old");

    // What says no has a body too.
    let no = Server::with("HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone");
    bed.run(&["request", "-o", "no", &no.url("/")])
        .fails(1, &["404 No"]);
    assert_eq!(fs::read(bed.dir.join("no")).unwrap(), b"gone");
}

#[test]
fn places_that_are_no_files() {
    let (bed, server) = (Bed::new(), Server::with(REPLY));
    let url = server.url("/");
    bed.run(&["request", "-o", "/dev/null", &url]).is_good();
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
    assert_eq!(
        bed.run(&["request", "-o", "-", &url]).is_good().text(),
        "hello"
    );
    assert_eq!(
        bed.run(&["request", "-o", "/dev/stdout", &url])
            .is_good()
            .text(),
        "hello"
    );

    // stdout as a regular file: /dev/stdout must stay what it is.
    let file = File::create(bed.dir.join("out")).unwrap();
    let ended = bed
        .prepare(&["request", "-o", "/dev/stdout", &url])
        .stdout(file.into());
    ended.is_good();
    assert_eq!(fs::read(bed.dir.join("out")).unwrap(), b"hello");
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());

    // A link stays a link.
    bed.file("real", "old");
    symlink("real", bed.dir.join("link")).unwrap();
    bed.run(&["request", "-o", "link", &url]).is_good();
    assert!(
        fs::symlink_metadata(bed.dir.join("link"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read(bed.dir.join("real")).unwrap(), b"hello");
    assert_eq!(bed.names(), ["link", "out", "real"]);
}

#[test]
fn a_place_that_cannot_be_written_to_is_found_before_anything_is_sent() {
    let (bed, server) = (Bed::new(), Server::with(REPLY));
    for (place, word) in [
        ("no/such/dir", "No such file"),
        ("/", "directory"),
        (".", "irectory"),
        ("/proc/x", "x"),
    ] {
        let ended = bed.run(&["request", "-d", "x", "-o", place, &server.url("/")]);
        ended.fails(1, &["writing to", word]);
    }
    assert_eq!(server.requests(), [""; 0]);
    assert_eq!(bed.names(), [""; 0]);
}

#[test]
fn a_full_disk_and_a_reader_that_has_gone() {
    let (bed, server) = (Bed::new(), Server::with(REPLY));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = bed
        .prepare(&["request", &server.url("/")])
        .stdout(full.into());
    ended.fails(1, &["writing to stdout", "No space left"]);
    let ended = bed.run(&["request", "-o", "/dev/full", &server.url("/")]);
    ended.fails(1, &["writing to /dev/full", "No space left"]);

    // `| head -c 1`: the program ends by itself and in time, though the body never does.
    let endless = Server::script(|peer| {
        peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            peer.write_all(&[b'x'; 4096])?;
        }
    });
    let mut command = bed.prepare(&["request", &endless.url("/")]).command;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    drop(out);
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(
        err.contains("writing to stdout: Broken pipe") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn include_and_verbose_show_bytes() {
    let (bed, server) = (Bed::new(), Server::with(REPLY));
    bed.config(&server.address(), "");
    let ended = bed.run(&["request", "-i", &server.url("/")]);
    assert_eq!(ended.is_good().text(), REPLY);

    let args = [
        "request",
        "-v",
        "--profile",
        "none",
        "-H",
        "X:1",
        "-H",
        "x:  2 ",
        &server.url("/p?a=1&token=SECRET"),
    ];
    let ended = bed.run(&args);
    assert_eq!((ended.code, ended.text().as_str()), (0, "hello"), "{ended}");
    let sent = "GET /p?a=1&token=<redacted> HTTP/1.1\r\nX:1\r\nx:  2 \r\n\r\n";
    let came = "< HTTP/1.1 200 Fine\r\n< X-One:  1\r\n< Set-Cookie: <redacted>\r\n< content-length:5\r\n< \r\n";
    assert_eq!(ended.err, format!("{sent}{came}"));

    let ended = bed.run(&[&args[..], &["--show-secrets"]].concat());
    assert!(
        ended
            .err
            .starts_with("GET /p?a=1&token=SECRET HTTP/1.1\r\n"),
        "{ended}"
    );
    assert!(ended.err.contains("< Set-Cookie: a=SECRET\r\n"), "{ended}");

    // The bearer, whether configured or typed.
    let ended = bed.with_config(&["request", "-v", "/p", "-H", "X-Api-Key: SECRET"]);
    assert!(
        ended
            .err
            .contains("\r\nAuthorization: Bearer <redacted>\r\n"),
        "{ended}"
    );
    assert!(
        !ended.err.contains(KEY) && !ended.err.contains("SECRET"),
        "{ended}"
    );
    let ended = bed.with_config(&["request", "-v", "--show-secrets", "/p"]);
    assert!(
        ended
            .err
            .contains(&format!("\r\nAuthorization: Bearer {KEY}\r\n")),
        "{ended}"
    );
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_bearer_is_never_shown_where_something_fails() {
    let bed = Bed::new();
    bed.secret("lines", &format!("Authorization: Bearer {KEY}\n"));
    bed.secret("bad", &format!("Authorization: Bearer {KEY}\u{7}\n"));
    bed.config("http://127.0.0.1:1", "");
    for args in [
        &["request", "/p"][..],
        &["request", "-v", "-H", "@lines", "/p"],
        &["request", "-H", "@bad", "/p"],
        &["--log", "debug", "request", "/p"],
        &["--log", "debug", "devices"],
    ] {
        let ended = bed.with_config(args);
        assert_ne!(ended.code, 0);
        assert!(!ended.err.contains("0123456789abcdef"), "{ended}");
    }
}

#[test]
fn codings_come_off_unless_raw() {
    // gzip of "hello"
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n";
    let (bed, server) = (Bed::new(), Server::with([head.as_bytes(), packed].concat()));
    assert_eq!(
        bed.run(&["request", &server.url("/")]).is_good().text(),
        "hello"
    );
    assert_eq!(
        bed.run(&["request", "--raw", &server.url("/")])
            .is_good()
            .out,
        packed
    );
    let whole = bed.run(&["request", "--raw", "-i", &server.url("/")]);
    assert_eq!(whole.is_good().out, [head.as_bytes(), packed].concat());

    let server =
        Server::with("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 1\r\n\r\nx");
    bed.run(&["request", &server.url("/")]).fails(
        1,
        &["\"zstd\"", "--raw", &format!("127.0.0.1:{}", server.port)],
    );
    assert_eq!(
        bed.run(&["request", "--raw", &server.url("/")])
            .is_good()
            .text(),
        "x"
    );
}

#[test]
fn an_interrupted_download_leaves_nothing() {
    let server = Server::script(|peer| {
        peer.write_all(CUT.as_bytes())?;
        hold(peer)
    });
    let bed = Bed::new();
    let mut command = bed
        .prepare(&["request", "-o", "body", &server.url("/")])
        .command;
    let mut child = command.spawn().unwrap();
    while server.requests().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(100));
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(bed.names(), [""; 0]);
}
