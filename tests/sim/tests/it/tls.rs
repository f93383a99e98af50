// SPDX-License-Identifier: MIT OR Apache-2.0

//! The TLS port: names, versions, resumption, the kept certificates.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use serde_json::Value;

use crate::sim::Sim;

pub fn config(sim: &Sim, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(sim.word("ca_file")).expect("the authority");
    roots.add(ca).expect("a good authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("the version is known")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// One ping over TLS under a server name.
fn ping(sim: &Sim, config: &Arc<ClientConfig>, name: &str) -> std::io::Result<String> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let client = ClientConnection::new(config.clone(), name).expect("a client");
    let socket = TcpStream::connect(sim.word("https_address"))?;
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(
        b"GET /api/manager/system/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn only_the_hubs_own_names_are_served() {
    let sim = Sim::start(&["--devices", "3"]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = config(&sim, version);
        for (name, served) in [
            ("127-0-0-1.homey.homeylocal.com", true),
            ("192-168-1-17.homey.homeylocal.com", true),
            ("localhost", true),
            ("127.0.0.1", false),
            ("homey.homeylocal.com", false),
            ("example.org", false),
        ] {
            let reply = ping(&sim, &config, name);
            assert_eq!(reply.is_ok(), served, "{name}: {reply:?}");
            if let Err(e) = reply {
                assert!(e.to_string().contains("HandshakeFailure"), "{name}: {e}");
            }
        }
    }
    let counters = sim.control("counters", Value::Null);
    assert_eq!(counters["tls_refused"], 6);
}

#[test]
fn sessions_are_resumed() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let sim = Sim::start(&["--devices", "3"]);
        let config = config(&sim, version);
        for _ in 0..3 {
            let reply = ping(&sim, &config, "localhost").expect("a reply");
            assert!(reply.ends_with("true"), "{reply}");
        }
        let counters = sim.control("counters", Value::Null);
        assert_eq!(
            (&counters["tls_handshakes"], &counters["tls_resumed"]),
            (&3.into(), &2.into())
        );
        assert_eq!(counters["connections"], 3);
    }
}

#[test]
fn certificates_are_kept_in_the_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let pki = dir.path().join("pki");
    let pki = pki.to_str().expect("a path");
    let first = Sim::start(&["--devices", "3", "--pki", pki]);
    let again = Sim::start(&["--devices", "3", "--pki", pki]);
    assert_eq!(first.word("spki_pin"), again.word("spki_pin"));
    let config = config(&first, &rustls::version::TLS13);
    assert!(ping(&again, &config, "localhost").is_ok());
    let mode = std::fs::metadata(format!("{pki}/leaf.key"))
        .expect("a key")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let other = Sim::start(&["--devices", "3"]);
    assert_ne!(first.word("spki_pin"), other.word("spki_pin"));
    assert!(
        ping(&other, &config, "localhost").is_err(),
        "another authority"
    );
}

/// The certificate that the hub shows under a name, or why it is not trusted.
fn shown(sim: &Sim, config: &Arc<ClientConfig>) -> std::io::Result<Vec<u8>> {
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(config.clone(), name).expect("a client");
    let mut socket = TcpStream::connect(sim.word("https_address"))?;
    while client.is_handshaking() {
        client.complete_io(&mut socket)?;
    }
    let chain = client.peer_certificates().expect("a certificate");
    Ok(chain[0].to_vec())
}

#[test]
fn other_certificates_are_shown_and_not_resumed_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let pki = dir.path().to_str().expect("a path");
    let sim = Sim::start(&["--devices", "3", "--pki", pki]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = config(&sim, version);
        // Tickets to resume with.
        assert!(ping(&sim, &config, "localhost").is_ok());
        let own = shown(&sim, &config).expect("a good certificate");
        for (which, piece) in [
            ("swapped", "not valid for name"),
            ("self_signed", "UnknownIssuer"),
            ("expired", "certificate expired"),
            ("not_yet_valid", "certificate not valid yet"),
        ] {
            sim.control(
                "fault",
                serde_json::json!({"kind": "certificate", "which": which, "times": 1}),
            );
            let error = ping(&sim, &config, "localhost")
                .expect_err(which)
                .to_string();
            assert!(error.contains(piece), "{which}: {error}");
            assert_eq!(shown(&sim, &config).expect("once only"), own, "{which}");
        }
        let other = serde_json::json!({"kind": "certificate", "which": "same_name_other_key"});
        sim.control("fault", other);
        assert_ne!(shown(&sim, &config).expect("a trusted one"), own);
        sim.control("clear", serde_json::json!({}));
        assert_eq!(shown(&sim, &config).expect("the hub's"), own);
    }
    // A folder of an older simulator.
    std::fs::remove_file(dir.path().join("expired.pem")).expect("a file");
    let old = Sim::start(&["--devices", "3", "--pki", pki]);
    let url = format!("{}/_sim/fault", old.word("control"));
    let fault = "{\"kind\":\"certificate\",\"which\":\"expired\"}";
    assert_eq!(old.send("POST", &url, &[], fault).status, 409);
    assert_eq!(old.control("faults", Value::Null), serde_json::json!([]));
}
