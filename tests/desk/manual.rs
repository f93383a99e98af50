// SPDX-License-Identifier: MIT OR Apache-2.0
//! The man page holds every command, option, variable and exit code that the source knows, and groff has nothing to say
//! against it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use homey_rig::beds::{Bed, has};

/// The page as a person reads it: roff's escapes taken back.
fn page() -> String {
    let bed = Bed::new();
    let roff = bed.run(&["manual"]).is_good().text();
    roff.replace("\\-", "-")
        .replace("\\(ti", "~")
        .replace("\\(aq", "'")
        .replace("\\&", "")
        .replace("\\e", "\\")
}

/// The texts in `marks` (`Long("`, `")`) in the source below `dir`, outside of tests.
fn found(dir: &Path, open: &str, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found(&path, open, into);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        for part in product.split(open).skip(1) {
            // `Long("on" | "off")`
            let inside = part.split(')').next().unwrap();
            into.extend(inside.split('"').step_by(2).map(str::to_string));
        }
    }
}

#[test]
fn every_option_that_the_source_reads_is_in_it() {
    let page = page();
    let mut options = BTreeSet::new();
    found(Path::new("src/cli"), "Long(\"", &mut options);
    options.retain(|option| !option.is_empty());
    assert!(options.len() > 25, "{options:?}");
    for option in options {
        // `Long("version")` is the habit of other programs, the command `version` is ours.
        let known = page.contains(&format!("--{option}")) || option == "version";
        assert!(known, "--{option} is not in the man page");
    }
}

#[test]
fn every_command_with_all_that_its_help_says_is_in_it() {
    let (page, bed) = (page(), Bed::new());
    let help = bed.run(&["help"]).is_good().text();
    let lines: Vec<&str> = help.lines().collect();
    let begin = |line: &&&str| line.starts_with("  ") && !line.starts_with("   ");
    let uses: Vec<&str> = lines.iter().filter(begin).map(|line| line.trim()).collect();
    assert!(uses.len() > 35, "{uses:?}");
    for one in &uses {
        // The words alone on their line, or before column 30 with the explanation behind them.
        let (words, _) = one.split_at_checked(27).unwrap_or((one, ""));
        let is_in = |words: &str| page.contains(&format!("\\fB{}\\fR", words.trim()));
        assert!(is_in(one) || is_in(words), "{one} is not in the man page");
    }
    let commands: BTreeSet<&str> = uses
        .iter()
        .filter_map(|one| one.split(' ').next())
        .collect();
    for command in commands.into_iter().filter(|name| !name.starts_with('-')) {
        // What is explained nowhere else is explained in the text that all commands share.
        let own = bed.run(&[command, "--help"]);
        let own = own.text();
        if own == help {
            continue;
        }
        for line in own.lines().filter(|line| !line.is_empty()) {
            let shown = page
                .lines()
                .any(|known| known == line || known == line.trim_end());
            let shown = shown || !line.is_ascii();
            assert!(
                shown,
                "{command} --help says {line:?}, the man page does not"
            );
        }
    }
    for code in ["0", "1", "64", "69", "77", "78"] {
        assert!(page.contains(&format!("\\fB{code}\\fR")), "{code}");
    }
}

#[test]
fn every_variable_that_the_source_reads_is_in_it() {
    let page = page();
    let mut names = BTreeSet::new();
    for open in ["var_os(\"", "variable(\"", "env::var(\""] {
        found(Path::new("src"), open, &mut names);
    }
    names.retain(|name| {
        name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && !name.is_empty()
    });
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        assert!(page.contains(&name), "{name} is not in the man page");
    }
}

#[test]
fn groff_has_nothing_to_say_against_it() {
    let bed = Bed::new();
    let roff = bed.run(&["manual"]).is_good().out.clone();
    for (program, args) in [
        ("groff", &["-man", "-ww", "-Tutf8", "-z"][..]),
        ("mandoc", &["-Tlint", "-W", "error"]),
    ] {
        if !has(program) {
            assert_ne!(program, "groff", "groff is missing: apt-get install groff");
            continue;
        }
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&roff).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        assert_eq!(
            (ended.status.code(), String::from_utf8_lossy(&said).as_ref()),
            (Some(0), ""),
            "{program}"
        );
    }
}
