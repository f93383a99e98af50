// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two certificate verifiers: a chain to trusted roots, or one pinned key.
//!
//! Both verify the handshake's signature through rustls's own functions; neither can be switched off.
//! They exist to say *why* a certificate is refused in a form that the error text can turn into a cure.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, OtherError, SignatureScheme,
};

use super::TlsFault;
use super::own;
use super::roots::Roots;
use super::tls::show_pin;

/// Carries a [`TlsFault`] through rustls, which has no variant for a certificate with a remedy.
#[derive(Debug)]
struct Refused(TlsFault);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

fn refuse(fault: TlsFault) -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Refused(
        fault,
    )))))
}

/// The SHA-256 of a certificate's SubjectPublicKeyInfo, as RFC 7469 pins it.
fn spki_digest(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    let parsed = webpki::EndEntityCert::try_from(certificate).ok()?;
    let digest = ring::digest::digest(
        &ring::digest::SHA256,
        parsed.subject_public_key_info().as_ref(),
    );
    <[u8; 32]>::try_from(digest.as_ref()).ok()
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|c| c.issuer() == c.subject())
}

/// Chain, name and dates by webpki; of certificates that stand in the CA file themselves, name and dates.
#[derive(Debug)]
pub(super) struct ChainVerifier {
    roots: Roots,
    /// Whether the server's own certificate may stand among the roots: in a CA file of the user's, not in the system's.
    own: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ChainVerifier {
    pub(super) fn new(roots: Roots, own: bool, provider: &CryptoProvider) -> ChainVerifier {
        ChainVerifier {
            roots,
            own,
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for ChainVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = self
            .roots
            .find(end_entity, intermediates)
            .map_err(|text| refuse(TlsFault::Other(text)))?;
        let chained = ParsedCertificate::try_from(end_entity).and_then(|parsed| {
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &found.anchors,
                intermediates,
                now,
                self.algorithms.all,
            )?;
            verify_server_name(&parsed, server_name)
        });
        let error = match chained {
            Ok(()) => return Ok(ServerCertVerified::assertion()),
            Err(error) => error,
        };
        if self.own && found.own {
            return own::verify(end_entity, server_name, now)
                .map(|()| ServerCertVerified::assertion());
        }
        // Dates and names have cures of their own; everything else about a self-signed certificate, and an
        // issuer that nobody knows, has the pin as its cure.
        let dated_or_named = matches!(
            error,
            rustls::Error::InvalidCertificate(
                CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. }
                    | CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. }
            )
        );
        let self_signed = is_self_signed(end_entity);
        // A bad signature here is that of an issuer who has the name of a trusted one, but another key: an authority
        // that was made anew. To whoever reads the error that is an unknown issuer.
        let unknown = matches!(
            error,
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature
            )
        );
        match spki_digest(end_entity) {
            Some(digest) if unknown || (self_signed && !dated_or_named) => {
                Err(refuse(TlsFault::Untrusted {
                    self_signed,
                    pin: show_pin(&digest),
                }))
            }
            _ => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// One key, whatever certificate it comes in.
#[derive(Debug)]
pub(super) struct PinVerifier {
    pin: [u8; 32],
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinVerifier {
    pub(super) fn new(pin: [u8; 32], provider: &CryptoProvider) -> PinVerifier {
        PinVerifier {
            pin,
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match spki_digest(end_entity) {
            Some(digest) if digest == self.pin => Ok(ServerCertVerified::assertion()),
            Some(digest) => Err(refuse(TlsFault::WrongPin {
                pin: show_pin(&digest),
            })),
            None => Err(refuse(TlsFault::Other(
                "the certificate cannot be read, so its key cannot be pinned".into(),
            ))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// What a failed handshake means, in the words of [`TlsFault`].
pub(super) fn fault_of(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            match inner.downcast_ref::<Refused>() {
                Some(refused) => refused.0.clone(),
                None => TlsFault::Other(format!("the certificate is refused: {inner}")),
            }
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            time, ..
        }) => TlsFault::NotYetValid {
            our_year: year_of(time.as_secs()),
        },
        rustls::Error::InvalidCertificate(CertificateError::NotValidYet) => {
            TlsFault::NotYetValid { our_year: 1970 }
        }
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => TlsFault::Expired,
        rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        }) => {
            let names = presented.iter().filter_map(|p| bare_name(p)).take(4);
            TlsFault::WrongName {
                presented: names.map(str::to_string).collect(),
            }
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidForName) => {
            TlsFault::WrongName {
                presented: Vec::new(),
            }
        }
        // What the chain's verifier calls so is sorted out there: this is the signature of the handshake.
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => TlsFault::Other(
            "the other side does not hold the key of the certificate it shows: it is not the hub"
                .into(),
        ),
        rustls::Error::InvalidCertificate(other) => {
            TlsFault::Other(format!("the certificate is refused: {other}"))
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsFault::Other(
            "the other side speaks neither TLS 1.2 nor 1.3; update it, or check the address".into(),
        ),
        rustls::Error::AlertReceived(alert) => TlsFault::Alert(format!("{alert:?}")),
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        other => TlsFault::Other(other.to_string()),
    }
}

/// The name in `DnsName("…")` or `IpAddress(…)`, as webpki shows them; nothing else is of use to a reader.
fn bare_name(shown: &str) -> Option<&str> {
    match shown.strip_prefix("DnsName(\"") {
        Some(rest) => rest.strip_suffix("\")"),
        None => shown.strip_prefix("IpAddress(")?.strip_suffix(')'),
    }
}

/// The Gregorian year of a Unix time; the average year is near enough for "the clock says 1970".
fn year_of(seconds: u64) -> i64 {
    1970 + i64::try_from(seconds / 31_556_952).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years() {
        for (seconds, year) in [(0, 1970), (1_767_312_000, 2026), (4_102_444_800, 2100)] {
            assert_eq!(year_of(seconds), year);
        }
    }
}
