// SPDX-License-Identifier: MIT OR Apache-2.0
//! DNS messages as bytes (RFC 1035 §4.1): one question out, records in. Knows no hub.
//!
//! Names stay in their wire form, length and bytes of each label: case-blind comparison of that form is comparison of names,
//! since no length of a label is a letter. A pointer must lead to before the labels that it ends, so no chain of them
//! comes round again.

use core::net::Ipv4Addr;

use super::Kind;

/// The largest message that RFC 6762 §17 allows; a larger one is cut by whoever receives it, and then refused here.
pub const MAX_PACKET: usize = 9000;

/// RFC 1035 §2.3.4, with the last, empty label.
const MAX_NAME: usize = 255;

/// More pointers than labels fit into a name are somebody's game.
const MAX_POINTERS: usize = 127;

/// Records in one message beyond this are not read.
const MAX_RECORDS: usize = 256;

const IN: u16 = 1;
/// In a question: answer to the asker alone (RFC 6762 §5.4). In a record: nothing older holds (§10.2).
const TOP_BIT: u16 = 0x8000;

/// A domain name: the wire form without its last, empty label. Equal whatever the case.
#[derive(Clone, Debug)]
pub struct Name(Box<[u8]>);

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Name {
    /// From its dotted form. `None`: a label is empty or longer than 63 bytes, or the whole too long.
    pub fn parse(text: &str) -> Option<Name> {
        let mut wire = Vec::with_capacity(text.len() + 1);
        for label in text.split('.') {
            let len = u8::try_from(label.len())
                .ok()
                .filter(|n| (1..64).contains(n))?;
            wire.push(len);
            wire.extend_from_slice(label.as_bytes());
        }
        (wire.len() < MAX_NAME).then(|| Name(wire.into()))
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Name> {
        let len = usize::from(*self.0.first()?);
        Some(Name(self.0.get(1 + len..)?.into()))
    }

    /// The first label as text; empty for the root.
    pub fn first_label(&self) -> String {
        let len = self.0.first().map_or(0, |len| usize::from(*len));
        String::from_utf8_lossy(self.0.get(1..1 + len).unwrap_or_default()).into_owned()
    }
}

/// What a record says.
pub(super) enum Data<'a> {
    A(Ipv4Addr),
    Ptr(Name),
    Srv {
        port: u16,
        target: Name,
    },
    /// Strings, each behind its length, all of them inside; see [`strings`].
    Txt(&'a [u8]),
}

/// One record.
pub(super) struct Record<'a> {
    pub(super) name: Name,
    pub(super) data: Data<'a>,
}

/// A message with one question.
pub(super) fn question(name: &Name, kind: Kind) -> Vec<u8> {
    // Number 0 and no flags (RFC 6762 §18), one question.
    let mut packet = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    packet.extend_from_slice(&name.0);
    packet.push(0);
    packet.extend_from_slice(&(kind as u16).to_be_bytes());
    packet.extend_from_slice(&(IN | TOP_BIT).to_be_bytes());
    packet
}

/// Gives every record that we know the kind of to `sink`, additional ones too. `false`: no answer, or damaged somewhere;
/// what came before the damage has been given.
pub(super) fn records<'a>(packet: &'a [u8], sink: &mut dyn FnMut(Record<'a>)) -> bool {
    walk(packet, sink).is_some()
}

fn walk<'a>(packet: &'a [u8], sink: &mut dyn FnMut(Record<'a>)) -> Option<()> {
    let mut reader = Reader { packet, at: 0 };
    let _number = reader.u16()?;
    let flags = reader.u16()?;
    // An answer, of the usual kind, without an error (RFC 6762 §18).
    if packet.len() > MAX_PACKET || flags & 0xf80f != 0x8000 {
        return None;
    }
    let questions = reader.u16()?;
    let mut count = 0;
    for _ in 0..3 {
        count += usize::from(reader.u16()?);
    }
    for _ in 0..questions {
        reader.name()?;
        reader.take(4)?;
    }
    for _ in 0..count.min(MAX_RECORDS) {
        record(&mut reader, sink)?;
    }
    Some(())
}

fn record<'a>(reader: &mut Reader<'a>, sink: &mut dyn FnMut(Record<'a>)) -> Option<()> {
    let name = reader.name()?;
    let kind = reader.u16()?;
    let class = reader.u16()?;
    let life = reader.take(4)?;
    let len = usize::from(reader.u16()?);
    let start = reader.at;
    let bytes = reader.take(len)?;
    // A record without life takes back what was said before (RFC 6762 §10.1): of that nothing is kept here.
    if class & !TOP_BIT != IN || life == [0; 4] {
        return Some(());
    }
    let mut inner = Reader {
        packet: reader.packet.get(..start + len)?,
        at: start,
    };
    let data = if kind == Kind::A as u16 {
        Data::A(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))
    } else if kind == Kind::Ptr as u16 {
        Data::Ptr(inner.last_name()?)
    } else if kind == Kind::Srv as u16 {
        inner.take(4)?;
        Data::Srv {
            port: inner.u16()?,
            target: inner.last_name()?,
        }
    } else if kind == Kind::Txt as u16 {
        let inside: usize = strings(bytes).map(|string| 1 + string.len()).sum();
        (inside == len).then_some(Data::Txt(bytes))?
    } else {
        return Some(());
    };
    sink(Record { name, data });
    Some(())
}

/// The strings of a TXT record, up to the first that is cut.
pub(super) fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (len, after) = rest.split_first()?;
        let (string, after) = after.split_at_checked(usize::from(*len))?;
        rest = after;
        Some(string)
    })
}

struct Reader<'a> {
    packet: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let bytes = self.packet.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    }

    /// A name that ends with the data that it is in.
    fn last_name(&mut self) -> Option<Name> {
        let name = self.name()?;
        (self.at == self.packet.len()).then_some(name)
    }

    fn name(&mut self) -> Option<Name> {
        let mut wire = Vec::new();
        // Pointers lead before this, each time.
        let mut floor = self.at;
        let mut at = self.at;
        let mut after = None;
        let mut pointers = 0;
        loop {
            let len = *self.packet.get(at)?;
            match len {
                0 => break,
                1..64 => {
                    let label = self.packet.get(at..=at + usize::from(len))?;
                    if wire.len() + label.len() >= MAX_NAME {
                        return None;
                    }
                    wire.extend_from_slice(label);
                    at += label.len();
                }
                0xc0.. => {
                    let low = *self.packet.get(at + 1)?;
                    after = after.or(Some(at + 2));
                    at = usize::from(len & 0x3f) << 8 | usize::from(low);
                    pointers += 1;
                    if at >= floor || pointers > MAX_POINTERS {
                        return None;
                    }
                    floor = at;
                }
                _ => return None,
            }
        }
        self.at = after.unwrap_or(at + 1);
        Some(Name(wire.into()))
    }
}
