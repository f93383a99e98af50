// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every case of `tests/data/replies` (the form is described in `tests/http_replies.rs`), served to the program whole
//! and byte by byte: what it writes, how it ends.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use homey_rig::beds::{Bed, Ended};

use crate::server::{Server, drip, hold};
use crate::support::{case_files, unescape};

/// More than processors, since some cases wait.
const WORKERS: usize = 6;

#[derive(Default)]
struct Case {
    name: String,
    head: bool,
    sent: Vec<u8>,
    open: bool,
    /// Depends on bounds that are not those of this program.
    bounded: bool,
    status: u16,
    body: Option<Vec<u8>>,
    sum: Option<String>,
    error: Option<String>,
    says: String,
}

fn all_cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (file, text) in case_files("replies") {
        for line in text
            .lines()
            .filter(|l| !l.starts_with('#') && !l.is_empty())
        {
            let (key, value) = line.split_once(':').unwrap();
            let value = value.strip_prefix(' ').unwrap_or(value);
            if key == "case" {
                cases.push(Case {
                    name: format!("{file}: {value}"),
                    ..Case::default()
                });
                continue;
            }
            let case = cases.last_mut().unwrap();
            match key {
                "method" => case.head = value == "HEAD",
                "send" => case.sent.extend(unescape(value)),
                "repeat" => {
                    let (times, bytes) = value.split_once(' ').unwrap();
                    case.sent
                        .extend(unescape(bytes).repeat(times.parse().unwrap()));
                }
                "base64" => case.sent.extend(STANDARD.decode(value).unwrap()),
                "end" => case.open = value == "open",
                "status" => case.status = value.parse().unwrap(),
                "body" => case.body = Some(unescape(value)),
                "body-sum" => case.sum = Some(value.into()),
                "error" => case.error = Some(value.into()),
                "says" => case.says = value.into(),
                "max-output" | "window" => case.bounded = true,
                _ => {}
            }
            let bounds = ["TooLarge", "Window {"];
            case.bounded |= case
                .error
                .iter()
                .any(|e| bounds.iter().any(|b| e.contains(b)));
        }
    }
    cases
}

/// What is wrong with how it ended.
fn fault(case: &Case, ended: &Ended) -> Option<String> {
    let lines = ended.err.lines().count();
    let said = ended.err.starts_with("homey-panel: request: ") && lines == 1;
    let body_is_right = match (&case.body, &case.sum) {
        (Some(body), _) => ended.out == *body,
        (None, Some(sum)) => {
            let mut crc = flate2::Crc::new();
            crc.update(&ended.out);
            format!("{} {:08x}", ended.out.len(), crc.sum()) == *sum
        }
        (None, None) => true,
    };
    let good = match &case.error {
        _ if case.bounded => (ended.code == 0 && lines == 0) || (ended.code == 1 && said),
        Some(_) => matches!(ended.code, 1 | 69) && said && ended.err.contains(&case.says),
        None if case.status >= 400 => ended.code == 1 && said && body_is_right,
        None => ended.code == 0 && lines == 0 && body_is_right,
    };
    // A complete reply is known to be so at once, though the server stays.
    let prompt = case.error.as_deref() == Some("waits") || ended.took < Duration::from_secs(4);
    (!good || !prompt).then(|| format!("{}: {ended}", case.name))
}

fn play(case: &Arc<Case>, by_bytes: bool) -> Ended {
    let bed = Bed::new();
    let served = case.clone();
    let server = Server::script(move |peer| {
        if by_bytes {
            drip(peer, &served.sent)?;
        } else {
            peer.write_all(&served.sent)?;
        }
        if served.open { hold(peer) } else { Ok(()) }
    });
    let url = server.url("/");
    let patience = if case.error.as_deref() == Some("waits") {
        "1"
    } else {
        "20"
    };
    let mut args = vec!["request", "-m", patience, "--profile", "minimal", &url];
    if case.head {
        args.extend(["-X", "HEAD"]);
    }
    bed.run(&args)
}

fn play_all(by_bytes: bool) {
    let cases: Vec<Arc<Case>> = all_cases().into_iter().map(Arc::new).collect();
    assert!(cases.len() >= 220, "only {} cases found", cases.len());
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let ended = play(case, by_bytes);
                    faults.lock().unwrap().extend(fault(case, &ended));
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    let text = faults.join("\n");
    assert!(
        faults.is_empty(),
        "{} of {}:\n{text}",
        faults.len(),
        cases.len()
    );
}

#[test]
fn every_reply_whole() {
    play_all(false);
}

#[test]
fn every_reply_byte_by_byte() {
    play_all(true);
}
