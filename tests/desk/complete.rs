// SPDX-License-Identifier: MIT OR Apache-2.0
//! Completion in a real bash: the function asked as bash asks it, and keys typed at an interactive one.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use homey_rig::beds::{Bed, Hub};
use nix::pty::openpty;

use crate::odd::{Odd, Reply};

fn bash(bed: &Bed) -> Command {
    let mut command = Command::new("bash");
    let program = PathBuf::from(env!("CARGO_BIN_EXE_homey-panel"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    command.current_dir(&bed.dir).env_clear().env("PATH", path);
    command
        .env("HOME", &bed.dir)
        .env("HOMEY_PANEL_CONFIG", "panel.toml")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// What bash would offer for a line with the cursor at its end, one candidate a line as it would be written.
fn offered(bed: &Bed, line: &str) -> Vec<String> {
    let script = r#"
        source <(homey-panel completion bash)
        complete -p homey-panel >&2
        compopt() { echo "compopt $*"; }
        COMP_LINE=$1 COMP_POINT=${#1}
        _homey_panel homey-panel
        for one in "${COMPREPLY[@]}"; do printf '%s\n' "$one"; done
    "#;
    let ended = bash(bed)
        .args(["-c", script, "bash", line])
        .output()
        .unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(err, "complete -F _homey_panel homey-panel\n");
    let out = String::from_utf8(ended.stdout).unwrap();
    out.lines().map(str::to_string).collect()
}

#[test]
fn words_options_and_names_are_offered() {
    let hub = Hub::v3();
    for (line, want) in [
        ("homey-panel sys", &["system"][..]),
        ("homey-panel var", &["variables", "variable"]),
        ("homey-panel devices --z", &["--zone"]),
        ("homey-panel devices --zone Ki", &["Kitchen"]),
        ("homey-panel devices --zone=Ki", &["Kitchen"]),
        (
            "homey-panel get Office/D",
            &["Office/Desk\\ fan", "Office/Desk\\ light"],
        ),
        (
            "homey-panel get \"Office/D",
            &["Office/Desk fan", "Office/Desk light"],
        ),
        (
            "homey-panel get 'office/d",
            &["Office/Desk fan", "Office/Desk light"],
        ),
        ("homey-panel get Worktop", &["Worktop\\ light"]),
        (
            "homey-panel get Office/Heater target",
            &["target_temperature"],
        ),
        (
            "homey-panel set Heater thermostat_mode ",
            &["auto", "heat", "cool", "off"],
        ),
        ("homey-panel set Heater target_temperature ", &[]),
        ("homey-panel set Doorbell button ", &["true"]),
        (
            "homey-panel mood set Living",
            &["Living\\ room/Bright", "Living\\ room/Relax"],
        ),
        ("homey-panel flow start Good", &["Good\\ night"]),
        ("homey-panel flow enable Pa", &["Panic"]),
        ("homey-panel alarm W", &["Wake\\ up", "Weekend"]),
        (
            "homey-panel alarm Weekend --days week",
            &["weekdays", "weekend"],
        ),
        ("homey-panel variable set V", &["Visitors"]),
        ("homey-panel variable set Visitors ", &["true", "false"]),
        ("homey-panel completion ", &["bash"]),
        ("homey-panel nonsense ", &[]),
        ("homey-panel get Zz", &[]),
        ("homey-panel -c ", &["compopt -o default"]),
        ("homey-panel request -o ", &["compopt -o default"]),
        ("A=1 homey-panel zon", &["zones"]),
    ] {
        assert_eq!(offered(&hub.bed, line), want, "{line}");
    }
    let odd_names = offered(&hub.bed, "homey-panel get Living");
    assert!(
        odd_names
            .iter()
            .any(|name| name == "Living\\ room/TV/HiFi\\ socket"),
        "{odd_names:?}"
    );
}

#[test]
fn names_are_kept_for_their_owner_and_asked_for_again_when_they_are_old() {
    let list = |name: &str| Reply::ok(format!(r#"{{"v1":{{"name":"{name}","type":"number"}}}}"#));
    let odd = Odd::new(vec![("GET /api/manager/logic/variable", list("First"))]);
    let line = "homey-panel variable ";
    for _ in 0..3 {
        assert_eq!(offered(&odd.bed, line), ["set", "First"]);
    }
    assert_eq!(odd.asked().len(), 1, "{:?}", odd.asked());
    let dir = odd.bed.dir.join(".cache/homey-panel");
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(mode(&files[0]), 0o600);
    // Its time is over.
    let text = fs::read_to_string(&files[0]).unwrap();
    let (_, rest) = text.split_once(' ').unwrap();
    fs::write(&files[0], format!("1 {}", rest.replace("First", "Old"))).unwrap();
    assert_eq!(offered(&odd.bed, line), ["set", "First"]);
    assert_eq!(odd.asked().len(), 2);
    // The same file after the configuration was changed is of another home.
    let config = fs::read_to_string(odd.bed.dir.join("panel.toml")).unwrap();
    odd.bed.file("panel.toml", config + "# changed\n");
    assert_eq!(offered(&odd.bed, line), ["set", "First"]);
    assert_eq!(odd.asked().len(), 3);
    // Garbage in its place is read over.
    fs::write(&files[0], b"\xff\xfe\n\n").unwrap();
    assert_eq!(offered(&odd.bed, line), ["set", "First"]);
    // Nowhere to keep them.
    fs::remove_dir_all(&dir).unwrap();
    fs::write(&dir, "").unwrap();
    assert_eq!(offered(&odd.bed, line), ["set", "First"]);
}

#[test]
fn a_hub_that_does_not_answer_costs_two_seconds_and_what_was_known_is_offered() {
    let slow = Reply::late(r#"{"v1":{"name":"Late","type":"number"}}"#, 20_000);
    let odd = Odd::new(vec![("GET /api/manager/logic/variable", slow)]);
    let ask = || {
        let began = Instant::now();
        (offered(&odd.bed, "homey-panel variable "), began.elapsed())
    };
    let (names, took) = ask();
    assert_eq!(names, ["set"]);
    assert!(
        took > Duration::from_millis(1900) && took < Duration::from_secs(6),
        "{took:?}"
    );
    let (names, took) = ask();
    assert_eq!(
        (names.len(), took < Duration::from_millis(1900)),
        (1, true),
        "{took:?}"
    );
    let dir = odd.bed.dir.join(".cache/homey-panel");
    let file = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    let (_, stamp) = text.trim_end().split_once(' ').unwrap();
    fs::write(&file, format!("1 {stamp}\n\tKnown\tnumber\n")).unwrap();
    assert_eq!(ask().0, ["set", "Known"]);
}

#[test]
fn names_that_cannot_be_typed_are_not_offered() {
    let list = r#"{"a":{"name":"Two\nlines"},"b":{"name":"\u001b[2J"},"c":{"name":"Tab\tbed"},"d":{"name":""},"e":{"name":null},
        "f":{"name":"It's $HOME `x` \"q\" !1"}}"#;
    let odd = Odd::new(vec![
        ("GET /api/manager/flow/flow", Reply::ok(list)),
        ("GET /api/manager/flow/advancedflow", Reply::ok("{}")),
    ]);
    let start = "homey-panel flow start ";
    assert_eq!(
        offered(&odd.bed, start),
        [r#"It\'s\ \$HOME\ \`x\`\ \"q\"\ \!1"#]
    );
    assert_eq!(
        offered(&odd.bed, &format!("{start}\"I")),
        [r#"It's \$HOME \`x\` \"q\" "'!'"1"#]
    );
    assert_eq!(
        offered(&odd.bed, &format!("{start}'I")),
        [r#"It'\''s $HOME `x` "q" !1"#]
    );
}

/// Types at an interactive bash; everything that came on its terminal.
fn typed(bed: &Bed, keys: &str, until: &str) -> String {
    let pty = openpty(None, None).unwrap();
    let side = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut child = bash(bed)
        .env("TERM", "dumb")
        .env("INPUTRC", "/dev/null")
        .args(["--norc", "--noprofile", "-i"])
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    drop(pty.slave);
    let mut master = File::from(pty.master);
    let mut reader = master.try_clone().unwrap();
    let (to, from) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(n) = reader.read(&mut piece) {
            if n == 0 || to.send(piece[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut seen = String::new();
    let wait = |what: &str, seen: &mut String| {
        let end = Instant::now() + Duration::from_secs(20);
        while !seen.contains(what) && Instant::now() < end {
            if let Ok(bytes) = from.recv_timeout(Duration::from_millis(100)) {
                seen.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        assert!(seen.contains(what), "{what:?} did not come: {seen}");
    };
    master
        .write_all(b"PS1='ready''> '; source <(homey-panel completion bash)\n")
        .unwrap();
    wait("ready> ", &mut seen);
    for key in keys.chars() {
        master.write_all(key.to_string().as_bytes()).unwrap();
        if key == '\t' {
            // What a key brings is on the line before the next one is typed.
            thread::sleep(Duration::from_millis(400));
        }
    }
    wait(until, &mut seen);
    let _ = child.kill();
    let _ = child.wait();
    seen
}

#[test]
fn keys_at_an_interactive_shell_write_a_command_that_runs() {
    let hub = Hub::v3();
    for (keys, want) in [
        ("homey-panel get Off\tHe\ttarget\t\n", "20 "),
        ("homey-panel get \"Living room/Cei\t on\t\n", "false"),
        ("homey-panel variable set Gue\t9\n", "Guests = 9"),
        (
            "homey-panel devices --zone=Kit\t--json | grep -c Coffee\n",
            "\r\n1\r\n",
        ),
    ] {
        // What the command says, not what was typed.
        typed(&hub.bed, keys, want);
    }
}
