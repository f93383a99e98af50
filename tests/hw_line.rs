// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line protocol panel over real pipes, sockets, children and a pseudo-terminal.

mod hw_support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use homey_panel::hw::{Face, Kind, OpenError, Panel, Transport, open};
use homey_panel::panel::plan::{ControlId, LayerId, OutputId, PanelId};
use homey_panel::panel::{Condition, Edge, Feedback, Link, Look, Show};
use homey_panel::time::Time;
use hw_support::{Dir, Peer, dial, face, now, pty, run, run_ahead};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

fn panel(transport: Transport) -> Box<dyn Panel> {
    open("wall", Kind::Line(transport), face(), now()).unwrap()
}

fn refused(transport: Transport) -> String {
    match open("wall", Kind::Line(transport), face(), now()) {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    }
}

fn lit(output: u16, text: &str) -> Show {
    let look = Look {
        condition: Condition::Ready,
        on: true,
        level: 1.0,
        text: text.into(),
        ..Look::default()
    };
    Show::Look {
        output: OutputId(output),
        look,
    }
}

/// How many descriptors the panel waits for.
fn fds(panel: &dyn Panel) -> usize {
    let mut fds = Vec::new();
    panel.poll_fds(&mut fds);
    fds.len()
}

fn fifos(dir: &Dir) -> (std::path::PathBuf, std::path::PathBuf) {
    let paths = (dir.path("in"), dir.path("out"));
    mkfifo(&paths.0, Mode::from_bits_truncate(0o600)).unwrap();
    mkfifo(&paths.1, Mode::from_bits_truncate(0o600)).unwrap();
    paths
}

#[test]
fn a_socket_serves_several_clients_and_tells_each_everything() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let mut panel = panel(Transport::Socket(path.clone()));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o660
    );
    let mut one = Peer::new(dial(&path));
    run(panel.as_mut(), &mut [&mut one], |_, peers, _| {
        peers[0].seen.contains("window")
    });
    panel.show(&Show::Link(Link::Ready), now());
    panel.show(&lit(1, "first"), now());
    panel.show(
        &Show::Feedback {
            control: ControlId(2),
            feedback: Feedback::Confirmed,
        },
        now(),
    );
    let mut two = Peer::new(dial(&path));
    run(panel.as_mut(), &mut [&mut one, &mut two], |_, peers, _| {
        peers.iter().all(|peer| peer.seen.contains("first")) && peers[1].seen.contains("window")
    });
    assert!(
        one.seen
            .contains("{\"feedback\":\"sofa\",\"result\":\"confirmed\"}\n")
    );
    assert!(
        two.seen
            .starts_with("{\"panel\":\"homey-panel\",\"protocol\":1,"),
        "{}",
        two.seen
    );
    assert!(two.seen.contains("{\"link\":\"ready\"}\n") && !two.seen.contains("feedback"));

    one.send(b"{\"tap\":\"sofa\"}\n{\"turn\":\"dial\",\"by\":2}\n{\"turn\":\"dial\",\"by\":-5}\n");
    let at = now();
    let seen = run(panel.as_mut(), &mut [&mut one, &mut two], |_, _, seen| {
        seen.events.len() == 2
    });
    let edges: Vec<_> = seen
        .events
        .iter()
        .map(|event| (event.control.0, event.edge))
        .collect();
    assert_eq!(edges, [(2, Edge::Tap), (3, Edge::Turn(-3))]);
    assert!(seen.events[0].at >= at);

    let mut more: Vec<Peer> = (0..3).map(|_| Peer::new(dial(&path))).collect();
    let mut peers: Vec<&mut Peer> = more.iter_mut().collect();
    let seen = run(panel.as_mut(), &mut peers, |_, _, seen| {
        !seen.reports.is_empty()
    });
    assert_eq!(seen.reports, ["one client too many was turned away"]);
    drop(two);
    run(panel.as_mut(), &mut [&mut one], |panel, _, _| {
        fds(panel) == 4
    });
    drop(panel);
    assert!(!path.exists(), "the socket's file goes with the panel");
}

