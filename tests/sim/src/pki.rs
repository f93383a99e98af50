// SPDX-License-Identifier: MIT OR Apache-2.0

//! The certificate authority and the certificates of hub and cloud (api.md 2,
//! 14).
//!
//! The hub's names `*.homey.homeylocal.com`, never an IP address: a real hub's
//! certificate does not either.

use std::collections::BTreeMap;
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

use crate::state::Via;

/// Names that the certificate and the handshake accept.
const DOMAIN: &str = ".homey.homeylocal.com";

/// Where the files lie and what is in them.
pub struct Pki {
    /// The authority's certificate, for clients to trust.
    pub ca_file: PathBuf,
    /// `sha256//BASE64` of the leaf's public key, curl's form of a pin.
    pub spki_pin: String,
    /// Removes a temporary folder at the end.
    _temporary: Option<tempfile::TempDir>,
}

/// A certificate other than the hub's own, for a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// By the same authority, of another host with another key.
    Swapped,
    /// By the same authority for the same names, with another key.
    SameNameOtherKey,
    /// By nobody, for the same names, with another key.
    SelfSigned,
    /// The hub's own key and names, ended yesterday.
    Expired,
    /// The hub's own key and names, from tomorrow on.
    NotYetValid,
}

impl Which {
    /// All of them.
    pub const ALL: [Which; 5] = [
        Which::Swapped,
        Which::SameNameOtherKey,
        Which::SelfSigned,
        Which::Expired,
        Which::NotYetValid,
    ];

    /// Its word in the control API, and its file's name.
    pub fn word(self) -> &'static str {
        match self {
            Which::Swapped => "swapped",
            Which::SameNameOtherKey => "same_name_other_key",
            Which::SelfSigned => "self_signed",
            Which::Expired => "expired",
            Which::NotYetValid => "not_yet_valid",
        }
    }
}

/// What the TLS port serves with. Tickets of one do not resume a session of
/// another, so that every certificate is shown.
#[derive(Debug)]
pub struct Certs {
    /// The hub's own.
    pub own: Arc<ServerConfig>,
    /// The cloud's, for its port and the relay's: another key.
    pub cloud: Arc<ServerConfig>,
    /// Name of the relay.
    pub relay: String,
    /// For faults; folders of before there were faults have none.
    pub others: BTreeMap<Which, Arc<ServerConfig>>,
}

/// One label below a domain.
fn below(name: &str, domain: &str) -> bool {
    let label = name.strip_suffix(domain);
    label.is_some_and(|l| !l.is_empty() && !l.contains('.'))
}

impl Certs {
    /// True for the server names that a port answers to: without one, or with
    /// a bare address, the handshake is refused (api.md 2).
    pub fn serves(&self, via: Via, name: Option<&str>) -> bool {
        name.is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            match via {
                Via::Cloud => name == "localhost" || ACCOUNT.contains(&name.as_str()),
                Via::Relay => name == self.relay,
                _ => name == "localhost" || below(&name, DOMAIN),
            }
        })
    }

    /// What a port serves with.
    pub fn of(&self, via: Via) -> &Arc<ServerConfig> {
        match via {
            Via::Cloud | Via::Relay => &self.cloud,
            _ => &self.own,
        }
    }
}

/// True when the cloud's certificate holds this name of a relay.
fn holds(names: &str, relay: &str) -> bool {
    let fits = |held: &str| match held.strip_prefix('*') {
        Some(domain) => below(relay, domain),
        None => held == relay,
    };
    names.lines().any(fits)
}

impl Pki {
    /// Opens the folder, filling it if it holds no certificates yet; `relay` is
    /// the relay's name.
    pub fn open(folder: Option<&Path>, relay: &str) -> Result<(Pki, Certs), String> {
        let relay = relay.to_ascii_lowercase();
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
            let made = make(&relay).map_err(|e| format!("cannot make certificates: {e}"))?;
            save(ca_file, &made.ca, 0o644)?;
            save(leaf_file, &made.leaf.cert, 0o644)?;
            save(key_file, &made.leaf.key, 0o600)?;
            save(&dir.join("cloud.pem"), &made.cloud.cert, 0o644)?;
            save(&dir.join("cloud.key"), &made.cloud.key, 0o600)?;
            save(&dir.join("cloud.names"), &made.names, 0o644)?;
            for (which, other) in &made.others {
                let file = dir.join(which.word());
                save(&file.with_extension("pem"), &other.cert, 0o644)?;
                save(&file.with_extension("key"), &other.key, 0o600)?;
            }
        }
        let bad = |e: &dyn std::fmt::Display| format!("cannot use the certificates of --pki: {e}");
        let key_pem = fs::read_to_string(key_file).map_err(|e| bad(&e))?;
        let pair = KeyPair::from_pem(&key_pem).map_err(|e| bad(&e))?;
        let hash = digest::digest(&digest::SHA256, &pair.subject_public_key_info());
        let mut others = BTreeMap::new();
        for which in Which::ALL {
            let file = dir.join(which.word());
            let (cert, key) = (file.with_extension("pem"), file.with_extension("key"));
            if cert.exists() && key.exists() {
                others.insert(which, config(&cert, &key).map_err(|e| bad(&e))?);
            }
        }
        let own = config(leaf_file, key_file).map_err(|e| bad(&e))?;
        // Folders of before there was a cloud: the hub's has the name localhost.
        let (cloud, names) = match fs::read_to_string(dir.join("cloud.names")) {
            Ok(names) => {
                let (cert, key) = (dir.join("cloud.pem"), dir.join("cloud.key"));
                (config(&cert, &key).map_err(|e| bad(&e))?, names)
            }
            Err(_) => (own.clone(), "localhost".to_owned()),
        };
        if !holds(&names, &relay) {
            return Err(format!(
                "the --pki folder's certificate is not for the relay {relay}: empty it"
            ));
        }
        let certs = Certs {
            own,
            cloud,
            relay,
            others,
        };
        let pki = Pki {
            spki_pin: format!("sha256//{}", base64(hash.as_ref())),
            ca_file: ca_file.clone(),
            _temporary: temporary,
        };
        Ok((pki, certs))
    }
}

