// SPDX-License-Identifier: MIT OR Apache-2.0

//! The password login at accounts.athom.com (api.md 5), and the browser's
//! (api.md 6): JWT, authorise in its variants, code.

use serde_json::json;

use crate::cloud::{PASSWORD, Said};
use crate::sim::Sim;

fn sim() -> Sim {
    Sim::start(&["--devices", "0"])
}

#[test]
fn password_to_jwt() {
    let sim = sim();
    assert_eq!(sim.word("password"), "p&ss w+rd 100% é=1");
    let form = "application/x-www-form-urlencoded";
    let json = "application/json; charset=utf-8";
    let good = json!({"email": "PAT+panel@example.org", "password": sim.word("password")});
    let email = "email=pat%2Bpanel%40example.org";
    for (kind, body, wanted) in [
        (form, format!("{email}&password={PASSWORD}"), (200, "")),
        (
            form,
            format!("{email}&password={PASSWORD}&otptoken="),
            (200, ""),
        ),
        (json, good.to_string(), (200, "")),
        // Plus is a space in a form.
        (
            form,
            format!("{email}&password=p%26ss+w%2Brd+100%25+%C3%A9%3D1"),
            (200, ""),
        ),
        (
            form,
            format!("{email}&password=wrong"),
            (401, "invalid_credentials"),
        ),
        (
            form,
            format!("email=pat+panel@example.org&password={PASSWORD}"),
            (401, "invalid_credentials"),
        ),
        (
            form,
            format!("{email}&password=p&ss w+rd 100% é=1"),
            (401, "invalid_credentials"),
        ),
        (form, email.to_owned(), (400, "invalid_request")),
        (
            json,
            "{\"email\":\u{201c}x\u{201d}}".to_owned(),
            (400, "invalid_json"),
        ),
        (
            "text/plain",
            format!("{email}&password={PASSWORD}"),
            (400, "invalid_request"),
        ),
    ] {
        let reply = sim.cloud(&format!("POST /login\nContent-Type: {kind}"), &body);
        if wanted.0 == 200 {
            assert_eq!(reply.status(), 200, "{body}: {reply:?}");
            let token = reply.json()["token"].as_str().expect("a token").to_owned();
            assert!(
                token.starts_with("eyJ") && token.split('.').count() == 3,
                "{token}"
            );
        } else {
            let (status, code) = reply.refusal();
            assert_eq!((status, code.as_str()), wanted, "{body}");
        }
    }
}

#[test]
fn second_factor_comes_after_the_password() {
    let sim = sim();
    sim.cloud_options(json!({"otp": "123456"}));
    let email = "email=pat%2Bpanel%40example.org";
    for (password, otp, wanted) in [
        ("wrong", "&otptoken=123456", (401, "invalid_credentials")),
        (PASSWORD, "", (403, "otp_required")),
        (PASSWORD, "&otptoken=", (403, "otp_required")),
        (PASSWORD, "&otptoken=654321", (403, "otp_invalid")),
    ] {
        let reply = sim.cloud_form("/login", &format!("{email}&password={password}{otp}"));
        let (status, code) = reply.refusal();
        assert_eq!((status, code.as_str()), wanted, "{password} {otp}");
    }
    let body = format!("{email}&password={PASSWORD}&otptoken=123456");
    assert_eq!(sim.cloud_form("/login", &body).status(), 200);
}

fn authorise(sim: &Sim, jwt: &str) -> Said {
    sim.cloud(&format!("GET /oauth2/authorise?{}", sim.query(jwt)), "")
}

