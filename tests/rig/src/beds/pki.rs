// SPDX-License-Identifier: MIT OR Apache-2.0
//! Certificates for tests, each made when it is asked for, and a TLS server that shows them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SignatureAlgorithm, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{HandshakeKind, ServerConfig, ServerConnection, SupportedProtocolVersion};

/// RSA keys cannot be made by ring; this one guards nothing.
const RSA_KEY: &str = include_str!("rsa2048.pem");

/// Of a key.
#[derive(Copy, Clone, Debug)]
pub enum Algorithm {
    /// ECDSA with SHA-256, as hubs have it.
    P256,
    /// ECDSA with SHA-384.
    P384,
    /// EdDSA.
    Ed25519,
    /// RSA of 2048 bits, always the same key.
    Rsa2048,
}

impl Algorithm {
    /// A key of its kind.
    pub fn new_key(self) -> KeyPair {
        let of = |algorithm: &'static SignatureAlgorithm| KeyPair::generate_for(algorithm);
        match self {
            Algorithm::P256 => of(&rcgen::PKCS_ECDSA_P256_SHA256),
            Algorithm::P384 => of(&rcgen::PKCS_ECDSA_P384_SHA384),
            Algorithm::Ed25519 => of(&rcgen::PKCS_ED25519),
            Algorithm::Rsa2048 => KeyPair::from_pem_and_sign_algo(RSA_KEY, &rcgen::PKCS_RSA_SHA256),
        }
        .expect("a key")
    }
}

/// What a leaf certificate says.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Its alternative names; none is its subject.
    pub names: Vec<String>,
    /// Those of its first and its last day.
    pub years: (i32, i32),
    /// Of its key.
    pub algorithm: Algorithm,
}

impl Leaf {
    /// One for these names that is good today.
    pub fn of(names: &[&str]) -> Leaf {
        Leaf {
            names: names.iter().map(|n| n.to_string()).collect(),
            years: (2020, 2090),
            algorithm: Algorithm::P256,
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).expect("names");
        params
            .distinguished_name
            .push(DnType::CommonName, "a hub of the tests");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 12, 31);
        params
    }

    /// With itself as its issuer.
    pub fn self_signed(&self) -> Shown {
        let key = self.algorithm.new_key();
        let certificate = self.params().self_signed(&key).expect("a certificate");
        Shown::new(certificate.der().clone(), &key)
    }
}

/// An authority, and the file that holds its certificate.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    /// Its certificate as PEM.
    pub file: TempFile,
}

impl Authority {
    /// Authorities of one name are still different ones.
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2095, 1, 1);
        let key = Algorithm::P256.new_key();
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority {
            issuer: Issuer::new(params, key),
            file: TempFile::new(&pem),
            pem,
        }
    }

    /// Its certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate by it.
    pub fn issue(&self, leaf: &Leaf) -> Shown {
        let key = leaf.algorithm.new_key();
        let mut params = leaf.params();
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Shown::new(certificate.der().clone(), &key)
    }
}

/// A file that goes when its owner goes.
pub struct TempFile(PathBuf);

impl TempFile {
    /// With this text.
    pub fn new(text: &str) -> TempFile {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("homey-panel-test-{}-{number}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a temporary file");
        TempFile(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A certificate and the key that a server signs with, whether or not they belong together.
#[derive(Clone, Debug)]
pub struct Shown {
    certified: Arc<CertifiedKey>,
    /// SHA-256 of the key in the certificate.
    pub pin: [u8; 32],
}

impl Shown {
    fn new(certificate: CertificateDer<'static>, key: &KeyPair) -> Shown {
        use rcgen::PublicKeyData;
        let pin = ::ring::digest::digest(&::ring::digest::SHA256, &key.subject_public_key_info());
        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signer = ring::sign::any_supported_type(&der).expect("a key that can sign");
        Shown {
            certified: Arc::new(CertifiedKey::new(vec![certificate], signer)),
            pin: pin.as_ref().try_into().expect("32 bytes"),
        }
    }

    /// The same certificate, but the handshake is signed by the key of `other`: what a thief of the
    /// certificate can do who has not its key.
    pub fn signed_by_key_of(&self, other: &Shown) -> Shown {
        let certified = CertifiedKey::new(self.certified.cert.clone(), other.certified.key.clone());
        Shown {
            certified: Arc::new(certified),
            pin: self.pin,
        }
    }
}

/// Shows one certificate to everybody, without asking whether its key fits.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// The versions of TLS that there are.
pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// A server that shows this certificate and speaks these versions.
pub fn server_config(
    shown: &Shown,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Always(shown.certified.clone())));
    Arc::new(config)
}

/// What a TLS server saw of one connection.
#[derive(Debug, PartialEq)]
pub struct Seen {
    /// Full, or resumed.
    pub kind: Option<HandshakeKind>,
    /// What SNI asked for.
    pub name: Option<String>,
    /// Of TLS.
    pub version: Option<rustls::ProtocolVersion>,
    /// The request's head.
    pub request: String,
}

/// How a server ends its side.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Close {
    /// Says so first, as TLS wants it.
    Notify,
    /// Without a word.
    Cut,
}

/// Serves one request on one connection; what of it was seen.
pub fn serve(config: Arc<ServerConfig>, mut tcp: TcpStream, reply: &str, close: Close) -> Seen {
    let mut tls = ServerConnection::new(config).expect("a server");
    let request = {
        let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
        let request = crate::beds::server::read_head(&mut stream);
        if !request.is_empty() {
            let _ = stream.write_all(reply.as_bytes());
            let _ = stream.flush();
        }
        request
    };
    if close == Close::Notify {
        tls.send_close_notify();
        let _ = tls.complete_io(&mut tcp);
        let _ = tcp.shutdown(std::net::Shutdown::Write);
        // Until the client has closed: bytes of it that nobody reads would turn this close into a reset.
        let _ = std::io::copy(&mut Read::take(&mut tcp, 1 << 20), &mut std::io::sink());
    }
    Seen {
        kind: tls.handshake_kind(),
        name: tls.server_name().map(str::to_string),
        version: tls.protocol_version(),
        request: String::from_utf8_lossy(&request).into_owned(),
    }
}
