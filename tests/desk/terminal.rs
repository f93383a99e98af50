// SPDX-License-Identifier: MIT OR Apache-2.0
//! On a terminal: tables keep to its width, and a read that takes long says so and takes its words back.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use homey_rig::beds::Bed;
use nix::pty::{Winsize, openpty};

use crate::odd::{Odd, Reply};

/// Runs the program with standard output and error on a terminal of so many columns, or with one of them; what came there.
fn on_terminal(bed: &Bed, columns: u16, args: &[&str], out: bool, err: bool) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).unwrap();
    let side = |is: bool| match is {
        true => Stdio::from(pty.slave.try_clone().unwrap()),
        false => Stdio::null(),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_homey-panel"))
        .args(["-c", "panel.toml"])
        .args(args)
        .current_dir(&bed.dir)
        .stdin(Stdio::null())
        .stdout(side(out))
        .stderr(side(err))
        .spawn()
        .unwrap();
    drop(pty.slave);
    let mut seen = Vec::new();
    // At its end a terminal gives an error, not an end.
    let _ = File::from(pty.master).read_to_end(&mut seen);
    assert!(child.wait().unwrap().success());
    String::from_utf8(seen).unwrap()
}

/// How many columns a line of these characters takes.
fn columns(line: &str) -> usize {
    line.chars()
        .map(|c| {
            if ('\u{3000}'..'\u{a000}').contains(&c) {
                2
            } else {
                1
            }
        })
        .sum()
}

#[test]
fn tables_are_as_wide_as_the_terminal_and_whole_elsewhere() {
    let list = r#"{"v1":{"name":"日本語の変数","type":"string","value":"a text that is long enough to go beyond forty columns"},
        "v2":{"name":"Guests","type":"number","value":2}}"#;
    let odd = Odd::new(vec![("GET /api/manager/logic/variable", Reply::ok(list))]);
    let seen = on_terminal(&odd.bed, 40, &["variables"], true, false);
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(lines.len(), 3, "{seen}");
    assert!(lines.iter().all(|line| columns(line) <= 40), "{seen}");
    assert!(lines[2].ends_with('…') && columns(lines[2]) >= 39, "{seen}");
    let at = lines[1].find("number").map(|at| columns(&lines[1][..at]));
    assert_eq!(
        at,
        lines[2].find("string").map(|at| columns(&lines[2][..at])),
        "{seen}"
    );
    // JSON is whole anywhere.
    let seen = on_terminal(&odd.bed, 20, &["variables", "--json"], true, false);
    assert!(seen.contains("beyond forty columns\""), "{seen}");
    let whole = odd.run(&["variables"]).is_good().text();
    assert!(whole.contains("beyond forty columns  v1\n"), "{whole}");
}

#[test]
fn a_long_read_says_so_and_takes_it_back() {
    let odd = |ms| {
        Odd::new(vec![(
            "GET /api/manager/logic/variable",
            Reply::late("{}", ms),
        )])
    };
    let slow = odd(1300);
    let seen = on_terminal(&slow.bed, 80, &["variables"], true, true);
    assert!(
        seen.contains("list the variables … 0 s") && seen.contains(" … 1 s"),
        "{seen:?}"
    );
    let (_, after) = seen.rsplit_once("\r\u{1b}[K").unwrap();
    assert_eq!(after, "NAME  TYPE  VALUE  ID\r\n");
    // Nothing for a file, and nothing where it is quick.
    let seen = on_terminal(&slow.bed, 80, &["variables"], true, false);
    assert!(!seen.contains('\u{1b}') && !seen.contains('…'), "{seen:?}");
    let seen = on_terminal(&odd(0).bed, 80, &["variables"], true, true);
    assert_eq!(seen, "NAME  TYPE  VALUE  ID\r\n");
    let piped = slow.run(&["variables"]);
    assert_eq!(piped.is_good().text(), "NAME  TYPE  VALUE  ID\n");
}

#[test]
fn a_reply_that_streams_is_not_written_over() {
    let api = |body: &str| {
        let slow = Odd::new(vec![("GET /api/manager/system", Reply::late(body, 1300))]);
        let args = ["api", "system", "getInfo"];
        on_terminal(&slow.bed, 80, &args, true, true)
    };
    // It comes to a halt in its middle.
    let (a, b) = ("x".repeat(100), "y".repeat(100));
    let seen = api(&format!(r#"["{a}","{b}"]"#));
    assert_eq!(seen, format!("[\r\n  \"{a}\",\r\n  \"{b}\"\r\n]\r\n"));
    // It comes late.
    let seen = api("[12345]");
    let (before, after) = seen.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(before.ends_with("system getInfo … 1 s"), "{seen:?}");
    assert_eq!(after, "[\r\n  12345\r\n]\r\n");
}
