// SPDX-License-Identifier: MIT OR Apache-2.0

//! The cloud's HTML (api.md 5, 10): consent form, redirect, errors.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::dice::Dice;

/// Text for HTML and its attributes.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

fn html(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, body).into_response()
}

/// The error page of what stands in front of a server.
pub fn error(status: u16) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let reason = code.canonical_reason().unwrap_or_default();
    let body = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
         <center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    html(status, body)
}

/// Express's page for a route that does not exist.
pub fn no_route(method: &str, path: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Error</title>\n</head>\n<body>\n<pre>Cannot {method} {}</pre>\n</body>\n</html>\n",
        escaped(path)
    );
    html(404, body)
}

/// Express's redirect. Without `location` only the body says where to.
pub fn found(target: &str, location: bool, as_html: bool) -> Response {
    let (kind, body) = match as_html {
        true => {
            let to = escaped(target);
            let body = format!("<p>Found. Redirecting to <a href=\"{to}\">{to}</a></p>");
            ("text/html; charset=utf-8", body)
        }
        false => {
            let body = format!("Found. Redirecting to {target}");
            ("text/plain; charset=utf-8", body)
        }
    };
    let kind = [(header::CONTENT_TYPE, kind), (header::VARY, "Accept")];
    let mut reply = (StatusCode::FOUND, kind, body).into_response();
    if let (true, Ok(to)) = (location, HeaderValue::from_str(target)) {
        reply.headers_mut().insert(header::LOCATION, to);
    }
    reply
}

/// What a consent page asks.
pub struct Consent<'a> {
    /// Where the form goes, with its query.
    pub action: &'a str,
    /// Who asks.
    pub client: &'a str,
    /// Its hidden field.
    pub csrf: &'a str,
    /// Hubs to choose from: id, name.
    pub hubs: Vec<(String, String)>,
}

/// The consent page.
pub fn consent(ask: &Consent) -> Response {
    let mut choices = String::new();
    for (n, (id, name)) in ask.hubs.iter().enumerate() {
        let checked = if n == 0 { " checked" } else { "" };
        choices += &format!(
            "      <label><input type=\"radio\" name=\"resource\" \
             value=\"resource.homey.{}\"{checked}> {}</label>\n",
            escaped(id),
            escaped(name)
        );
    }
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <meta charset=\"utf-8\">\n    \
         <title>Athom | Authorize</title>\n  </head>\n  <body>\n    \
         <form id=\"authorize\" method=\"post\" action=\"{}\">\n      \
         <h1>Allow {} to use your Homey?</h1>\n{choices}      \
         <input type=\"hidden\" name=\"_csrf\" value=\"{}\">\n      \
         <input type=\"submit\" name=\"deny\" value=\"Deny\">\n      \
         <input type=\"submit\" name=\"allow\" value=\"Allow\">\n    \
         </form>\n  </body>\n</html>\n",
        escaped(ask.action),
        escaped(ask.client),
        escaped(ask.csrf)
    );
    html(200, body)
}

/// Adds the cookies: several lines, in another order every time, the one that
/// counts never first (api.md 15.8).
pub fn set_cookies(reply: &mut Response, csrf: &str, dice: &mut Dice) {
    let balance = dice.hex(96);
    let mut lines = [
        format!("AWSALB={balance}; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Path=/"),
        format!(
            "AWSALBCORS={balance}; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Path=/; \
             SameSite=None; Secure"
        ),
        format!("athom.sid=s%3A{}; Path=/; HttpOnly", dice.hex(32)),
        format!("not_csrf={}; Path=/", dice.hex(24)),
        format!("_csrf={csrf}; Path=/"),
    ];
    for at in (1..lines.len()).rev() {
        let other = dice.below(at + 1);
        lines.swap(at, other);
    }
    if lines[0].starts_with("_csrf=") {
        let other = 1 + dice.below(lines.len() - 1);
        lines.swap(0, other);
    }
    for line in lines {
        if let Ok(line) = HeaderValue::from_str(&line) {
            reply.headers_mut().append(header::SET_COOKIE, line);
        }
    }
}
