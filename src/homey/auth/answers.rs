// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the cloud and the hub answer on the way in (`objects.md` 1, 2.1), read with bounds. Unknown members are ignored;
//! the wrapper `{"result":…}` that some calls use is taken off.

use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess};

use crate::homey::reply::loose::{Any, Key, Loose, Shape};
use crate::homey::reply::parse;
use crate::homey::secret::Secret;
use crate::homey::session::{Cloud, Routes, hub_name, route};

/// No reply of these is longer, in bytes: `/user/me` of an account with many hubs.
pub const MAX_REPLY: usize = 1 << 20;
/// So many hubs of an account are kept.
const MAX_HUBS: usize = 64;
/// A lifetime beyond this is none: 10 years, in seconds.
const MAX_LIFE: f64 = 315_360_000.0;
/// Where the cloud does not say how long an access token is good: a little less than it usually says.
const USUAL_LIFE: u64 = 3000;

/// A hub of the account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloudHub {
    pub id: String,
    /// Empty where the account has none.
    pub name: String,
    /// 2 or 3; 0 where it is not said.
    pub api: u8,
    pub routes: Routes,
    /// `localUrl`, the plain one, where `localUrlSecure` is there too.
    pub plain: Option<Box<str>>,
}

/// The token of a reply that is a JSON text, or an object with a `token`.
pub(super) fn token(body: &[u8]) -> Option<Secret> {
    let text = match body.trim_ascii_start().first() {
        Some(b'"') => parse(&mut &*body, PhantomData::<String>, "a token").ok()?,
        _ => tokens(body)?.token?,
    };
    Secret::parse(&text).ok()
}

/// The reply of `/oauth2/token`; `now` is when it came. A refresh token that is not in it stays the old one.
pub(super) fn cloud(body: &[u8], now: u64, old: Option<&Secret>) -> Option<Cloud> {
    let tokens = tokens(body)?;
    let life = tokens.expires_in.as_number();
    let life = life.filter(|s| (1.0..MAX_LIFE).contains(s));
    let life = life.map_or(USUAL_LIFE, |s| s as u64);
    let fresh = tokens.refresh.and_then(|text| Secret::parse(&text).ok());
    Some(Cloud {
        access: Some(Secret::parse(&tokens.access?).ok()?),
        access_expires: now.saturating_add(life * 1000),
        refresh: fresh.or_else(|| old.cloned()),
    })
}

/// The hubs of `/user/me`, at most 64 of them; those without an id are left out.
pub fn hubs(body: &[u8]) -> Option<Vec<CloudHub>> {
    let mut found = Vec::new();
    parse(&mut &*body, Any(User(&mut found)), "an account").ok()?;
    Some(found)
}

fn tokens(body: &[u8]) -> Option<Tokens> {
    parse(&mut &*body, Any(Tokens::default()), "a token").ok()
}

#[derive(Default)]
struct Tokens {
    token: Option<String>,
    access: Option<String>,
    refresh: Option<String>,
    expires_in: Loose,
}

impl<'de> Shape<'de> for Tokens {
    type Out = Tokens;

    fn scalar<E: Error>(self, _: Loose) -> Result<Tokens, E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Tokens, A::Error> {
        let names = [
            "token",
            "access_token",
            "refresh_token",
            "expires_in",
            "result",
        ];
        let key = |name: &str| names.iter().position(|known| *known == name);
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member {
                Some(0) => self.token = map.next_value()?,
                Some(1) => self.access = map.next_value()?,
                Some(2) => self.refresh = map.next_value()?,
                Some(3) => self.expires_in = map.next_value()?,
                Some(_) => self = map.next_value_seed(Any(Tokens::default()))?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

/// The account: its member `homeys`.
struct User<'h>(&'h mut Vec<CloudHub>);

impl<'de> Shape<'de> for User<'_> {
    type Out = ();

    fn scalar<E: Error>(self, _: Loose) -> Result<(), E> {
        Err(E::custom("no object"))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let key = |name: &str| match name {
            "homeys" => 1,
            "result" => 2,
            _ => 0,
        };
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member {
                1 => map.next_value_seed(Any(Hubs(self.0)))?,
                2 => map.next_value_seed(Any(User(self.0)))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// `homeys`: an array, a map by id, or either in a wrapper.
struct Hubs<'h>(&'h mut Vec<CloudHub>);

impl<'de> Shape<'de> for Hubs<'_> {
    type Out = ();

    fn scalar<E: Error>(self, _: Loose) -> Result<(), E> {
        Ok(())
    }

    fn seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(hub) = seq.next_element_seed(Any(HubShape(String::new())))? {
            self.0.extend(hub.filter(|_| self.0.len() < MAX_HUBS));
        }
        Ok(())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(id) = map.next_key_seed(Key(|name: &str| name.to_owned()))? {
            if id == "result" {
                map.next_value_seed(Any(Hubs(self.0)))?;
                continue;
            }
            let hub = map.next_value_seed(Any(HubShape(id)))?;
            self.0.extend(hub.filter(|_| self.0.len() < MAX_HUBS));
        }
        Ok(())
    }
}

/// One hub, with its id where a map has it as key.
struct HubShape(String);

impl<'de> Shape<'de> for HubShape {
    type Out = Option<CloudHub>;

