// SPDX-License-Identifier: MIT OR Apache-2.0
//! What configuration and session file say of where the hub may be, and which of it may be used.

use std::net::{IpAddr, Ipv4Addr};

use crate::client::account::Store;
use crate::client::bearer::is_key;
use crate::config::{self, Config, Credential, Scheme, dashed_ip, dashed_name, is_within_reach};
use crate::homey::auth::CloudHub;
use crate::homey::mdns::is_id;
use crate::homey::route::{Base, Via, Way, host_field};
use crate::homey::session::{Kind, Routes};

/// Why a way is not tried.
pub type WhyNot = &'static str;

const NO_RELAY: WhyNot = "not tried: relay = false under [hub]";
const NO_KEY: WhyNot =
    "not tried: the relay takes no API keys; homey-panel login gets a session, which it takes";
const IN_CLEAR: WhyNot =
    "not tried: plain http, where a bearer goes only if http:// is written under [hub]";
const NO_ADDRESS: WhyNot =
    "not tried: its name carries no address, and names of the house are not looked up";
const TOO_FAR: WhyNot = "not tried: an address of the internet, not of the house; allow_public_address = true allows it";

/// A way that is known of, as it was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lead {
    pub via: Via,
    /// The URL or address, for people.
    pub shown: String,
    pub place: Place,
}

/// Where a lead leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// To an address.
    Way(Way),
    /// To a name that has to be looked up, by a process that may block.
    Name(Base),
    /// Nowhere that may be gone to.
    Barred(WhyNot),
}

/// All that is known without asking anybody.
#[derive(Clone, Debug)]
pub struct Known {
    /// The hub's id; empty where it is not known.
    pub id: String,
    /// The hub's name as the account has it; empty where unknown.
    pub name: String,
    configured: Option<config::Address>,
    tls_name: Option<String>,
    allow_public: bool,
    relay: bool,
    credential: Credential,
    routes: Routes,
    is_key: bool,
}

impl Known {
    /// Reads the session file where there is one. One that cannot be read tells nothing here: whoever needs the bearer says why.
    pub fn of(config: &Config) -> Known {
        let hub = &config.hub;
        let mut known = Known {
            id: hub.id.clone().unwrap_or_default(),
            name: String::new(),
            configured: hub.address.clone(),
            tls_name: hub.tls_name.clone(),
            allow_public: hub.allow_public_address,
            relay: hub.relay,
            credential: hub.credential.clone(),
            routes: Routes::default(),
            is_key: false,
        };
        known.reload();
        known
    }

    /// Reads the session file again: another login, or a renewal, may have told other ways.
    pub fn reload(&mut self) {
        self.is_key = is_key(&self.credential);
        let store = Store::of(&self.credential);
        let Some(session) = store.and_then(|store| store.read().ok().flatten()) else {
            return;
        };
        let is_same = session.hub.eq_ignore_ascii_case(&self.id);
        if self.id.is_empty() && !self.is_key && is_id(&session.hub) {
            // The bearer is good for that hub alone, wherever it is said to be.
            self.id = session.hub;
        } else if !self.id.is_empty() && !is_same {
            // A session of another hub knows nothing of this one.
            self.routes = Routes::default();
            return;
        }
        self.name = session.name;
        self.routes = session.routes;
        self.is_key |= session.kind == Kind::Key;
    }

    /// Takes in what the account says of a hub that there is no session for yet.
    pub fn learn(&mut self, id: &str, routes: &Routes) {
        id.clone_into(&mut self.id);
        self.routes.clone_from(routes);
        // Whoever logs in gets a session, whatever is there now.
        self.is_key = false;
    }

    /// What the account says of another of its hubs; the configuration's address and names are not its.
    pub fn of_account(&self, hub: &CloudHub) -> Known {
        Known {
            id: hub.id.clone(),
            name: hub.name.clone(),
            configured: None,
            tls_name: None,
            routes: hub.routes.clone(),
            ..self.clone()
        }
    }

