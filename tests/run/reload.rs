// SPDX-License-Identifier: MIT OR Apache-2.0
//! SIGHUP: load, check, swap; a bad file changes nothing and is said.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use homey_rig::SOON;
use homey_rig::beds::{Setup, Sim};
use nix::sys::signal::Signal;
use serde_json::json;

#[test]
fn a_good_file_is_taken_and_a_bad_one_is_not() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", false);

    let dir = wall.setup.dir.0.clone();
    let good = std::fs::read_to_string(dir.join("panel.toml")).expect("the file");
    let more = format!(
        "{good}\n[[control]]\nname = \"work\"\npress = {{ toggle = \"Kitchen/Worktop light\" }}\n\
         [[output]]\nname = \"work\"\nshow = \"Kitchen/Worktop light\"\n"
    );
    wall.setup.dir.write("panel.toml", &more);
    wall.signal(Signal::SIGHUP);
    wall.link("ready");
    wall.see(json!({"show": "work", "state": "ready"}));
    wall.tap("work");
    wall.word("work", "confirmed");

    wall.setup
        .dir
        .write("panel.toml", &more.replace("toggle", "toggel"));
    wall.signal(Signal::SIGHUP);
    let told = wall.see_text("notice");
    assert!(
        told.contains("not loaded") && told.contains("panel.toml:"),
        "{told}"
    );
    wall.tap("work");
    wall.word("work", "confirmed");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.setup.dir.write("panel.toml", "");
    wall.signal(Signal::SIGHUP);
    wall.see_text("not loaded");
    std::fs::remove_file(wall.setup.file()).expect("it is there");
    wall.signal(Signal::SIGHUP);
    wall.see_text("not loaded");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    let tally = wall.stop();
    assert!(tally.contains("4 pressed: 4 confirmed"), "{tally}");
}

#[test]
fn a_reload_keeps_the_connection_of_a_socket_panel() {
    let sim = Sim::new();
    let setup = Setup::of(&sim).light("desk", "Office/Desk light");
    let socket = setup.dir.0.join("wall.sock");
    let mut wall = setup.also(&format!(
        "[[panel]]\nname = \"door\"\nkind = \"line\"\nsocket = \"{}\"",
        socket.display()
    ));
    wall = wall.also("[[control]]\npanel = \"door\"\nname = \"a\"\npress = { toggle = \"Kitchen/Worktop light\" }");
    // With two panels every control names its own.
    let text = |s: Setup| {
        s.write();
        let text = std::fs::read_to_string(s.file()).expect("the file");
        let named = text
            .replace("[[control]]\nname", "[[control]]\npanel = \"wall\"\nname")
            .replace("[[output]]\nname", "[[output]]\npanel = \"wall\"\nname");
        (s, named)
    };
    let (setup, named) = text(wall);
    let mut wall = setup.run_text(&named);
    wall.link("ready");
    let mut client = UnixStream::connect(&socket).expect("it listens");
    client.set_read_timeout(Some(SOON)).expect("a limit");
    let mut lines = BufReader::new(client.try_clone().expect("a second handle")).lines();
    let mut see = |part: &str| loop {
        match lines.next() {
            Some(Ok(line)) if line.contains(part) => return line,
            Some(Ok(_)) => {}
            other => panic!("{part}: {other:?}"),
        }
    };
    see("\"link\":\"ready\"");
    wall.signal(Signal::SIGHUP);
    wall.logged("panel.toml loaded");
    client.write_all(b"{\"tap\":\"a\"}\n").expect("still open");
    see("\"confirmed\"");
    wall.stop();
}

#[test]
fn fifty_reloads_leave_nothing_behind() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim).light("desk", "Office/Desk light").ready();
    let good = std::fs::read_to_string(wall.setup.file()).expect("the file");
    let bad = good.replace("stdio = true", "stdio = maybe");
    let mut after_ten = (0, 0);
    for round in 1..=50 {
        let is_good = round % 2 == 0;
        wall.setup
            .dir
            .write("panel.toml", if is_good { &good } else { &bad });
        wall.signal(Signal::SIGHUP);
        if is_good {
            wall.link("ready");
        } else {
            wall.see_text("not loaded");
        }
        if round == 10 {
            // With the connections that commands have of their own.
            wall.tap("desk");
            wall.word("desk", "confirmed");
            after_ten = (wall.fds(), wall.rss());
        }
    }
    wall.tap("desk");
    wall.word("desk", "confirmed");
    let (fds, rss) = (wall.fds(), wall.rss());
    println!("after 10 reloads {after_ten:?} descriptors and KiB, after 50 ({fds}, {rss})");
    assert!(
        fds <= after_ten.0 + 2,
        "{fds} descriptors, {after_ten:?} before"
    );
    assert!(rss <= after_ten.1 + 1024, "{rss} KiB, {after_ten:?} before");
    wall.stop();
}

#[test]
fn a_reload_to_another_hub_forgets_what_the_first_one_said() {
    let one = Sim::with(&["--devices", "12", "--seed", "1"]);
    let two = Sim::with(&["--devices", "12", "--seed", "2"]);
    one.set("Office/Desk light", "onoff", json!(true));
    two.set("Office/Desk light", "onoff", json!(false));
    let mut wall = Setup::of(&one).light("desk", "Office/Desk light").ready();
    wall.lamp("desk", "ready", true);
    let from = wall.shows.len();
    let text = std::fs::read_to_string(wall.setup.file()).expect("the file");
    let text = text
        .replace(one.word("https_address"), two.word("https_address"))
        .replace(one.word("ca_file"), two.word("ca_file"));
    wall.setup.key(two.bearer());
    wall.setup.dir.write("panel.toml", &text);
    wall.signal(Signal::SIGHUP);
    wall.link("ready");
    wall.lamp("desk", "ready", false);
    for line in &wall.shows.all()[from..] {
        let lie = line.contains("\"show\":\"desk\",\"state\":\"ready\",\"on\":true");
        assert!(!lie, "{line}\n{}", wall.story());
    }
    wall.tap("desk");
    wall.word("desk", "confirmed");
    assert_eq!((one.writes().len(), two.writes().len()), (0, 1));
    wall.stop();
}
