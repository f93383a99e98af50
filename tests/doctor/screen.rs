// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a person sees: on a terminal of any width, in a pipe, and when the reader goes away.

use std::io::Read;
use std::os::fd::AsFd;
use std::process::Stdio;

use nix::pty::{OpenptyResult, Winsize, openpty};

use crate::bed::Bed;

/// The doctor on a terminal so wide; what it wrote.
fn on_terminal(bed: &Bed, columns: u16) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let OpenptyResult { master, slave } = openpty(&size, None).expect("a terminal");
    let mut command = bed.command(&["doctor"]);
    let dup = |fd: &dyn AsFd| Stdio::from(fd.as_fd().try_clone_to_owned().expect("dup"));
    command
        .stdin(dup(&slave))
        .stdout(dup(&slave))
        .stderr(dup(&slave));
    let mut child = command.spawn().expect("the program runs");
    drop((command, slave));
    let mut text = Vec::new();
    // EIO is the end of a terminal.
    let _ = std::fs::File::from(master).read_to_end(&mut text);
    child.wait().expect("its end");
    String::from_utf8(text)
        .expect("UTF-8")
        .replace("\r\n", "\n")
}

/// What stays on the screen of what was written.
fn screen(written: &str) -> Vec<String> {
    let last = |line: &str| {
        line.rsplit("\r\x1b[K")
            .next()
            .unwrap_or_default()
            .to_string()
    };
    written.lines().map(last).collect()
}

#[test]
fn lines_fit_and_what_is_looked_at_is_seen() {
    let bed = Bed::v3();
    let absent = "[[panel]]\nname = \"knob\"\nkind = \"line\"\nserial = \"/dev/absent\"";
    bed.write(&bed.config().also(absent));
    for columns in [24, 40, 80, 200] {
        let written = on_terminal(&bed, columns);
        let lines = screen(&written);
        for line in &lines {
            assert!(
                line.chars().count() <= usize::from(columns.min(100)),
                "{columns}: {line:?}"
            );
            assert!(!line.contains('\x1b'), "{columns}: {line:?}");
        }
        let states = ["ok   ", "warn ", "fail ", "skip ", "     "];
        assert!(
            lines
                .iter()
                .all(|l| states.iter().any(|s| l.starts_with(s))),
            "{written}"
        );
        // The cure stands in lines of its own, under what was found.
        let at = lines
            .iter()
            .position(|l| l.starts_with("fail panel: knob:"))
            .expect("the panel's line");
        let cure = lines[at..]
            .iter()
            .find(|l| l.starts_with("     > "))
            .expect("its cure");
        assert!(cure.contains("plugged") || columns < 40, "{written}");
        assert!(written.contains("...  tcp\r\x1b[Kok   tcp"), "{written:?}");
    }
}

#[test]
fn a_pipe_gets_plain_lines() {
    let bed = Bed::v3();
    let ended = bed.run(&["doctor"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended}");
    assert!(
        !ended.out.contains('\x1b') && !ended.out.contains("..."),
        "{ended}"
    );
    assert!(
        ended.out.starts_with("ok   config: panel.toml\n"),
        "{ended}"
    );
    assert!(
        ended.out.lines().all(|l| l.chars().count() <= 80),
        "{ended}"
    );
}

#[test]
fn a_failing_run_says_all_on_standard_output() {
    let bed = Bed::v3();
    bed.key("");
    let ended = bed.run(&["doctor"]);
    assert_eq!((ended.code, ended.err.as_str()), (77, ""), "{ended}");
    // A full disk under the report is told.
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = bed
        .command(&["doctor"])
        .stdout(full)
        .output()
        .expect("the program runs");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && err.contains("writing to stdout"),
        "{err}"
    );
}

/// What hubs and files say of themselves steers no terminal.
#[test]
fn strangers_texts_are_harmless() {
    let bed = Bed::v3();
    let esc = "\\u001b[2J\\u202e";
    bed.text(&format!("[hub]\naddress = \"{esc}\"\n"));
    let ended = bed.run(&["doctor"]);
    assert!(
        ended.code == 78 && !ended.out.contains(['\x1b', '\u{202e}']),
        "{ended}"
    );
}
