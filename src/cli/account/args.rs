// SPDX-License-Identifier: MIT OR Apache-2.0
//! `login`'s options.

use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::cli::Common;
use crate::failure::Failure;
use crate::homey::secret::{Looks, Secret};
use crate::homey::session::Kind;

pub(super) const HELP: &str = "\
usage: homey-panel [-c FILE] login [WAY] [OPTIONS]

Gets a bearer for the hub and keeps it in the session file. On a terminal it asks for what is not given.

WAY
      --password           e-mail and password of the Athom account; needs client_id and secret under [cloud]
      --browser            consent in a browser, on this machine or another; needs the same
      --key [FILE|-]       an API key (Homey Pro of 2023 and later); never ends, works without the cloud
      --local              a local user of the hub
      --bearer [FILE|-]    a bearer from elsewhere; dies after a day

OPTIONS
      --email E            for --password
      --user U             for --local
      --password-file F    where the password stands, alone
      --password-stdin     the password is the first line of standard input
      --otp-stdin          the second factor's code is the next line of standard input
      --hub NAME|ID        which hub of the account (default: id under [hub])
      --keep-password      keep the password in password.json beside the session (0600): it renews what nothing else can
      --listen ADDR:PORT   for --browser: where the redirect is waited for (default: where redirect_uri under [cloud] points)
      --paste              for --browser: the redirect's URL comes on standard input

Secrets are never arguments. Where no option names them they are read from the directory $CREDENTIALS_DIRECTORY:
homey-panel.password, homey-panel.otp, homey-panel.key, homey-panel.bearer, homey-panel.client-secret.
The session file is session_file under [hub], else session.json in $STATE_DIRECTORY, $XDG_STATE_HOME/homey-panel,
~/.local/state/homey-panel or /var/lib/homey-panel; 0600, written whole or not at all.

Exit codes: 0; 1 the disk is full; 64 usage, or several hubs and none chosen; 69 the cloud or the hub is not there, or the
clock here is wrong; 77 wrong password, second factor needed, code expired, key revoked, scope missing; 78 the client, the
hub's id or the session's place is wrong (read-only, no directory).
";

/// Where a secret comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Source {
    /// The credentials' directory, else the terminal.
    #[default]
    Usual,
    Stdin,
    File(PathBuf),
}

#[derive(Default)]
pub(super) struct Args {
    pub(super) way: Option<Kind>,
    pub(super) email: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Source,
    pub(super) otp: Source,
    /// Of `--key` and `--bearer`.
    pub(super) token: Source,
    pub(super) hub: Option<String>,
    pub(super) keep: bool,
    pub(super) listen: Option<SocketAddr>,
    pub(super) paste: bool,
}

/// `None`: help was asked for.
pub(super) fn parse(
    parser: &mut lexopt::Parser,
    common: &mut Common,
) -> Result<Option<Args>, Failure> {
    let mut args = Args::default();
    while let Some(arg) = parser.next().map_err(unsaid)? {
        let way = match &arg {
            Long("password") => Some(Kind::Password),
            Long("browser") => Some(Kind::OAuth),
            Long("key") => Some(Kind::Key),
            Long("local") => Some(Kind::Local),
            Long("bearer") => Some(Kind::Bearer),
            _ => None,
        };
        if let Some(way) = way {
            if args.way.is_some_and(|other| other != way) {
                return Err(Failure::usage("login: two ways are given; take one"));
            }
            args.way = Some(way);
            if let Some(file) = parser.optional_value() {
                if !matches!(way, Kind::Key | Kind::Bearer) {
                    return Err(slipped());
                }
                args.token = source(file.into())?;
            }
            continue;
        }
        match arg {
            Short('h') | Long("help") => return Ok(None),
            Short('c') | Long("config") => common.config = Some(parser.value()?.into()),
            Long("email") => args.email = Some(parser.value()?.string()?),
            Long("user") => args.user = Some(parser.value()?.string()?),
            Long("password-file") => args.password = Source::File(parser.value()?.into()),
            Long("password-stdin") => args.password = Source::Stdin,
            Long("otp-stdin") => args.otp = Source::Stdin,
            Long("hub") => args.hub = Some(parser.value()?.string()?),
            Long("keep-password") => args.keep = true,
            Long("paste") => args.paste = true,
            Long("listen") => {
                let text = parser.value()?.string()?;
                let address = text.parse::<SocketAddr>();
                let address = address.ok().filter(|a| a.ip().is_loopback());
                args.listen = Some(address.ok_or_else(|| {
                    Failure::usage(format!(
                        "login: --listen {text:?}: expected an address of this machine alone and a port, such as 127.0.0.1:8484"
                    ))
                })?);
            }
            Value(file)
                if matches!(args.way, Some(Kind::Key | Kind::Bearer))
                    && args.token == Source::Usual =>
            {
                args.token = source(file.into())?;
            }
            Value(_) => return Err(slipped()),
            other => return Err(other.unexpected().into()),
        }
    }
    check(&args)?;
    Ok(Some(args))
}

fn source(file: PathBuf) -> Result<Source, Failure> {
    let text = file.as_os_str();
    let secret = text.to_str().and_then(|text| Secret::parse(text).ok());
    match secret.map(|secret| secret.looks_like()) {
        _ if text == "-" => Ok(Source::Stdin),
        None | Some(Looks::Other) => Ok(Source::File(file)),
        Some(_) => Err(slipped()),
    }
}

/// What was given may be a secret, so nothing of it is said again.
fn slipped() -> Failure {
    Failure::usage(
        "login: secrets are never arguments; give the password with --password-file or --password-stdin, a key in a file or as -",
    )
}

fn unsaid(error: lexopt::Error) -> Failure {
    match error {
        lexopt::Error::UnexpectedValue { .. } => slipped(),
        other => other.into(),
    }
}

/// Options that go with another way than the one that is taken.
pub(super) fn check(args: &Args) -> Result<(), Failure> {
    let with = |ways: &[Kind]| args.way.is_none_or(|way| ways.contains(&way));
    let by_password = with(&[Kind::Password, Kind::Local]);
    for (given, fits, option, way) in [
        (
            args.email.is_some(),
            with(&[Kind::Password]),
            "--email",
            "--password",
        ),
        (
            args.user.is_some(),
            with(&[Kind::Local]),
            "--user",
            "--local",
        ),
        (
            args.password != Source::Usual,
            by_password,
            "--password-file and --password-stdin",
            "--password and --local",
        ),
        (
            args.keep,
            by_password,
            "--keep-password",
            "--password and --local",
        ),
        (
            args.otp != Source::Usual,
            with(&[Kind::Password]),
            "--otp-stdin",
            "--password",
        ),
        (
            args.listen.is_some(),
            with(&[Kind::OAuth]),
            "--listen",
            "--browser",
        ),
        (args.paste, with(&[Kind::OAuth]), "--paste", "--browser"),
        (
            args.hub.is_some(),
            with(&[Kind::Password, Kind::OAuth]),
            "--hub",
            "--password and --browser; for the others set id under [hub]",
        ),
    ] {
        if given && !fits {
            return Err(Failure::usage(format!("login: {option} goes with {way}")));
        }
    }
    Ok(())
}
