// SPDX-License-Identifier: MIT OR Apache-2.0
//! By which ways a hub may be reached, and which of them is taken when several are tried at once (`api.md` 3).
//!
//! A [`Way`] is literal: nothing is left to be looked up. The rule for the winner is the official client's ([`choose`]). Must
//! not know sockets; the times come as numbers.

mod way;

use std::time::Duration;

pub use way::Way;

/// Kinds of ways, best first.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Via {
    /// The address that is configured, or that the account has for this house.
    Local,
    /// An address that was told by multicast DNS.
    Mdns,
    /// A port of the house's own router.
    Forwarded,
    /// Athom's relay. It takes no API keys (`api.md` 4).
    Relay,
}

const WORDS: [(Via, &str); 4] = [
    (Via::Local, "local"),
    (Via::Mdns, "mdns"),
    (Via::Forwarded, "forwarded"),
    (Via::Relay, "relay"),
];

impl Via {
    /// Its word in tables, and in what a child tells.
    pub fn word(self) -> &'static str {
        let known = WORDS.iter().find(|(via, _)| *via == self);
        known.map_or("", |(_, word)| word)
    }

    /// The reverse of [`Via::word`].
    pub fn of(word: &str) -> Option<Via> {
        let known = WORDS.iter().find(|(_, known)| *known == word);
        known.map(|(via, _)| *via)
    }

    /// How long a ping may take this way (`api.md` 3 rule 2); `secure`: over TLS.
    pub fn limit(self, secure: bool) -> Duration {
        Duration::from_millis(match (self, secure) {
            (Via::Local, true) => 1200,
            (Via::Local, false) => 1000,
            (Via::Mdns, _) => 3000,
            (Via::Forwarded, _) => 2000,
            (Via::Relay, _) => 5000,
        })
    }

    /// Whether it leads through the internet.
    pub fn is_outside(self) -> bool {
        matches!(self, Via::Forwarded | Via::Relay)
    }
}

/// How a ping is getting on.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum State {
    Waiting,
    Failed,
    /// The right hub has answered, so long after the race began.
    Good(Duration),
}

/// One way in a race.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Runner {
    pub via: Via,
    /// Over TLS.
    pub secure: bool,
    pub state: State,
}

/// Who has won, by number.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// Nobody yet: somebody who would go before is still under way.
    Wait,
    Take(usize),
    /// All have failed.
    None,
}

/// The official client's rule (`api.md` 3 rule 4): the local way over TLS wins if it answers; once it has failed, whoever
/// answers first does. Without such a way the first of local, mDNS and forwarded that is known at all goes before the relay.
/// Beyond that rule, where both of these fail, whoever else answers is taken.
pub fn choose(runners: &[Runner]) -> Choice {
    let is_best = |r: &Runner| r.via == Via::Local && r.secure;
    if runners.iter().any(is_best) {
        return first(runners, &is_best)
            .or(|| first(runners, &|_| true))
            .choice();
    }
    let known = |via: Via| runners.iter().any(|r| r.via == via);
    let best = [Via::Local, Via::Mdns, Via::Forwarded]
        .into_iter()
        .find(|via| known(*via));
    first(runners, &|r| Some(r.via) == best)
        .or(|| first(runners, &|r| r.via == Via::Relay))
        .or(|| first(runners, &|_| true))
        .choice()
}

/// What came of one group of runners.
enum Group {
    Took(usize),
    Waits,
    Failed,
}

impl Group {
    fn or(self, next: impl FnOnce() -> Group) -> Group {
        match self {
            Group::Failed => next(),
            other => other,
        }
    }

    fn choice(self) -> Choice {
        match self {
            Group::Took(at) => Choice::Take(at),
            Group::Waits => Choice::Wait,
            Group::Failed => Choice::None,
        }
    }
}

fn first(runners: &[Runner], is_in: &dyn Fn(&Runner) -> bool) -> Group {
    let group = || runners.iter().enumerate().filter(|(_, r)| is_in(r));
    let good = group().filter_map(|(at, r)| match r.state {
        State::Good(after) => Some((after, at)),
        _ => None,
    });
    match good.min() {
        Some((_, at)) => Group::Took(at),
        None if group().any(|(_, r)| r.state == State::Waiting) => Group::Waits,
        None => Group::Failed,
    }
}

/// A base URL taken apart: `https://host:port`. The host is a name or an IPv4 address, in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// `https`, not `http`.
    pub secure: bool,
    pub host: String,
    pub port: u16,
}