#[test]
fn a_stale_socket_is_replaced_and_nothing_else_is() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let message = refused(Transport::Socket(path.clone()));
    assert!(message.contains("another program listens"), "{message}");
    drop(listener);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    drop(panel(Transport::Socket(path.clone())));
    fs::write(&path, "precious").unwrap();
    let message = refused(Transport::Socket(path.clone()));
    assert!(message.contains("is not a socket"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_client_that_does_not_read_gets_the_newest_later() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let mut panel = panel(Transport::Socket(path.clone()));
    let mut peer = Peer::new(dial(&path));
    for round in 0..20_000 {
        for output in 1..=6 {
            panel.show(&lit(output, &format!("round {round}")), now());
        }
        panel.service(now(), &mut Vec::new()).unwrap();
    }
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        peers[0].seen.matches("\"round 19999\"").count() == 6
    });
    assert!(
        peer.seen.len() < 100_000,
        "{} bytes waited",
        peer.seen.len()
    );
    for line in peer.seen.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect(line);
    }
}

#[test]
fn every_split_of_the_bytes_gives_the_same_events_in_the_same_call() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let mut panel = panel(Transport::Socket(path.clone()));
    let mut peer = Peer::new(dial(&path));
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        peers[0].seen.contains("window")
    });
    let lines = b"{\"press\":\"desk\"}\r\n{\"release\":\"desk\",\"ms\":0}\n";
    for at in 0..=lines.len() {
        let mut events = Vec::new();
        for piece in [&lines[..at], &lines[at..]] {
            peer.send(piece);
            panel.service(now(), &mut events).unwrap();
        }
        let edges: Vec<_> = events
            .iter()
            .map(|event| (event.control.0, event.edge))
            .collect();
        assert_eq!(edges, [(1, Edge::Down), (1, Edge::Up)], "cut at {at}");
    }
}

#[test]
fn a_button_comes_up_as_what_it_went_down_as() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let mut panel = panel(Transport::Socket(path.clone()));
    let mut peer = Peer::new(dial(&path));
    let mut events = Vec::new();
    let t = Time::from_millis(100_000);
    panel.service(t, &mut events).unwrap();
    peer.send(b"{\"press\":\"desk\",\"ms\":40}\n");
    panel.service(t, &mut events).unwrap();
    panel.show(&Show::Layer(LayerId(1)), t);
    peer.send(b"{\"release\":\"desk\",\"ms\":70}\n{\"press\":\"desk\"}\n{\"release\":\"desk\"}\n");
    panel.service(t, &mut events).unwrap();
    let edges: Vec<_> = events
        .iter()
        .map(|event| (event.control.0, event.edge))
        .collect();
    assert_eq!(
        edges,
        [
            (1, Edge::Down),
            (1, Edge::Up),
            (7, Edge::Down),
            (7, Edge::Up)
        ]
    );
    let times: Vec<_> = events
        .iter()
        .map(|event| event.at.as_micros() / 1000)
        .collect();
    assert_eq!(
        times,
        [99_960, 99_960, 100_000, 100_000],
        "time never runs backwards"
    );
}

