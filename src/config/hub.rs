// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[hub]` and `[trust]`: where the hub is, who we are to it, and how it proves who it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Sources;
use super::address::{Address, Scheme};
use super::dashed::is_dns_name;
use super::problem::{Report, quoted};
use super::section::{Keys, Section};
use super::value::Text;

pub(super) const HUB: Keys = Keys {
    known: &[
        "address",
        "id",
        "tls_name",
        "api_key_file",
        "session_file",
        "allow_public_address",
        "relay",
    ],
    later: &["candidates"],
    cures: &[
        (
            "api_key",
            "the key stands in the configuration itself",
            KEY_FILE,
        ),
        (
            "token",
            "the token stands in the configuration itself",
            KEY_FILE,
        ),
        (
            "bearer",
            "the token stands in the configuration itself",
            KEY_FILE,
        ),
        (
            "password",
            "passwords do not stand in the configuration",
            "homey-panel login, or api_key_file with an API key",
        ),
        (
            "email",
            "accounts do not stand in the configuration",
            "homey-panel login, or api_key_file with an API key",
        ),
    ],
};
const KEY_FILE: &str = "the key alone in a file that only the service can read, and api_key_file = \"/path/to/it\" here";

pub(super) const TRUST: Keys = Keys {
    known: &["system", "ca_file", "pin"],
    later: &[],
    cures: &[
        ("insecure", NO_SWITCH, PIN_INSTEAD),
        ("verify", NO_SWITCH, PIN_INSTEAD),
        ("skip_verify", NO_SWITCH, PIN_INSTEAD),
    ],
};
const NO_SWITCH: &str = "verification is never switched off";
const PIN_INSTEAD: &str = "pin = \"sha256//…=\", the fingerprint of the hub's own key";

/// `[hub]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hub {
    /// Where it is, or was: a hub with a known id is looked for when it is not there. `None`: looked for from the start,
    /// by `id`, or by the id that the session file names.
    pub address: Option<Address>,
    /// The hub's id. `None`: learned from the first ping and not checked before.
    pub id: Option<String>,
    /// The name for SNI and certificate, whatever the address. `None`: the dashed name of the address.
    pub tls_name: Option<String>,
    /// Whether the hub may be reached through the internet while it is not in this network: forwarded or by the relay, where the
    /// session knows such a way. Default `true`.
    pub relay: bool,
    pub credential: Credential,
    /// The hub may be at an address of the internet. Default `false`.
    pub allow_public_address: bool,
}

impl Hub {
    /// Whether `http://` is written: only then may a bearer go anywhere in clear.
    pub fn is_plain(&self) -> bool {
        let scheme = self.address.as_ref().map(|address| address.scheme);
        scheme == Some(Scheme::Http)
    }
}

/// Where the bearer comes from. Paths are kept as written; `run` fills in `${CREDENTIALS_DIRECTORY}` and its like.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Credential {
    ApiKeyFile(String),
    SessionFile(String),
    /// Neither is written: the session file at its usual place.
    #[default]
    Default,
}

/// `[trust]`: by what the hub's certificate is judged.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Trust {
    /// The system's certificate authorities.
    #[default]
    System,
    /// The authorities in this PEM file, and no others. The path is kept as written.
    CaFile(String),
    /// SHA-256 of the hub key's SubjectPublicKeyInfo; takes the place of chain, name and dates.
    Pin([u8; 32]),
}