    /// Whether the bearer may go in clear.
    fn is_plain(&self) -> bool {
        let scheme = self.configured.as_ref().map(|address| address.scheme);
        scheme == Some(Scheme::Http)
    }

    /// The configured address as a way.
    pub fn configured(&self) -> Option<Way> {
        self.configured.as_ref().map(|address| Way {
            via: Via::Local,
            ip: address.ip,
            port: address.port,
            tls: address.tls_name.clone(),
            host: address.host.clone(),
        })
    }

    /// The way to the hub at this port of `ip`, under the names that it has there.
    pub fn at(&self, via: Via, ip: IpAddr, port: u16) -> Way {
        let tls = match (self.is_plain(), &self.tls_name, ip) {
            (true, ..) => None,
            (false, Some(name), _) => Some(name.clone()),
            (false, None, IpAddr::V4(v4)) => Some(dashed_name(v4)),
            (false, None, IpAddr::V6(_)) => Some(ip.to_string()),
        };
        let host = tls.clone().unwrap_or_else(|| ip.to_string());
        Way {
            via,
            ip,
            port,
            host: host_field(&host, port, tls.is_some()),
            tls,
        }
    }

    /// The port that the hub has in this house, as far as anything tells.
    fn port(&self) -> u16 {
        let configured = self.configured.as_ref().map(|address| address.port);
        let told = self.routes.local.as_deref().and_then(Base::parse);
        let told = told.filter(|base| base.secure != self.is_plain());
        let usual = if self.is_plain() { 80 } else { 443 };
        configured.or(told.map(|base| base.port)).unwrap_or(usual)
    }

    /// The way to where multicast DNS says that the hub is; the announced port is of plain http, so that it counts only there.
    pub fn heard(&self, ip: Ipv4Addr, announced: Option<u16>) -> Place {
        if !is_within_reach(IpAddr::V4(ip), self.allow_public) {
            return Place::Barred(TOO_FAR);
        }
        let port = match (self.is_plain(), announced) {
            (true, Some(port)) if port != 0 => port,
            // A Self-Hosted Server's pair of ports (`api.md` 2), where nothing else is known of it.
            (false, Some(4859)) if self.configured.is_none() && self.routes.local.is_none() => 4860,
            _ => self.port(),
        };
        Place::Way(self.at(Via::Mdns, IpAddr::V4(ip), port))
    }

    /// Every way that is known of, best first: usable ones, and others with the reason.
    pub fn leads(&self) -> Vec<Lead> {
        let mut leads: Vec<Lead> = Vec::new();
        if let Some(way) = self.configured() {
            leads.push(Lead {
                via: Via::Local,
                shown: way.host.clone(),
                place: Place::Way(way),
            });
        }
        for (via, url) in [
            (Via::Local, &self.routes.local),
            (Via::Forwarded, &self.routes.forwarded),
            (Via::Relay, &self.routes.relay),
        ] {
            let Some(base) = url.as_deref().and_then(Base::parse) else {
                continue;
            };
            let place = self.place(via, &base);
            let told = |lead: &Lead| matches!(place, Place::Way(_)) && lead.place == place;
            if !leads.iter().any(told) {
                leads.push(Lead {
                    via,
                    shown: base.host_field(),
                    place,
                });
            }
        }
        if self.routes.relay.is_none() && self.is_key && !self.id.is_empty() {
            leads.push(Lead {
                via: Via::Relay,
                shown: String::new(),
                place: Place::Barred(if self.relay { NO_KEY } else { NO_RELAY }),
            });
        }
        leads
    }

