// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hub gets another address while the panel runs: found again without a restart, no press lost.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use homey_rig::SOON;
use homey_rig::beds::{Setup, Sim, Wall};
use serde_json::json;

use super::alone::alone;
use super::responder::{Responder, host, name, record};

/// A hub at 127.0.0.2 that answers multicast.
pub fn hub(more: &[&str]) -> Sim {
    let mut args = vec!["--devices", "12", "--http", "127.0.0.2:0"];
    args.extend(["--https", "127.0.0.2:0", "--mdns", "127.0.0.1"]);
    args.extend(more);
    Sim::with(&args)
}

/// A panel for it, with its id, a light, a flow and a lamp for the way.
pub fn setup(sim: &Sim) -> Setup {
    Setup::of(sim)
        .hub(&format!(
            "address = \"{}\"\nid = \"{}\"\napi_key_file = \"KEY\"",
            sim.word("https_address"),
            sim.word("hub_id")
        ))
        .light("desk", "Office/Desk light")
        .control("night", "press = { flow = \"Good night\" }")
        .also("[[output]]\nname = \"way\"\nshow_link = \"route\"")
}

/// Lines of /proc/net/udp: sockets in this network.
fn udp_sockets() -> usize {
    let text = std::fs::read_to_string("/proc/net/udp").expect("proc(5)");
    text.lines().count().saturating_sub(1)
}

