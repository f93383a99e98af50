// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each way in which the hub or what is between can fail, made by the simulator's faults.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bed::Bed;

/// Faults, the check that tells of them, its words, and the code.
#[test]
fn what_is_wrong_on_the_way_is_named() {
    let bed = Bed::v3();
    let ping = "/api/manager/system/ping";
    let certificate = |which: &str| json!({"kind": "certificate", "which": which});
    let rows: [(Value, &str, &[&str], i32); 17] = [
        (
            json!({"kind": "refuse"}),
            "tcp",
            &["refuses", "wait if the hub is starting"],
            69,
        ),
        (
            certificate("swapped"),
            "tls",
            &[
                "certificate is for",
                "check the address",
                "shown: issued by homey-sim",
            ],
            69,
        ),
        (
            certificate("self_signed"),
            "tls",
            &["self-signed", "pin = \"sha256//"],
            69,
        ),
        (
            certificate("expired"),
            "tls",
            &["expired", "to 20", "check the clock"],
            69,
        ),
        (
            certificate("not_yet_valid"),
            "tls",
            &["not valid yet", "the clock here says year"],
            69,
        ),
        (
            json!({"kind": "close", "phase": "handshake"}),
            "tls",
            &["closed the connection during the handshake"],
            69,
        ),
        (
            json!({"kind": "rst", "phase": "handshake"}),
            "tls",
            &["breaks"],
            69,
        ),
        (
            json!({"kind": "wrong_id", "id": "ffffffffffffffffffffffff"}),
            "hub",
            &[
                "another hub answers",
                "ffffffffffffffffffffffff",
                "check the address",
            ],
            69,
        ),
        (
            json!({"kind": "portal"}),
            "hub",
            &["a web page instead of JSON", "login page"],
            69,
        ),
        (
            json!({"kind": "close", "phase": "request", "path_prefix": ping}),
            "hub",
            &["waiting for the reply"],
            69,
        ),
        (
            json!({"kind": "status", "code": 502, "path_prefix": ping}),
            "hub",
            &["502", "restarting"],
            69,
        ),
        (
            json!({"kind": "status", "code": 404, "path_prefix": ping}),
            "hub",
            &["no Homey", "check the address"],
            69,
        ),
        (
            json!({"kind": "status", "code": 403}),
            "hub",
            &["subscription is not active", "Athom"],
            77,
        ),
        (
            json!({"kind": "status", "code": 401, "path_prefix": "/api/manager/sessions"}),
            "login",
            &[
                "401",
                "is it this hub's, and not revoked",
                "Settings, API Keys",
            ],
            77,
        ),
        (
            json!({"kind": "status", "code": 500, "path_prefix": "/api/manager/system", "method": "GET"}),
            "hub",
            &["500", "try again"],
            1,
        ),
        (
            json!({"kind": "status", "code": 503, "path_prefix": "/api/manager/devices"}),
            "names",
            &["503", "restarting"],
            69,
        ),
        (
            json!({"kind": "truncated_json", "path_prefix": "/api/manager/devices"}),
            "names",
            &["looking names up"],
            69,
        ),
    ];
    for (fault, id, words, code) in rows {
        bed.control("fault", fault.clone());
        let found = bed.doctor();
        assert!(
            found.has(id, "fail", words),
            "{fault}: no {words:?} in {}",
            found.ended
        );
        assert_eq!(found.ended.code, code, "{fault}: {}", found.ended);
        assert_eq!(found.ids("fail"), [id], "{fault}: {}", found.ended);
        bed.control("clear", json!({}));
    }
    assert_eq!(bed.doctor().ended.code, 0);
}

/// A key other than the pinned one, an authority of one's own that is another one, and a pin that holds.
#[test]
fn trust_of_ones_own_is_named_with_its_cure() {
    let bed = Bed::v3();
    let pin = bed.sim.word("spki_pin").to_string();
    let with = |trust: &str| {
        bed.write(&bed.config().also(&format!("[trust]\n{trust}")));
        bed.doctor()
    };
    with(&format!("pin = \"{pin}\""))
        .ends(0)
        .says("tls", "ok", &["by its pinned key"]);
    bed.control("fault", json!({"kind": "certificate", "which": "expired"}));
    with(&format!("pin = \"{pin}\""))
        .ends(0)
        .says("tls", "ok", &["pinned"]);
    bed.control("clear", json!({}));
    let other = format!("sha256//{}=", "A".repeat(43));
    with(&format!("pin = \"{other}\"")).ends(69).says(
        "tls",
        "fail",
        &["not the pinned one", &format!("set pin = \"{pin}\"")],
    );
    let strange = Bed::v3();
    with(&format!("ca_file = \"{}\"", strange.sim.word("ca_file")))
        .ends(69)
        .says(
            "tls",
            "fail",
            &["unknown issuer", "ca_file", &pin, "issued by homey-sim"],
        );
    with("ca_file = \"absent.pem\"")
        .ends(78)
        .says("tls", "fail", &["absent.pem"]);
    std::fs::write(bed.dir.join("empty.pem"), "nothing").unwrap();
    with("ca_file = \"empty.pem\"")
        .ends(78)
        .says("tls", "fail", &["no usable certificate"]);
    // The name that the hub's TLS wants is in SNI: with another one it ends the handshake.
    let lines = format!(
        "{}\ntls_name = \"homey.lan\"",
        bed.hub_lines(&bed.credential())
    );
    bed.write(&bed.config().hub(&lines));
    bed.doctor().ends(69).says(
        "tls",
        "fail",
        &["homey.lan", "refused the handshake", "tls_name"],
    );
}

/// Whatever the hub does, the run ends, and says where it stopped.
#[test]
fn a_hub_that_does_not_answer_holds_nobody_up() {
    let bed = Bed::v3();
    for (fault, id, most) in [
        (json!({"kind": "stall", "phase": "handshake"}), "tls", 12),
        (json!({"kind": "stall", "phase": "request"}), "hub", 16),
        (
            json!({"kind": "stall", "phase": "body", "path_prefix": "/api/manager/sessions"}),
            "login",
            25,
        ),
    ] {
        bed.control("fault", fault.clone());
        let began = Instant::now();
        let found = bed.doctor();
        let took = began.elapsed();
        assert_eq!(found.ids("fail"), [id], "{fault}: {}", found.ended);
        found.ends(69).says(id, "fail", &[]);
        assert!(took < Duration::from_secs(most), "{fault}: {took:?}");
        bed.control("clear", json!({}));
    }
}

/// Where the port is wrong, the one that is open is named.
#[test]
fn another_port_and_another_language_are_found_out() {
    let bed = Bed::v3();
    let port = |address: &str| address.rsplit(':').next().unwrap().to_string();
    let plain = port(bed.sim.word("http"));
    let lines = bed.hub_lines(&bed.credential());
    let https = port(bed.sim.word("https_address"));
    bed.write(&bed.config().hub(&lines.replace(&https, &plain)));
    bed.doctor()
        .ends(69)
        .says("tls", "fail", &["no TLS is spoken there", "http://"]);
    let wrong = lines.replacen("address = \"", "address = \"http://", 1);
    bed.write(&bed.config().hub(&wrong));
    let found = bed.doctor();
    assert_eq!(found.ids("fail"), ["hub"], "{}", found.ended);
    found.ends(69);
}