fn config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
    let leaf = CertificateDer::from_pem_file(cert).map_err(|e| e.to_string())?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|e| e.to_string())?;
    served(leaf, key).map_err(|e| e.to_string())
}

fn served(
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

/// A certificate with its key, both PEM.
struct Pair {
    cert: String,
    key: String,
}

struct Made {
    ca: String,
    leaf: Pair,
    cloud: Pair,
    /// Those of the cloud's certificate, one a line.
    names: String,
    others: Vec<(Which, Pair)>,
}

/// Names of the hub's own certificate.
const NAMES: [&str; 3] = [
    "*.homey.homeylocal.com",
    "127-0-0-1.homey.homeylocal.com",
    "localhost",
];

/// The account's hosts (api.md 2).
const ACCOUNT: [&str; 2] = ["accounts.athom.com", "api.athom.com"];

/// Names of the cloud's certificate beside the relay's: its hosts, and what
/// relays are called.
const CLOUD: [&str; 5] = [
    ACCOUNT[0],
    ACCOUNT[1],
    "localhost",
    "*.homey.eu-west-1.homeypro.net",
    "*.connect.athom.com",
];

/// A fresh authority, the certificates of hub and cloud and those of the
/// faults. The authority's key is not kept, so that nobody can make another of it.
fn make(relay: &str) -> Result<Made, rcgen::Error> {
    let now = time::OffsetDateTime::now_utc();
    let day = time::Duration::DAY;
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name
        .push(DnType::CommonName, "homey-sim test authority");
    // Older than the expired certificate.
    ca.not_before = now - day * 30;
    ca.not_after = now + day * 3650;
    let ca_key = KeyPair::generate()?;
    let ca_cert = ca.self_signed(&ca_key)?;
    let issuer = Issuer::from_params(&ca, &ca_key);

    let params = |names: &[&str], from, to| -> Result<CertificateParams, rcgen::Error> {
        let mut leaf =
            CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())?;
        leaf.distinguished_name.push(DnType::CommonName, names[0]);
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        (leaf.not_before, leaf.not_after) = (from, to);
        Ok(leaf)
    };
    // Apple's clients refuse leaves of more than 825 days.
    let (from, to) = (now - day, now + day * 820);
    let own = KeyPair::generate()?;
    let leaf = params(&NAMES, from, to)?.signed_by(&own, &issuer)?;
    let mut names = CLOUD.to_vec();
    if !holds(&CLOUD.join("\n"), relay) {
        names.push(relay);
    }
    let cloud_key = KeyPair::generate()?;
    let cloud = params(&names, from, to)?.signed_by(&cloud_key, &issuer)?;
    // Both ports meet the faults.
    let all = [&NAMES[..], &names[..]].concat();
    let mut others = Vec::new();
    for which in Which::ALL {
        let fresh = KeyPair::generate()?;
        let (key, cert) = match which {
            Which::Swapped => {
                let names = ["hub.example.org", "*.example.org"];
                (
                    &fresh,
                    params(&names, from, to)?.signed_by(&fresh, &issuer)?,
                )
            }
            Which::SameNameOtherKey => {
                (&fresh, params(&all, from, to)?.signed_by(&fresh, &issuer)?)
            }
            Which::SelfSigned => (&fresh, params(&all, from, to)?.self_signed(&fresh)?),
            Which::Expired => {
                let leaf = params(&all, now - day * 20, now - day)?;
                (&own, leaf.signed_by(&own, &issuer)?)
            }
            Which::NotYetValid => {
                let leaf = params(&all, now + day, to)?;
                (&own, leaf.signed_by(&own, &issuer)?)
            }
        };
        let pair = Pair {
            cert: cert.pem(),
            key: key.serialize_pem(),
        };
        others.push((which, pair));
    }
    Ok(Made {
        ca: ca_cert.pem(),
        leaf: Pair {
            cert: leaf.pem(),
            key: own.serialize_pem(),
        },
        cloud: Pair {
            cert: cloud.pem(),
            key: cloud_key.serialize_pem(),
        },
        names: names.join("\n"),
        others,
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
