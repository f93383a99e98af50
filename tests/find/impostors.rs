// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who answers by multicast may be anybody: only the hub with the right id gets a bearer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use homey_rig::beds::Sim;
use serde_json::json;

use super::alone::alone;
use super::commands::run;
use super::moves::{hub, setup};
use super::responder::{Responder, host};

/// Another hub of the same kind, with the same certificates, at this address and our hub's ports.
fn another(sim: &Sim, ip: &str) -> homey_rig::Sim {
    let port = |key| {
        sim.word(key)
            .rsplit(':')
            .next()
            .expect("a port")
            .to_string()
    };
    let http = format!("{ip}:{}", port("http"));
    let https = format!("{ip}:{}", port("https_address"));
    let other = sim.beside(&[
        "--devices",
        "12",
        "--seed",
        "7",
        "--http",
        &http,
        "--https",
        &https,
    ]);
    other.expect("another hub")
}

/// It was asked who it is, and nothing else.
fn only_pinged(other: &homey_rig::Sim) {
    let counters = other.counters().expect("counters");
    let routes = counters["routes"].as_object().expect("routes");
    assert!(!routes.is_empty(), "it was not asked at all");
    assert!(
        routes.keys().all(|route| route.contains("ping")),
        "{routes:?}"
    );
}

#[test]
fn another_hub_that_answers_gets_no_bearer() {
    if !alone("impostors::another_hub_that_answers_gets_no_bearer") {
        return;
    }
    let sim = hub(&[]);
    let other = another(&sim, "127.0.0.4");
    let mut wall = setup(&sim).ready();
    sim.post("mdns", &json!({"answer_ip": "127.0.0.4"}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    wall.logged("another hub answers");
    wall.tap("night");
    wall.word("night", "expired");
    only_pinged(&other);
    sim.post("mdns", &json!({"answer_ip": null}));
    wall.link("ready");
    wall.logged("going to 127.0.0.3:");
    only_pinged(&other);
    wall.stop();
}

#[test]
fn another_hub_at_the_old_address_gets_no_bearer_and_ours_is_found() {
    if !alone("impostors::another_hub_at_the_old_address_gets_no_bearer_and_ours_is_found") {
        return;
    }
    let sim = hub(&[]);
    let mut wall = setup(&sim).ready();
    sim.post("mdns", &json!({"on": false}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    let other = another(&sim, "127.0.0.2");
    wall.link("wrong-hub");
    sim.post("mdns", &json!({"on": true}));
    wall.link("ready");
    wall.tap("desk");
    wall.word("desk", "confirmed");
    only_pinged(&other);
    wall.stop();
}

#[test]
fn of_several_answers_the_right_one_is_taken_and_ipv6_is_read_over() {
    if !alone("impostors::of_several_answers_the_right_one_is_taken_and_ipv6_is_read_over") {
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
    let other = another(&sim, "127.0.0.4");
    let v6 = host(
        &id,
        28,
        &[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    );
    let responder = Responder::new(vec![v6.clone()]);
    let mut wall = setup(&sim).ready();
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    wall.link("no-hub");
    // Two searches, three times two questions each.
    responder.wait_asked(12);
    assert_eq!(wall.now("way")["text"], "none", "{}", wall.story());
    // Damaged, of the internet, dead, another hub, and at last ours.
    let mut cut = host(&id, 1, &[127, 0, 0, 3]);
    cut.truncate(cut.len() - 1);
    let ips = [[8, 8, 8, 8], [127, 0, 0, 9], [127, 0, 0, 4], [127, 0, 0, 3]];
    let mut answers = vec![v6, cut];
    answers.extend(ips.iter().map(|ip| host(&id, 1, ip)));
    responder.says(answers);
    wall.link("ready");
    wall.logged("going to 127.0.0.3:");
    only_pinged(&other);
    wall.tap("desk");
    wall.word("desk", "confirmed");
    wall.stop();
}

#[test]
fn in_clear_a_yes_without_an_id_is_no_hub() {
    if !alone("impostors::in_clear_a_yes_without_an_id_is_no_hub") {
        return;
    }
    let sim = hub(&[]);
    let address = sim.word("http").to_string();
    let port = address.rsplit(':').next().expect("a port");
    let listener = TcpListener::bind(format!("127.0.0.4:{port}")).expect("the port");
    let kept = Arc::new(Mutex::new(String::new()));
    let own = kept.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let n = stream.read(&mut request).unwrap_or(0);
            own.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&request[..n]));
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue",
            );
        }
    });
    let with = setup(&sim)
        .hub(&format!(
            "address = \"{address}\"\nid = \"{}\"\napi_key_file = \"KEY\"",
            sim.word("hub_id")
        ))
        .also("[trust]\nsystem = true");
    sim.post("mdns", &json!({"answer_ip": "127.0.0.4"}));
    sim.post("address", &json!({"ip": "127.0.0.3"}));
    let (code, out, err) = run(Some(&with), &["zones"]);
    let asked = kept.lock().unwrap().to_lowercase();
    assert!(
        asked.contains("/ping") && !asked.contains("authorization"),
        "{asked}"
    );
    assert_eq!((code, out.as_str()), (69, ""), "{err}");
    assert!(err.contains("does not tell the hub's id"), "{err}");
}
