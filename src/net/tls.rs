// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trust: what makes a TLS configuration out of "system", a CA file or a pin.
//!
//! Verification is never off. A pin replaces chain, name and dates, but the handshake's signature is verified
//! in every mode (`verify`). The clock that certificates are checked against never runs before this program
//! was built, so that a board without a clock battery is not refused for living in 1970.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::SigningKey;
use rustls::time_provider::TimeProvider;

use super::Error;
use super::roots::Roots;
use super::verify::{ChainVerifier, PinVerifier};
use super::witness::Witness;

/// The name that is sent in SNI and, without a pin, checked against the certificate.
pub type TlsName = ServerName<'static>;

/// Whom to trust.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trust {
    /// The system's CA bundle: `SSL_CERT_FILE`, or the first of the usual places.
    System,
    /// One PEM file with one or more CA certificates, instead of the system's.
    CaFile(PathBuf),
    /// SHA-256 of the server key's SubjectPublicKeyInfo, instead of any chain, name and date.
    Pin([u8; 32]),
}

/// When this program was made, in seconds since 1970: no clock that is right shows less. 0 where the build does not know.
pub const BUILT: u64 = match u64::from_str_radix(env!("BUILD_EPOCH"), 10) {
    Ok(seconds) => seconds,
    Err(_) => 0,
};

/// Where distributions keep their CA bundle as one file: Debian and Buildroot, OpenWrt and Alpine, Fedora, SUSE.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Makes the one configuration that every connection of this program shares, so that sessions resume.
///
/// Looks through the CA file once, and again for every handshake that shows a chain; holds none of it (`Roots`).
/// Errors name the file and what to do.
pub fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    config(trust, &|verifier| verifier)
}

/// As [`client_config`], with somebody who looks at the certificate that is shown, whatever becomes of the handshake.
pub fn witnessed_config(trust: &Trust) -> Result<(Arc<ClientConfig>, Arc<Witness>), Error> {
    let seen = Arc::new(Witness::default());
    let config = config(trust, &|verifier| Arc::new(seen.clone().before(verifier)))?;
    Ok((config, seen))
}

fn config(
    trust: &Trust,
    wrap: &dyn Fn(Arc<dyn ServerCertVerifier>) -> Arc<dyn ServerCertVerifier>,
) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(CryptoProvider {
        key_provider: &NoKeys,
        ..rustls::crypto::ring::default_provider()
    });
    let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(FlooredClock))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|e| Error::Trust(format!("setting up TLS: {e}")))?;
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Pin(pin) => Arc::new(PinVerifier::new(*pin, &provider)),
        Trust::System => Arc::new(chain(&system_bundle()?, false, &provider)?),
        Trust::CaFile(path) => Arc::new(chain(path, true, &provider)?),
    };
    // "dangerous" is rustls's word for any verifier but its own; all of ours end in its checks.
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(wrap(verifier))
        .with_no_client_auth();
    // Eight tickets a name, and two names: the hub's and the relay's. More would be memory for nothing; with one, each
    // would put the other out.
    config.resumption = Resumption::in_memory_sessions(16);
    Ok(Arc::new(config))
}

/// No certificate of ours is ever shown, so that ring's code for signing with a key need not be in the program (26 KiB).
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(
        &self,
        _key: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no keys here".into()))
    }
}

fn system_bundle() -> Result<PathBuf, Error> {
    if let Some(path) = std::env::var_os("SSL_CERT_FILE") {
        return Ok(PathBuf::from(path));
    }
    BUNDLES.iter().map(Path::new).find(|p| p.exists()).map(Path::to_path_buf).ok_or_else(|| {
        Error::Trust(format!(
            "no CA bundle found (looked for {}); install ca-certificates, or set ca_file or pin under [trust]",
            BUNDLES.join(", ")
        ))
    })
}

fn chain(path: &Path, own: bool, provider: &CryptoProvider) -> Result<ChainVerifier, Error> {
    let roots = Roots::open(path).map_err(Error::Trust)?;
    Ok(ChainVerifier::new(roots, own, provider))
}

/// Reads `sha256//BASE64`, curl's form of a public key pin. Errors say the form.
pub fn parse_pin(text: &str) -> Result<[u8; 32], String> {
    text.strip_prefix("sha256//")
        .and_then(|b| STANDARD.decode(b).ok())
        .and_then(|b| <[u8; 32]>::try_from(b).ok())
        .ok_or_else(|| "a pin has the form sha256// and 44 characters of base64".to_string())
}

/// The inverse of [`parse_pin`].
pub fn show_pin(pin: &[u8]) -> String {
    format!("sha256//{}", STANDARD.encode(pin))
}

/// The system clock, but never earlier than the day this program was made (N2).
#[derive(Debug)]
struct FlooredClock;

impl TimeProvider for FlooredClock {
    fn current_time(&self) -> Option<UnixTime> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Some(UnixTime::since_unix_epoch(
            now.max(Duration::from_secs(BUILT)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_reads_back_and_bad_ones_name_the_form() {
        let pin = [7_u8; 32];
        assert_eq!(parse_pin(&show_pin(&pin)), Ok(pin));
        for bad in [
            "",
            "sha256//",
            "sha256//AAAA",
            "md5//AAAA",
            "sha256//????",
            &show_pin(&pin)[8..],
        ] {
            assert!(parse_pin(bad).unwrap_err().contains("sha256//"), "{bad}");
        }
    }

    #[test]
    fn an_unreadable_or_empty_ca_file_is_named() {
        let dir = std::env::temp_dir().join(format!("homey-panel-tls-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let empty = dir.join("empty.pem");
        std::fs::write(&empty, "no certificate here\n").unwrap();
        for (path, word) in [
            (dir.join("absent.pem"), "absent.pem"),
            (empty, "no usable certificate"),
        ] {
            let text = client_config(&Trust::CaFile(path)).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn the_clock_never_runs_before_the_build() {
        let floor: u64 = env!("BUILD_EPOCH").parse().unwrap();
        assert!(FlooredClock.current_time().unwrap().as_secs() >= floor);
    }
}