fn is_code(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[test]
fn redirect_at_once_with_and_without_its_header() {
    let sim = sim();
    sim.cloud_options(json!({"variant": "redirect"}));
    let reply = authorise(&sim, &sim.jwt());
    assert_eq!(reply.status(), 302);
    let code = reply
        .header("Location")
        .strip_prefix("http://localhost?code=");
    assert!(code.is_some_and(is_code), "{reply:?}");
    assert_eq!(
        reply.body,
        format!("Found. Redirecting to {}", reply.header("Location"))
    );

    sim.cloud_options(json!({"variant": "body"}));
    let reply = authorise(&sim, &sim.jwt());
    assert_eq!((reply.status(), reply.header("Location")), (302, ""));
    let code = reply
        .body
        .strip_prefix("Found. Redirecting to http://localhost?code=");
    assert!(code.is_some_and(is_code), "{reply:?}");

    // Other members of the redirect's query stay before the code; HTML for
    // those who ask for it.
    sim.cloud_options(json!({"variant": "redirect"}));
    let query = format!(
        "client_id={}&redirect_uri=http%3A%2F%2F127.0.0.1%3A8484%2Fback%3Fa%3D1&authorization_type=code&state=a%26b&user_token={}",
        sim.word("client_id"),
        sim.jwt()
    );
    let reply = sim.cloud(
        &format!("GET /oauth2/authorise?{query}\nAccept: text/html"),
        "",
    );
    let rest = reply
        .header("Location")
        .strip_prefix("http://127.0.0.1:8484/back?a=1&code=");
    let (code, state) = rest.expect("the code").split_at(40);
    assert!(is_code(code) && state == "&state=a%26b", "{reply:?}");
    assert!(reply.body.contains("&amp;state="), "{reply:?}");
}

/// The cookie that counts, and where it stood.
fn csrf_cookie(reply: &Said) -> (String, usize, usize) {
    let lines = reply.all("Set-Cookie");
    let at = lines.iter().position(|l| l.starts_with("_csrf="));
    let at = at.expect("the cookie");
    let value = lines[at]["_csrf=".len()..].split(';').next();
    (value.expect("a value").to_owned(), at, lines.len())
}

fn allow(sim: &Sim, jwt: &str, cookie: &str, body: &str) -> Said {
    let cookie = match cookie {
        "" => String::new(),
        cookie => format!("\nCookie: {cookie}"),
    };
    let head = format!(
        "POST /authorise?{}\nContent-Type: application/x-www-form-urlencoded{cookie}",
        sim.query(jwt)
    );
    sim.cloud(&head, body)
}

#[test]
fn consent_form_checks_everything() {
    let sim = sim();
    let jwt = sim.jwt();
    let hub = sim.word("hub_id").to_owned();
    let fresh = || {
        let page = authorise(&sim, &jwt);
        assert_eq!(page.status(), 200);
        assert!(page.header("Content-Type").starts_with("text/html"));
        assert!(
            page.body
                .contains(&format!("value=\"resource.homey.{hub}\""))
        );
        let value = page.between("<input type=\"hidden\" name=\"_csrf\" value=\"", "\"");
        let cookie = csrf_cookie(&page).0;
        assert_ne!(value, cookie);
        (value, cookie)
    };
    let (other, _) = fresh();
    let cases: [(&str, u16, &str); 8] = [
        ("no cookie", 403, "EBADCSRFTOKEN"),
        ("a decoy's name", 403, "EBADCSRFTOKEN"),
        ("no value", 403, "EBADCSRFTOKEN"),
        ("another form's value", 403, "EBADCSRFTOKEN"),
        ("no resource", 400, "invalid_request"),
        ("another hub", 400, "invalid_request"),
        ("another redirect", 400, "invalid_request"),
        ("another token", 401, "invalid_token"),
    ];
    for (what, status, code) in cases {
        let (value, cookie) = fresh();
        let body = format!("resource=resource.homey.{hub}&_csrf={value}&allow=Allow");
        let good = format!("not_csrf=1; _csrf={cookie}");
        let reply = match what {
            "no cookie" => allow(&sim, &jwt, "", &body),
            "a decoy's name" => allow(&sim, &jwt, &format!("not_csrf={cookie}"), &body),
            "no value" => allow(&sim, &jwt, &good, &body.replace(&value, "")),
            "another form's value" => allow(&sim, &jwt, &good, &body.replace(&value, &other)),
            "no resource" => allow(&sim, &jwt, &good, &body.replace("resource=", "r=")),
            "another hub" => allow(
                &sim,
                &jwt,
                &good,
                &body.replace(&hub, "5f00aa11bb22cc33dd44ff66"),
            ),
            "another redirect" => {
                let query = sim.query(&jwt).replace("localhost", "localhost%3A1");
                let head = format!(
                    "POST /authorise?{query}\nContent-Type: application/x-www-form-urlencoded\nCookie: {good}"
                );
                sim.cloud(&head, &body)
            }
            _ => allow(&sim, "eyJ.x.y", &good, &body),
        };
        let (got, error) = reply.refusal();
        assert_eq!((got, error.as_str()), (status, code), "{what}");
    }
    let (value, cookie) = fresh();
    let body = format!("resource=resource.homey.{hub}&_csrf={value}&allow=Allow");
    let reply = allow(&sim, &jwt, &format!("_csrf={cookie}"), &body);
    let code = reply
        .header("Location")
        .strip_prefix("http://localhost?code=");
    assert!(
        reply.status() == 302 && code.is_some_and(is_code),
        "{reply:?}"
    );
    // One JWT, one code (api.md 15.7).
    let again = authorise(&sim, &jwt);
    assert_eq!(again.refusal(), (401, "invalid_token".to_owned()));
    assert_eq!(sim.refused()["jwt_used"], 1);
}

#[test]
fn denied_and_without_location() {
    let sim = sim();
    sim.cloud_options(json!({"variant": "form_body"}));
    let hub = sim.word("hub_id").to_owned();
    for (button, location) in [("deny=Deny", true), ("allow=Allow", false)] {
        let jwt = sim.jwt();
        let page = authorise(&sim, &jwt);
        let value = page.between("name=\"_csrf\" value=\"", "\"");
        let body = format!("resource=resource.homey.{hub}&_csrf={value}&{button}");
        let reply = allow(
            &sim,
            &jwt,
            &format!("_csrf={}", csrf_cookie(&page).0),
            &body,
        );
        assert_eq!(reply.status(), 302, "{reply:?}");
        match location {
            true => assert_eq!(
                reply.header("Location"),
                "http://localhost?error=access_denied"
            ),
            false => {
                assert_eq!(reply.header("Location"), "");
                assert!(
                    reply
                        .body
                        .starts_with("Found. Redirecting to http://localhost?code=")
                );
            }
        }
    }
}

#[test]
fn cookies_change_places_and_the_one_that_counts_is_never_first() {
    let sim = sim();
    let mut places = [0u32; 5];
    let jwt = sim.jwt();
    let mut values = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let (value, at, all) = csrf_cookie(&authorise(&sim, &jwt));
        assert_eq!(all, 5);
        places[at] += 1;
        values.insert(value);
    }
    assert_eq!((places[0], values.len()), (0, 40));
    assert!(places[1..].iter().all(|n| *n > 0), "{places:?}");
}

