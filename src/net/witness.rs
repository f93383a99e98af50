// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks at the certificate that a server shows, for those who have to say what is wrong with it. It judges nothing: the
//! verifier behind it does.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::own::{element, validity};

/// Names beyond these are left out; a hub's certificate has two.
const MAX_NAMES: usize = 8;
/// Of one text of a certificate, in bytes.
const MAX_TEXT: usize = 80;

/// What a certificate says, unverified. All texts are a stranger's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// Who issued it: organisation and name, as far as they are there.
    pub issuer: String,
    /// The DNS names that it is for, at most 8.
    pub names: Vec<String>,
    /// Its first and its last second, in Unix time.
    pub validity: Option<(u64, u64)>,
    /// It names itself as its issuer.
    pub self_signed: bool,
}

impl Shown {
    fn of(certificate: &CertificateDer<'_>) -> Shown {
        let validity = validity(certificate);
        let Ok(parsed) = webpki::EndEntityCert::try_from(certificate) else {
            return Shown {
                validity,
                ..Shown::default()
            };
        };
        Shown {
            issuer: name_text(parsed.issuer()),
            names: parsed
                .valid_dns_names()
                .take(MAX_NAMES)
                .map(str::to_string)
                .collect(),
            validity,
            self_signed: parsed.issuer() == parsed.subject(),
        }
    }
}

/// `Organisation, Name` of an X.501 name: a sequence of sets of sequences of an id and a text (RFC 5280 §4.1.2.4).
fn name_text(name: &[u8]) -> String {
    // id-at-organizationName and id-at-commonName.
    const WANTED: [&[u8]; 2] = [b"\x55\x04\x0a", b"\x55\x04\x03"];
    let mut rest = match element(name) {
        Some((0x30, inside, b"")) => inside,
        _ => name,
    };
    let mut texts: Vec<String> = Vec::new();
    while let Some((_, set, after)) = element(rest) {
        rest = after;
        let pair = element(set).and_then(|(_, pair, _)| {
            let (_, id, value) = element(pair)?;
            let (_, text, _) = element(value)?;
            Some((id, text))
        });
        if let Some((id, text)) = pair.filter(|(id, _)| WANTED.contains(id)) {
            let text =
                String::from_utf8_lossy(text.get(..text.len().min(MAX_TEXT)).unwrap_or_default());
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            let known = texts.iter().any(|other| other.contains(&text));
            if !known && !id.is_empty() {
                texts.push(text);
            }
        }
    }
    texts.join(", ")
}

/// What was shown last.
#[derive(Debug, Default)]
pub struct Witness(Mutex<Option<Shown>>);

impl Witness {
    /// The certificate that was shown in the last handshake that had one.
    pub fn shown(&self) -> Option<Shown> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Looks first, then leaves it to `judge`.
    pub(super) fn before(self: Arc<Witness>, judge: Arc<dyn ServerCertVerifier>) -> Watched {
        Watched {
            witness: self,
            judge,
        }
    }
}

/// A verifier that is looked over the shoulder.
#[derive(Debug)]
pub(super) struct Watched {
    witness: Arc<Witness>,
    judge: Arc<dyn ServerCertVerifier>,
}

impl ServerCertVerifier for Watched {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut seen = self
            .witness
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *seen = Some(Shown::of(end_entity));
        drop(seen);
        self.judge
            .verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_its_organisation_and_name() {
        let lets = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02US\
            \x31\x16\x30\x14\x06\x03\x55\x04\x0a\x13\x0dLet's Encrypt\
            \x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x13\x03R11";
        assert_eq!(name_text(lets), "Let's Encrypt, R11");
        let whole = [&[0x30, lets.len() as u8][..], lets].concat();
        assert_eq!(name_text(&whole), "Let's Encrypt, R11");
        // A name that stands in the organisation already is not said twice; escapes steer no terminal.
        let twice = b"\x31\x0e\x30\x0c\x06\x03\x55\x04\x0a\x0c\x05Home\x1b\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Home";
        assert_eq!(name_text(twice), "Home");
        for cut in 0..lets.len() {
            let _ = name_text(&lets[..cut]);
        }
        assert_eq!(name_text(b""), "");
        let junk = Shown::of(&CertificateDer::from(&b"\x30\x03abc"[..]));
        assert_eq!(junk, Shown::default());
    }
}
