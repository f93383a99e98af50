// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way to the hub, from the interface to the port. No bearer goes along, and nothing is asked.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::config::dashed_ip;
use crate::net::wan::system_addresses;
use crate::net::{Address, Alone, Deadlines, Error, Session, connect};

use super::{Doctor, hub, proc};

/// What a hub has nearby, slow Wi-Fi or not, comes within this.
pub(super) const CONNECT: Duration = Duration::from_secs(4);
/// Looking whether another port is open.
const GLANCE: Duration = Duration::from_secs(1);
const LOOK_UP: Duration = Duration::from_secs(5);
/// A name that every working DNS knows.
const PUBLIC_NAME: &str = "api.athom.com";
/// Where hubs listen: TLS and plain, of Homey and of the Self-Hosted Server (`api.md` 2).
const PORTS: [(u16, &str); 4] = [
    (443, "https"),
    (80, "http"),
    (4860, "https"),
    (4859, "http"),
];

/// An interface with an IPv4 address.
struct Interface {
    name: String,
    ip: u32,
    mask: u32,
    /// Up, and no loopback.
    counts: bool,
}

fn interfaces() -> Vec<Interface> {
    let Ok(all) = getifaddrs() else {
        return Vec::new();
    };
    let interface = |found: nix::ifaddrs::InterfaceAddress| {
        let ip = found.address?.as_sockaddr_in()?.ip().to_bits();
        let mask = found
            .netmask
            .and_then(|m| Some(m.as_sockaddr_in()?.ip().to_bits()));
        let up = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
        Some(Interface {
            name: found.interface_name,
            ip,
            mask: mask.unwrap_or(u32::MAX),
            counts: found.flags.contains(up) && !found.flags.contains(InterfaceFlags::IFF_LOOPBACK),
        })
    };
    all.filter_map(interface).collect()
}

/// Whether this machine is in any network.
pub(super) fn network(doctor: &mut Doctor<'_>) {
    let shown: Vec<String> = interfaces()
        .iter()
        .filter(|i| i.counts)
        .map(|i| format!("{} {}", i.name, IpAddr::V4(i.ip.into())))
        .take(4)
        .collect();
    let hub_is_here = doctor
        .config
        .as_ref()
        .and_then(|c| c.hub.address.as_ref())
        .is_some_and(|address| address.ip.is_loopback());
    if !shown.is_empty() {
        doctor.ok(shown.join(", "));
    } else if hub_is_here {
        doctor.ok("none, and none is needed: the hub is this machine");
    } else {
        doctor.fail(
            "no interface is up with an address",
            "plug in the cable, or join the Wi-Fi; ip addr shows the interfaces",
        );
    }
}

/// Which way packets to the hub take, and whether it is in the same network.
pub(super) fn route(doctor: &mut Doctor<'_>) {
    let Some(way) = &doctor.way else { return };
    let to = SocketAddr::new(way.ip, way.port);
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    // A UDP socket that is connected has sent nothing, but knows its way.
    let local = UdpSocket::bind(any)
        .and_then(|socket| socket.connect(to).and_then(|()| socket.local_addr()));
    let local = match local {
        Ok(local) => local.ip(),
        Err(e) => {
            return doctor.fail(
                format!("no route to {}: {e}", to.ip()),
                "join the hub's network, or set a default gateway; ip route shows the routes",
            );
        }
    };
    if to.ip().is_loopback() {
        return doctor.ok(format!("{} is this machine", to.ip()));
    }
    let (IpAddr::V4(hub), IpAddr::V4(own)) = (to.ip(), local) else {
        return doctor.ok(format!("from {local}"));
    };
    let all = interfaces();
    let near = all
        .iter()
        .find(|i| i.ip == own.to_bits() && (i.ip ^ hub.to_bits()) & i.mask == 0);
    let table = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    let way = proc::route(&table, hub);
    let named = all.iter().find(|i| i.ip == own.to_bits());
    let interface = named
        .map(|i| i.name.clone())
        .or(way.as_ref().map(|w| w.interface.clone()));
    let name = interface.clone().unwrap_or_default();
    doctor.interface = interface;
    match way.and_then(|way| way.gateway) {
        _ if near.is_some() => doctor.ok(format!("{hub} is in the network of {name} ({own})")),
        Some(gateway) => doctor.warn(
            format!("{hub} is in another network, by {name} ({own}) and the gateway {gateway}"),
            "join the hub's network (a guest network keeps devices apart), or let its port pass the gateway",
        ),
        None => doctor.ok(format!("by {name} ({own})")),
    }
}

