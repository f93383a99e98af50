// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who answers there: no bearer leaves before that is known.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use homey_rig::beds::{Setup, Sim};

#[test]
fn another_hub_gets_no_bearer() {
    let sim = Sim::new();
    let mut wall = Setup::of(&sim)
        .hub(&format!(
            "address = \"{}\"\nid = \"5f00aa11bb22cc33dd44ee55\"\napi_key_file = \"KEY\"",
            sim.word("https_address")
        ))
        .light("desk", "Office/Desk light")
        .run();
    wall.link("wrong-hub");
    wall.tap("desk");
    wall.word("desk", "refused");
    let routes = sim.counters()["routes"].clone();
    let asked: Vec<&String> = routes
        .as_object()
        .into_iter()
        .flatten()
        .map(|(r, _)| r)
        .collect();
    assert!(asked.iter().all(|r| r.contains("ping")), "{asked:?}");
    wall.stop();
}

/// Answers every connection with `reply` and keeps what came.
fn portal(reply: &'static str) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its number").to_string();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&kept);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let mut request = [0; 4096];
            let Ok(n) = stream.read(&mut request) else {
                continue;
            };
            own.lock().unwrap().extend_from_slice(&request[..n]);
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    (address, kept)
}

fn captive(reply: &'static str) {
    let sim = Sim::new();
    let (address, kept) = portal(reply);
    let mut wall = Setup::of(&sim)
        .hub(&format!(
            "address = \"http://{address}\"\napi_key_file = \"KEY\""
        ))
        .also("[trust]\nsystem = true")
        .light("desk", "Office/Desk light")
        .run();
    wall.link("wrong-hub");
    wall.tap("desk");
    wall.word("desk", "refused");
    let kept = String::from_utf8_lossy(&kept.lock().unwrap()).to_string();
    assert!(kept.contains("GET /api/manager/system/ping"), "{kept}");
    assert!(
        !kept.contains(sim.bearer()) && !kept.to_lowercase().contains("authorization"),
        "{kept}"
    );
    wall.stop();
}

#[test]
fn a_captive_portal_gets_no_bearer() {
    captive(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\nConnection: close\r\n\r\n<html><b>Sign in</b></html>",
    );
}

#[test]
fn a_portal_that_says_nothing_of_its_type_gets_no_bearer() {
    captive("HTTP/1.0 200 OK\r\n\r\n<!doctype html><title>Free Wi-Fi</title>");
}

#[test]
fn whoever_says_yes_to_everything_gets_no_bearer() {
    captive("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK");
}

#[test]
fn a_web_server_of_another_kind_gets_no_bearer() {
    captive(
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 34\r\nConnection: close\r\n\r\n<html>Cannot GET /api/manager\r\n</ht",
    );
}