#[test]
fn bad_lines_are_answered_counted_and_skipped() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let mut panel = panel(Transport::Socket(path.clone()));
    let mut peer = Peer::new(dial(&path));
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        peers[0].seen.contains("window")
    });
    peer.seen.clear();
    peer.send(b"boot v1.2 \x1b[31m\n{\"tap\":\"desk\"}\n");
    let seen = run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        peers[0].seen.contains("error")
    });
    assert_eq!(
        peer.seen,
        "{\"error\":\"not a JSON object\",\"line\":\"boot v1.2 \"}\n"
    );
    assert_eq!(
        seen.reports,
        ["skipped a line: not a JSON object: boot v1.2 "]
    );
    assert_eq!(seen.events.len(), 1);
    peer.seen.clear();
    peer.send(b"{\"tap\":\"cellar\"}\n");
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        !peers[0].seen.is_empty()
    });
    assert_eq!(
        peer.seen,
        "{\"error\":\"no such control\",\"line\":\"cellar\"}\n"
    );
    // Our own lines, echoed: reported, never answered.
    peer.seen.clear();
    peer.send(b"{\"error\":\"no such control\",\"line\":\"cellar\"}\n");
    peer.send(&b"\xff\xfe{{{{\n".repeat(500));
    peer.send(b"{\"tap\":\"fan\"}\n");
    let seen = run(panel.as_mut(), &mut [&mut peer], |_, _, seen| {
        !seen.events.is_empty()
    });
    assert_eq!(seen.reports.len(), 1, "{:?}", seen.reports);
    let later = Duration::from_secs(61);
    let seen = run_ahead(panel.as_mut(), &mut [], later, |_, _, seen| {
        !seen.reports.is_empty()
    });
    assert_eq!(seen.reports, ["500 more lines skipped"]);
}

#[test]
fn a_fifo_outlives_its_writers_and_tells_each_new_reader_everything() {
    let dir = Dir::new();
    let (input, output) = fifos(&dir);
    let transport = Transport::Fifo {
        input: input.clone(),
        output: Some(output.clone()),
    };
    let mut panel = panel(transport);
    for control in ["desk", "sofa"] {
        fs::write(&input, format!("{{\"tap\":\"{control}\"}}\n")).unwrap();
        let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
            !seen.events.is_empty()
        });
        assert!(seen.faults.is_empty(), "{:?}", seen.faults);
    }
    for text in ["nobody read this", "first", "second"] {
        panel.show(&lit(1, text), now());
        if text == "nobody read this" {
            panel.service(now(), &mut Vec::new()).unwrap();
            continue;
        }
        let mut how = OpenOptions::new();
        how.read(true).custom_flags(nix::libc::O_NONBLOCK);
        let mut reader = Peer::new(how.open(&output).unwrap());
        run(panel.as_mut(), &mut [&mut reader], |_, peers, _| {
            peers[0].seen.contains("window")
        });
        let told = &reader.seen;
        assert!(told.starts_with("{\"panel\":"), "{told}");
        assert!(told.contains(text) && !told.contains("nobody"), "{told}");
        drop(reader);
        // The panel notices, and then waits for its input only.
        run(panel.as_mut(), &mut [], |panel, _, _| fds(panel) == 1);
    }
}

#[test]
fn what_cannot_be_a_transport_is_refused_with_the_cure() {
    let dir = Dir::new();
    let file = dir.path("file");
    fs::write(&file, "").unwrap();
    let absent = dir.path("absent");
    let table = [
        (
            Transport::Fifo {
                input: file.clone(),
                output: None,
            },
            "is not a FIFO",
        ),
        (
            Transport::Fifo {
                input: absent.clone(),
                output: None,
            },
            "make it first, with mkfifo",
        ),
        (
            Transport::Serial {
                path: file.clone(),
                baud: 9600,
            },
            "is not a serial device",
        ),
        (
            Transport::Serial {
                path: absent.clone(),
                baud: 9601,
            },
            "no such speed: 9601 baud",
        ),
        (
            Transport::Serial {
                path: "/dev/null".into(),
                baud: 9600,
            },
            "",
        ),
        (Transport::Socket(file.clone()), "is not a socket"),
        (
            Transport::Socket(dir.path("no/such/directory")),
            "cannot listen on",
        ),
        (Transport::Command(vec![]), "the command is empty"),
        (
            Transport::Command(vec!["/no/such/program".into()]),
            "cannot start /no/such/program",
        ),
    ];
    for (transport, want) in table {
        if want.is_empty() {
            // A character device that is no serial line may become one again: tried, and told.
            let mut panel = panel(transport);
            assert!(panel.service(now(), &mut Vec::new()).is_err());
            continue;
        }
        let message = refused(transport.clone());
        assert!(message.contains(want), "{transport:?}: {message}");
        assert!(message.starts_with("panel \"wall\": "), "{message}");
    }
}

