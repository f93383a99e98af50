// SPDX-License-Identifier: MIT OR Apache-2.0

//! The certificate authority and the hub's certificate (api.md 2, 14).
//!
//! The leaf names `*.homey.homeylocal.com`, never an IP address: a real hub's
//! certificate does not either.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use ring::digest;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Names that the certificate and the handshake accept.
const DOMAIN: &str = ".homey.homeylocal.com";

/// Where the files lie and what is in them.
pub struct Pki {
    /// The authority's certificate, for clients to trust.
    pub ca_file: PathBuf,
    /// `sha256//BASE64` of the leaf's public key, curl's form of a pin.
    pub spki_pin: String,
    /// What the TLS port serves with.
    pub config: Arc<ServerConfig>,
    /// Removes a temporary folder at the end.
    _temporary: Option<tempfile::TempDir>,
}

/// True for the server names that a hub answers to: without one, or with a
/// bare address, the handshake is refused (api.md 2).
pub fn serves(name: Option<&str>) -> bool {
    name.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        let label = name.strip_suffix(DOMAIN);
        name == "localhost" || label.is_some_and(|l| !l.is_empty() && !l.contains('.'))
    })
}

impl Pki {
    /// Opens the folder, filling it if it holds no certificates yet.
    pub fn open(folder: Option<&Path>) -> Result<Pki, String> {
        let (dir, temporary) = match folder {
            Some(dir) => {
                fs::create_dir_all(dir).map_err(|e| format!("cannot make the pki folder: {e}"))?;
                (dir.to_owned(), None)
            }
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("homey-sim-")
                    .tempdir()
                    .map_err(|e| format!("cannot make a temporary pki folder: {e}"))?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let files = ["ca.pem", "leaf.pem", "leaf.key"].map(|name| dir.join(name));
        let [ca_file, leaf_file, key_file] = &files;
        if !files.iter().all(|f| f.exists()) {
            let made = make().map_err(|e| format!("cannot make certificates: {e}"))?;
            save(ca_file, &made.ca, 0o644)?;
            save(leaf_file, &made.leaf, 0o644)?;
            save(key_file, &made.key, 0o600)?;
        }
        let bad = |e: &dyn std::fmt::Display| format!("cannot use the certificates of --pki: {e}");
        let key_pem = fs::read_to_string(key_file).map_err(|e| bad(&e))?;
        let pair = KeyPair::from_pem(&key_pem).map_err(|e| bad(&e))?;
        let hash = digest::digest(&digest::SHA256, &pair.subject_public_key_info());
        let leaf = CertificateDer::from_pem_file(leaf_file).map_err(|e| bad(&e))?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|e| bad(&e))?;
        Ok(Pki {
            spki_pin: format!("sha256//{}", base64(hash.as_ref())),
            config: config(leaf, key).map_err(|e| bad(&e))?,
            ca_file: ca_file.clone(),
            _temporary: temporary,
        })
    }
}

fn config(
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(vec![leaf], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    Ok(Arc::new(config))
}

struct Made {
    ca: String,
    leaf: String,
    key: String,
}

/// A fresh authority and leaf. The authority's key is not kept: nothing needs
/// a second certificate of it, and so nobody can make one.
fn make() -> Result<Made, rcgen::Error> {
    let now = time::OffsetDateTime::now_utc();
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name
        .push(DnType::CommonName, "homey-sim test authority");
    ca.not_before = now - time::Duration::days(1);
    ca.not_after = now + time::Duration::days(3650);
    let ca_key = KeyPair::generate()?;
    let ca_cert = ca.self_signed(&ca_key)?;

    let names = [
        "*.homey.homeylocal.com",
        "127-0-0-1.homey.homeylocal.com",
        "localhost",
    ];
    let mut leaf = CertificateParams::new(names.map(str::to_owned).to_vec())?;
    leaf.distinguished_name
        .push(DnType::CommonName, "*.homey.homeylocal.com");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    leaf.not_before = ca.not_before;
    // Apple's clients refuse leaves of more than 825 days.
    leaf.not_after = now + time::Duration::days(820);
    let leaf_key = KeyPair::generate()?;
    let issuer = Issuer::from_params(&ca, &ca_key);
    let leaf_cert = leaf.signed_by(&leaf_key, &issuer)?;
    Ok(Made {
        ca: ca_cert.pem(),
        leaf: leaf_cert.pem(),
        key: leaf_key.serialize_pem(),
    })
}

fn save(file: &Path, text: &str, mode: u32) -> Result<(), String> {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(file);
    opened
        .and_then(|mut f| f.write_all(text.as_bytes()))
        .map_err(|e| format!("cannot write a certificate file of --pki: {e}"))
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
