// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whom to trust and whom not.

use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use homey_panel::net::{Error, TlsFault, Trust, client_config, parse_pin, show_pin};
use homey_rig::beds::pki::{
    Algorithm, Authority, BOTH, Close, Leaf, Seen, Shown, TempFile, serve, server_config,
};
use homey_rig::beds::server::Server;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, ProtocolVersion};

use crate::{AMPLE, GET, NAME, OK, OTHER, fault, get, meet, session};

/// Every kind of key and both versions, trusted by an authority and by a pin; the name is not the address dialled.
#[test]
fn hubs_that_are_trusted() {
    let authority = Authority::new("us");
    for algorithm in [
        Algorithm::P256,
        Algorithm::P384,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let leaf = Leaf {
            algorithm,
            ..Leaf::of(&[OTHER, "*.homey.homeylocal.com"])
        };
        let shown = authority.issue(&leaf);
        let versions = [
            (BOTH, ProtocolVersion::TLSv1_3),
            (&[&TLS13], ProtocolVersion::TLSv1_3),
            (&[&TLS12], ProtocolVersion::TLSv1_2),
        ];
        for (versions, version) in versions {
            for trust in [
                Trust::CaFile(authority.file.path().into()),
                Trust::Pin(shown.pin),
            ] {
                let (result, seen) = meet(server_config(&shown, versions), &trust, NAME);
                let context = format!("{algorithm:?} {version:?} {trust:?}");
                assert_eq!(result.unwrap_or_else(|e| panic!("{context}: {e}")), "ok");
                let expected = Seen {
                    kind: Some(HandshakeKind::Full),
                    name: Some(NAME.into()),
                    version: Some(version),
                    request: GET.into(),
                };
                // A P-384 key makes the server ask for another key share now and then, which is no matter.
                assert_eq!(
                    Seen {
                        kind: expected.kind,
                        ..seen
                    },
                    expected,
                    "{context}"
                );
            }
        }
    }
}

/// A pin replaces chain, name and dates.
#[test]
fn a_pin_takes_its_key_in_any_certificate() {
    let authority = Authority::new("us");
    let good = Leaf::of(&[NAME]);
    let expired = Leaf {
        years: (2001, 2002),
        ..good.clone()
    };
    let future = Leaf {
        years: (2089, 2090),
        ..good.clone()
    };
    let rows = [
        ("self-signed", good.self_signed()),
        ("unknown issuer", authority.issue(&good)),
        ("expired", authority.issue(&expired)),
        ("expired and self-signed", expired.self_signed()),
        ("not yet valid", future.self_signed()),
        ("another name", authority.issue(&Leaf::of(&[OTHER]))),
        ("no name", Leaf::of(&[]).self_signed()),
    ];
    let other = good.self_signed();
    for (name, shown) in rows {
        for versions in [&[&TLS13], &[&TLS12]] {
            let (result, _) = meet(
                server_config(&shown, versions),
                &Trust::Pin(shown.pin),
                NAME,
            );
            assert_eq!(result.unwrap_or_else(|e| panic!("{name}: {e}")), "ok");
            let (result, seen) = meet(
                server_config(&shown, versions),
                &Trust::Pin(other.pin),
                NAME,
            );
            let (fault, error) = fault(result);
            assert_eq!(
                fault,
                TlsFault::WrongPin {
                    pin: show_pin(&shown.pin)
                },
                "{name}"
            );
            assert!(error.to_string().contains(&show_pin(&shown.pin)) && error.is_wrong_host());
            assert_eq!(seen.request, "", "{name}: the request must not leave");
        }
    }
}

/// Whoever is refused is refused with the reason and the cure, and gets no byte of the request.
#[test]
fn hubs_that_are_not_trusted() {
    let (authority, stranger) = (Authority::new("us"), Authority::new("them"));
    let renewed = Authority::new("us");
    let good = Leaf::of(&[NAME]);
    let named = |names: &[&str]| authority.issue(&Leaf::of(names));
    let dated = |from, to| {
        authority.issue(&Leaf {
            years: (from, to),
            ..good.clone()
        })
    };
    let (alone, strange, anew) = (
        good.self_signed(),
        stranger.issue(&good),
        renewed.issue(&good),
    );
    let names = |names: &[&str]| TlsFault::WrongName {
        presented: names.iter().map(|n| n.to_string()).collect(),
    };
    let untrusted = |self_signed, shown: &Shown| TlsFault::Untrusted {
        self_signed,
        pin: show_pin(&shown.pin),
    };
    let this_year = 1970 + i64::try_from(unix_now() / 31_556_952).unwrap();
    let pin_of = |shown: &Shown| show_pin(&shown.pin);
    let rows: Vec<(Shown, TlsFault, Vec<String>)> = vec![
        (
            named(&[OTHER]),
            names(&[OTHER]),
            vec![OTHER.into(), "tls_name".into()],
        ),
        (
            named(&[OTHER, "b.example"]),
            names(&[OTHER, "b.example"]),
            vec![format!("{OTHER}, b.example")],
        ),
        (
            named(&["192.168.1.17"]),
            names(&["192.168.1.17"]),
            vec!["192.168.1.17".into()],
        ),
        (
            named(&[OTHER, "fe80::1"]),
            names(&[OTHER, "fe80::1"]),
            vec!["fe80::1".into()],
        ),
        (
            named(&["a", "b", "c", "d", "e"]),
            names(&["a", "b", "c", "d"]),
            vec!["a, b, c, d".into()],
        ),
        (
            dated(2001, 2002),
            TlsFault::Expired,
            vec!["expired".into(), "renew".into()],
        ),
        (
            dated(2089, 2090),
            TlsFault::NotYetValid {
                our_year: this_year,
            },
            vec![
                "not valid yet".into(),
                this_year.to_string(),
                "clock".into(),
            ],
        ),
        (
            alone.clone(),
            untrusted(true, &alone),
            vec!["self-signed".into(), pin_of(&alone), "--pin".into()],
        ),
        (
            strange.clone(),
            untrusted(false, &strange),
            vec!["unknown issuer".into(), "ca_file".into(), pin_of(&strange)],
        ),
        (
            anew.clone(),
            untrusted(false, &anew),
            vec!["unknown issuer".into(), pin_of(&anew)],
        ),
    ];
    let trust = Trust::CaFile(authority.file.path().into());
    for (shown, expected, words) in rows {
        for versions in [&[&TLS13], &[&TLS12]] {
            let (result, seen) = meet(server_config(&shown, versions), &trust, NAME);
            let (fault, error) = fault(result);
            assert_eq!(fault, expected);
            let text = error.to_string();
            assert!(text.contains(NAME) && text.contains("127.0.0.1:"), "{text}");
            for word in &words {
                assert!(text.contains(word), "no {word:?} in {text}");
            }
            assert_eq!(
                error.is_clock(),
                matches!(fault, TlsFault::NotYetValid { .. })
            );
            let is_wrong = matches!(
                fault,
                TlsFault::Expired | TlsFault::WrongName { .. } | TlsFault::Untrusted { .. }
            );
            assert_eq!(error.is_wrong_host(), is_wrong, "{text}");
            assert_eq!(seen.request, "", "the request must not leave");
        }
    }
    // The pin in the message is the one that works.
    let (fault, _) = fault(meet(server_config(&alone, BOTH), &trust, NAME).0);
    let TlsFault::Untrusted { pin, .. } = fault else {
        panic!("{fault:?}")
    };
    let pin = Trust::Pin(parse_pin(&pin).unwrap());
    assert_eq!(
        meet(server_config(&alone, BOTH), &pin, NAME).0.unwrap(),
        "ok"
    );
}

fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// The certificate is public; only its key proves who answers. Checked in every mode and version.
#[test]
fn a_borrowed_certificate_is_refused() {
    let authority = Authority::new("us");
    for algorithm in [Algorithm::P256, Algorithm::Rsa2048, Algorithm::Ed25519] {
        let leaf = Leaf {
            algorithm,
            ..Leaf::of(&[NAME])
        };
        let owner = authority.issue(&leaf);
        // Of the same kind where one can be made, so that nothing but the key is wrong.
        let thief = match algorithm {
            Algorithm::Rsa2048 => Leaf::of(&[NAME]).self_signed(),
            _ => leaf.self_signed(),
        };
        for versions in [&[&TLS13], &[&TLS12]] {
            for trust in [
                Trust::CaFile(authority.file.path().into()),
                Trust::Pin(owner.pin),
            ] {
                let stolen = owner.signed_by_key_of(&thief);
                let (result, seen) = meet(server_config(&stolen, versions), &trust, NAME);
                let error = result.expect_err("a stolen certificate");
                let is_named = matches!(algorithm, Algorithm::Rsa2048)
                    || error.to_string().contains("does not hold the key");
                let context = format!("{algorithm:?} {versions:?} {trust:?}: {error}");
                assert!(is_named && matches!(error, Error::Tls { .. }), "{context}");
                assert_eq!(seen.request, "", "{context}");
                assert_eq!(
                    meet(server_config(&owner, versions), &trust, NAME)
                        .0
                        .unwrap(),
                    "ok"
                );
            }
        }
    }
}

/// The child of `the_system_bundle_is_that_of_the_environment`, since the environment is the whole process's.
#[test]
#[ignore = "run by the_system_bundle_is_that_of_the_environment with its own environment"]
fn as_a_child_with_its_own_bundle() {
    let addr = std::env::var("HOMEY_TEST_ADDR").expect("an address");
    let result = client_config(&Trust::System)
        .and_then(|config| get(&mut session(addr.parse().unwrap(), &config, NAME), AMPLE));
    match result {
        Ok(content) => println!("<<{content}>>"),
        Err(error) => println!("<<{error}>>"),
    }
}

#[test]
fn the_system_bundle_is_that_of_the_environment() {
    let (authority, other) = (Authority::new("us"), Authority::new("them"));
    let shown = authority.issue(&Leaf::of(&[NAME]));
    let text = TempFile::new("not a certificate\n");
    let broken = TempFile::new("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    let several = TempFile::new(&format!(
        "# two of them\n{}\n{}",
        other.pem(),
        authority.pem()
    ));
    let absent = PathBuf::from("/nonexistent/bundle.pem");
    let rows: [(PathBuf, &[&str]); 6] = [
        (authority.file.path().into(), &["<<ok>>"]),
        (several.path().into(), &["<<ok>>"]),
        (other.file.path().into(), &["unknown issuer", "sha256//"]),
        (absent, &["/nonexistent/bundle.pem", "No such file"]),
        (
            text.path().into(),
            &["no usable certificate", "-----BEGIN CERTIFICATE-----"],
        ),
        (broken.path().into(), &["not PEM"]),
    ];
    for (bundle, words) in rows {
        let (server, there) = (Server::start(), server_config(&shown, BOTH));
        server.next(move |tcp| drop(serve(there, tcp, OK, Close::Notify)));
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "trust::as_a_child_with_its_own_bundle",
                "--ignored",
                "--nocapture",
            ])
            .env("SSL_CERT_FILE", &bundle)
            .env("HOMEY_TEST_ADDR", server.addr.to_string())
            .output()
            .expect("this program again");
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("<<"), "{said}");
        for word in words {
            assert!(said.contains(word), "{}: {said}", bundle.display());
        }
    }
}
