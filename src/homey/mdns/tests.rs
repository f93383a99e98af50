// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;

const ID: &str = "5f00aa11bb22cc33dd44ee55";

/// The header of an answer with `n` records, all in the section of additional ones.
fn header(n: u8) -> Vec<u8> {
    vec![0, 0, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, n]
}

fn labels(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        wire.push(label.len() as u8);
        wire.extend(label.bytes());
    }
    wire.push(0);
    wire
}

fn raw(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let mut wire = owner.to_vec();
    wire.extend(kind.to_be_bytes());
    wire.extend([0x80, 1, 0, 0, 0, 120]);
    wire.extend((data.len() as u16).to_be_bytes());
    wire.extend(data);
    wire
}

fn a(owner: &str, ip: [u8; 4]) -> Vec<u8> {
    raw(&labels(owner), 1, &ip)
}

fn packet(records: &[Vec<u8>]) -> Vec<u8> {
    let mut packet = header(records.len() as u8);
    records.iter().for_each(|r| packet.extend(r));
    packet
}

fn txt(strings: &[&str]) -> Vec<u8> {
    let mut data = Vec::new();
    for string in strings {
        data.push(string.len() as u8);
        data.extend(string.bytes());
    }
    data
}

/// What a Homey Pro of 2023 says when it is asked for its service, with names compressed as responders do.
fn announcement() -> Vec<u8> {
    // 12: _homey._tcp.local; its parts at 12, 19, 24.
    let mut packet = header(4);
    packet.extend(raw(&labels("_homey._tcp.local"), 12, b"\x04Home\xc0\x0c"));
    let instance = packet.len() - 7;
    let instance = [0xc0 | (instance >> 8) as u8, instance as u8];
    let mut srv = vec![0, 0, 0, 0, 0, 80];
    srv.extend(b"\x12Homey-9013DA0A0B0C\xc0\x18");
    packet.extend(raw(&instance, 33, &srv));
    let host = packet.len() - 21;
    let host = [0xc0 | (host >> 8) as u8, host as u8];
    let strings = [
        &format!("id={ID}"),
        "model=homey5q",
        "Name=Home",
        "version=12.9.0",
        "x",
    ];
    packet.extend(raw(&instance, 16, &txt(&strings)));
    packet.extend(raw(&host, 1, &[192, 168, 1, 20]));
    packet
}

fn heard(id: &str, packets: &[Vec<u8>]) -> Answers {
    let mut answers = Answers::new(id);
    for packet in packets {
        assert!(answers.take(packet));
    }
    answers
}

#[test]
fn questions_are_the_bytes_that_responders_know() {
    assert_eq!(
        address_question(ID).unwrap(),
        b"\0\0\0\0\0\x01\0\0\0\0\0\0\x1ehomey-5f00aa11bb22cc33dd44ee55\x05local\0\0\x01\x80\x01"
    );
    assert_eq!(
        service_question(),
        b"\0\0\0\0\0\x01\0\0\0\0\0\0\x06_homey\x04_tcp\x05local\0\0\x0c\x80\x01"
    );
    assert_eq!(address_question(&"a".repeat(64)), None);
    assert_eq!(Name::parse("a..b"), None);
    assert_eq!(Name::parse(&["a"; 127].join(".")).map(|_| ()), Some(()));
    assert_eq!(Name::parse(&["a"; 128].join(".")), None);
}

#[test]
fn a_hubs_own_name_gives_its_address_whatever_the_case() {
    let host = format!("HOMEY-{}.Local", ID.to_uppercase());
    let answers = heard(ID, &[packet(&[a(&host, [192, 168, 1, 20])])]);
    assert_eq!(answers.wanted(), [Ipv4Addr::new(192, 168, 1, 20)]);
    let hubs = answers.hubs();
    assert_eq!((hubs.len(), hubs[0].id.as_deref()), (1, Some(ID)));
}