/// The dashed name needs no DNS here; browsers and apps need it.
pub(super) fn dns(doctor: &mut Doctor<'_>) {
    let Some(way) = &doctor.way else { return };
    let name = way.tls.clone().unwrap_or_default();
    let Some(ip) = dashed_ip(&name) else {
        return doctor.skip("the hub has no dashed name, nothing is looked up");
    };
    if ip.is_loopback() {
        return doctor.skip("the hub is this machine, nothing is looked up");
    }
    let answer = system_addresses(&name, LOOK_UP.min(doctor.left()));
    let (what, blocked) = judge_answer(&name, ip.into(), &answer);
    if what.is_empty() {
        return doctor.ok(format!("{name} is {ip}"));
    }
    const NEEDLESS: &str = "nothing to do for homey-panel, which dials the address itself";
    let works = blocked || system_addresses(PUBLIC_NAME, LOOK_UP.min(doctor.left())).is_ok();
    if works {
        doctor.warn(
            format!("{what}: DNS rebind protection, which blocks private answers"),
            format!(
                "{NEEDLESS}; for browsers and apps allow homeylocal.com in the router or DNS filter"
            ),
        );
    } else {
        doctor.warn(
            format!("{what}, and {PUBLIC_NAME} neither: there is no DNS here, or no internet"),
            format!("{NEEDLESS}; for the Athom cloud set a DNS server"),
        );
    }
}

/// What is wrong with an answer for a dashed name, in words; and whether that is certainly a filter's doing. Empty: nothing.
fn judge_answer(name: &str, ip: IpAddr, answer: &Result<Vec<IpAddr>, String>) -> (String, bool) {
    match answer {
        Ok(found) if found.contains(&ip) => (String::new(), false),
        Ok(found) => {
            let found: Vec<String> = found.iter().take(3).map(IpAddr::to_string).collect();
            let found = if found.is_empty() {
                "nothing".into()
            } else {
                found.join(", ")
            };
            (format!("{name} is {found} by DNS, not {ip}"), true)
        }
        Err(why) => (format!("{name} is not found by DNS ({why})"), false),
    }
}

/// Connects to a port and closes.
fn dial(ip: IpAddr, port: u16, limit: Duration) -> Result<(), Error> {
    let address = Address {
        ip,
        port,
        tls: None,
    };
    let mut session = Session::new(Box::new(address));
    connect(&mut session, Deadlines::all(limit), &mut Alone)
}

pub(super) fn tcp(doctor: &mut Doctor<'_>) {
    let Some((ip, port)) = doctor.way.as_ref().map(|way| (way.ip, way.port)) else {
        return;
    };
    let place = SocketAddr::new(ip, port);
    let error = match dial(ip, port, CONNECT.min(doctor.left())) {
        Ok(()) => return doctor.ok(format!("{place} answers")),
        Err(error) => error,
    };
    let kind = match &error {
        Error::Connect { source, .. } => Some(source.kind()),
        _ => None,
    };
    let what = match (kind, &error) {
        (Some(ErrorKind::ConnectionRefused), _) => {
            format!("{place} refuses: nothing listens at that port")
        }
        (Some(_), Error::Connect { source, .. }) if error.is_unreachable() => {
            format!("{place} is not reached: {source}")
        }
        (_, Error::Deadline { .. }) => {
            format!("{place} does not answer within {} s", CONNECT.as_secs())
        }
        _ => error.to_string(),
    };
    if let Some(found) = hub::elsewhere(doctor) {
        let shown = SocketAddr::new(found.ip, found.port);
        doctor.warn(
            format!(
                "{what}, but the hub is at {shown} now ({})",
                found.via.word()
            ),
            format!(
                "address = \"{}\" under [hub]; the panel finds it without that, too, but later",
                found.ip
            ),
        );
        doctor.ok(format!("{shown} answers"));
        doctor.way = Some(found);
        return;
    }
    // Whatever refuses is there, and may listen elsewhere.
    let open = PORTS.iter().find(|(other, _)| {
        let asked = *other != port && kind == Some(ErrorKind::ConnectionRefused);
        asked && dial(ip, *other, GLANCE.min(doctor.left())).is_ok()
    });
    match open {
        Some((other, as_scheme)) => doctor.fail(
            format!("{what}, but port {other} is open"),
            format!("if that is the hub: address = \"{as_scheme}://{ip}:{other}\" under [hub]"),
        ),
        None if kind == Some(ErrorKind::ConnectionRefused) => doctor.fail(
            what,
            "wait if the hub is starting; else check the address and the port under [hub]",
        ),
        None => doctor.fail(
            what,
            format!("check that {ip} is the hub's address (the Homey app shows it), that it is on, and that nothing between blocks port {port}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged() {
        let name = "192-168-1-17.homey.homeylocal.com";
        let ip: IpAddr = [192, 168, 1, 17].into();
        let judge = |answer: Result<Vec<IpAddr>, String>| judge_answer(name, ip, &answer);
        assert_eq!(judge(Ok(vec![ip])), (String::new(), false));
        let zero = judge(Ok(vec![[0, 0, 0, 0].into()]));
        assert_eq!(
            zero,
            (format!("{name} is 0.0.0.0 by DNS, not 192.168.1.17"), true)
        );
        assert!(judge(Ok(Vec::new())).0.contains("is nothing by DNS"));
        let none = judge(Err("no address".into()));
        assert_eq!(
            none,
            (format!("{name} is not found by DNS (no address)"), false)
        );
    }
}