#[test]
fn a_serial_line_is_raw_exclusive_and_comes_back() {
    let dir = Dir::new();
    let link = dir.path("by-id");
    let (mut device, slave, path) = pty(80, 24);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let transport = Transport::Serial {
        path: link.clone(),
        baud: 115_200,
    };
    let mut panel = panel(transport.clone());
    run(panel.as_mut(), &mut [&mut device], |_, peers, _| {
        peers[0].seen.contains("window")
    });
    assert!(!device.seen.contains('\r'), "no output processing");
    let termios = nix::sys::termios::tcgetattr(&slave).unwrap();
    assert!(
        termios.local_flags.is_empty()
            || !termios
                .local_flags
                .contains(nix::sys::termios::LocalFlags::ECHO)
    );
    assert_eq!(
        nix::sys::termios::cfgetospeed(&termios),
        nix::sys::termios::BaudRate::B115200
    );
    let mut second = open("other", Kind::Line(transport), Face::default(), now()).unwrap();
    assert!(
        second.service(now(), &mut Vec::new()).is_err(),
        "the port is ours alone"
    );
    drop(second);

    device.send(b"{\"hold\":\"sofa\"}\n");
    let seen = run(panel.as_mut(), &mut [&mut device], |_, _, seen| {
        !seen.events.is_empty()
    });
    assert_eq!(seen.events[0].edge, Edge::Held);

    // Unplugged.
    drop((device, slave));
    fs::remove_file(&link).unwrap();
    let seen = run(panel.as_mut(), &mut [], |_, _, seen| {
        !seen.faults.is_empty()
    });
    assert!(seen.faults[0].contains("trying again"), "{:?}", seen.faults);
    // Not there for a while: tried, not told again.
    let later = Duration::from_secs(2);
    let mut turns = 0;
    let seen = run_ahead(panel.as_mut(), &mut [], later, |_, _, _| {
        turns += 1;
        turns > 5
    });
    assert!(seen.faults.is_empty(), "{:?}", seen.faults);
    // Plugged in again, under another number; what changed meanwhile is shown.
    panel.show(&lit(5, "turning"), now());
    let (mut device, _slave, path) = pty(80, 24);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let later = Duration::from_secs(20);
    let seen = run_ahead(panel.as_mut(), &mut [&mut device], later, |_, peers, _| {
        peers[0].seen.contains("window")
    });
    assert!(device.seen.contains("turning") && device.seen.starts_with("{\"panel\""));
    assert!(
        seen.reports[0].contains("is there again"),
        "{:?}",
        seen.reports
    );
}

#[test]
fn a_device_that_says_hello_and_a_new_face_are_told_everything_again() {
    let dir = Dir::new();
    let path = dir.path("sock");
    let mut panel = panel(Transport::Socket(path.clone()));
    let mut peer = Peer::new(dial(&path));
    let told = |peers: &mut [&mut Peer], what: &str| peers[0].seen.contains(what);
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        told(peers, "window")
    });
    peer.seen.clear();
    peer.send(b"{\"hello\":\"pico\"}\n");
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        told(peers, "window")
    });
    assert!(peer.seen.starts_with("{\"panel\""));
    peer.seen.clear();
    panel.reload(Face {
        id: PanelId(0),
        title: "Hall".into(),
        ..Face::default()
    });
    run(panel.as_mut(), &mut [&mut peer], |_, peers, _| {
        told(peers, "link")
    });
    assert!(
        peer.seen
            .starts_with("{\"panel\":\"homey-panel\",\"protocol\":1,\"title\":\"Hall\"")
    );
    assert!(matches!(
        open("wall", Kind::Line(Transport::Socket(path)), face(), now()),
        Err(OpenError::InUse { .. })
    ));
}
