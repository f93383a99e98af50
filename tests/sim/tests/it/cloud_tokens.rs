// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tokens at api.athom.com and what they are good for (api.md 6 to 8): codes,
//! refresh and rotation, user, delegation, login to the hub; all by the clock.

use serde_json::{Value, json};

use crate::cloud::Said;
use crate::sim::Sim;

fn sim() -> Sim {
    Sim::start(&["--devices", "0"])
}

fn bearer(sim: &Sim, method: &str, target: &str, token: &str) -> Said {
    sim.cloud(
        &format!("{method} {target}\nAuthorization: Bearer {token}"),
        "",
    )
}

fn hex40(value: &Value) -> String {
    let text = value.as_str().expect("a text").to_owned();
    assert!(
        text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()),
        "{text}"
    );
    text
}

/// The client of seed 1 as a header.
fn basic(sim: &Sim) -> String {
    use base64::Engine;
    let pair = format!("{}:{}", sim.word("client_id"), sim.word("client_secret"));
    base64::engine::general_purpose::STANDARD.encode(pair)
}

#[test]
fn a_code_is_good_once_and_for_thirty_seconds() {
    let sim = sim();
    let client = sim.client();
    let exchange = |name: &str, code: &str| {
        let body = format!("{client}&grant_type=authorization_code&{name}={code}");
        sim.cloud_form("/oauth2/token", &body)
    };
    let code = sim.code();
    let head = format!(
        "POST /oauth2/token\nAuthorization: Basic {}\nContent-Type: application/x-www-form-urlencoded",
        basic(&sim)
    );
    let body =
        format!("grant_type=authorization_code&code={code}&redirect_uri=http%3A%2F%2Flocalhost");
    let reply = sim.cloud(&head, &body);
    let tokens = reply.json();
    let keys: Vec<&str> = tokens
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        ["token_type", "access_token", "expires_in", "refresh_token"]
    );
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("bearer"), &json!(3660))
    );
    assert_ne!(
        hex40(&tokens["access_token"]),
        hex40(&tokens["refresh_token"])
    );

    let grant = (400, "invalid_grant".to_owned());
    assert_eq!(exchange("code", &code).refusal(), grant, "used");
    assert_eq!(exchange("code", "x").refusal(), grant, "unknown");
    let code = sim.code();
    sim.advance(29_000);
    assert_eq!(exchange("authorization_code", &code).status(), 200);
    let code = sim.code();
    sim.advance(30_000);
    assert_eq!(exchange("code", &code).refusal(), grant, "late");
    let code = sim.code();
    let wrong = format!("{code}&redirect_uri=http%3A%2F%2Flocalhost%2F");
    assert_eq!(exchange("code", &wrong).refusal(), grant, "elsewhere");
    assert_eq!(
        sim.refused(),
        json!({"code_expired": 1, "code_redirect": 1, "code_unknown": 1, "code_used": 1})
    );
    let granted = sim.control("cloud/counters", Value::Null)["granted"].clone();
    assert_eq!(
        (&granted["as_code"], &granted["as_authorization_code"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn clients_and_grants_are_checked() {
    let sim = sim();
    let client = sim.client();
    let id = sim.word("client_id").to_owned();
    let post = |body: &str| sim.cloud_form("/oauth2/token", body);
    for (body, status, code) in [
        ("grant_type=refresh_token".to_owned(), 401, "invalid_client"),
        (
            format!("client_id={id}&client_secret=x&grant_type=refresh_token"),
            401,
            "invalid_client",
        ),
        (client.clone(), 400, "invalid_request"),
        (
            format!("{client}&grant_type=magic"),
            400,
            "unsupported_grant_type",
        ),
        (
            format!("{client}&grant_type=password"),
            400,
            "unauthorized_client",
        ),
        (
            format!("{client}&grant_type=client_credentials"),
            400,
            "unauthorized_client",
        ),
        (
            format!("{client}&grant_type=authorization_code"),
            400,
            "invalid_request",
        ),
        (
            format!("{client}&grant_type=refresh_token"),
            400,
            "invalid_request",
        ),
        (
            format!("{client}&grant_type=refresh_token&refresh_token=x"),
            400,
            "invalid_grant",
        ),
    ] {
        assert_eq!(post(&body).refusal(), (status, code.to_owned()), "{body}");
    }
    sim.cloud_options(json!({"grants": ["password", "client_credentials"]}));
    let user = format!(
        "username=pat%2Bpanel%40example.org&password={}",
        crate::cloud::PASSWORD
    );
    let reply = post(&format!("{client}&grant_type=password&{user}"));
    hex40(&reply.json()["refresh_token"]);
    let reply = post(&format!(
        "{client}&grant_type=password&username=x&password=y"
    ));
    assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
    let reply = post(&format!("{client}&grant_type=client_credentials")).json();
    assert!(reply.get("refresh_token").is_none() && reply["access_token"].is_string());
}

#[test]
fn refresh_tokens_rotate() {
    let sim = sim();
    let (_, first) = sim.tokens();
    let second = hex40(&sim.refresh(&first).json()["refresh_token"]);
    assert_ne!(first, second);
    let spent = sim.refresh(&first);
    assert_eq!(spent.refusal(), (400, "invalid_grant".to_owned()));
    let counters = sim.control("cloud/counters", Value::Null);
    assert_eq!(
        (&counters["refreshes"], &counters["refresh_reuse"]),
        (&json!(1), &json!(1))
    );
    // A spent one may be good for a while yet, and ends then.
    sim.cloud_options(json!({"rotate_grace_ms": 10_000}));
    let third = hex40(&sim.refresh(&second).json()["refresh_token"]);
    assert_eq!(sim.refresh(&second).status(), 200);
    sim.advance(10_000);
    assert_eq!(sim.refresh(&second).status(), 400);
    // Or they do not rotate at all.
    sim.cloud_options(json!({"rotate": false, "rotate_grace_ms": 0}));
    for _ in 0..2 {
        assert_eq!(hex40(&sim.refresh(&third).json()["refresh_token"]), third);
    }
    sim.control("cloud/revoke", json!({"what": "refresh"}));
    assert_eq!(sim.refresh(&third).status(), 400);
    sim.cloud_options(json!({"refresh_ttl_ms": 1000}));
    let (_, short) = sim.tokens();
    sim.advance(1000);
    assert_eq!(sim.refresh(&short).status(), 400);
    let refused = sim.refused();
    assert_eq!(
        (&refused["refresh_revoked"], &refused["refresh_expired"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn access_tokens_end_by_the_clock_and_by_revocation() {
    let sim = sim();
    let me = |token: &str| bearer(&sim, "GET", "/user/me", token);
    let (access, _) = sim.tokens();
    sim.advance(3_659_000);
    assert_eq!(me(&access).status(), 200);
    sim.advance(1000);
    let late = me(&access);
    assert_eq!(
        late.body,
        "{\"error\":\"invalid_token\",\"error_description\":\"The access token has expired\"}"
    );
    assert_eq!(late.status(), 401);
    // The hub's token is no use here (api.md 1).
    assert_eq!(
        me(sim.word("session_token")).refusal(),
        (401, "invalid_token".to_owned())
    );
    let nobody = sim.cloud("GET /user/me", "");
    assert_eq!(nobody.refusal(), (401, "unauthorized".to_owned()));
    let (access, refresh) = sim.tokens();
    sim.control("cloud/revoke", json!({"what": "access"}));
    assert_eq!(me(&access).refusal(), (401, "invalid_token".to_owned()));
    assert_eq!(sim.refresh(&refresh).status(), 200);
}

#[test]
fn the_user_has_hubs_with_their_addresses() {
    let sim = Sim::start(&["--devices", "0", "--hub-name", "Huis & \"tuin\""]);
    let (access, _) = sim.tokens();
    let me = || bearer(&sim, "GET", "/user/me", &access).json();
    let user = me();
    let hub = &user["homeys"][0];
    let id = sim.word("hub_id");
    let dashed = sim.word("https").to_owned();
    for (key, value) in [
        ("_id", json!(id)),
        ("id", json!(id)),
        ("name", json!("Huis & \"tuin\"")),
        ("apiVersion", json!(3)),
        ("platform", json!("local")),
        ("role", json!("owner")),
        ("state", json!("online")),
        ("localUrl", json!(sim.word("http"))),
        ("localUrlSecure", json!(dashed)),
        ("remoteUrl", json!(sim.word("relay"))),
        ("remoteUrlForwarded", Value::Null),
        ("mdnsFqdn", json!(format!("homey-{id}.local"))),
    ] {
        assert_eq!(hub[key], value, "{key}");
    }
    let port = sim
        .word("http")
        .rsplit(':')
        .next()
        .and_then(|p| p.parse::<u16>().ok());
    assert_eq!(hub["portHttp"], json!(port));

    let other = json!({"_id": "5f00aa11bb22cc33dd44ff66", "name": "Cabin", "apiVersion": 2});
    sim.cloud_options(json!({"offline_hub": true, "hubs": [{"name": "Mine"}, other]}));
    let list = me()["homeys"].clone();
    assert_eq!(
        (&list[0]["name"], &list[0]["id"]),
        (&json!("Mine"), &json!(id))
    );
    assert_eq!(list[0]["state"], "offline");
    assert_eq!(
        (&list[1]["name"], list[1].get("id")),
        (&json!("Cabin"), None)
    );
    assert_eq!(
        (&list[1]["apiVersion"], &list[1]["localUrl"]),
        (&json!(2), &Value::Null)
    );
    sim.cloud_options(json!({"user_form": "map"}));
    assert_eq!(me()["homeys"]["5f00aa11bb22cc33dd44ff66"]["name"], "Cabin");
    sim.cloud_options(json!({"user_form": "result"}));
    assert_eq!(me()["result"]["homeys"][1]["name"], "Cabin");

    let old = Sim::start(&["--devices", "0", "--dialect", "v2"]);
    let (access, _) = old.tokens();
    let hub = bearer(&old, "GET", "/user/me", &access).json()["homeys"][0].clone();
    assert_eq!(
        (&hub["apiVersion"], &hub["model"]),
        (&json!(2), &json!("homey4d"))
    );
}

fn delegate(sim: &Sim, access: &str) -> String {
    let head = format!(
        "POST /delegation/token?audience=homey\nAuthorization: Bearer {access}\nContent-Type: application/json"
    );
    let reply = sim.cloud(&head, "{}");
    assert!(
        reply
            .body
            .starts_with("\"eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9."),
        "{reply:?}"
    );
    reply.json().as_str().expect("a JSON string").to_owned()
}

fn login(sim: &Sim, jwt: &str) -> (u16, Value) {
    let kind = [("Content-Type", "application/json")];
    let body = json!({"token": jwt}).to_string();
    let reply = sim.send("POST", &sim.url("/users/login"), &kind, &body);
    (reply.status, reply.json())
}

#[test]
fn delegation_in_all_its_bodies() {
    let sim = sim();
    let (access, refresh) = sim.tokens();
    let form = "Content-Type: application/x-www-form-urlencoded";
    let target = "POST /delegation/token?audience=homey";
    let auth = format!("{target}\nAuthorization: Bearer {access}");
    let client = sim.client();
    let whole =
        format!("{client}&grant_type=refresh_token&refresh_token={refresh}&access_token={access}");
    for (head, body, status) in [
        (auth.clone(), String::new(), 200),
        (
            format!("{auth}\nContent-Type: application/json"),
            "{}".to_owned(),
            200,
        ),
        (format!("{auth}\n{form}"), "x=1".to_owned(), 200),
        (format!("{target}\n{form}"), whole.clone(), 200),
        (
            format!("{target}\n{form}"),
            whole.replace(&client, "client_id=x"),
            401,
        ),
        (
            format!("{target}\n{form}"),
            format!("{client}&access_token=x"),
            401,
        ),
        (target.to_owned(), String::new(), 401),
        (
            auth.replace("audience=homey", "audience=x"),
            String::new(),
            400,
        ),
        (auth.replace("?audience=homey", ""), String::new(), 400),
        (
            format!("{auth}\nContent-Type: application/json"),
            "{".to_owned(),
            400,
        ),
    ] {
        let reply = sim.cloud(&head, &body);
        assert_eq!(reply.status(), status, "{head} {body}: {reply:?}");
    }
    // The refresh token beside it was not used up.
    assert_eq!(sim.refresh(&refresh).status(), 200);
}

#[test]
fn delegation_leads_to_the_hubs_of_the_account() {
    let sim = Sim::start(&["--devices", "0", "--account-key", "ours"]);
    let second = Sim::start(&["--devices", "0", "--account-key", "ours", "--seed", "2"]);
    let foreign = Sim::start(&["--devices", "0", "--account-key", "theirs", "--seed", "3"]);
    let jwt = delegate(&sim, &sim.tokens().0);
    let mut tokens = Vec::new();
    for hub in [&sim, &second] {
        let (status, token) = login(hub, &jwt);
        assert_eq!(status, 200, "{token}");
        let parts: Vec<usize> = token
            .as_str()
            .expect("a string")
            .split(':')
            .map(str::len)
            .collect();
        assert_eq!(parts, [36, 36, 40]);
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(login(&foreign, &jwt).0, 401);

    let verify = |token: &str| sim.cloud(&format!("GET /delegation/verify?token={token}"), "");
    assert_eq!(verify(&jwt).json()["token"]["aud"], "homey");
    assert_eq!(verify("x").status(), 401);
    sim.advance(299_000);
    assert_eq!(login(&sim, &jwt).0, 200);
    sim.advance(1000);
    assert_eq!(login(&sim, &jwt).0, 401);
    assert_eq!(verify(&jwt).refusal(), (401, "invalid_token".to_owned()));
    // The other hub has a clock of its own.
    assert_eq!(login(&second, &jwt).0, 200);
}