    fn scalar<E: Error>(self, _: Loose) -> Result<Self::Out, E> {
        Ok(None)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        const NAMES: [&str; 9] = [
            "id",
            "_id",
            "name",
            "apiVersion",
            "localUrlSecure",
            "localUrl",
            "mdnsFqdn",
            "remoteUrl",
            "remoteUrlForwarded",
        ];
        let mut members: [Loose; NAMES.len()] = Default::default();
        let key = |name: &str| NAMES.iter().position(|known| *known == name);
        while let Some(member) = map.next_key_seed(Key(key))? {
            match member.and_then(|at| members.get_mut(at)) {
                Some(place) => *place = map.next_value()?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let [id, old_id, name, api, secure, plain, mdns, relay, forwarded] = members;
        let url = |member: Loose| member.into_text().and_then(route);
        let id = id.into_id().or_else(|| old_id.into_id());
        let id = id.map_or(self.0, String::from);
        if id.is_empty()
            || id.len() > 128
            || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Ok(None);
        }
        let (secure, plain) = (url(secure), url(plain));
        Ok(Some(CloudHub {
            id,
            name: hub_name(&name.into_text().unwrap_or_default()),
            api: api.as_number().map_or(0, |n| n as u8),
            routes: Routes {
                local: secure.clone().or_else(|| plain.clone()),
                mdns: url(mdns),
                relay: url(relay),
                forwarded: url(forwarded),
            },
            plain: plain.filter(|_| secure.is_some()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_bare_or_in_an_object() {
        let jwt = format!("eyJ.{}.x", "a".repeat(2000));
        for body in [
            format!("\"{jwt}\""),
            format!(" \"{jwt}\"\n"),
            format!("{{\"x\":[1],\"token\":\"{jwt}\"}}"),
            format!("{{\"status\":200,\"result\":{{\"token\":\"{jwt}\"}}}}"),
        ] {
            assert_eq!(token(body.as_bytes()).unwrap().expose(), jwt);
        }
        for body in [
            "",
            "\"\"",
            "\"a b\"",
            "null",
            "{}",
            "{\"token\":7}",
            "[\"a\"]",
            "<html>",
            "\"a",
            "\"a\" x",
        ] {
            assert_eq!(token(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn cloud_tokens_have_a_lifetime_and_keep_an_old_refresh_token() {
        let old = Secret::parse("old").unwrap();
        let body = br#"{"token_type":"bearer","access_token":"aa","expires_in":3660,"refresh_token":"bb"}"#;
        let read = cloud(body, 1000, Some(&old)).unwrap();
        assert_eq!(read.access.unwrap().expose(), "aa");
        assert_eq!(
            (read.access_expires, read.refresh.unwrap().expose()),
            (3_661_000, "bb")
        );
        for (body, ends) in [
            (r#"{"access_token":"aa"}"#, 3_001_000),
            (r#"{"access_token":"aa","expires_in":"60"}"#, 61_000),
            (r#"{"access_token":"aa","expires_in":-1}"#, 3_001_000),
            (
                r#"{"access_token":"aa","expires_in":1e300,"refresh_token":null}"#,
                3_001_000,
            ),
        ] {
            let read = cloud(body.as_bytes(), 1000, Some(&old)).unwrap();
            assert_eq!(
                (read.access_expires, read.refresh.unwrap().expose()),
                (ends, "old"),
                "{body}"
            );
        }
        assert_eq!(cloud(b"{\"refresh_token\":\"x\"}", 0, None), None);
        assert_eq!(cloud(b"<html>", 0, None), None);
    }

    #[test]
    fn hubs_come_as_a_list_a_map_or_wrapped() {
        let hub = r#""name":"Ho\u0007me","apiVersion":3,"localUrl":"http://192.168.1.20","localUrlSecure":"https://192-168-1-20.homey.homeylocal.com","remoteUrl":"https://relay.example","remoteUrlForwarded":null,"mdnsFqdn":"homey-5f.local""#;
        for homeys in [
            format!("[7,{{}},{{\"_id\":\"5f00aa11\",{hub}}}]"),
            format!("[{{\"id\":\"5f00aa11\",\"_id\":\"other\",{hub}}}]"),
            format!("{{\"5f00aa11\":{{{hub}}},\"a/b\":{{}}}}"),
            format!("{{\"result\":[{{\"id\":\"5f00aa11\",{hub}}}]}}"),
        ] {
            for body in [
                format!("{{\"x\":{{}},\"homeys\":{homeys}}}"),
                format!("{{\"result\":{{\"homeys\":{homeys}}}}}"),
            ] {
                let found = hubs(body.as_bytes()).unwrap();
                let [only] = &found[..] else {
                    panic!("{body}: {found:?}")
                };
                assert_eq!(
                    (only.id.as_str(), only.name.as_str(), only.api),
                    ("5f00aa11", "Home", 3)
                );
                assert_eq!(
                    only.routes.local.as_deref(),
                    Some("https://192-168-1-20.homey.homeylocal.com")
                );
                assert_eq!(only.plain.as_deref(), Some("http://192.168.1.20"));
                assert_eq!(
                    (
                        only.routes.mdns.as_deref(),
                        only.routes.forwarded.as_deref()
                    ),
                    (Some("homey-5f.local"), None)
                );
            }
        }
        let many = format!("{{\"homeys\":[{}]}}", vec!["{\"id\":\"a\"}"; 100].join(","));
        assert_eq!(hubs(many.as_bytes()).unwrap().len(), MAX_HUBS);
        assert_eq!(hubs(b"{}"), Some(vec![]));
        assert_eq!(hubs(b"\"x\""), None);
    }
}