fn way(wall: &Wall, text: &str) {
    let begun = Instant::now();
    while wall.now("way")["text"] != text {
        assert!(begun.elapsed() < SOON, "{text}\n{}", wall.story());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_hub_that_moves_is_found_and_no_press_is_lost() {
    if !alone("moves::a_hub_that_moves_is_found_and_no_press_is_lost") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = setup(&sim).ready();
    wall.lamp("desk", "ready", false);
    way(&wall, "local");
    let (sockets, fds) = (udp_sockets(), wall.process().fds());
    let mut pressed = 0;
    for (round, ip) in ["127.0.0.3", "127.0.0.4", "127.0.0.2"].iter().enumerate() {
        let from = wall.shows.len();
        let moved = Instant::now();
        sim.post("address", &json!({"ip": ip, "silent": round == 1}));
        // Hands do not wait for that.
        for _ in 0..10 {
            wall.tap("night");
            pressed += 1;
            std::thread::sleep(Duration::from_millis(150));
        }
        let begun = Instant::now();
        while wall.now("way")["text"] != "local" || wall.now("desk")["state"] != "ready" {
            assert!(begun.elapsed() < SOON, "{}", wall.story());
            std::thread::sleep(Duration::from_millis(5));
        }
        let lost = wall
            .shows
            .find(from, SOON, |l| l.contains("\"link\":\"no-hub\""));
        let lost = lost.expect("it was missed");
        let ready = wall
            .shows
            .find(lost.at, SOON, |l| l.contains("\"link\":\"ready\""));
        let ready = ready.expect("it was found").when;
        println!(
            "at {ip}: missed after {:?}, ready {:?} later",
            lost.when - moved,
            ready - lost.when
        );
        let want = format!("going to {ip}:");
        wall.logged(&want);
        wall.tap("desk");
        wall.word("desk", "confirmed");
        pressed += 1;
    }
    // Sockets of the search are closed again.
    let begun = Instant::now();
    while udp_sockets() != sockets || wall.process().fds() > fds + 2 {
        let now = (udp_sockets(), wall.process().fds());
        assert!(begun.elapsed() < SOON, "{now:?} not {sockets} {fds}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let tally = wall.stop();
    // Those that waited behind one that was lost have left by now.
    let starts = sim.starts().len();
    println!("{tally}; {starts} flows started");
    let count = |word: &str| -> usize {
        let before = tally.split(&format!(" {word}")).next().unwrap_or_default();
        let number = before.rsplit(' ').next().and_then(|n| n.parse().ok());
        number.unwrap_or(0)
    };
    assert_eq!(count("pressed"), pressed, "{tally}");
    assert_eq!(count("refused"), 0, "{tally}");
    // Where the hub goes without a word, that is missed after 3 s: a press whose connection was still being made to the old
    // place has lived its life by then. All others have been sent, or a newer one took their place.
    assert!(count("expired") <= 1, "{tally}");
    // Every start was confirmed, or its reply was lost; three of the confirmed presses were the lamp's.
    let confirmed = count("confirmed") - 3;
    assert!(
        (confirmed..=confirmed + count("unknown")).contains(&starts),
        "{tally}"
    );
}

#[test]
fn a_hub_without_an_address_is_found_at_the_start_and_when_it_comes() {
    if !alone("moves::a_hub_without_an_address_is_found_at_the_start_and_when_it_comes") {
        return;
    }
    // The port of everyday: nothing tells another one.
    let sim = Sim::with(&[
        "--devices",
        "12",
        "--http",
        "127.0.0.2:80",
        "--https",
        "127.0.0.2:443",
        "--mdns",
        "127.0.0.1",
    ]);
    sim.post("mdns", &json!({"on": false}));
    let mut wall = setup(&sim)
        .hub(&format!(
            "id = \"{}\"\napi_key_file = \"KEY\"",
            sim.word("hub_id")
        ))
        .run();
    wall.link("no-hub");
    way(&wall, "none");
    wall.logged("has not been found yet");
    sim.post("mdns", &json!({"on": true}));
    wall.link("ready");
    way(&wall, "local");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.stop();
}

#[test]
fn an_answer_that_comes_too_late_is_none() {
    if !alone("moves::an_answer_that_comes_too_late_is_none") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = setup(&sim).ready();
    sim.post("mdns", &json!({"delay_ms": 3500}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    sim.until("two searches", |sim| {
        // Three times two are one search.
        sim.get("mdns")["questions"].as_array().map_or(0, Vec::len) > 6
    });
    assert_eq!(wall.now("way")["text"], "none", "{}", wall.story());
    sim.post("mdns", &json!({"delay_ms": 0}));
    wall.link("ready");
    wall.logged("going to 127.0.0.3:");
    wall.stop();
}

#[test]
fn plain_http_is_found_again_as_plain_http() {
    if !alone("moves::plain_http_is_found_again_as_plain_http") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = setup(&sim)
        .hub(&format!(
            "address = \"{}\"\nid = \"{}\"\napi_key_file = \"KEY\"",
            sim.word("http"),
            sim.word("hub_id")
        ))
        .also("[trust]\nsystem = true")
        .ready();
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    wall.link("ready");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.stop();
}

/// The same hub at another address, too, as one with Ethernet and Wi-Fi.
fn also_at(ip: &str, hub: &'static str, port: u16) {
    let listener = TcpListener::bind((ip, port)).expect("the port");
    thread::spawn(move || {
        for near in listener.incoming() {
            let (Ok(near), Ok(far)) = (near, TcpStream::connect((hub, port))) else {
                continue;
            };
            let other = (near.try_clone().unwrap(), far.try_clone().unwrap());
            for (mut from, mut to) in [(near, far), (other.1, other.0)] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
}

fn port(address: &str) -> u16 {
    let port = address.rsplit(':').next();
    port.and_then(|p| p.parse().ok()).expect("a port")
}

#[test]
fn of_two_addresses_one_is_taken_and_kept() {
    if !alone("moves::of_two_addresses_one_is_taken_and_kept") {
        return;
    }
    let sim = Sim::with(&[
        "--devices",
        "12",
        "--http",
        "127.0.0.2:0",
        "--https",
        "127.0.0.2:0",
    ]);
    let id = sim.word("hub_id").to_string();
    let _responder = Responder::new(vec![
        host(&id, 1, &[127, 0, 0, 3]),
        host(&id, 1, &[127, 0, 0, 4]),
    ]);
    also_at("127.0.0.4", "127.0.0.3", port(sim.word("https_address")));
    let mut wall = setup(&sim).ready();
    // A try takes longer than a ping by the other address.
    sim.post(
        "fault",
        &json!({"kind": "stall", "phase": "head", "ms": 400}),
    );
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    wall.link("ready");
    let gone = |wall: &Wall| {
        let lines = wall.log.all();
        lines.iter().filter(|l| l.contains(", going to ")).count()
    };
    assert_eq!(gone(&wall), 1, "{}", wall.story());
    wall.tap("desk");
    wall.word("desk", "confirmed");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(gone(&wall), 1, "{}", wall.story());
    wall.stop();
}

#[test]
fn an_announcement_without_an_address_is_followed_up() {
    if !alone("moves::an_announcement_without_an_address_is_followed_up") {
        return;
    }
    let sim = Sim::with(&[
        "--devices",
        "12",
        "--http",
        "127.0.0.2:0",
        "--https",
        "127.0.0.2:0",
    ]);
    let service = name(&["_homey", "_tcp", "local"]);
    let instance = name(&["Home", "_homey", "_tcp", "local"]);
    let machine = name(&["Homey-9013DA0A0B0C", "local"]);
    let id = format!("id={}", sim.word("hub_id"));
    let place = [&[0, 0, 0, 0, 0, 80][..], &machine].concat();
    let asks = |question: &[u8], kind: u8| [question, &[0, kind]].concat();
    // Each step only to whoever asks for it.
    let _responder = Responder::that(vec![
        (asks(&service, 12), record(&service, 12, &instance)),
        (asks(&instance, 33), record(&instance, 33, &place)),
        (
            asks(&instance, 16),
            record(&instance, 16, &name(&[&id])[..=id.len()]),
        ),
        (asks(&machine, 1), record(&machine, 1, &[127, 0, 0, 3])),
    ]);
    let mut wall = setup(&sim).ready();
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    wall.link("ready");
    wall.logged("going to 127.0.0.3:");
    wall.stop();
}

#[test]
fn a_hub_that_is_back_and_refuses_the_bearer_is_not_looked_for() {
    if !alone("moves::a_hub_that_is_back_and_refuses_the_bearer_is_not_looked_for") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = setup(&sim).ready();
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    sim.post("keys/revoke", &json!({}));
    thread::sleep(Duration::from_secs(3));
    sim.post("address", &json!({"ip": "127.0.0.2"}));
    wall.link("token");
    // Nobody listens any more, neither now nor in the pause that would be next.
    let begun = Instant::now();
    let mut silent = begun;
    while silent.elapsed() < Duration::from_secs(6) {
        assert!(begun.elapsed() < SOON + SOON, "{}", wall.story());
        if sockets_of(&wall) > 0 {
            silent = Instant::now();
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() < Duration::from_secs(7), "it looks on");
    wall.stop();
}

/// Sockets of the panel's own that are for datagrams.
fn sockets_of(wall: &Wall) -> usize {
    let table = std::fs::read_to_string("/proc/net/udp").expect("proc(5)");
    let inodes: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(9))
        .collect();
    let folder = format!("/proc/{}/fd", wall.process().pid());
    let open = std::fs::read_dir(folder).expect("proc(5)");
    let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let inode = |link: std::path::PathBuf| {
        let text = link.to_string_lossy().into_owned();
        text.strip_prefix("socket:[")
            .map(|n| n.trim_end_matches(']').to_owned())
    };
    links
        .filter_map(inode)
        .filter(|n| inodes.contains(&n.as_str()))
        .count()
}
