// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program built without the installer's desk says so, and has everything else.
#![cfg(not(feature = "tools"))]

use std::process::Command;

/// The desk's commands; `flow` is half of the wall's.
const DESK: [&str; 13] = [
    "device",
    "flows",
    "temperatures",
    "insights",
    "chart",
    "alarms",
    "alarm",
    "variables",
    "variable",
    "system",
    "api",
    "completion",
    "manual",
];

/// Exit code, standard output and standard error.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_homey-panel"));
    let ended = command.args(args).env_clear().output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

#[test]
fn the_help_lists_no_tool() {
    let (code, help, err) = run(&["--help"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for name in DESK {
        let line = help
            .lines()
            .find(|l| l.trim_start().split(' ').next() == Some(name));
        assert_eq!(line, None, "{name}");
    }
    for word in ["installer", "enable"] {
        assert!(!help.contains(word), "{word} in\n{help}");
    }
    for name in [
        "run", "check", "doctor", "login", "devices", "get", "set", "request",
    ] {
        assert!(
            help.contains(&format!("\n  {name}")),
            "{name} is missing in\n{help}"
        );
    }
}

#[test]
fn a_command_of_the_desk_is_told_to_be_missing() {
    for name in DESK {
        let (code, out, err) = run(&[name]);
        assert_eq!(
            (code, out.as_str(), err.lines().count()),
            (Some(64), "", 1),
            "{name}: {err}"
        );
        let want = format!("homey-panel: unknown command \"{name}\"");
        assert!(err.starts_with(&want), "{err}");
        assert!(
            err.contains("built without the installer's desk (feature tools)"),
            "{err}"
        );
    }
    for args in [&["flow", "enable", "X"][..], &["flow", "X"]] {
        let (code, _, err) = run(args);
        assert!(
            code == Some(64) && err.contains("without the installer's desk"),
            "{err}"
        );
    }
    let (code, _, err) = run(&["devcies"]);
    assert!(
        code == Some(64) && err.contains("did you mean devices"),
        "{err}"
    );
}
