// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A simulated Homey hub: prints one line of JSON when ready.
#[derive(Parser, Debug, Clone)]
#[command(name = "homey-sim", version)]
pub struct Args {
    /// Address of the plain port.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub http: SocketAddr,
    /// Address of the TLS port.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub https: SocketAddr,
    /// Address of the port that serves only the control API, restart or not.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub control: SocketAddr,
    /// Address of the cloud: accounts and API on one TLS port.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub cloud: SocketAddr,
    /// Address of the relay, by which the cloud leads to the hub.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub relay: SocketAddr,
    /// Host name of the relay.
    #[arg(long, default_value = "localhost", value_parser = host)]
    pub relay_name: String,
    /// Answer mDNS on the interface of this address; not at all otherwise.
    #[arg(long, value_name = "ADDR")]
    pub mdns: Option<Ipv4Addr>,
    /// Hubs of one key take the delegation tokens of each other's clouds, as
    /// hubs of one account do.
    #[arg(long, default_value = "homey-sim", value_name = "TEXT")]
    pub account_key: String,
    /// Name of the hub.
    #[arg(long, default_value = "Home")]
    pub hub_name: String,
    /// How many devices the home has, up to 10000.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub devices: u32,
    /// The same seed gives the same home and the same tokens.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Which generation of hub: v2 = 2016 to 2019, v3 = 2023 and later.
    #[arg(long, value_enum, default_value = "v3")]
    pub dialect: Dialect,
    /// Folder of the certificates; made if missing, used again if there. A
    /// temporary one otherwise.
    #[arg(long)]
    pub pki: Option<PathBuf>,
    /// Hub id, 24 hex digits.
    #[arg(long, value_parser = hub_id)]
    pub hub_id: Option<String>,
    /// Fixed API keys instead of those from the seed: FULL,READONLY.
    #[arg(long, value_delimiter = ',', num_args = 1..=2)]
    pub keys: Vec<String>,
    /// Which compressions to use when the client offers them.
    #[arg(long, value_enum, default_value = "auto")]
    pub compress: Compress,
    /// Every so many seconds something changes by itself.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub activity: Option<f64>,
    /// Shape of lists.
    #[arg(long, value_enum, default_value = "map")]
    pub lists: Lists,
    /// Reply of a V3 hub to set-capability (no source shows it).
    #[arg(long, value_enum, default_value = "object")]
    pub v3_write_reply: WriteReply,
    /// ETag and 304; on for v3 and off for v2 unless said.
    #[arg(long, value_enum)]
    pub etag: Option<Switch>,
    /// Rate limit of a V2 hub.
    #[arg(long, value_enum, default_value = "on")]
    pub rate_limit: Switch,
    /// Household language of the error texts.
    #[arg(long, value_enum, default_value = "nl")]
    pub language: Language,
    /// End when standard input closes.
    #[arg(long)]
    pub parent_exit: bool,
    /// Log requests to standard error.
    #[arg(long)]
    pub verbose: bool,
}

/// The two generations of hub (objects.md, head).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// Homey Pro 2016 to 2019.
    V2,
    /// Homey Pro 2023 and later, Pro mini, Self-Hosted Server.
    V3,
}

impl Dialect {
    /// Its word in the ready line.
    pub fn word(self) -> &'static str {
        match self {
            Dialect::V2 => "v2",
            Dialect::V3 => "v3",
        }
    }
}

/// Which content encodings the hub knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Compress {
    Auto,
    Off,
    Gzip,
    Br,
    Deflate,
}

/// Shape of list replies (objects.md, rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lists {
    /// An object keyed by id, as seen on real hubs.
    Map,
    /// An array.
    Array,
}

/// What a V3 hub answers to set-capability (objects.md 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WriteReply {
    /// The object that V2 is known to send.
    Object,
    /// 200 without a body.
    Empty,
    /// 204.
    #[value(name = "204")]
    NoContent,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Switch {
    On,
    Off,
}

/// Household languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Language {
    Nl,
    En,
    De,
    Fr,
}

fn hub_id(text: &str) -> Result<String, String> {
    let good = text.len() == 24 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match good {
        true => Ok(text.to_owned()),
        false => Err("a hub id is 24 lower-case hex digits".to_owned()),
    }
}

fn host(text: &str) -> Result<String, String> {
    let label = |l: &str| {
        let good = |b| matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-');
        !l.is_empty() && l.bytes().all(good)
    };
    match text.split('.').all(label) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a host name has letters, digits, hyphens and dots".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(n) if (0.01..=86_400.0).contains(&n) => Ok(n),
        _ => Err("give seconds from 0.01 to 86400".to_owned()),
    }
}
