// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two hosts of the cloud on the wire, and the files that say who we are to it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::client::bearer::expand;
use crate::config::{Cloud, Site};
use crate::failure::{Exit, Failure};
use crate::homey::auth::{Ask, Client, MAX_REPLY};
use crate::homey::profile::Profile;
use crate::homey::secret::Secret;
use crate::http::{Limits, ResponseHead};
use crate::net::wan::{Route, Wan};
use crate::net::{self, Alone, Deadlines, Error, Repeat, Session, TlsFault, TlsName, Trust};

/// The most for one call, connecting and its whole reply; a code lives twice as long.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// The name under which the client's secret is looked for in `$CREDENTIALS_DIRECTORY`.
const CREDENTIAL: &str = "homey-panel.client-secret";
/// No file with a secret is longer, in bytes.
const MAX_SECRET_FILE: u64 = 16 * 1024;

/// A connection to one host of the cloud; kept between calls.
pub struct Host {
    authority: String,
    session: Session,
}

impl Host {
    /// Checks the route and reads the authorities; the network is not touched yet.
    pub fn new(site: &Site, trust: &Trust, patience: Duration) -> Result<Host, Failure> {
        let name = TlsName::try_from(site.host.clone())
            .map_err(|e| Failure::config(format!("{}: {e}", site.host)))?;
        let tls = net::client_config(trust).map_err(|e| Failure::config(e.to_string()))?;
        let route = Route {
            tls: Some((tls, name)),
            host: site.host.clone(),
            port: site.port,
            resolve: Vec::new(),
            proxy: None,
            timeout: patience.min(PATIENCE),
        };
        let wan = Wan::new(route).map_err(|e| Failure::config(e.to_string()))?;
        Ok(Host {
            authority: site.authority(),
            session: Session::new(Box::new(wan)),
        })
    }

    /// Sends a call of the way in; `name` is the application's own.
    pub fn send(
        &mut self,
        ask: &Ask,
        name: &str,
        patience: Duration,
    ) -> Result<(ResponseHead, Vec<u8>), Failure> {
        send(&mut self.session, ask, &self.authority, name, patience).map_err(|error| {
            let exit = match error {
                Error::Trust(_) => Exit::Config,
                _ => Exit::Unavailable,
            };
            let step = ask.step;
            Failure::new(exit, format!("{step}: {}", away(&error)))
        })
    }
}

/// The configured trust towards the cloud.
pub fn trust(cloud: &Cloud) -> Trust {
    match &cloud.ca_file {
        Some(path) => Trust::CaFile(expand(path)),
        None => Trust::System,
    }
}

/// Sends one call under the profile `forum` and reads its reply whole, within `patience`, at most 15 s; the body decoded.
pub fn send(
    session: &mut Session,
    ask: &Ask,
    host: &str,
    name: &str,
    patience: Duration,
) -> Result<(ResponseHead, Vec<u8>), Error> {
    let bytes = ask
        .bytes(&Profile::forum(), host, name)
        .map_err(Error::Route)?;
    let request = net::Request {
        bytes,
        head_only: false,
        // A code and a refresh token are good for one call, whether its reply came or not.
        repeat: Repeat::Never,
    };
    let mut wait = Alone;
    let reply = net::fetch(
        session,
        request,
        Deadlines::all(patience.min(PATIENCE)),
        &mut wait,
    )?;
    let head = reply.head.clone();
    let limits = Limits {
        max_output: MAX_REPLY as u64,
        ..Limits::RUN
    };
    let body = net::collect(&mut reply.decoded(limits)?, MAX_REPLY)?;
    Ok((head, body))
}

/// What keeps us from the cloud. `net`'s own words speak of a hub.
fn away(error: &Error) -> String {
    let later = "the cloud or the way to it is away; try again later";
    match error {
        Error::Connect { peer, source } => {
            let why = match source.kind() {
                io::ErrorKind::ConnectionRefused => "refused".to_owned(),
                _ => source.to_string(),
            };
            format!("connecting to {peer}: {why}; {later}")
        }
        Error::Deadline { peer, phase, after } => format!(
            "{phase} ({peer}): no answer within {} s; {later}",
            after.as_secs()
        ),
        Error::Closed { .. } => format!("{error}; {later}"),
        Error::Tls { peer, name, fault } => {
            let cure = match fault {
                TlsFault::NotYetValid { .. } => return error.to_string(),
                TlsFault::Expired => "the certificate has expired; check the clock here",
                TlsFault::Untrusted { .. } | TlsFault::WrongName { .. } => {
                    "the certificate is not the cloud's; where a proxy here looks inside, set ca_file under [cloud] to its authority"
                }
                _ => "there is no good TLS there; check accounts and api under [cloud]",
            };
            format!("TLS to {name} at {peer}: {cure}")
        }
        other => other.to_string(),
    }
}

/// Who we are to the cloud, as configured.
pub fn client(cloud: &Cloud) -> Result<Client, Failure> {
    let Some(id) = cloud.client_id.clone() else {
        return Err(Failure::config(
            "no client_id under [cloud]: register a client in Athom's developer tools, and give its id there and its secret in client_secret_file",
        ));
    };
    let path = match &cloud.client_secret_file {
        Some(path) => expand(path),
        None => match std::env::var_os("CREDENTIALS_DIRECTORY") {
            Some(dir) => PathBuf::from(dir).join(CREDENTIAL),
            None => {
                return Err(Failure::config(format!(
                    "no client_secret_file under [cloud], and no {CREDENTIAL} in $CREDENTIALS_DIRECTORY; put the client's secret into a file of mode 0600 and name it there"
                )));
            }
        },
    };
    Ok(Client {
        id,
        secret: read_secret(&path, "the client secret")?,
        redirect: cloud.redirect_uri.clone(),
    })
}

/// Reads a file with one token in it; `what` names it in errors.
fn read_secret(path: &Path, what: &str) -> Result<Secret, Failure> {
    let shown = path.display();
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_SECRET_FILE).read_to_string(&mut text))
        .map_err(|e| {
            Failure::permission(format!(
                "reading {what} from {shown}: {e}; check that it exists and that this user may read it"
            ))
        })?;
    Secret::parse(&text).map_err(|e| Failure::permission(format!("{what} in {shown}: {e}")))
}

/// The wall clock, in milliseconds since 1970; 0 before that.
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