#[test]
fn authorise_refuses_what_it_does_not_know() {
    let sim = sim();
    let good = sim.query(&sim.jwt());
    let id = sim.word("client_id").to_owned();
    for (query, status, code) in [
        (good.replace(&id, "x"), 400, "invalid_client"),
        (
            good.replace("%2F%2Flocalhost", "%2F%2Fexample.org"),
            400,
            "invalid_request",
        ),
        (
            good.replace("response_type=code", "response_type=token"),
            400,
            "unsupported_response_type",
        ),
        (sim.query("x"), 401, "invalid_token"),
    ] {
        let reply = sim.cloud(&format!("GET /oauth2/authorise?{query}"), "");
        assert_eq!(reply.refusal(), (status, code.to_owned()), "{query}");
    }
    sim.advance(600_000);
    let late = sim.cloud(&format!("GET /oauth2/authorise?{good}"), "");
    assert_eq!(late.refusal(), (401, "invalid_token".to_owned()));
    assert_eq!(sim.refused()["jwt_expired"], 1);
    // A list of its own instead of anything on the loopback.
    sim.cloud_options(json!({"redirect_uris": ["https://example.org/x"], "variant": "redirect"}));
    let query = sim.query(&sim.jwt());
    let there = query.replace("http%3A%2F%2Flocalhost", "https%3A%2F%2Fexample.org%2Fx");
    assert_eq!(
        sim.cloud(&format!("GET /oauth2/authorise?{query}"), "")
            .status(),
        400
    );
    let reply = sim.cloud(&format!("GET /oauth2/authorise?{there}"), "");
    assert!(
        reply
            .header("Location")
            .starts_with("https://example.org/x?code=")
    );
}

