// SPDX-License-Identifier: MIT OR Apache-2.0
//! Panels' devices, other programs that have them, and other instances of this one.

use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::stat::Mode;
use nix::unistd::{Uid, mkfifo, ttyname};

use crate::bed::{Bed, Findings, PROGRAM, mode};

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn with_panel(bed: &Bed, lines: &str) {
    bed.write(&bed.config().also(&format!(
        "[[panel]]\nname = \"knob\"\nkind = \"line\"\n{lines}"
    )));
}

#[test]
fn each_way_to_a_panel_is_looked_at() {
    let bed = Bed::v3();
    let at = |name: &str| bed.dir.join(name).display().to_string();
    mkfifo(&bed.dir.join("pipe"), Mode::S_IRWXU).unwrap();
    std::fs::write(bed.dir.join("file"), "").unwrap();
    std::fs::write(bed.dir.join("script"), "").unwrap();
    let rows = [
        (
            format!("fifo = {{ in = \"{}\" }}", at("pipe")),
            "ok",
            &["pipe is a FIFO"][..],
            0,
        ),
        (
            format!("fifo = {{ in = \"{}\" }}", at("absent")),
            "fail",
            &["absent", "No such file"],
            1,
        ),
        (
            format!("fifo = {{ in = \"{}\" }}", at("file")),
            "fail",
            &["is no FIFO", "mkfifo"],
            1,
        ),
        ("command = [\"sh\"]".into(), "ok", &["/sh"], 0),
        (
            "command = [\"no-such-program\"]".into(),
            "fail",
            &["no program no-such-program", "full path"],
            1,
        ),
        (
            format!("command = [\"{}\"]", at("script")),
            "fail",
            &["no program", "script"],
            1,
        ),
        (
            "serial = \"/dev/absent\"".into(),
            "fail",
            &["opening /dev/absent", "plugged in"],
            1,
        ),
        (
            format!("socket = \"{}\"", at("sock")),
            "ok",
            &["sock can be made"],
            0,
        ),
        (
            "socket = \"/no/such/sock\"".into(),
            "fail",
            &["/no/such", "No such file"],
            1,
        ),
    ];
    for (lines, state, words, code) in &rows {
        with_panel(&bed, lines);
        let found = bed.doctor();
        let all = [&["knob: "], *words].concat();
        assert!(found.has("panel", state, &all), "{lines}: {}", found.ended);
        assert_eq!(found.ended.code, *code, "{lines}: {}", found.ended);
    }
    let _listener = UnixListener::bind(bed.dir.join("sock")).unwrap();
    with_panel(&bed, &format!("socket = \"{}\"", at("sock")));
    bed.doctor()
        .ends(0)
        .says("panel", "ok", &["a program listens on its socket already"]);
    let (hub, ca) = (bed.hub_lines(&bed.credential()), bed.sim.word("ca_file"));
    bed.text(&format!("[hub]\n{hub}\n[trust]\nca_file = \"{ca}\"\n"));
    bed.doctor()
        .ends(0)
        .says("panel", "warn", &["no panel is configured"]);
}

#[test]
fn a_serial_line_is_looked_at_without_being_taken_from_its_owner() {
    let bed = Bed::v3();
    let pty = openpty(None, None).unwrap();
    let path = ttyname(&pty.slave).unwrap();
    // As its group's, which is what a serial line mostly is.
    mode(&path, 0o660);
    with_panel(&bed, &format!("serial = \"{}\"", path.display()));
    drop(pty.slave);
    bed.doctor()
        .ends(0)
        .says("panel", "ok", &["opens; it is ", " 660"]);
    let line = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let other = Command::new("/bin/sleep")
        .arg("60")
        .stdin(Stdio::from(line))
        .spawn()
        .unwrap();
    let other = Running(other);
    let pid = format!("process {}", other.0.id());
    bed.doctor()
        .ends(1)
        .says("panel", "fail", &["sleep", &pid, "end sleep"]);
}

/// As another user than root, to whom things can be forbidden.
#[test]
fn a_device_of_others_tells_whose_it_is() {
    if !Uid::effective().is_root() {
        println!("skipped: only root can become another user");
        return;
    }
    let bed = Bed::v3();
    let pty = openpty(None, None).unwrap();
    let path = ttyname(&pty.slave).unwrap();
    with_panel(&bed, &format!("serial = \"{}\"", path.display()));
    let nobody = 65534;
    // Where everybody may run it.
    let program = bed.dir.join("homey-panel");
    std::fs::copy(PROGRAM, &program).unwrap();
    let doctor = || {
        let mut command = Command::new(&program);
        command
            .args(["-c", "panel.toml", "doctor", "--json"])
            .current_dir(&*bed.dir)
            .env_clear();
        command.uid(nobody).gid(nobody);
        Findings::of(bed.finish(command))
    };
    let as_nobody = || {
        for file in ["key", "panel.toml"] {
            std::os::unix::fs::chown(bed.dir.join(file), Some(nobody), None).unwrap();
        }
        doctor()
    };
    for (bits, owner, words) in [
        (
            0o660,
            Some(20),
            &["dialout 660", "usermod -aG dialout nobody"][..],
        ),
        (0o600, Some(20), &["dialout 600", "udev"]),
        (0o660, Some(0), &["root:root 660", "udev"]),
    ] {
        std::os::unix::fs::chown(&path, Some(0), owner).unwrap();
        mode(&path, bits);
        let found = as_nobody();
        let all = [
            &["knob: opening", "Permission denied", "this user is nobody"],
            words,
        ]
        .concat();
        found.ends(77).says("panel", "fail", &all);
    }
    // The key of somebody else.
    std::os::unix::fs::chown(bed.dir.join("key"), Some(0), None).unwrap();
    doctor()
        .ends(77)
        .says("bearer", "fail", &["key", "Permission denied"]);
}

#[test]
fn other_instances_of_this_configuration_are_counted() {
    let bed = Bed::v3();
    // A FIFO lets several run; a panel on stdio ends with its input.
    mkfifo(&bed.dir.join("pipe"), Mode::S_IRWXU).unwrap();
    let text = bed
        .config()
        .text()
        .replace("stdio = true", "fifo = { in = \"pipe\" }");
    bed.text(&text);
    let run = |config: &str| {
        let mut command = Command::new(PROGRAM);
        command
            .args(["-c", config, "--log", "error", "run"])
            .current_dir(&*bed.dir)
            .env_clear();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.unwrap())
    };
    let until = |state: &str, words: &[&str]| {
        let began = Instant::now();
        loop {
            let found = bed.doctor();
            if found.has("instance", state, words) || began.elapsed() > Duration::from_secs(10) {
                return found;
            }
        }
    };
    until("ok", &["not running"]).says("instance", "ok", &["not running"]);
    let first = run("panel.toml");
    let one = format!("process {}", first.0.id());
    until("ok", &[&one])
        .ends(0)
        .says("instance", "ok", &["is running", &one]);
    // One of another configuration does not count; the same by another path does.
    std::fs::write(bed.dir.join("other.toml"), text).unwrap();
    let _other = run("other.toml");
    let path = bed.dir.join("panel.toml").display().to_string();
    let second = run(&path);
    let both = [first.0.id().to_string(), second.0.id().to_string()];
    let found = until("fail", &["running 2 times", &both[0], &both[1]]);
    found.ends(1).says(
        "instance",
        "fail",
        &["running 2 times", &both[0], &both[1], "kill"],
    );
}
