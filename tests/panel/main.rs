// SPDX-License-Identifier: MIT OR Apache-2.0
//! The panel's behaviour as scripts: `tests/data/panel/*.txt`. The format is described in `script.rs`.
//!
//! To write one: add a scenario with its input lines only and run `PANEL_WRITE=1 cargo test --test panel`, which fills in what came
//! out; then read every line of it and ask whether it is right. A new behaviour is a new scenario, no new code.

mod random;
mod sample;
mod script;
mod setup;

use std::fs;
use std::path::Path;

#[test]
fn scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/panel");
    let write = std::env::var_os("PANEL_WRITE").is_some();
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let (mut failures, mut scenarios) = (String::new(), 0);
    for file in files {
        let wanted = fs::read_to_string(&file).unwrap();
        let got = script::run(&wanted);
        scenarios += wanted
            .lines()
            .filter(|line| line.starts_with("== "))
            .count();
        if write {
            fs::write(&file, &got).unwrap();
        } else if got != wanted {
            failures += &format!("--- {}\n{}", file.display(), diff(&wanted, &got));
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(scenarios >= 40, "only {scenarios} scenarios found");
}

/// The lines that differ, `-` wanted and `+` got, each block after the scenario's and the input line's name.
fn diff(wanted: &str, got: &str) -> String {
    let (a, b): (Vec<_>, Vec<_>) = (wanted.lines().collect(), got.lines().collect());
    // The classic table of longest common subsequences; the files are a few hundred lines.
    let mut common = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out, mut place) = (0, 0, String::new(), ("", ""));
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            if a[i].starts_with("==") {
                place = (a[i], "");
            } else if a[i].starts_with("t=") {
                place.1 = a[i];
            }
            (i, j) = (i + 1, j + 1);
            continue;
        }
        if place != ("", "") {
            out += &format!("{}\n {}\n", place.0, place.1);
            place = ("", "");
        }
        if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            out += &format!("-{}\n", a[i]);
            i += 1;
        } else {
            out += &format!("+{}\n", b[j]);
            j += 1;
        }
    }
    out
}
