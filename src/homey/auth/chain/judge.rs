// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a reply means for the way in, apart from the state that it is in.

use super::{State, Way};
use crate::homey::auth::answers::CloudHub;
use crate::homey::auth::page::{cookie, hidden_input, redirect_of, resources};
use crate::homey::auth::{CODE_LIFE, Fault, Step};
use crate::homey::error::HubError;
use crate::homey::secret::Secret;
use crate::homey::text::one_line;
use crate::http::ResponseHead;

/// Why the account does not let in.
pub(super) fn refused_login(way: &Way, error: HubError) -> Fault {
    let code = error
        .code
        .as_deref()
        .unwrap_or(&error.text)
        .to_ascii_lowercase();
    let factor = ["otp", "2fa", "mfa", "two_factor", "two-factor"];
    let about_otp = !code.contains(' ') && factor.iter().any(|word| code.contains(word));
    match (error.status, way) {
        (400..=403 | 422, Way::Password { otp, .. }) if about_otp => match otp.is_empty() {
            true => Fault::OtpNeeded,
            false => Fault::OtpWrong,
        },
        // A page is the account's own word at most where it is a 401.
        (400 | 402 | 403 | 422, _) if error.is_page() => Fault::Cloud(Step::Login, error),
        (400..=403 | 422, _) => Fault::WrongPassword,
        _ => Fault::Cloud(Step::Login, error),
    }
}

/// What follows a reply of the authorise page; with `jwt` it may be the form, without it must be the end of it.
pub(super) fn authorised(
    wanted: Option<&str>,
    now: u64,
    head: &ResponseHead,
    body: &[u8],
    jwt: Option<Secret>,
    error: impl Fn() -> HubError,
) -> Result<State, Fault> {
    let step = if jwt.is_some() {
        Step::Authorise
    } else {
        Step::Consent
    };
    if head.status() >= 400 {
        let error = error();
        return Err(match is_client(&error) {
            Some(code) => Fault::Client(code),
            // Nothing else of this request can be wrong.
            None if error.status == 400 && step == Step::Authorise && !error.text.is_empty() => {
                Fault::Client(one_line(&error.text, 120))
            }
            None => Fault::Cloud(step, error),
        });
    }
    let page = String::from_utf8_lossy(body);
    let csrf = hidden_input(&page, "_csrf");
    // A form goes first: a page may speak of codes in its text.
    let is_form = head.status() == 200 && jwt.is_some() && csrf.is_some();
    let found = redirect_of(head, &page).filter(|_| !is_form);
    if let Some(redirected) = &found {
        if let Some(code) = redirected
            .code
            .as_deref()
            .and_then(|code| Secret::parse(code).ok())
        {
            let until = now.saturating_add(CODE_LIFE);
            return Ok(State::Exchange { code, until });
        }
        if let Some(error) = &redirected.error {
            return Err(Fault::Consent(error.clone()));
        }
        return Err(Fault::Odd(step, "it redirects to a place without a code"));
    }
    let (Some(jwt), Some(csrf)) = (jwt, csrf) else {
        return Err(Fault::Odd(step, "the reply has neither a code nor a form"));
    };
    let cookie =
        cookie(head, "_csrf").ok_or(Fault::Odd(step, "the form comes without its cookie _csrf"))?;
    let listed = resources(&page);
    let hubs = match wanted.filter(|wanted| looks_like_id(wanted)) {
        Some(wanted) => vec![wanted.to_owned()],
        None => listed,
    };
    if hubs.is_empty() {
        return Err(Fault::WhichHub);
    }
    Ok(State::Consent {
        jwt,
        csrf,
        cookie,
        hubs,
    })
}

pub(super) fn unknown(wanted: &str, hubs: &[CloudHub]) -> Fault {
    if hubs.is_empty() {
        return Fault::NoHub;
    }
    let known = hubs.iter().map(|hub| match hub.name.as_str() {
        "" => hub.id.clone(),
        name => format!("{name} ({})", hub.id),
    });
    Fault::UnknownHub {
        wanted: wanted.to_owned(),
        known: known.take(8).collect(),
    }
}

/// A hub's id and not its name: 24 hex digits (`api.md`, head).
fn looks_like_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The cloud's code where it says that it does not know the client.
fn is_client(error: &HubError) -> Option<String> {
    let codes = [
        "invalid_client",
        "unauthorized_client",
        "invalid_redirect_uri",
        "redirect_uri_mismatch",
    ];
    let code = error.code.as_deref()?;
    codes.contains(&code).then(|| code.to_owned())
}

pub(super) fn refused_token(step: Step, spent: Fault, error: HubError) -> Fault {
    match (is_client(&error), error.status) {
        (Some(code), _) => Fault::Client(code),
        // Every other 4xx in JSON is about the code or token; a page may be anybody's.
        (None, 400..=407 | 409..=428) if !error.is_page() => spent,
        _ => Fault::Cloud(step, error),
    }
}

pub(super) fn refused_access(step: Step, error: HubError) -> Fault {
    match is_access(&error) {
        true => Fault::Access(step),
        false => Fault::Cloud(step, error),
    }
}

/// Whether the cloud says no to the access token itself; a 401 without a code counts too, but no page.
pub(super) fn is_access(error: &HubError) -> bool {
    let code = error.code.as_deref();
    error.status == 401 && !error.is_page() && code.is_none_or(|code| code == "invalid_token")
}