    /// What the account's URL leads to.
    fn place(&self, via: Via, base: &Base) -> Place {
        if via.is_outside() && !self.relay {
            return Place::Barred(NO_RELAY);
        }
        if via == Via::Relay && self.is_key {
            return Place::Barred(NO_KEY);
        }
        if !base.secure && (via.is_outside() || !self.is_plain()) {
            return Place::Barred(IN_CLEAR);
        }
        let literal = base.host.parse::<Ipv4Addr>().ok();
        match (literal.or(dashed_ip(&base.host)), via) {
            (_, Via::Relay) => Place::Name(base.clone()),
            (Some(ip), Via::Local) if !is_within_reach(IpAddr::V4(ip), self.allow_public) => {
                Place::Barred(TOO_FAR)
            }
            (Some(ip), Via::Local) => Place::Way(self.at(via, IpAddr::V4(ip), base.port)),
            (Some(ip), _) => {
                let name = dashed_name(ip);
                Place::Way(Way {
                    via,
                    ip: IpAddr::V4(ip),
                    port: base.port,
                    host: host_field(&name, base.port, true),
                    tls: Some(name),
                })
            }
            (None, Via::Forwarded) => Place::Name(base.clone()),
            (None, _) => Place::Barred(NO_ADDRESS),
        }
    }

    /// Whether any way leads through the internet.
    pub fn leads_outside(&self) -> bool {
        self.leads_by(&Via::is_outside)
    }

    fn leads_by(&self, is_it: &dyn Fn(Via) -> bool) -> bool {
        let leads = self.leads();
        let mut open = leads
            .iter()
            .filter(|l| !matches!(l.place, Place::Barred(_)));
        open.any(|lead| is_it(lead.via))
    }

