// SPDX-License-Identifier: MIT OR Apache-2.0
//! What people are told: the mistakes of `api.md` 15, each in one line with its cure.

use crate::server::Server;
use homey_rig::beds::{Bed, Ended, KEY};

const JSON_400: &str = "{\"code\":400,\"error\":\"invalid_json\",\"error_description\":\"An unkown error has occured\"}";
const EXPRESS: &str = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><pre>Cannot POST /</pre></body></html>\n";

/// The program with `args` on a hub that answers so; `{url}` stands for its address.
fn told(status: &str, body: &str, key: &str, args: &[&str]) -> Ended {
    let bed = Bed::new();
    let server = if body.starts_with('<') {
        let length = body.len();
        Server::with(format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    } else {
        Server::json(status, body)
    };
    bed.config(&server.address(), "");
    if !key.is_empty() {
        bed.secret("key", key);
    }
    let args: Vec<String> = args
        .iter()
        .map(|a| a.replace("{url}", &server.address()))
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ended = bed.with_config(&[&["request"], &args[..]].concat());
    assert_eq!(ended.text(), body, "the body is shown whatever the status");
    ended
}

#[test]
fn the_body_is_no_json() {
    let curly = "{\u{201c}value\u{201d}:true}";
    for target in ["/p", "{url}/p"] {
        for args in [
            &["--json", curly][..],
            &["-d", curly],
            &["-d", curly, "-H", "Content-Type: application/json"],
        ] {
            let ended = told(
                "400 Bad Request",
                JSON_400,
                "",
                &[&[target][..], args].concat(),
            );
            ended.fails(1, &["400", "\u{201c}", "plain \" quotes"]);
        }
        // Eaten by the shell.
        let ended = told(
            "400 Bad Request",
            JSON_400,
            "",
            &[target, "--json", "{value:true}"],
        );
        ended.fails(1, &["400", "no JSON", "single quotes"]);
        let ended = told(
            "400 Bad Request",
            JSON_400,
            "",
            &[target, "-d", "{value:true}"],
        );
        ended.fails(1, &["400", "no JSON", "single quotes"]);
        // JSON as a form.
        let body = "{\"error\":\"should have required property 'value'\"}";
        let ended = told(
            "400 Bad Request",
            body,
            "",
            &[target, "-X", "PUT", "-d", "{\"value\":true}"],
        );
        ended.fails(1, &["400", "--json"]);
    }
    // Good JSON that the hub does not take: the hub's own words.
    let body = "{\"error\":\"value_out_of_range\",\"error_description\":\"Waarde te groot\"}";
    let ended = told(
        "400 Bad Request",
        body,
        "",
        &["/p", "-X", "PUT", "--json", "{\"value\":60}"],
    );
    ended.fails(1, &["400 value_out_of_range", "Waarde te groot"]);
}

#[test]
fn the_path_is_left_out() {
    for target in ["/", "{url}", "{url}/"] {
        let ended = told("404 Not Found", EXPRESS, "", &[target, "-d", "x"]);
        ended.fails(1, &["404", "POST /", "/api/manager/"]);
    }
    let page = EXPRESS.replace("Cannot POST /", "Cannot GET /api/manager/device");
    let ended = told("404 Not Found", &page, "", &["/api/manager/device"]);
    ended.fails(
        1,
        &[
            "404",
            "GET /api/manager/device",
            "/api/manager/devices/device",
        ],
    );
    // Any other page.
    let ended = told("404 Not Found", "<html>nginx</html>", "", &["{url}/x"]);
    ended.fails(1, &["status 404 Not Found"]);
}

#[test]
fn the_bearer_is_not_taken() {
    let expired = "{\"code\":401,\"error\":\"session_expired\",\"error_description\":\"Sessie verlopen [session_expired]\"}";
    told("401 Unauthorized", expired, "", &["/p"]).fails(1, &["401 session_expired", "renew"]);
    let invalid = "{\"error\":\"invalid_token\"}";
    told("401 Unauthorized", invalid, "", &["/p"]).fails(1, &["401 invalid_token", "API key"]);
    // The wrong kind of token in the file.
    let cloud = "0123456789abcdef0123456789abcdef01234567";
    told("401 Unauthorized", invalid, cloud, &["/p"]).fails(1, &["401", "cloud access token"]);
    let jwt = "eyJhbGciOiJSUzUxMiJ9.eyJhIjoxfQ.c2ln";
    told("401 Unauthorized", "", jwt, &["/p"]).fails(1, &["401", "delegation or login token"]);
    // None went along, since the target is a URL.
    told("401 Unauthorized", invalid, "", &["{url}/p"])
        .fails(1, &["401", "--bearer", "path alone"]);
    told("401 Unauthorized", invalid, "", &["{url}/p", "--bearer"])
        .fails(1, &["401", "invalid_token"]);
    let typed = told(
        "401 Unauthorized",
        invalid,
        "",
        &["{url}/p", "-H", "authorization: Bearer x"],
    );
    assert!(
        !typed.fails(1, &["401"]).err.contains("--bearer"),
        "{typed}"
    );
    // Copied with the quotes of the JSON string: as good as without.
    let quoted = format!("\"{}\"\n", KEY);
    let (bed, server) = (Bed::new(), Server::ok());
    bed.config(&server.address(), "");
    bed.secret("key", &quoted);
    bed.with_config(&["request", "/p"]).is_good();
    assert!(server.request().contains(&format!("Bearer {}\r\n", KEY)));
}

#[test]
fn other_refusals() {
    let scopes = "{\"error\":\"Missing Scopes\",\"error_description\":\"Missing Scopes\"}";
    told("403 Forbidden", scopes, "", &["/p"]).fails(1, &["403 missing_scopes", "scope"]);
    told("403 Forbidden", scopes, "", &["{url}/p", "--bearer"])
        .fails(1, &["403", "missing_scopes"]);
    let route = "{\"error\":\"missing_api_method\"}";
    told("500 Internal Server Error", route, "", &["/p"])
        .fails(1, &["missing_api_method", "does not have this call"]);
    let gone = "{\"error\":\"not_found\",\"error_description\":\"Device Not Found\"}";
    told("404 Not Found", gone, "", &["/p"]).fails(1, &["404 not_found", "paired anew"]);
    told(
        "429 Too Many Requests",
        "{\"error\":\"Too many requests\"}",
        "",
        &["/p"],
    )
    .fails(1, &["429", "wait"]);
    told("502 Bad Gateway", "<html>bad gateway</html>", "", &["/p"])
        .fails(1, &["502", "offline or restarting"]);
    // Words of a server are one line and steer no terminal.
    let nasty = "{\"error\":\"a\\u001b[2Jb\\nc\\u202ed\"}";
    let ended = told("400 Bad Request", nasty, "", &["/p"]);
    assert!(
        !ended
            .fails(1, &["400"])
            .err
            .contains(['\u{1b}', '\u{202e}']),
        "{ended:?}"
    );
    let long = format!("{{\"error\":\"{}\"}}", "x".repeat(50_000));
    let ended = told("400 Bad Request", &long, "", &["/p"]);
    assert!(ended.fails(1, &["400"]).err.len() < 500);
    let ended = told(&format!("418 {}", "y".repeat(9000)), "{}", "", &["{url}/p"]);
    assert!(ended.fails(1, &["418"]).err.len() < 500);
    let ended = told("418 caf\u{e9}\u{9b}31m", "{}", "", &["{url}/p"]);
    assert!(
        !ended.fails(1, &["418"]).err.contains('\u{9b}'),
        "{ended:?}"
    );
}

#[test]
fn no_bearer_and_none_needed() {
    let (bed, server) = (Bed::new(), Server::ok());
    let url = server.address();
    bed.file(
        "panel.toml",
        format!("[hub]\naddress = \"{url}\"\napi_key_file = \"absent\"\n"),
    );
    bed.with_config(&["request", "/p"])
        .fails(77, &["absent", "No such file"]);
    bed.with_config(&["request", "--bearer", &server.url("/p")])
        .fails(77, &["absent"]);
    bed.file("absent", "");
    bed.with_config(&["request", "/p"])
        .fails(77, &["absent", "empty"]);
    bed.file("absent", format!("Bearer {}", KEY));
    let ended = bed.with_config(&["request", "/p"]);
    assert!(
        !ended
            .fails(77, &["absent", "Bearer"])
            .err
            .contains("0123456789"),
        "{ended}"
    );
    assert_eq!(server.requests(), [""; 0]);
    // Nothing of these carries it.
    bed.with_config(&["request", "--profile", "none", "/p"])
        .is_good();
    bed.with_config(&["request", "-H", "Authorization:", "/p"])
        .is_good();
    bed.with_config(&["request", "-H", "authorization: Bearer mine", "/p"])
        .is_good();
    bed.with_config(&["request", &server.url("/p")]).is_good();
    bed.file("panel.toml", format!("[hub]\naddress = \"{url}\"\n"));
    bed.with_config(&["request", "/p"])
        .fails(77, &["api_key_file", "session.json"]);
}

#[test]
fn a_key_that_others_can_read_is_told_of_where_one_looks() {
    let (bed, server) = (Bed::new(), Server::ok());
    bed.config(&server.address(), "");
    bed.file("key", KEY);
    std::fs::set_permissions(
        bed.dir.join("key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    bed.with_config(&["request", "/p"]).is_good();
    let ended = bed.with_config(&["--log", "warn", "request", "/p"]);
    assert!(ended.err.contains("chmod 600"), "{ended}");
}
