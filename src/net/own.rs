// SPDX-License-Identifier: MIT OR Apache-2.0
//! Server certificates that stand in the CA file themselves, as self-signed ones do.
//!
//! To webpki a certificate is either an authority's or a server's, and what `openssl req -x509` makes is an
//! authority's. Who puts a server's own certificate into the CA file means that very certificate: it needs no chain
//! then, but its name and its dates hold. The dates are read here, since webpki keeps them to itself.

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error};

/// Whether a certificate that stands in the CA file is for `name` and valid `now`.
pub(super) fn verify(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), Error> {
    check(certificate, name, now).map_err(Error::InvalidCertificate)
}

fn check(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), CertificateError> {
    let parsed =
        webpki::EndEntityCert::try_from(certificate).map_err(|_| CertificateError::BadEncoding)?;
    match parsed.verify_is_valid_for_subject_name(name) {
        Ok(()) => {}
        Err(webpki::Error::CertNotValidForName(context)) => {
            return Err(CertificateError::NotValidForNameContext {
                expected: context.expected,
                presented: context.presented,
            });
        }
        Err(_) => return Err(CertificateError::NotValidForName),
    }
    let (from, to) = validity(certificate).ok_or(CertificateError::BadEncoding)?;
    if now.as_secs() < from {
        return Err(CertificateError::NotValidYetContext {
            time: now,
            not_before: UnixTime::since_unix_epoch(std::time::Duration::from_secs(from)),
        });
    }
    if now.as_secs() > to {
        return Err(CertificateError::Expired);
    }
    Ok(())
}

/// First and last second of a certificate (RFC 5280 §4.1), in Unix time.
pub(super) fn validity(certificate: &[u8]) -> Option<(u64, u64)> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    // Version [0], left out in version 1; serial number, signature algorithm, issuer.
    let (tag, _, after) = element(rest)?;
    if tag == 0xa0 {
        rest = after;
    }
    for _ in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (_, dates, _) = element(rest)?;
    let (from_tag, from, rest) = element(dates)?;
    let (to_tag, to, _) = element(rest)?;
    Some((seconds(from_tag, from)?, seconds(to_tag, to)?))
}

/// The first DER element: its tag, its content, and what comes after it.
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 3 {
            return None;
        }
        let len = bytes
            .iter()
            .fold(0, |len, byte| len << 8 | usize::from(*byte));
        (len, rest)
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

/// A UTCTime (`YYMMDDhhmmssZ`, 1950 to 2049) or GeneralizedTime (`YYYYMMDDhhmmssZ`); before 1970 is 0.
fn seconds(tag: u8, text: &[u8]) -> Option<u64> {
    let digits = text.strip_suffix(b"Z")?;
    let (century, digits) = match (tag, digits.len()) {
        (0x17, 12) if digits < b"50".as_slice() => (20, digits),
        (0x17, 12) => (19, digits),
        (0x18, 14) => (number(digits, 0)?, digits.get(2..)?),
        _ => return None,
    };
    let year = century * 100 + number(digits, 0)?;
    let (month, day) = (number(digits, 2)?, number(digits, 4)?);
    let clock = number(digits, 6)? * 3600 + number(digits, 8)? * 60 + number(digits, 10)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 of the proleptic Gregorian calendar, the year beginning in March.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(days.saturating_sub(719_468) * 86_400 + clock)
}

fn number(digits: &[u8], at: usize) -> Option<u64> {
    let pair = std::str::from_utf8(digits.get(at..at + 2)?).ok()?;
    let is_plain = pair.bytes().all(|b| b.is_ascii_digit());
    pair.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (tag, text, want) in [
            (0x17, "700101000000Z", Some(0)),
            (0x17, "500101000000Z", Some(0)),
            (0x17, "491231235959Z", Some(2_524_607_999)),
            (0x17, "260228120000Z", Some(1_772_280_000)),
            (0x18, "20000229010203Z", Some(951_786_123)),
            (0x18, "99991231235959Z", Some(253_402_300_799)),
            (0x17, "260228120000", None),
            (0x17, "2602281200Z", None),
            (0x18, "260228120000Z", None),
            (0x17, "261328120000Z", None),
            (0x17, "2602281200+1Z", None),
            (0x18, "00000101000000Z", None),
        ] {
            assert_eq!(seconds(tag, text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn cut_der_has_no_dates() {
        // SEQ { SEQ { [0] v3, INTEGER, SEQ, SEQ, SEQ { UTCTime, UTCTime } } }
        let mut tbs = b"\xa0\x03\x02\x01\x02\x02\x01\x05\x30\x00\x30\x00\x30\x1e".to_vec();
        tbs.extend(b"\x17\x0d700101000001Z\x17\x0d700101000002Z");
        let der = [
            &[0x30, tbs.len() as u8 + 2, 0x30, tbs.len() as u8],
            &tbs[..],
        ]
        .concat();
        assert_eq!(validity(&der), Some((1, 2)));
        for cut in 0..der.len() {
            assert_eq!(validity(&der[..cut]), None, "{cut}");
        }
        assert_eq!(validity(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
