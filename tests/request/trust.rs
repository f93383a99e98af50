// SPDX-License-Identifier: MIT OR Apache-2.0
//! TLS: authorities, pins, names, and what is said where trust ends.

use std::process::{Command, Stdio};

use homey_rig::beds::{Bed, Hub};

const PING: &str = "/api/manager/system/ping";
const NAME: &str = "127-0-0-1.homey.homeylocal.com";
const OTHER_PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn authorities_pins_and_names() {
    let hub = Hub::v3();
    let (bed, ca, pin) = (&hub.bed, hub.at("ca_file"), hub.at("spki_pin"));
    let port = hub.at("https_address").rsplit(':').next().unwrap();
    let url = format!("https://{NAME}:{port}{PING}");
    let ask = |args: &[&str]| bed.run(&[&["request", "-m", "5"], args].concat());

    // The dashed name carries its address: nothing is looked up.
    let ended = ask(&["--cacert", ca, &url]);
    ended.is_good();
    assert!(
        bed.run(&["request", "-i", "--cacert", ca, &url])
            .text()
            .contains(hub.at("hub_id"))
    );
    ask(&["--pin", pin, &url]).is_good();
    // A pin takes the place of the name, too.
    ask(&["--pin", pin, &format!("https://localhost:{port}{PING}")]).is_good();
    ask(&["--cacert", ca, &format!("https://localhost:{port}{PING}")]).is_good();
    ask(&["--pin", OTHER_PIN, &url]).fails(69, &["not the pinned one", pin]);
    ask(&[&url]).fails(69, &["unknown issuer", "--cacert", pin, "--pin"]);
    ask(&["--cacert", "panel.toml", &url]).fails(64, &["panel.toml", "PEM"]);
    ask(&["--cacert", ca, "--pin", pin, &url]).fails(64, &["exclude"]);

    // The bare address: what the hub's TLS wants instead is said.
    let ended = ask(&["--cacert", ca, &format!("https://127.0.0.1:{port}{PING}")]);
    ended.fails(
        69,
        &[
            "refused the handshake",
            &format!("https://{NAME}:{port}{PING}"),
        ],
    );
    // TLS where none is spoken, and none where it is.
    let plain = hub.at("http").replace("http:", "https:");
    ask(&["--pin", pin, &plain]).fails(69, &["no TLS is spoken", "http://"]);
    let ended = ask(&[&url.replace("https:", "http:")]);
    assert_eq!(ended.err.lines().count(), 1, "{ended}");
    assert!(ended.code == 1 || ended.code == 69, "{ended}");
}

#[test]
fn the_configured_trust_is_for_the_hub() {
    let hub = Hub::v3();
    let (bed, ca, pin, id) = (
        &hub.bed,
        hub.at("ca_file"),
        hub.at("spki_pin"),
        hub.at("hub_id"),
    );
    let port = hub.at("https_address").rsplit(':').next().unwrap();
    let write = |trust: &str| {
        bed.file(
            "panel.toml",
            format!("[hub]\naddress = \"127.0.0.1:{port}\"\nid = \"{id}\"\napi_key_file = \"key\"\n[trust]\n{trust}\n"),
        );
    };
    write(&format!("ca_file = \"{ca}\""));
    let ended = bed.with_config(&["request", "-v", PING]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(
        ended.err.contains(&format!("\r\nHost: {NAME}:{port}\r\n")),
        "{ended}"
    );
    bed.with_config(&["zones"]).is_good();
    write(&format!("pin = \"{pin}\""));
    bed.with_config(&["request", PING]).is_good();
    bed.with_config(&["request", "--pin", OTHER_PIN, PING])
        .fails(69, &["not the pinned one"]);
    write(&format!("pin = \"{OTHER_PIN}\""));
    bed.with_config(&["request", "--pin", pin, PING]).is_good();
    bed.with_config(&["request", "--cacert", ca, PING])
        .is_good();
    bed.with_config(&["request", PING])
        .fails(69, &["not the pinned one", pin]);
    bed.with_config(&["devices"])
        .fails(69, &["not the pinned one", pin]);
    write("ca_file = \"absent.pem\"");
    bed.with_config(&["devices"]).fails(78, &["absent.pem"]);
    bed.with_config(&["request", PING])
        .fails(78, &["absent.pem"]);
}

/// `openssl s_server`, with a certificate that it made for itself.
#[test]
fn a_self_signed_certificate_comes_with_its_pin() {
    if !crate::servers::has_or_skips("openssl", "openssl") {
        return;
    }
    let bed = Bed::new();
    let mut make = Command::new("openssl");
    make.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ])
    .args([
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ])
    .current_dir(&bed.dir)
    .stderr(Stdio::null());
    assert!(make.status().unwrap().success());
    let port = crate::servers::free_port();
    let mut server = Command::new("openssl")
        .args([
            "s_server",
            "-quiet",
            "-www",
            "-cert",
            "cert.pem",
            "-key",
            "key.pem",
            "-accept",
            &port.to_string(),
        ])
        .current_dir(&bed.dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    crate::servers::wait_for(port);
    let url = format!("https://localhost:{port}/");
    let ended = bed.run(&["request", &url]);
    ended.fails(69, &["self-signed", "--pin"]);
    let (_, rest) = ended.err.split_once("pin = \"").unwrap();
    let pin = rest.split('"').next().unwrap();
    // The pin from the message is what is needed.
    let good = bed.run(&["request", "--pin", pin, &url]);
    assert!(good.is_good().text().contains("s_server"), "{good}");
    bed.run(&["request", "--cacert", "cert.pem", &url])
        .is_good();
    let _ = server.kill();
    let _ = server.wait();
}
