// SPDX-License-Identifier: MIT OR Apache-2.0
//! Somebody in the house who answers multicast questions with whatever the test gives him, in literal bytes.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// What is said to a question that has these bytes in it.
type Answer = (Vec<u8>, Vec<u8>);

/// He ends with the test's process.
pub struct Responder {
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<Mutex<u32>>,
}

impl Responder {
    /// All of it is said to every question.
    pub fn new(answers: Vec<Vec<u8>>) -> Responder {
        Responder::that(to_all(answers))
    }

    /// Each answer is said to the questions with the bytes before it.
    pub fn that(answers: Vec<Answer>) -> Responder {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 5353)).expect("the port");
        socket
            .join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)
            .expect("the group");
        let responder = Responder {
            answers: Arc::new(Mutex::new(answers)),
            asked: Arc::default(),
        };
        let (answers, asked) = (responder.answers.clone(), responder.asked.clone());
        std::thread::spawn(move || {
            let mut packet = [0; 9000];
            while let Ok((n, from)) = socket.recv_from(&mut packet) {
                *asked.lock().unwrap() += 1;
                for (part, answer) in answers.lock().unwrap().iter() {
                    if part.is_empty() || packet[..n].windows(part.len()).any(|w| w == part) {
                        let _ = socket.send_to(answer, from);
                    }
                }
            }
        });
        responder
    }

    pub fn says(&self, answers: Vec<Vec<u8>>) {
        *self.answers.lock().unwrap() = to_all(answers);
    }

    /// Waits until so many more questions have come.
    pub fn wait_asked(&self, more: u32) {
        let until = *self.asked.lock().unwrap() + more;
        let begun = std::time::Instant::now();
        while *self.asked.lock().unwrap() < until {
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody asks");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn to_all(answers: Vec<Vec<u8>>) -> Vec<Answer> {
    answers.into_iter().map(|a| (Vec::new(), a)).collect()
}

/// `homey-ID.local` has this address of this kind: 1 is IPv4, 28 IPv6.
pub fn host(id: &str, kind: u8, address: &[u8]) -> Vec<u8> {
    record(&name(&[&format!("homey-{id}"), "local"]), kind, address)
}

/// A name as it goes over the wire.
pub fn name(labels: &[&str]) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in labels {
        wire.push(label.len() as u8);
        wire.extend(label.bytes());
    }
    wire.push(0);
    wire
}

/// An answer with one record.
pub fn record(owner: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let mut packet = b"\0\0\x84\0\0\0\0\x01\0\0\0\0".to_vec();
    packet.extend(owner);
    packet.extend([0, kind, 0x80, 1, 0, 0, 0, 120, 0, data.len() as u8]);
    packet.extend(data);
    packet
}