/// Reads `[hub]`.
pub(super) fn read(report: &mut Report<'_>, root: &Section<'_>, sources: &mut Sources) -> Hub {
    let hub = Section::child(report, root, "hub", "[hub]", &HUB);
    let allow = hub.flag(report, "allow_public_address").unwrap_or(false);
    sources.hub_address = report.place(hub.at_value(report, "address"));
    sources.hub_id = report.place(hub.at_value(report, "id"));
    let tls_name = hub.text(report, "tls_name", "the name in the hub's certificate");
    let tls_name = tls_name.filter(|name| check_tls_name(report, *name));
    let address = address(report, &hub, tls_name, allow);
    if let Some(address) = &address {
        judge(report, &hub, address);
        let local = Address::parse(&address.ip.to_string(), Some("localhost"), false).is_ok();
        if allow && local {
            let at = hub.at_key("allow_public_address");
            report.warn(at, format!("{} needs no allow_public_address", address.ip));
        }
    }
    let id = hub.text(
        report,
        "id",
        "the hub's id, as homey-panel discover shows it",
    );
    Hub {
        tls_name: tls_name
            .map(|name| name.text.to_owned())
            .filter(|_| address.as_ref().is_none_or(|a| a.scheme == Scheme::Https)),
        relay: relay(report, &hub),
        address,
        id: id
            .filter(|id| check_id(report, *id))
            .map(|id| id.text.to_owned()),
        credential: credential(report, &hub, sources),
        allow_public_address: allow,
    }
}

fn address(
    report: &mut Report<'_>,
    hub: &Section<'_>,
    tls_name: Option<Text<'_>>,
    allow: bool,
) -> Option<Address> {
    let expected = "the hub's IP address, such as \"192.168.1.17\"";
    if !hub.has("address") {
        if !hub.flawed && !hub.written() {
            let expected = "[hub] and below it address = \"192.168.1.17\", the hub's IP address";
            report
                .error(hub.at, "the section [hub] is missing")
                .expected(expected);
        } else if !hub.flawed && !hub.has("id") && !hub.has("session_file") {
            report
                .error(hub.at, "[hub] has neither address nor id")
                .expected("address = \"192.168.1.17\", the hub's IP address, or its id, as homey-panel discover shows it");
        }
        return None;
    }
    let Text { at, text } = hub.text(report, "address", expected)?;
    match Address::parse(text, tls_name.map(|name| name.text), allow) {
        Ok(address) => Some(address),
        // The name is there, but was refused: said already.
        Err(_) if tls_name.is_none() && hub.has("tls_name") => None,
        Err(fault) => {
            report
                .error(at, fault.what)
                .expected(fault.expected)
                .meant(fault.hint);
            None
        }
    }
}

/// What is allowed, but odd.
fn judge(report: &mut Report<'_>, hub: &Section<'_>, address: &Address) {
    let at = hub.at_value(report, "address");
    match address.scheme {
        Scheme::Http => {
            report
                .warn(
                    at,
                    "http:// sends the bearer in clear: everyone in this network can read it, and whoever answers for the hub gets it",
                )
                .expected("https, unless the hub has none");
            if hub.has("tls_name") {
                let at = hub.at_key("tls_name");
                report
                    .error(at, "tls_name has no use with http://")
                    .expected("one of the two");
            }
        }
        Scheme::Https if matches!(address.port, 80 | 4859) => {
            let port = address.port;
            report
                .warn(at, format!("port {port} is usually plain http"))
                .expected(format!("https, or \"http://{}:{port}\"", address.ip));
        }
        Scheme::Https => {}
    }
}

fn check_tls_name(report: &mut Report<'_>, name: Text<'_>) -> bool {
    let good = is_dns_name(name.text);
    if !good {
        let what = format!("tls_name {} is not a host name", quoted(name.text));
        report
            .error(name.at, what)
            .expected("the name in the hub's certificate, without scheme and port");
    }
    good
}

fn check_id(report: &mut Report<'_>, id: Text<'_>) -> bool {
    let good = (8..=64).contains(&id.text.len())
        && id
            .text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !good {
        report
            .error(id.at, format!("id {} is not a hub's id", quoted(id.text)))
            .expected("8 to 64 letters, digits and dashes, such as \"5f00aa11bb22cc33dd44ee55\"");
    }
    good
}

