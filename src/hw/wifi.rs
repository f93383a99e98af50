// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a Wi-Fi interface sleeps between packets: one question to nl80211 over generic netlink, which everybody may ask.
//!
//! ```text
//!   ask: what is the number of the family "nl80211"?      (CTRL_CMD_GETFAMILY)
//!   ask: does interface n save power?                     (NL80211_CMD_GET_POWER_SAVE)
//! ```
//!
//! The numbers are those of linux/netlink.h, linux/genetlink.h and linux/nl80211.h; all fields are in the machine's order.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket, sockopt,
};
use nix::sys::time::TimeVal;

const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const NL80211_CMD_GET_POWER_SAVE: u8 = 62;
const NL80211_ATTR_IFINDEX: u16 = 3;
const NL80211_ATTR_PS_STATE: u16 = 93;

/// Of struct nlmsghdr, and with struct genlmsghdr behind it.
const HEAD: usize = 16;
const GENERIC_HEAD: usize = 20;

/// The kernel answers at once or not at all.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the interface (`wlan0`) saves power. Errors: it is no Wi-Fi, there is no nl80211 here, or the kernel says no.
pub fn saves_power(interface: &str) -> io::Result<bool> {
    let index = nix::net::if_::if_nametoindex(interface)?;
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        flags,
        SockProtocol::NetlinkGeneric,
    )?;
    let seconds = i64::try_from(PATIENCE.as_secs()).unwrap_or(1);
    #[allow(clippy::useless_conversion)] // time_t has 32 bits on some machines
    let limit = TimeVal::new(seconds.try_into().unwrap_or(1), 0);
    setsockopt(&socket, sockopt::ReceiveTimeout, &limit)?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
    let family = message(
        GENL_ID_CTRL,
        CTRL_CMD_GETFAMILY,
        CTRL_ATTR_FAMILY_NAME,
        b"nl80211\0",
    );
    let id = ask(&socket, &family, GENL_ID_CTRL, CTRL_ATTR_FAMILY_ID)?;
    let id = u16::try_from(id).map_err(|_| io::ErrorKind::InvalidData)?;
    let question = message(
        id,
        NL80211_CMD_GET_POWER_SAVE,
        NL80211_ATTR_IFINDEX,
        &index.to_ne_bytes(),
    );
    Ok(ask(&socket, &question, id, NL80211_ATTR_PS_STATE)? != 0)
}

fn ask(socket: &OwnedFd, question: &[u8], family: u16, attribute: u16) -> io::Result<u32> {
    send(socket.as_raw_fd(), question, MsgFlags::empty())?;
    let mut reply = [0; 4096];
    loop {
        match recv(socket.as_raw_fd(), &mut reply, MsgFlags::empty()) {
            Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
            Ok(len) => {
                let reply = reply.get(..len).unwrap_or_default();
                return answer(reply, family, attribute);
            }
        }
    }
}

/// One generic request with one attribute.
fn message(family: u16, command: u8, attribute: u16, value: &[u8]) -> Vec<u8> {
    let attribute_len = 4 + value.len();
    let len = GENERIC_HEAD + attribute_len.next_multiple_of(4);
    let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_ne_bytes();
    let mut bytes = Vec::with_capacity(len);
    bytes.extend(u32::try_from(len).unwrap_or(u32::MAX).to_ne_bytes());
    bytes.extend(family.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST.to_ne_bytes());
    // Sequence number and our port: one question at a time, and the kernel knows the port.
    bytes.extend([0; 8]);
    bytes.extend([command, 1, 0, 0]);
    bytes.extend(short(attribute_len));
    bytes.extend(attribute.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(len, 0);
    bytes
}

/// The number in one attribute of a reply, of 16 or 32 bits.
fn answer(reply: &[u8], family: u16, attribute: u16) -> io::Result<u32> {
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let kind = short_at(reply, 4).ok_or_else(broken)?;
    if kind == NLMSG_ERROR {
        // A negative errno, as the kernel has them.
        let code = word_at(reply, HEAD).ok_or_else(broken)?;
        let code = i32::from_ne_bytes(code.to_ne_bytes());
        return Err(io::Error::from_raw_os_error(code.wrapping_neg()));
    }
    let len = usize::try_from(word_at(reply, 0).ok_or_else(broken)?).unwrap_or(usize::MAX);
    let mut rest = reply.get(GENERIC_HEAD..len).unwrap_or_default();
    if kind != family {
        return Err(broken());
    }
    while let (Some(len), Some(kind)) = (short_at(rest, 0), short_at(rest, 2)) {
        let len = usize::from(len);
        let value = rest.get(4..len).ok_or_else(broken)?;
        if kind == attribute {
            return match value.len() {
                2 => short_at(value, 0).map(u32::from),
                _ => word_at(value, 0),
            }
            .ok_or_else(broken);
        }
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Err(broken())
}

fn short_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_ne_bytes(*two))
}

fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*four))
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    #[test]
    fn questions_are_these_bytes() {
        let family = message(
            GENL_ID_CTRL,
            CTRL_CMD_GETFAMILY,
            CTRL_ATTR_FAMILY_NAME,
            b"nl80211\0",
        );
        assert_eq!(
            family,
            b"\x20\0\0\0\x10\0\x01\0\0\0\0\0\0\0\0\0\x03\x01\0\0\x0c\0\x02\0nl80211\0"
        );
        let question = message(
            28,
            NL80211_CMD_GET_POWER_SAVE,
            NL80211_ATTR_IFINDEX,
            &3_u32.to_ne_bytes(),
        );
        assert_eq!(
            question,
            b"\x1c\0\0\0\x1c\0\x01\0\0\0\0\0\0\0\0\0\x3e\x01\0\0\x08\0\x03\0\x03\0\0\0"
        );
        // A name that does not fill its words is filled up.
        let short = message(16, 3, 2, b"ab\0");
        assert_eq!(
            (short.len(), &short[20..]),
            (28, &b"\x07\0\x02\0ab\0\0"[..])
        );
    }

    #[test]
    fn answers_give_a_number_or_an_error() {
        // CTRL_CMD_NEWFAMILY: name (12 bytes), id 0x1c, version; as the kernel orders them.
        let family = b"\x30\0\0\0\x10\0\0\0\0\0\0\0\x07\x01\0\0\x01\x02\0\0\
            \x0c\0\x02\0nl80211\0\x06\0\x01\0\x1c\0\0\0\x08\0\x03\0\x01\0\0\0";
        assert_eq!(answer(family, 16, CTRL_ATTR_FAMILY_ID).unwrap(), 0x1c);
        let on = b"\x1c\0\0\0\x1c\0\0\0\0\0\0\0\x07\x01\0\0\x3e\x01\0\0\x08\0\x5d\0\x01\0\0\0";
        assert_eq!(answer(on, 28, NL80211_ATTR_PS_STATE).unwrap(), 1);
        let off = b"\x1c\0\0\0\x1c\0\0\0\0\0\0\0\x07\x01\0\0\x3e\x01\0\0\x08\0\x5d\0\0\0\0\0";
        assert_eq!(answer(off, 28, NL80211_ATTR_PS_STATE).unwrap(), 0);
        // ENOENT, as where no module has the family.
        let none = b"\x24\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\xfe\xff\xff\xff\x20\0\0\0\x10\0\x01\0\0\0\0\0\0\0\0\0";
        let error = answer(none, 16, CTRL_ATTR_FAMILY_ID).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        // Another family, another attribute, and every cut.
        assert!(answer(on, 29, NL80211_ATTR_PS_STATE).is_err());
        assert!(answer(on, 28, 94).is_err());
        for cut in 0..on.len() {
            assert!(
                answer(&on[..cut], 28, NL80211_ATTR_PS_STATE).is_err(),
                "{cut}"
            );
        }
        // An attribute of length 0 is no endless loop.
        let zero = b"\x18\0\0\0\x1c\0\0\0\0\0\0\0\0\0\0\0\x3e\x01\0\0\0\0\x5d\0";
        assert!(answer(zero, 28, NL80211_ATTR_PS_STATE).is_err());
    }

    #[test]
    fn what_is_no_wifi_is_an_error() {
        assert!(saves_power("lo").is_err());
        assert!(saves_power("no-such-interface").is_err());
    }
}
