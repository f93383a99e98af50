// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CA file is looked through for each handshake: it may change meanwhile, and it may be readable once only.

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use homey_panel::net::{TlsFault, Trust, client_config};
use rustls::ClientConfig;

use crate::{AMPLE, NAME, OK, fault, get, session};
use homey_rig::beds::pki::{Authority, BOTH, Close, Leaf, Shown, TempFile, serve, server_config};
use homey_rig::beds::server::Server;

/// One full handshake and a request, by a configuration that has met others before.
fn meet(config: &Arc<ClientConfig>, shown: &Shown) -> Result<String, homey_panel::net::Error> {
    let server = Server::start();
    let there = server_config(shown, BOTH);
    let _seen = server.ask(move |tcp| serve(there, tcp, OK, Close::Notify));
    get(&mut session(server.addr, config, NAME), AMPLE)
}

#[test]
fn what_stands_in_the_file_now_counts() {
    let (us, them) = (Authority::new("us"), Authority::new("them"));
    let shown = us.issue(&Leaf::of(&[NAME]));
    let file = TempFile::new(us.pem());
    let config = client_config(&Trust::CaFile(file.path().into())).unwrap();
    assert_eq!(meet(&config, &shown).unwrap(), "ok");

    fs::write(file.path(), them.pem()).unwrap();
    let (stranger, _) = fault(meet(&config, &shown));
    assert!(
        matches!(
            stranger,
            TlsFault::Untrusted {
                self_signed: false,
                ..
            }
        ),
        "{stranger:?}"
    );

    // Half written, and gone: nobody is trusted, and the file is named.
    let whole = format!("{}{}", them.pem(), us.pem());
    for (content, word) in [
        (Some(&whole[..whole.len() / 2 + 200]), "not PEM"),
        (None, "No such file"),
    ] {
        match content {
            Some(content) => fs::write(file.path(), content).unwrap(),
            None => fs::remove_file(file.path()).unwrap(),
        }
        let (refused, error) = fault(meet(&config, &shown));
        assert!(matches!(refused, TlsFault::Other(_)), "{refused:?}");
        let text = error.to_string();
        let path = file.path().display().to_string();
        assert!(text.contains(&path) && text.contains(word), "{text}");
    }

    fs::write(file.path(), whole).unwrap();
    assert_eq!(meet(&config, &shown).unwrap(), "ok");
}

/// A root may be renewed under its old name: the right key among those of that name is found.
#[test]
fn of_two_roots_of_one_name_the_right_one_counts() {
    let (old, new) = (Authority::new("us"), Authority::new("us"));
    for pem in [
        format!("{}{}", old.pem(), new.pem()),
        format!("{}{}", new.pem(), old.pem()),
    ] {
        let file = TempFile::new(&pem);
        let config = client_config(&Trust::CaFile(file.path().into())).unwrap();
        for authority in [&old, &new] {
            let shown = authority.issue(&Leaf::of(&[NAME]));
            assert_eq!(meet(&config, &shown).unwrap(), "ok");
        }
    }
}

/// As a shell's `<(cat a.pem b.pem)` is.
#[test]
fn a_pipe_can_be_read_once_only() {
    let us = Authority::new("us");
    let shown = us.issue(&Leaf::of(&[NAME]));
    let (read, write) = nix::unistd::pipe().unwrap();
    fs::File::from(write)
        .write_all(us.pem().as_bytes())
        .unwrap();
    let path = format!("/proc/self/fd/{}", read.as_raw_fd());
    let config = client_config(&Trust::CaFile(Path::new(&path).into())).unwrap();
    for _ in 0..2 {
        assert_eq!(meet(&config, &shown).unwrap(), "ok");
    }
}
