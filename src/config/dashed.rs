// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that carry an address: `192-168-1-17.homey.homeylocal.com`, which the hub's certificate has and no resolver is asked for.

use core::net::{IpAddr, Ipv4Addr};

/// The names that carry an IPv4 address in dashes end so.
pub const DASHED_SUFFIX: &str = ".homey.homeylocal.com";

/// The dashed name of an address, `192-168-1-17.homey.homeylocal.com`.
pub fn dashed_name(ip: Ipv4Addr) -> String {
    format!("{}{DASHED_SUFFIX}", ip.to_string().replace('.', "-"))
}

/// The address that a dashed name carries; case does not matter.
pub fn dashed_ip(name: &str) -> Option<Ipv4Addr> {
    let name = name.to_ascii_lowercase();
    let label = name.strip_suffix(DASHED_SUFFIX)?;
    if label.contains('.') {
        None
    } else {
        label.replace('-', ".").parse().ok()
    }
}

/// Whether `name` can stand in a certificate and in SNI: a host name (RFC 6066 §3), not an address.
pub(super) fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label) && name.parse::<IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_certificates() {
        for good in [
            "homey.lan",
            "192-168-1-17.homey.homeylocal.com",
            "a_b.example",
            "localhost",
        ] {
            assert!(is_dns_name(good), "{good}");
        }
        for bad in [
            "",
            "192.168.1.17",
            "::1",
            "a..b",
            "-a.example",
            "ho mey",
            "a.example:443",
            "a.",
        ] {
            assert!(!is_dns_name(bad), "{bad}");
        }
        assert_eq!(dashed_ip("192-168-1-300.homey.homeylocal.com"), None);
        assert_eq!(dashed_ip("a.192-168-1-17.homey.homeylocal.com"), None);
    }
}