fn credential(report: &mut Report<'_>, hub: &Section<'_>, sources: &mut Sources) -> Credential {
    let key = hub.text(report, "api_key_file", "the path of a file");
    let session = hub.text(report, "session_file", "the path of a file");
    if hub.has("api_key_file") && hub.has("session_file") {
        let at = hub.at_key("api_key_file").max(hub.at_key("session_file"));
        report
            .error(at, "both api_key_file and session_file are given")
            .expected("one of them");
    }
    let at = key.or(session).map_or(hub.at, |path| path.at);
    sources.credential = report.place(at);
    match (key, session) {
        (Some(path), _) => Credential::ApiKeyFile(path.text.to_owned()),
        (None, Some(path)) => Credential::SessionFile(path.text.to_owned()),
        (None, None) => Credential::Default,
    }
}

fn relay(report: &mut Report<'_>, hub: &Section<'_>) -> bool {
    let relay = hub.flag(report, "relay");
    if relay == Some(true) && hub.has("api_key_file") {
        let at = hub.at_key("relay");
        report
            .warn(
                at,
                "relay = true has no use with api_key_file: the relay takes no API keys",
            )
            .expected("session_file = \"…\", as homey-panel login writes it");
    }
    relay.unwrap_or(true)
}

/// Reads `[trust]`, which matters only with https.
pub(super) fn read_trust(
    report: &mut Report<'_>,
    root: &Section<'_>,
    hub: &Hub,
    sources: &mut Sources,
) -> Trust {
    let trust = Section::child(report, root, "trust", "[trust]", &TRUST);
    let system = trust.flag(report, "system");
    let ca_file = trust.text(report, "ca_file", "the path of a PEM file");
    let pin = trust.text(report, "pin", PIN_FORM);
    let written: Vec<&str> = TRUST
        .known
        .iter()
        .copied()
        .filter(|key| trust.has(key))
        .collect();
    let at = written
        .iter()
        .map(|key| trust.at_key(key))
        .max()
        .unwrap_or(trust.at);
    sources.trust = report.place(at);
    if written.len() > 1 {
        let what = format!("{} are given together", written.join(" and "));
        report.error(at, what).expected("one of them");
    }
    if !written.is_empty() && hub.is_plain() {
        report.warn(at, "[trust] has no use with http://");
    }
    if system == Some(false) && written.len() == 1 {
        let at = trust.at_value(report, "system");
        report
            .error(at, "system = false leaves nothing to trust")
            .expected("ca_file = \"…\" or pin = \"sha256//…=\" in its place");
    }
    match (ca_file, pin) {
        (Some(path), _) => Trust::CaFile(path.text.to_owned()),
        (None, Some(pin)) => read_pin(report, pin),
        (None, None) => Trust::System,
    }
}

const PIN_FORM: &str =
    "\"sha256//\" and 44 characters of base64, as the refusal of an unknown certificate shows it";

fn read_pin(report: &mut Report<'_>, pin: Text<'_>) -> Trust {
    let encoded = pin.text.strip_prefix("sha256//");
    let bytes = encoded.and_then(|text| STANDARD.decode(text).ok());
    if let Some(bytes) = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        return Trust::Pin(bytes);
    }
    // OkHttp and HPKP write one slash or none.
    let bare = pin
        .text
        .strip_prefix("sha256")
        .unwrap_or(pin.text)
        .trim_start_matches(['/', '=', ':']);
    let fits = STANDARD.decode(bare).is_ok_and(|bytes| bytes.len() == 32);
    let hint = if fits {
        Some(bare.to_owned())
    } else {
        from_hex(bare).map(|bytes| STANDARD.encode(bytes))
    };
    report
        .error(pin.at, format!("pin {} is not a pin", quoted(pin.text)))
        .expected(PIN_FORM)
        .meant(hint.map(|base64| format!("\"sha256//{base64}\"")));
    Trust::System
}

/// 32 bytes from 64 hex digits, as openssl prints a digest.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u32> = text
        .chars()
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    let bytes: Vec<u8> = bytes.map(u8::try_from).collect::<Result<_, _>>().ok()?;
    if digits.len() % 2 == 1 {
        None
    } else {
        bytes.try_into().ok()
    }
}