    /// Whether a way may be gone that was found under another configuration, or for another bearer.
    pub fn permits(&self, way: &Way) -> bool {
        if way.via.is_outside() {
            return self.leads_by(&|via| via == way.via);
        }
        let is_found = || *way == self.at(way.via, way.ip, way.port);
        self.configured().as_ref() == Some(way)
            || is_within_reach(way.ip, self.allow_public) && is_found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DASHED: &str = "192-168-1-20.homey.homeylocal.com";

    fn known(hub: &str, routes: [Option<&str>; 3]) -> Known {
        let text = format!(
            "[hub]\nid = \"5f00aa11bb22cc33dd44ee55\"\nsession_file = \"/nowhere/x\"\n{hub}"
        );
        let config = Config::parse("test", &text).unwrap();
        let [local, forwarded, relay] = routes.map(|url| url.map(Box::from));
        Known {
            routes: Routes {
                local,
                mdns: None,
                relay,
                forwarded,
            },
            ..Known::of(&config)
        }
    }

    /// `via shown → dialled under the name`, or why not.
    fn told(known: &Known) -> Vec<String> {
        let line = |lead: Lead| {
            let to = match lead.place {
                Place::Way(way) => format!(
                    "{}:{} {} {}",
                    way.ip,
                    way.port,
                    way.tls.unwrap_or("-".into()),
                    way.host
                ),
                Place::Name(base) => format!("look up {}:{}", base.host, base.port),
                Place::Barred(why) => why.to_owned(),
            };
            format!("{} {} → {to}", lead.via.word(), lead.shown)
        };
        known.leads().into_iter().map(line).collect()
    }

    #[test]
    fn a_sessions_ways_are_dialled_by_their_addresses_and_checked_by_their_names() {
        let known = known(
            "",
            [
                Some("https://192-168-1-20.homey.homeylocal.com:4860"),
                Some("https://203-0-113-7.homey.homeylocal.com:30443"),
                Some("https://5f00.homey.eu.homeypro.net"),
            ],
        );
        assert_eq!(
            told(&known),
            [
                format!("local {DASHED}:4860 → 192.168.1.20:4860 {DASHED} {DASHED}:4860"),
                "forwarded 203-0-113-7.homey.homeylocal.com:30443 → 203.0.113.7:30443 203-0-113-7.homey.homeylocal.com 203-0-113-7.homey.homeylocal.com:30443".into(),
                "relay 5f00.homey.eu.homeypro.net → look up 5f00.homey.eu.homeypro.net:443".into(),
            ]
        );
        // A dashed name follows the address, the port is the one that is known.
        let place = known.heard(Ipv4Addr::new(192, 168, 1, 33), Some(80));
        let Place::Way(way) = place else {
            panic!("{place:?}")
        };
        assert_eq!(
            way.tls.as_deref(),
            Some("192-168-1-33.homey.homeylocal.com")
        );
        assert_eq!((way.port, way.via), (4860, Via::Mdns));
    }

    #[test]
    fn what_may_not_be_used_says_why() {
        let all = [
            Some("http://192.168.1.20"),
            Some("http://203.0.113.7:30080"),
            Some("https://relay.example"),
        ];
        let barred = |hub: &str, routes| -> Vec<String> {
            let lines = told(&known(hub, routes));
            lines
                .iter()
                .map(|l| {
                    l.rsplit_once("not tried: ")
                        .map_or(l.clone(), |(_, why)| why.chars().take(12).collect())
                })
                .collect()
        };
        assert_eq!(
            barred("", all),
            [
                "plain http, ",
                "plain http, ",
                "relay relay.example → look up relay.example:443"
            ]
        );
        assert_eq!(
            barred("relay = false", all),
            ["plain http, ", "relay = fals", "relay = fals"]
        );
        let far = [Some("https://8-8-8-8.homey.homeylocal.com"), None, None];
        assert_eq!(barred("", far), ["an address o"]);
        assert_eq!(barred("allow_public_address = true", far).len(), 1);
        assert_eq!(
            barred("", [Some("https://homey.lan"), None, None]),
            ["its name car"]
        );
        let mut key = known("", all);
        key.is_key = true;
        assert!(told(&key)[2].contains("the relay takes no API keys"));
        assert!(!key.leads_outside() && known("", all).leads_outside());
    }

    #[test]
    fn ways_that_were_found_before_are_gone_only_where_they_could_be_found_now() {
        let before = known("", [None; 3]);
        let far = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));
        let near = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 33));
        let to = |via, ip| before.at(via, ip, 443);
        let relay = [None, None, Some("https://relay.example")];
        let mut key = known("", relay);
        key.is_key = true;
        let own = "address = \"192.168.1.20\"\ntls_name = \"homey.lan\"";
        for (now, via, ip, want) in [
            (known("", relay), Via::Relay, far, true),
            (known("", relay), Via::Forwarded, far, false),
            (known("relay = false", relay), Via::Relay, far, false),
            (key, Via::Relay, far, false),
            (known("relay = false", relay), Via::Mdns, near, true),
            (known("", relay), Via::Mdns, far, false),
            (
                known("allow_public_address = true", relay),
                Via::Mdns,
                far,
                true,
            ),
            (known(own, relay), Via::Mdns, near, false),
        ] {
            assert_eq!(now.permits(&to(via, ip)), want, "{via:?} {ip} {now:?}");
        }
        let own = known(own, [None; 3]);
        assert!(own.configured().is_some_and(|way| own.permits(&way)));
    }

    #[test]
    fn a_name_of_ones_own_and_plain_http_stay_after_a_move() {
        let ip = Ipv4Addr::new(192, 168, 1, 33);
        let way = |known: &Known, port| match known.heard(ip, port) {
            Place::Way(way) => (way.tls, way.host, way.port),
            other => panic!("{other:?}"),
        };
        let own = known(
            "address = \"192.168.1.20:8443\"\ntls_name = \"homey.lan\"",
            [None; 3],
        );
        assert_eq!(
            way(&own, Some(80)),
            (Some("homey.lan".into()), "homey.lan:8443".into(), 8443)
        );
        let plain = known("address = \"http://192.168.1.20\"", [None; 3]);
        assert_eq!(way(&plain, None), (None, "192.168.1.33".into(), 80));
        assert_eq!(
            way(&plain, Some(4859)),
            (None, "192.168.1.33:4859".into(), 4859)
        );
        let bare = known("", [None; 3]);
        assert_eq!(way(&bare, None).2, 443);
        assert_eq!(way(&bare, Some(4859)).2, 4860);
        assert_eq!(
            bare.heard(Ipv4Addr::new(8, 8, 8, 8), None),
            Place::Barred(TOO_FAR)
        );
        assert_eq!(
            bare.heard(Ipv4Addr::new(224, 0, 0, 1), None),
            Place::Barred(TOO_FAR)
        );
    }
}