#[test]
fn browser_consent() {
    let sim = sim();
    let query = format!(
        "client_id={}&redirect_uri=http%3A%2F%2Flocalhost%3A8484%2Fcallback&response_type=code&state=S%201&scopes=homey",
        sim.word("client_id")
    );
    let get = |more: &str| {
        sim.cloud_as(
            "api.athom.com",
            &format!("GET /oauth2/authorise?{query}{more}"),
            "",
        )
    };
    let page = get("");
    assert!(
        page.status() == 200 && page.body.contains("name=\"allow\""),
        "{page:?}"
    );
    let action = page.between("action=\"", "\"").replace("&amp;", "&");
    assert_eq!(action, format!("/oauth2/authorise?{query}"));
    let click = |body: &str| {
        let head = format!("POST {action}\nContent-Type: application/x-www-form-urlencoded");
        sim.cloud_as("api.athom.com", &head, body)
    };
    let start = "http://localhost:8484/callback?code=";
    for reply in [get("&allow=1"), click("allow=Allow")] {
        let location = reply.header("Location").to_owned();
        let (code, state) = location.strip_prefix(start).expect("a code").split_at(40);
        assert!(is_code(code) && state == "&state=S+1", "{location}");
    }
    let denied = click("deny=Deny");
    assert_eq!(
        denied.header("Location"),
        "http://localhost:8484/callback?error=access_denied&state=S+1"
    );
}

#[test]
fn each_host_knows_its_own_paths() {
    let sim = sim();
    for (host, head, status) in [
        ("accounts.athom.com", "POST /login", 400),
        ("api.athom.com", "POST /login", 404),
        ("accounts.athom.com", "POST /oauth2/token", 404),
        ("api.athom.com", "POST /oauth2/token", 401),
        ("accounts.athom.com", "GET /user/me", 404),
        ("api.athom.com", "GET /user/me", 401),
        ("localhost", "GET /user/me", 401),
        ("localhost", "GET /login", 404),
        ("localhost", "GET /", 404),
    ] {
        let reply = sim.cloud_as(host, head, "");
        assert_eq!(reply.status(), status, "{host} {head}");
        if status == 404 {
            let path = head
                .replace("GET ", "Cannot GET ")
                .replace("POST ", "Cannot POST ");
            assert!(
                reply.body.contains(&format!("<pre>{path}</pre>")),
                "{reply:?}"
            );
        }
    }
    // No other name, and the hub's certificate is another.
    for name in ["127-0-0-1.homey.homeylocal.com", "example.org", "127.0.0.1"] {
        let tried = crate::cloud::exchange(
            &sim,
            sim.word("cloud_address"),
            name,
            "GET / HTTP/1.1\r\n\r\n",
        );
        assert!(tried.is_err(), "{name}");
    }
    for name in ["accounts.athom.com", "api.athom.com"] {
        let tried = crate::cloud::exchange(
            &sim,
            sim.word("https_address"),
            name,
            "GET / HTTP/1.1\r\n\r\n",
        );
        assert!(tried.is_err(), "{name}");
    }
}
