// SPDX-License-Identifier: MIT OR Apache-2.0
//! The certificates of a CA file, looked through when a chain is to be verified and never held.
//!
//! A system's bundle has some 140 authorities, and a hub's chain ends in one of them: to hold them all costs more memory
//! than everything else this program knows. A handshake that resumes a session needs none, so the file is read about as
//! often as the hub starts. What is found in it then counts: an added authority needs no restart, one that is taken out ends
//! with the sessions that it vouched for or with a reload, and a file that cannot be read trusts nobody.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// What is not a regular file (a pipe of the shell's) can be read once only, so it is held; no longer than this.
const MAX_HELD: u64 = 4 << 20;

/// Where the certificates are.
pub(super) struct Roots {
    path: PathBuf,
    held: Option<Box<[u8]>>,
}

/// What of the file matters for one chain.
pub(super) struct Found {
    /// Whoever has the name of an issuer in the chain.
    pub(super) anchors: RootCertStore,
    /// The server's certificate stands in the file itself.
    pub(super) own: bool,
}

/// The names, as DER, of those who issued the certificates of a chain.
struct Issuers<'a>(Vec<&'a [u8]>);

impl Roots {
    /// Reads the file once, so that one that is of no use is told at the start. Errors name it and what is wrong.
    pub(super) fn open(path: &Path) -> Result<Roots, String> {
        let mut roots = Roots {
            path: path.to_path_buf(),
            held: None,
        };
        let is_regular = fs::metadata(path).is_ok_and(|m| m.is_file());
        if !is_regular {
            let mut bytes = Vec::new();
            File::open(path)
                .and_then(|f| f.take(MAX_HELD).read_to_end(&mut bytes))
                .map_err(|e| roots.at_fault(&e))?;
            roots.held = Some(bytes.into());
        }
        let (mut usable, mut unusable) = (0_usize, 0_usize);
        roots.each(
            |certificate| match webpki::anchor_from_trusted_cert(certificate) {
                Ok(_) => usable += 1,
                Err(_) => unusable += 1,
            },
        )?;
        if usable == 0 {
            return Err(format!(
                "the CA file {} holds no usable certificate ({unusable} unusable); it must be PEM text with -----BEGIN CERTIFICATE-----",
                path.display()
            ));
        }
        Ok(roots)
    }

    /// Looks for whoever issued one of these certificates, and for the first of them itself.
    pub(super) fn find(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<Found, String> {
        let chain = || std::iter::once(end_entity).chain(intermediates);
        // What cannot be read as a certificate leads to no anchor either.
        let parsed: Vec<_> = chain()
            .filter_map(|c| webpki::EndEntityCert::try_from(c).ok())
            .collect();
        let issuers = Issuers(parsed.iter().map(|c| c.issuer()).collect());
        let mut found = Found {
            anchors: RootCertStore::empty(),
            own: false,
        };
        self.each(|certificate| {
            found.own |= certificate == end_entity;
            if let Some(anchor) = issuers.anchor(certificate) {
                found.anchors.roots.push(anchor);
            }
        })?;
        Ok(found)
    }

    /// Every certificate in the file, in its order.
    fn each(&self, mut see: impl FnMut(&CertificateDer<'_>)) -> Result<(), String> {
        let reader: Box<dyn BufRead + '_> = match &self.held {
            Some(bytes) => Box::new(&**bytes),
            None => {
                let file = File::open(&self.path).map_err(|e| self.at_fault(&e))?;
                Box::new(BufReader::new(file))
            }
        };
        for certificate in CertificateDer::pem_reader_iter(reader) {
            see(&certificate.map_err(|e| match e {
                pem::Error::Io(e) => self.at_fault(&e),
                other => self.at_fault(&format_args!("not PEM: {other}")),
            })?);
        }
        Ok(())
    }

    fn at_fault(&self, what: &dyn fmt::Display) -> String {
        format!("reading the CA file {}: {what}", self.path.display())
    }
}

impl Issuers<'_> {
    /// What of `certificate` a chain can end in, where it has the name of one of them.
    fn anchor(&self, certificate: &CertificateDer<'_>) -> Option<TrustAnchor<'static>> {
        let anchor = webpki::anchor_from_trusted_cert(certificate).ok()?;
        self.0
            .contains(&anchor.subject.as_ref())
            .then(|| anchor.to_owned())
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Roots").field(&self.path).finish()
    }
}
