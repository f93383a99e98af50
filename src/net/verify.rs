// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two certificate verifiers: a chain to trusted roots, or one pinned key.
//!
//! Both verify the handshake's signature through rustls's own functions; neither can be switched off.
//! They exist to say *why* a certificate is refused in a form that the error text can turn into a cure.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::tls::show_pin;
use super::{Error, TlsFault};

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

/// Chain, name and dates by webpki.
#[derive(Debug)]
pub(super) struct ChainVerifier {
    inner: Arc<WebPkiServerVerifier>,
}

impl ChainVerifier {
    /// `roots` must not be empty.
    pub(super) fn new(
        roots: RootCertStore,
        provider: &Arc<CryptoProvider>,
    ) -> Result<ChainVerifier, Error> {
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|e| Error::Trust(format!("setting up the CA certificates: {e}")))?;
        Ok(ChainVerifier { inner })
    }
}

impl ServerCertVerifier for ChainVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let error =
            match self
                .inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
            {
                Ok(verified) => return Ok(verified),
                Err(error) => error,
            };
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
        let unknown = matches!(
            error,
            rustls::Error::InvalidCertificate(
                // The second: an issuer of a known name with another key, such as an authority that was made anew.
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
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
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
            // webpki shows each name as DnsName("…"); only the name itself is of use to a reader.
            let names = presented
                .iter()
                .filter_map(|p| p.split('"').nth(1))
                .take(4)
                .map(str::to_string)
                .collect();
            TlsFault::WrongName { presented: names }
        }
        rustls::Error::InvalidCertificate(CertificateError::NotValidForName) => {
            TlsFault::WrongName {
                presented: Vec::new(),
            }
        }
        rustls::Error::InvalidCertificate(other) => {
            TlsFault::Other(format!("the certificate is refused: {other}"))
        }
        rustls::Error::AlertReceived(alert) => TlsFault::Alert(format!("{alert:?}")),
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        other => TlsFault::Other(other.to_string()),
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