impl Base {
    /// Reads a URL such as the account's entries have (`objects.md` 1.3). `None`: no such URL; a path other than `/`,
    /// a user or an IPv6 address is none.
    pub fn parse(url: &str) -> Option<Base> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => {
                let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
                let port = port.parse().ok().filter(|n: &u16| digits && *n > 0)?;
                (host, port)
            }
            None => (rest, if secure { 443 } else { 80 }),
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let good = (1..=253).contains(&host.len()) && host.bytes().all(fits);
        (good && !host.starts_with(['.', '-'])).then(|| Base {
            secure,
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// What stands in the field `Host`: the port where it is not the scheme's own.
    pub fn host_field(&self) -> String {
        host_field(&self.host, self.port, self.secure)
    }
}

/// `host`, with the port where it is not the scheme's own.
pub fn host_field(host: &str, port: u16, secure: bool) -> String {
    if port == if secure { 443 } else { 80 } {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `local+ mdns relay=200`: `+` over TLS, `=N` answered after N ms, `-` failed, else waiting.
    fn chosen(text: &str) -> Choice {
        let runner = |word: &str| {
            let name: String = word.chars().take_while(char::is_ascii_lowercase).collect();
            let state = match word.split_once('=') {
                Some((_, ms)) => State::Good(Duration::from_millis(ms.parse().unwrap())),
                None if word.ends_with('-') => State::Failed,
                None => State::Waiting,
            };
            Runner {
                via: Via::of(&name).unwrap(),
                secure: word.contains('+'),
                state,
            }
        };
        let runners: Vec<Runner> = text.split_whitespace().map(runner).collect();
        choose(&runners)
    }

    #[test]
    fn the_winner_is_the_official_clients() {
        use Choice::{None, Take, Wait};
        for (runners, want) in [
            // The local way over TLS, if it answers, however late.
            ("local+ local=20 mdns=30 relay=40", Wait),
            ("local+=1100 local=20 mdns=30 relay=40", Take(0)),
            // It has failed: whoever was first.
            ("local+- local=50 mdns=30 relay=40", Take(2)),
            ("local+- local- mdns relay=40", Take(3)),
            ("local+- local- mdns relay", Wait),
            ("local+- local- mdns- relay-", None),
            ("local+- local+=9 mdns=5", Take(1)),
            // None is known: local, then the relay.
            ("relay=40 local", Wait),
            ("relay=40 local=900", Take(1)),
            ("relay=40 local- mdns=5 forwarded=5", Take(0)),
            // Else mDNS, then the relay.
            ("relay=40 mdns forwarded=5", Wait),
            ("relay=40 mdns- mdns=900", Take(2)),
            ("relay mdns- forwarded=5", Wait),
            // Else forwarded, then the relay.
            ("relay=40 forwarded", Wait),
            ("relay=40 forwarded-", Take(0)),
            ("relay=40", Take(0)),
            ("relay", Wait),
            // Ours: rather anyone than nobody.
            ("local- mdns=9 relay-", Take(1)),
            ("local- mdns relay-", Wait),
            ("", None),
        ] {
            assert_eq!(chosen(runners), want, "{runners}");
        }
    }

    #[test]
    fn limits_and_words_are_the_official_clients() {
        let limits = [
            (Via::Local, true, 1200),
            (Via::Local, false, 1000),
            (Via::Mdns, true, 3000),
            (Via::Mdns, false, 3000),
            (Via::Forwarded, true, 2000),
            (Via::Relay, true, 5000),
        ];
        for (via, secure, ms) in limits {
            assert_eq!(via.limit(secure), Duration::from_millis(ms), "{via:?}");
            assert_eq!(Via::of(via.word()), Some(via));
        }
        assert_eq!(Via::of("cloud"), None);
    }

    #[test]
    fn a_base_url_is_taken_apart_or_refused() {
        for (url, want) in [
            ("http://192.168.1.20", Some((false, "192.168.1.20", 80))),
            (
                "https://192-168-1-20.HOMEY.homeylocal.com/",
                Some((true, "192-168-1-20.homey.homeylocal.com", 443)),
            ),
            (" HTTPS://localhost:8443 ", Some((true, "localhost", 8443))),
            ("ftp://a", None),
            ("a", None),
            ("https://", None),
            ("https://a b", None),
            ("https://a/b", None),
            ("https://u@a", None),
            ("https://a:0", None),
            ("https://a:+1", None),
            ("https://a:65536", None),
            ("https://[::1]", None),
            ("https://a\r\nb", None),
            ("https://-a", None),
        ] {
            let base = Base::parse(url);
            let found = base.as_ref().map(|b| (b.secure, b.host.as_str(), b.port));
            assert_eq!(found, want, "{url}");
        }
        let host = |url| Base::parse(url).unwrap().host_field();
        assert_eq!(host("https://a:443"), "a");
        assert_eq!(host("https://a:80"), "a:80");
        assert_eq!(host("http://a:80"), "a");
    }
}
