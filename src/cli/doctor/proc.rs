// SPDX-License-Identifier: MIT OR Apache-2.0
//! What files of /proc say, as texts in and answers out.

use std::net::Ipv4Addr;

/// The way that IPv4 packets take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Route {
    pub(super) interface: String,
    /// `None`: the other side is in this very network.
    pub(super) gateway: Option<Ipv4Addr>,
}

/// RTF_UP of linux/route.h.
const UP: u32 = 1;

/// The route to `ip` by /proc/net/route: of those that fit the longest, then the least metric.
pub(super) fn route(table: &str, ip: Ipv4Addr) -> Option<Route> {
    // Addresses stand there as the machine has them in memory.
    let address = |word: &str| {
        let word = u32::from_str_radix(word, 16).ok()?;
        Some(Ipv4Addr::from(word.to_ne_bytes()))
    };
    let mut best: Option<(u32, u32, Route)> = None;
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [interface, to, gateway, flags, _, _, metric, mask, ..] = words[..] else {
            continue;
        };
        let parsed = || {
            let flags = u32::from_str_radix(flags, 16).ok()?;
            let mask = address(mask)?.to_bits();
            let (to, gateway) = (address(to)?.to_bits(), address(gateway)?);
            let fits = flags & UP != 0 && ip.to_bits() & mask == to;
            fits.then_some((mask, metric.parse::<u32>().ok()?, gateway))
        };
        let Some((mask, metric, gateway)) = parsed() else {
            continue;
        };
        let better = best
            .as_ref()
            .is_none_or(|(m, n, _)| mask > *m || (mask == *m && metric < *n));
        if better {
            let route = Route {
                interface: interface.to_string(),
                gateway: Some(gateway).filter(|g| !g.is_unspecified()),
            };
            best = Some((mask, metric, route));
        }
    }
    best.map(|(_, _, route)| route)
}

/// The signal of a Wi-Fi interface by /proc/net/wireless, in dBm; the outer `None`: it is not listed there.
pub(super) fn signal(table: &str, interface: &str) -> Option<Option<i32>> {
    let line = table.lines().find_map(|line| {
        let (name, rest) = line.trim_start().split_once(':')?;
        (name == interface).then_some(rest)
    })?;
    // status, link quality, level: each with a point behind it where it is fresh.
    let level = line.split_ascii_whitespace().nth(2);
    let level = level.and_then(|word| word.trim_end_matches('.').parse::<i32>().ok());
    Some(level.filter(|dbm| (-120..0).contains(dbm)))
}

/// Whether somebody listens on the UNIX socket `path`, by /proc/net/unix.
pub(super) fn listens(table: &str, path: &str) -> bool {
    // Num RefCount Protocol Flags Type St Inode Path; __SO_ACCEPTCON is 0x10000.
    let end = format!(" {path}");
    table.lines().skip(1).any(|line| {
        let mut words = line.splitn(8, ' ');
        let flags = words.nth(3).and_then(|w| u32::from_str_radix(w, 16).ok());
        flags.is_some_and(|flags| flags & 0x1_0000 != 0) && line.ends_with(&end)
    })
}

/// The configuration that a command line of `homey-panel run` names, by /proc/PID/cmdline; `Some(None)`: the usual one.
/// `None`: that is no `homey-panel run`.
pub(super) fn runs(cmdline: &[u8]) -> Option<Option<String>> {
    let mut words = cmdline
        .split(|b| *b == 0)
        .map(|w| String::from_utf8_lossy(w).into_owned());
    let program = words.next()?;
    if program.rsplit('/').next() != Some("homey-panel") {
        return None;
    }
    let (mut file, mut is_run) = (None, false);
    while let Some(word) = words.next() {
        if word == "-c" || word == "--config" {
            file = words.next();
        } else if let Some(named) = word.strip_prefix("--config=") {
            file = Some(named.to_string());
        } else if let Some(named) = word.strip_prefix("-c").filter(|named| !named.is_empty()) {
            file = Some(named.to_string());
        } else if word == "--log" || word == "--log-file" {
            words.next();
        } else if word == "run" {
            is_run = true;
        } else if !is_run && !word.is_empty() && !word.starts_with('-') {
            // Another command.
            return None;
        }
    }
    is_run.then_some(file)
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT                                                       
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0                                                                               
wlan0	00000000	FE01A8C0	0003	0	0	600	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
wlan0	0001A8C0	00000000	0001	0	0	600	00FFFFFF	0	0	0
tun0	0003A8C0	00000000	0000	0	0	0	00FFFFFF	0	0	0
short	0003A8C0
";

    #[test]
    fn the_longest_route_is_taken() {
        let to = |ip: [u8; 4]| {
            route(ROUTES, ip.into()).map(|r| (r.interface, r.gateway.map(|g| g.to_string())))
        };
        let eth0 = || "eth0".to_string();
        assert_eq!(to([192, 168, 1, 17]), Some(("wlan0".into(), None)));
        assert_eq!(to([192, 0, 2, 9]), Some((eth0(), None)));
        // Two default routes: the lesser metric. One that is down does not count.
        assert_eq!(to([10, 0, 0, 1]), Some((eth0(), Some("192.0.2.1".into()))));
        assert_eq!(
            to([192, 168, 3, 1]),
            Some((eth0(), Some("192.0.2.1".into())))
        );
        assert_eq!(route("Iface\n", Ipv4Addr::LOCALHOST), None);
        assert_eq!(route("", Ipv4Addr::LOCALHOST), None);
    }

    #[test]
    fn wifi_tells_its_signal() {
        let table = "\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0
 wlan1: 0000    0    0     0          0      0      0      0      0        0
";
        assert_eq!(signal(table, "wlan0"), Some(Some(-56)));
        assert_eq!(signal(table, "wlan1"), Some(None));
        assert_eq!(signal(table, "eth0"), None);
        assert_eq!(signal("", "wlan0"), None);
    }

    #[test]
    fn sockets_that_listen_are_known() {
        let table = "\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 16403 /run/wall.sock
0000000000000000: 00000003 00000000 00000000 0001 03 16404 /run/other.sock
0000000000000000: 00000002 00000000 00010000 0001 01 16405 /run/my wall.sock
0000000000000000: 00000003 00000000 00000000 0001 03 16406
";
        for (path, want) in [
            ("/run/wall.sock", true),
            ("/run/other.sock", false),
            ("/run/my wall.sock", true),
            ("/run/none.sock", false),
        ] {
            assert_eq!(listens(table, path), want, "{path}");
        }
    }

    #[test]
    fn a_run_is_known_by_its_command_line() {
        let runs = |words: &[&str]| runs(words.join("\0").as_bytes());
        let file = |name: &str| Some(Some(name.to_string()));
        assert_eq!(runs(&["/usr/bin/homey-panel", "run", ""]), Some(None));
        assert_eq!(
            runs(&["homey-panel", "-c", "/etc/a.toml", "--log", "info", "run"]),
            file("/etc/a.toml")
        );
        assert_eq!(runs(&["homey-panel", "run", "--config=b"]), file("b"));
        assert_eq!(runs(&["homey-panel", "-cb", "run"]), file("b"));
        for other in [
            &["homey-panel", "doctor"][..],
            &["homey-panel", "get", "run"],
            &["homey-panel", "-c", "run"],
            &["vi", "run"],
            &[""],
        ] {
            assert_eq!(runs(other), None, "{other:?}");
        }
    }
}
