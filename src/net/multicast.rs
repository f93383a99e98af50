// SPDX-License-Identifier: MIT OR Apache-2.0
//! EDGE. Questions by multicast (RFC 6762 §5.1): one UDP socket that never blocks, on a port of its own, so that answers come to
//! it alone and no group has to be joined. Used by commands and by the loop's poll(2). Must not know what is asked.

use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg, setsockopt, sockopt};

use super::Error;
use crate::time::Time;

/// When questions are sent, after the first (`api.md` 13): packets get lost, above all over Wi-Fi.
const ASK_AT: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(1000),
];

/// How long answers are waited for, from the first question on (`api.md` 3 rule 2).
pub const LISTEN: Duration = Duration::from_secs(3);

/// Networks that are asked: more interfaces than a board has.
const MAX_INTERFACES: usize = 8;

/// What RFC 6762 §11 asks of everything that is sent; some answer nothing else.
const HOPS: u8 = 255;

/// Packets taken in one turn: a flood of them must not keep anybody from his turn.
const MAX_READS: usize = 32;

/// A conversation: questions at their times, answers until the end.
pub struct Multicast {
    socket: UdpSocket,
    group: SockaddrIn,
    began: Time,
    /// How many of the times of `ASK_AT` are over.
    asked: usize,
}

impl Multicast {
    /// Opens the socket; `group` is where questions go. Nothing is sent yet.
    pub fn open(group: (Ipv4Addr, u16), now: Time) -> Result<Multicast, Error> {
        let failed = |e: io::Error| Error::Route(format!("asking by multicast: {e}"));
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        // Where it cannot be set, most answer all the same.
        let _ = setsockopt(&socket, sockopt::IpMulticastTtl, &HOPS);
        let [a, b, c, d] = group.0.octets();
        Ok(Multicast {
            socket,
            group: SockaddrIn::new(a, b, c, d, group.1),
            began: now,
            asked: 0,
        })
    }

    /// Sends the questions where it is time to. An error: it was, and they could leave by no network at all.
    pub fn step(&mut self, questions: &[Vec<u8>], now: Time) -> Result<(), Error> {
        let mut due = false;
        while ASK_AT
            .get(self.asked)
            .is_some_and(|at| self.began + *at <= now)
        {
            self.asked += 1;
            due = true;
        }
        if due { self.send(questions) } else { Ok(()) }
    }

    /// Sends questions now, out of every network that takes multicast.
    pub fn send(&self, questions: &[Vec<u8>]) -> Result<(), Error> {
        let interfaces = interfaces();
        let mut last = None;
        let mut left = false;
        for question in questions {
            for interface in &interfaces {
                match self.send_by(question, Some(*interface)) {
                    Ok(()) => left = true,
                    Err(e) => last = Some(e),
                }
            }
            if interfaces.is_empty() {
                // The kernel may know a way that is not seen from here.
                match self.send_by(question, None) {
                    Ok(()) => left = true,
                    Err(e) => last = Some(e),
                }
            }
        }
        match last {
            Some(e) if !left => Err(Error::Route(format!(
                "asking by multicast: {e}; check that this machine is in a network"
            ))),
            _ => Ok(()),
        }
    }

    fn send_by(&self, question: &[u8], interface: Option<(i32, Ipv4Addr)>) -> io::Result<()> {
        let info = interface.map(|(index, own)| libc::in_pktinfo {
            ipi_ifindex: index,
            ipi_spec_dst: libc::in_addr {
                s_addr: u32::from(own).to_be(),
            },
            ipi_addr: libc::in_addr { s_addr: 0 },
        });
        let control = info.as_ref().map(ControlMessage::Ipv4PacketInfo);
        sendmsg(
            self.socket.as_raw_fd(),
            &[IoSlice::new(question)],
            control.as_slice(),
            MsgFlags::empty(),
            Some(&self.group),
        )?;
        Ok(())
    }

    /// Gives what has come to `sink`, at most 32 packets; `buffer` is for one of them, what is longer is cut.
    pub fn receive(&mut self, buffer: &mut [u8], sink: &mut dyn FnMut(&[u8])) {
        for _ in 0..MAX_READS {
            match self.socket.recv_from(buffer) {
                // RFC 6762 §6: what does not come from the group's port is no answer.
                Ok((_, from)) if from.port() != self.group.port() => {}
                Ok((n, _)) => sink(buffer.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // Nothing there, or an error that a packet of ours drew on its way.
                Err(_) => return,
            }
        }
    }

    /// Answers are waited for so much longer: they could not be taken in meanwhile.
    pub fn postpone(&mut self, by: Duration) {
        self.began += by;
    }

    /// When `step` wants its turn, or everything is over.
    pub fn deadline(&self) -> Time {
        let next = ASK_AT.get(self.asked);
        self.began + next.copied().unwrap_or(LISTEN)
    }

    /// Whether answers are no longer waited for.
    pub fn is_over(&self, now: Time) -> bool {
        now >= self.began + LISTEN
    }

    /// To wait for reading.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The networks that take multicast: number and own address of each interface that is up. The loopback interface is none,
/// unless somebody has set it up for that.
fn interfaces() -> Vec<(i32, Ipv4Addr)> {
    let Ok(addresses) = getifaddrs() else {
        return Vec::new();
    };
    let takes = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_MULTICAST;
    let mut found: Vec<(i32, Ipv4Addr)> = Vec::new();
    for entry in addresses.filter(|entry| entry.flags.contains(takes)) {
        let own = entry
            .address
            .as_ref()
            .and_then(|a| a.as_sockaddr_in().map(SockaddrIn::ip));
        let index = if_nametoindex(entry.interface_name.as_str())
            .ok()
            .and_then(|n| i32::try_from(n).ok());
        if let (Some(own), Some(index)) = (own, index) {
            if found.len() < MAX_INTERFACES && !found.iter().any(|(i, _)| *i == index) {
                found.push((index, own));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_from_the_groups_port_is_an_answer() {
        let here = Ipv4Addr::LOCALHOST;
        let [right, wrong] = [(), ()].map(|()| UdpSocket::bind((here, 0)).unwrap());
        let group = (here, right.local_addr().unwrap().port());
        let mut multicast = Multicast::open(group, Time::ZERO).unwrap();
        let to = (here, multicast.socket.local_addr().unwrap().port());
        wrong.send_to(b"forged", to).unwrap();
        right.send_to(b"answer", to).unwrap();
        let mut heard = Vec::new();
        multicast.receive(&mut [0; 16], &mut |bytes| heard.push(bytes.to_vec()));
        assert_eq!(heard, [b"answer"]);
    }
}