#[test]
fn an_announcement_gives_name_model_version_and_address() {
    for id in ["", ID] {
        let answers = heard(id, &[announcement()]);
        let want = Heard {
            id: Some(ID.into()),
            name: Some("Home".into()),
            model: Some("homey5q".into()),
            version: Some("12.9.0".into()),
            ips: vec![Ipv4Addr::new(192, 168, 1, 20)],
            port: Some(80),
        };
        assert_eq!(answers.hubs(), [want]);
        assert!(answers.missing().is_empty());
    }
    let wanted = heard(ID, &[announcement()]).wanted();
    assert_eq!(wanted, [Ipv4Addr::new(192, 168, 1, 20)]);
    assert!(heard("0000000000", &[announcement()]).wanted().is_empty());
}

#[test]
fn every_cut_of_an_announcement_is_refused_whole() {
    let whole = announcement();
    for end in 0..whole.len() {
        let mut answers = Answers::new(ID);
        assert!(!answers.take(&whole[..end]), "{end}");
        assert!(answers.hubs().is_empty() && answers.missing().is_empty());
    }
}

#[test]
fn every_damaged_byte_is_survived() {
    let whole = announcement();
    for at in 0..whole.len() {
        for flip in [0x01, 0x40, 0x80, 0xc0, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let mut answers = Answers::new(ID);
            answers.take(&bytes);
            for hub in answers.hubs() {
                assert!(hub.ips.len() <= MAX_IPS && hub.id.is_none_or(|id| is_id(&id)));
            }
        }
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let good = packet(&[a(&format!("homey-{ID}.local"), [10, 0, 0, 2])]);
    for (at, byte) in [(2, 0x04), (2, 0x8c), (3, 0x03), (11, 2), (5, 1)] {
        let mut bytes = good.clone();
        bytes[at] = byte;
        assert!(!Answers::new(ID).take(&bytes), "{at} {byte}");
    }
    // The asker's own question, which comes back where a socket hears its own.
    assert!(!Answers::new(ID).take(&address_question(ID).unwrap()));
    let mut long = good.clone();
    long.resize(MAX_PACKET + 1, 0);
    assert!(!Answers::new(ID).take(&long));
    assert!(Answers::new(ID).take(&good));
}

#[test]
fn pointers_that_come_round_or_lead_ahead_are_refused() {
    for owner in [
        &b"\xc0\x0c"[..],
        b"\xc0\x0e",
        b"\xff\xff",
        b"\x01a\xc0\x0c",
        b"\x40a\0",
        b"\x80a\0",
    ] {
        assert!(!Answers::new(ID).take(&packet(&[raw(owner, 1, &[10, 0, 0, 2])])));
    }
    // Names that are built up pointer by pointer beyond 255 bytes.
    let mut bytes = header(8);
    let mut before = 0;
    for n in 0..8 {
        let start = bytes.len();
        let mut owner = vec![40];
        owner.extend([b'a'; 40]);
        match n {
            0 => owner.push(0),
            _ => owner.extend([0xc0, before]),
        }
        before = start as u8;
        bytes.extend(raw(&owner, 2, b""));
        if n == 5 {
            bytes[11] = 6;
            assert!(Answers::new(ID).take(&bytes));
        }
        bytes[11] = 8;
    }
    assert!(!Answers::new(ID).take(&bytes));
}

#[test]
fn data_that_does_not_fit_its_kind_is_refused() {
    let host = labels(&format!("homey-{ID}.local"));
    let service = labels("_homey._tcp.local");
    for (owner, kind, data) in [
        (&host, 1, &b"\x0a\0\0"[..]),
        (&host, 1, b"\x0a\0\0\x02\x02"),
        (&service, 12, b""),
        (&service, 12, b"\x01a"),
        (&service, 12, b"\x01a\0\0"),
        (&service, 33, b"\0\0\0\0\0"),
        (&service, 33, b"\0\0\0\0\0\x50\x05a"),
        (&service, 16, b"\x05a"),
    ] {
        let bytes = packet(&[raw(owner, kind, data)]);
        assert!(!Answers::new(ID).take(&bytes), "{kind} {data:?}");
    }
}

#[test]
fn ipv6_other_classes_and_records_taken_back_are_read_over() {
    let host = labels(&format!("homey-{ID}.local"));
    let v6 = raw(&host, 28, &[0xfd; 16]);
    let mut chaos = raw(&host, 1, &[10, 0, 0, 2]);
    chaos[host.len() + 3] = 3;
    let mut back = raw(&host, 1, &[10, 0, 0, 3]);
    back[host.len() + 7] = 0;
    let answers = heard(ID, &[packet(&[v6, chaos, back])]);
    assert!(answers.wanted().is_empty() && answers.hubs().is_empty());
}

#[test]
fn several_answers_are_kept_in_order_and_bounded() {
    let host = format!("homey-{ID}.local");
    let records: Vec<Vec<u8>> = [1, 2, 2, 3].map(|n| a(&host, [10, 0, 0, n])).to_vec();
    let last: Vec<u8> = heard(ID, &[packet(&records)])
        .wanted()
        .iter()
        .map(|ip| ip.octets()[3])
        .collect();
    assert_eq!(last, [1, 2, 3]);
    // A flood: of hosts, of hubs, of addresses of one hub.
    let mut answers = Answers::new(ID);
    for n in 0..=255_u8 {
        let name = format!("hub{n}._homey._tcp.local");
        let mut srv = vec![0, 0, 0, 0, 0, 80];
        srv.extend(labels("flood.local"));
        assert!(answers.take(&packet(&[
            a(&format!("host{n}.local"), [10, 1, 0, n]),
            raw(&labels(&name), 33, &srv),
            a(&host, [10, 0, 0, n]),
        ])));
    }
    assert_eq!((answers.hosts.len(), answers.instances.len()), (64, 32));
    // Whoever was first does not keep the last ones out.
    let last = answers.wanted().into_iter().map(|ip| ip.octets()[3]);
    assert!(last.eq(248..=255));
    assert!(answers.missing().len() <= 2 * MAX_HUBS);
}

#[test]
fn what_an_announcement_left_out_is_asked_for() {
    let service = raw(
        &labels("_homey._tcp.local"),
        12,
        &labels("Home._homey._tcp.local"),
    );
    let mut answers = heard("", &[packet(&[service])]);
    let asked = |answers: &Answers| -> Vec<u8> {
        let kind = |q: &Vec<u8>| q[q.len() - 3];
        answers.missing().iter().map(kind).collect()
    };
    assert_eq!(asked(&answers), [33, 16]);
    let mut srv = vec![0, 0, 0, 0, 0x12, 0xfb];
    srv.extend(labels("Homey-1.local"));
    let owner = labels("HOME._homey._tcp.local");
    answers.take(&packet(&[raw(&owner, 33, &srv)]));
    assert_eq!(asked(&answers), [1, 16]);
    answers.take(&packet(&[raw(&owner, 16, &txt(&["id=not an id", "="]))]));
    answers.take(&packet(&[a("homey-1.LOCAL", [192, 168, 1, 9])]));
    assert_eq!(asked(&answers), [0; 0]);
    let hubs = answers.hubs();
    assert_eq!((hubs.len(), hubs[0].id.as_deref()), (1, None));
    assert_eq!(
        (hubs[0].name.as_deref(), hubs[0].port),
        (Some("Home"), Some(4859))
    );
    assert_eq!(hubs[0].ips, [Ipv4Addr::new(192, 168, 1, 9)]);
}

#[test]
fn foreign_texts_are_made_harmless() {
    let owner = labels("Home._homey._tcp.local");
    let text = format!("name={}\u{1b}[2J\n", "x".repeat(100));
    let answers = heard("", &[packet(&[raw(&owner, 16, &txt(&[&text]))])]);
    let name = answers.hubs()[0].name.clone().unwrap();
    assert!(
        name.chars().count() <= 64 && !name.contains(char::is_control),
        "{name:?}"
    );
}
