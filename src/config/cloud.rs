// SPDX-License-Identifier: MIT OR Apache-2.0
//! `[cloud]`: who we are to the Athom cloud, and where it is. Only needed to log in with an account.

use super::dashed::is_dns_name;
use super::problem::{Report, quoted};
use super::section::{Keys, Section};
use super::value::Text;

pub(super) const CLOUD: Keys = Keys {
    known: &[
        "client_id",
        "client_secret_file",
        "redirect_uri",
        "accounts",
        "api",
        "ca_file",
    ],
    later: &[],
    cures: &[
        (
            "client_secret",
            "the secret stands in the configuration itself",
            "the secret alone in a file that only the service can read, and client_secret_file = \"/path/to/it\" here",
        ),
        (
            "password",
            "passwords do not stand in the configuration",
            "homey-panel login, which asks for it; --keep-password keeps it in a file of its own",
        ),
        (
            "email",
            "accounts do not stand in the configuration",
            "homey-panel login, which asks for it",
        ),
    ],
};

/// `[cloud]`. Paths are kept as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cloud {
    /// Of a client registered in the developer tools.
    pub client_id: Option<String>,
    /// `None`: `homey-panel.client-secret` in `$CREDENTIALS_DIRECTORY`.
    pub client_secret_file: Option<String>,
    /// As registered with the client. Default `http://localhost`.
    pub redirect_uri: String,
    pub accounts: Site,
    pub api: Site,
    /// `None`: the system's authorities.
    pub ca_file: Option<String>,
}

/// A host of the cloud, always over TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    pub host: String,
    pub port: u16,
}

impl Site {
    fn usual(host: &str) -> Site {
        Site {
            host: host.to_owned(),
            port: 443,
        }
    }

    /// Reads `https://HOST[:PORT]`, with a `/` at most after it.
    pub fn parse(text: &str) -> Option<Site> {
        let rest = text.strip_prefix("https://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
            None => (rest, 443),
        };
        is_dns_name(host).then(|| Site {
            host: host.to_owned(),
            port,
        })
    }

    /// For a Host line: the port only where it is not 443.
    pub fn authority(&self) -> String {
        match self.port {
            443 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

impl Default for Cloud {
    fn default() -> Cloud {
        Cloud {
            client_id: None,
            client_secret_file: None,
            redirect_uri: "http://localhost".to_owned(),
            accounts: Site::usual("accounts.athom.com"),
            api: Site::usual("api.athom.com"),
            ca_file: None,
        }
    }
}

/// Reads `[cloud]`.
pub(super) fn read(report: &mut Report<'_>, root: &Section<'_>) -> Cloud {
    let cloud = Section::child(report, root, "cloud", "[cloud]", &CLOUD);
    let mut read = Cloud::default();
    let owned = |text: Text<'_>| text.text.to_owned();
    let id = cloud.text(
        report,
        "client_id",
        "the client's id in the developer tools",
    );
    read.client_id = id.filter(|id| check_id(report, *id)).map(owned);
    let path = "the path of a file";
    read.client_secret_file = cloud.text(report, "client_secret_file", path).map(owned);
    read.ca_file = cloud
        .text(report, "ca_file", "the path of a PEM file")
        .map(owned);
    let redirect = cloud.text(report, "redirect_uri", "the redirect URL of the client");
    if let Some(uri) = redirect.filter(|uri| check_uri(report, *uri)) {
        read.redirect_uri = owned(uri);
    }
    let expected = "a host of the cloud, such as \"https://api.athom.com\"";
    for (key, site) in [("accounts", &mut read.accounts), ("api", &mut read.api)] {
        let Some(text) = cloud.text(report, key, expected) else {
            continue;
        };
        match Site::parse(text.text) {
            Some(parsed) => *site = parsed,
            None => {
                let what = format!("{key} {} is no host of the cloud", quoted(text.text));
                report.error(text.at, what).expected(expected);
            }
        }
    }
    read
}

fn check_id(report: &mut Report<'_>, id: Text<'_>) -> bool {
    let good = id.text.len() <= 128 && id.text.bytes().all(|b| b.is_ascii_graphic());
    if !good {
        let what = format!("client_id {} is no client's id", quoted(id.text));
        report
            .error(id.at, what)
            .expected("the client's id in the developer tools, such as 24 hex digits");
    }
    good
}

fn check_uri(report: &mut Report<'_>, uri: Text<'_>) -> bool {
    let scheme = uri.text.split_once("://").map(|(scheme, _)| scheme);
    let good = scheme.is_some_and(|s| s.starts_with(|c: char| c.is_ascii_alphabetic()))
        && uri.text.bytes().all(|b| b.is_ascii_graphic())
        && !uri.text.contains('#');
    if !good {
        let what = format!("redirect_uri {} is no URL", quoted(uri.text));
        report
            .error(uri.at, what)
            .expected("the redirect URL of the client, such as \"http://localhost\"");
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_host_over_tls() {
        for (text, want) in [
            ("https://api.athom.com", Some("api.athom.com")),
            ("https://api.athom.com/", Some("api.athom.com")),
            ("https://localhost:8443", Some("localhost:8443")),
            ("https://api.athom.com:443", Some("api.athom.com")),
            ("http://api.athom.com", None),
            ("https://api.athom.com/oauth2", None),
            ("https://api.athom.com:0", None),
            ("https://api.athom.com:x", None),
            ("https://", None),
            ("api.athom.com", None),
        ] {
            let site = Site::parse(text).map(|site| site.authority());
            assert_eq!(site.as_deref(), want, "{text}");
        }
    }
}
