// SPDX-License-Identifier: MIT OR Apache-2.0

//! A request to the cloud, taken apart: its query, the members of its body,
//! which of the two hosts it is for.

use std::sync::Arc;

use axum::async_trait;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::Value;

use crate::state::Hub;

/// Names and values in order; a name may come more than once.
#[derive(Debug, Default)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// Of a query or of a form, decoded.
    pub fn of(text: &[u8]) -> Members {
        Members(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let first = self.0.iter().find(|m| m.0 == name);
        first.map(|m| m.1.as_str())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fits = move |m: &&'a (String, String)| m.0 == name;
        self.0.iter().filter(fits).map(|m| m.1.as_str())
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|m| m.0.as_str())
    }
}

/// Which host is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// accounts.athom.com.
    Accounts,
    /// api.athom.com.
    Api,
    /// Whatever fits: `localhost`.
    Either,
}

impl Host {
    /// By the request's header.
    pub fn of(headers: &HeaderMap) -> Host {
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
        let host = host.unwrap_or_default().split(':').next();
        match host.unwrap_or_default().to_ascii_lowercase().as_str() {
            "accounts.athom.com" => Host::Accounts,
            "api.athom.com" => Host::Api,
            _ => Host::Either,
        }
    }

    /// False for what only the other host answers.
    pub fn answers(self, path: &str) -> bool {
        match self {
            Host::Accounts => matches!(path, "/login" | "/oauth2/authorise" | "/authorise"),
            Host::Api => !matches!(path, "/login" | "/authorise"),
            Host::Either => true,
        }
    }
}

/// A request in its parts. A body counts only with the Content-Type of a form
/// or of JSON.
pub struct Ask {
    /// Of the target.
    pub query: Members,
    /// The query as it is written.
    pub raw_query: String,
    /// Of the body.
    pub form: Members,
    /// Its header.
    pub headers: HeaderMap,
    /// Its host.
    pub host: Host,
}

impl Ask {
    /// A header's text.
    pub fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// Whether HTML is asked for, as browsers do.
    pub fn wants_html(&self) -> bool {
        let accept = self.header(&header::ACCEPT).unwrap_or_default();
        accept.contains("text/html")
    }

    /// The value of a cookie, by its whole name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter();
        let pairs = lines
            .filter_map(|l| l.to_str().ok())
            .flat_map(|l| l.split(';'));
        let mut pairs = pairs.filter_map(|p| p.trim().split_once('='));
        pairs.find(|p| p.0 == name).map(|p| p.1)
    }

    /// The bearer of the Authorization header.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header(&header::AUTHORIZATION)?.split_once(' ')?;
        let bearer = scheme.eq_ignore_ascii_case("bearer");
        bearer.then_some(token.trim())
    }
}

/// The members of a JSON object that are texts, numbers or booleans.
fn flat(body: &[u8]) -> Option<Members> {
    let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
        return None;
    };
    let text = |v: Value| match v {
        Value::String(text) => Some(text),
        Value::Number(_) | Value::Bool(_) => Some(v.to_string()),
        _ => None,
    };
    let members = map.into_iter().filter_map(|(k, v)| Some((k, text(v)?)));
    Some(Members(members.collect()))
}

#[async_trait]
impl FromRequest<Arc<Hub>> for Ask {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        // Bounded by `gate::whole`.
        let body = to_bytes(body, usize::MAX).await;
        let body = body.map_err(|_| hub.cloud_refuse("bad_json"))?;
        let kind = head.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|k| k.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let form = match kind.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Members::of(&body),
            "application/json" if !body.is_empty() => {
                flat(&body).ok_or_else(|| hub.cloud_refuse("bad_json"))?
            }
            _ => Members::default(),
        };
        let query = head.uri.query().unwrap_or_default();
        let host = Host::of(&head.headers);
        let names = form.names().map(str::to_owned).collect();
        hub.cloud.counters().members(names);
        Ok(Ask {
            query: Members::of(query.as_bytes()),
            raw_query: query.to_owned(),
            form,
            headers: head.headers,
            host,
        })
    }
}
