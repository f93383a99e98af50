// SPDX-License-Identifier: MIT OR Apache-2.0

//! What tests may change of the cloud while it runs (README.md has the table).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the authorise step of a password login answers (api.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// 302 at once.
    Redirect,
    /// 200 with a consent form; its POST gives the 302.
    Form,
    /// 302 at once without a Location: the code is in the body.
    Body,
    /// The form, and then no Location.
    FormBody,
}

/// Form of an error (objects.md 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ErrorForm {
    Description,
    Fields,
    ErrorMessage,
    Message,
    Result,
}

/// Form of the user's `homeys` (objects.md 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserForm {
    /// An array.
    Array,
    /// An object keyed by id.
    Map,
    /// The whole user in `{"result":…}`.
    Result,
}

/// The switches.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Options {
    pub variant: Variant,
    pub email: String,
    pub password: String,
    /// The code of two-factor authentication; none: it is off.
    pub otp: Option<String>,
    pub jwt_ttl_ms: i64,
    pub code_ttl_ms: i64,
    pub access_ttl_ms: i64,
    pub delegation_ttl_ms: i64,
    /// None: no end.
    pub refresh_ttl_ms: Option<i64>,
    /// A refresh spends its refresh token and gives another.
    pub rotate: bool,
    /// So long a spent one is still good.
    pub rotate_grace_ms: i64,
    pub grants: Vec<String>,
    /// None: any on the loopback.
    pub redirect_uris: Option<Vec<String>>,
    pub error_form: ErrorForm,
    pub html_errors: bool,
    /// Requests in a minute.
    pub rate_limit: Option<usize>,
    pub retry_after: Option<u64>,
    pub down: bool,
    pub offline_hub: bool,
    pub user_form: UserForm,
    /// Header names in small letters, on new connections.
    pub lower_case: bool,
    /// The account's hubs, each member of one over what the simulator would
    /// say; none: its own.
    pub hubs: Option<Vec<Map<String, Value>>>,
}

/// Whose account it is.
pub const EMAIL: &str = "pat+panel@example.org";
/// Every character in it has broken a user's program.
pub const PASSWORD: &str = "p&ss w+rd 100% \u{e9}=1";

impl Default for Options {
    fn default() -> Self {
        let grants = ["authorization_code", "refresh_token"];
        Options {
            variant: Variant::Form,
            email: EMAIL.to_owned(),
            password: PASSWORD.to_owned(),
            otp: None,
            jwt_ttl_ms: 600_000,
            // About 30 s, 3660 s, minutes (api.md 8).
            code_ttl_ms: 30_000,
            access_ttl_ms: 3_660_000,
            delegation_ttl_ms: 300_000,
            refresh_ttl_ms: None,
            rotate: true,
            rotate_grace_ms: 0,
            grants: grants.map(str::to_owned).to_vec(),
            redirect_uris: None,
            error_form: ErrorForm::Description,
            html_errors: false,
            rate_limit: None,
            retry_after: None,
            down: false,
            offline_hub: false,
            user_form: UserForm::Array,
            lower_case: false,
            hubs: None,
        }
    }
}

impl Options {
    /// As JSON.
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// With some members changed.
    pub fn with(&self, members: Map<String, Value>) -> Result<Options, String> {
        let mut all = self.json();
        for (key, value) in members {
            all[key] = value;
        }
        serde_json::from_value(all).map_err(|e| e.to_string())
    }

    /// Whether a login may lead back to this address.
    pub fn leads_back(&self, uri: &str) -> bool {
        match &self.redirect_uris {
            Some(known) => known.iter().any(|k| k == uri),
            None => {
                let rest = uri.strip_prefix("http://").unwrap_or_default();
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = host.split(':').next().unwrap_or_default();
                matches!(host, "localhost" | "127.0.0.1")
            }
        }
    }
}
