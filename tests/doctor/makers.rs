// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the mistakes are made: a configuration or an argument that is wrong in one way, and the command that meets it.

use serde_json::json;

use crate::bed::{Bed, Ended};

/// A token of the Athom cloud, by its look.
pub const CLOUD: &str = "0123456789abcdef0123456789abcdef01234567";

pub fn with_key(bed: &Bed, key: &str, args: &[&str]) -> Ended {
    bed.key(key);
    bed.run(args)
}

/// An Authorization line of one's own on a call that needs a bearer.
pub fn typed(bed: &Bed, value: &str) -> Ended {
    let line = bed
        .dir
        .write("line", &format!("Authorization: {value}\n"))
        .unwrap();
    bed.run(&[
        "request",
        "-H",
        &format!("@{}", line.display()),
        "/api/manager/zones/zone",
    ])
}

pub fn light(bed: &Bed) -> String {
    let state = bed.sim.get("state").unwrap();
    let all = state["devices"].as_array().unwrap().clone();
    let light = all.iter().find(|d| d["name"] == "Ceiling light").unwrap();
    format!(
        "/api/manager/devices/device/{}",
        light["id"].as_str().unwrap()
    )
}

pub fn put(bed: &Bed, capability: &str, body: &str) -> Ended {
    let path = format!("{}/capability/{capability}", light(bed));
    bed.run(&["request", "-X", "PUT", "--json", body, &path])
}

pub fn get_capability(bed: &Bed) -> Ended {
    bed.run(&["request", &format!("{}/capability/onoff", light(bed))])
}

pub fn bound(bed: &Bed, gesture: &str, args: &[&str]) -> Ended {
    bed.write(&bed.config().control("k", gesture));
    bed.run(args)
}

pub fn silent(bed: &Bed, args: &[&str]) -> Ended {
    bed.control("fault", json!({"kind": "silent"}));
    bed.run(args)
}

pub fn readable(bed: &Bed, args: &[&str]) -> Ended {
    crate::bed::mode(&bed.dir.join("key"), 0o644);
    bed.run(args)
}

pub fn bare_address(bed: &Bed) -> Ended {
    let ca = bed.sim.word("ca_file").to_string();
    let url = format!(
        "https://{}/api/manager/system/ping",
        bed.sim.word("https_address")
    );
    bed.run(&["request", "--cacert", &ca, &url])
}

pub fn profile(bed: &Bed, line: &str) -> Ended {
    let lines = format!(
        "[profile]\nuse = \"own\"\n[profiles.own]\nlines = [\"Host: {{host}}\", \"Content-Length: {{length}}\", {line}]"
    );
    bed.write(&bed.config().also(&lines));
    bed.run(&["doctor"])
}

pub fn content_type_in_the_profile(bed: &Bed) -> Ended {
    profile(
        bed,
        "\"Authorization: Bearer {token}\", \"Content Type: {type}\"",
    )
}

pub fn bearer_in_the_profile(bed: &Bed) -> Ended {
    profile(
        bed,
        "\"Content-Type: {type}\", \"Authorization: Bearer abc\"",
    )
}

pub fn key_in_the_configuration(bed: &Bed) -> Ended {
    let lines = bed.hub_lines(&format!("api_key = \"{CLOUD}\""));
    bed.write(&bed.config().hub(&lines));
    bed.run(&["doctor"])
}

pub fn with_session(bed: &Bed, args: &[&str]) -> Ended {
    let expires = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        + std::time::Duration::from_secs(86_000);
    bed.session(json!({"expires": u64::try_from(expires.as_millis()).unwrap()}));
    bed.write(
        &bed.config()
            .hub(&bed.hub_lines(&bed.file_line("session_file", "session.json"))),
    );
    bed.run(args)
}

pub fn ended(bed: &Bed, args: &[&str]) -> Ended {
    bed.control("sessions/expire", json!({}));
    with_session(bed, args)
}

pub fn session_of_another_hub(bed: &Bed) -> Ended {
    with_session(bed, &["version"]);
    bed.session(json!({"hub": "ffffffffffffffffffffffff"}));
    bed.run(&["doctor"])
}

/// The way in by e-mail and password, at a cloud of these options.
pub fn login(bed: &Bed, options: serde_json::Value) -> Ended {
    bed.sim.cloud_options(&options).unwrap();
    let file = |name: &str, word: &str| bed.dir.write(name, bed.sim.word(word)).unwrap();
    let secret = file("client-secret", "client_secret");
    let password = file("password", "password").display().to_string();
    let (cloud, ca, id) = (
        bed.sim.word("cloud"),
        bed.sim.word("ca_file"),
        bed.sim.word("client_id"),
    );
    let lines = format!(
        "[cloud]\nclient_id = \"{id}\"\nclient_secret_file = \"{}\"\naccounts = \"{cloud}\"\napi = \"{cloud}\"\nca_file = \"{ca}\"",
        secret.display()
    );
    let hub = bed.hub_lines(&bed.file_line("session_file", "session.json"));
    bed.write(&bed.config().hub(&hub).also(&lines));
    let email = bed.sim.word("email");
    bed.run(&[
        "login",
        "--password",
        "--email",
        email,
        "--password-file",
        &password,
    ])
}
