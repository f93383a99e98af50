// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;

const JSON: Option<&str> = Some("application/json; charset=utf-8");
const HTML: Option<&str> = Some("text/html; charset=utf-8");

fn kind(status: u16, body: &str) -> Kind {
    classify(status, JSON, body.as_bytes()).kind
}

#[test]
fn codes_come_before_statuses_and_texts_never_count() {
    let rows = [
        (
            401,
            r#"{"code":401,"error":"session_expired","error_description":"Sitzung abgelaufen"}"#,
            Kind::SessionExpired,
        ),
        (
            500,
            r#"{"code":500,"error":"session_expired"}"#,
            Kind::SessionExpired,
        ),
        (
            400,
            r#"{"error_description":"Niet ingelogd [x_y] [not_logged_in]"}"#,
            Kind::NotLoggedIn,
        ),
        (
            400,
            r#"{"error":"odd_code","error_description":"text [not_found]"}"#,
            Kind::NotFound,
        ),
        (401, r#"{"error":"Invalid Token"}"#, Kind::InvalidToken),
        (401, "", Kind::InvalidToken),
        (
            401,
            r#"{"error_description":"Too many requests"}"#,
            Kind::InvalidToken,
        ),
        (403, r#"{"error":"Missing Scopes"}"#, Kind::MissingScopes),
        (401, r#"{"error":"missing_scopes"}"#, Kind::MissingScopes),
        (
            403,
            r#"{"error":"Subscription Inactive","statusCode":403}"#,
            Kind::SubscriptionInactive,
        ),
        (
            403,
            r#"{"error":"Invalid Serial Number","statusCode":403}"#,
            Kind::InvalidSerial,
        ),
        (403, r#"{"error":"Invalid Session Type"}"#, Kind::Forbidden),
        (
            404,
            r#"{"code":404,"error":"not_found","error_description":"weg [not_found]"}"#,
            Kind::NotFound,
        ),
        (404, r#"{}"#, Kind::NotFound),
        (404, "Not Found", Kind::NoSuchRoute),
        (500, r#"{"error":"missing_api_method"}"#, Kind::NoSuchRoute),
        (
            400,
            r#"{"code":400,"error":"invalid_json","error_description":"unkown error has occured"}"#,
            Kind::InvalidJson,
        ),
        (
            400,
            r#"{"error":"should NOT have additional properties"}"#,
            Kind::BadRequest,
        ),
        (
            409,
            r#"{"error":"cannot_delete_has_flows"}"#,
            Kind::BadRequest,
        ),
        (429, "Too many requests", Kind::TooManyRequests),
        (429, "", Kind::TooManyRequests),
        (
            500,
            r#"{"code":500,"error":"Device unreachable"}"#,
            Kind::DriverFailure,
        ),
        (500, r#""timeout""#, Kind::DriverFailure),
        (500, "Internal Server Error", Kind::ServerError),
        (502, "Bad Gateway", Kind::Unavailable),
        (503, r#"{"error":"busy"}"#, Kind::Unavailable),
        (504, "", Kind::Unavailable),
        (302, "Found. Redirecting", Kind::NotJson),
        (511, "", Kind::NotJson),
        (407, "", Kind::NotJson),
        (999, "", Kind::ServerError),
    ];
    for (status, body, want) in rows {
        assert_eq!(kind(status, body), want, "{status} {body}");
    }
}

#[test]
fn pages_are_told_from_json() {
    let page = b"<!DOCTYPE html><pre>Cannot POST /</pre>";
    assert_eq!(classify(404, HTML, page).kind, Kind::NoSuchRoute);
    assert_eq!(classify(404, None, page).kind, Kind::NoSuchRoute);
    assert_eq!(classify(502, HTML, b"<html>").kind, Kind::Unavailable);
    assert_eq!(classify(500, HTML, b"<html>").kind, Kind::ServerError);
    assert_eq!(classify(404, HTML, page).text, "a web page");
    for (content_type, first, good) in [
        (JSON, &b"{\"a\":1}"[..], true),
        (Some("Application/JSON"), b"  [", true),
        (None, b"true", true),
        (Some("text/plain"), b"12", true),
        (JSON, b"", true),
        (JSON, b"<html>", false),
        (JSON, b"\xef\xbb\xbf <html>", false),
        (HTML, b"{\"a\":1}", false),
        (None, b"Please log in", false),
        (None, b"", false),
        (Some("text/plain"), b"OK", false),
    ] {
        let result = expect_json(200, content_type, first);
        assert_eq!(result.is_ok(), good, "{content_type:?} {first:?}");
        assert!(result.is_ok() || result.unwrap_err().kind == Kind::NotJson);
    }
}

#[test]
fn a_body_cut_anywhere_still_tells_what_came_before_the_cut() {
    let body = br#"{"code":401,"error":"session_expired","error_description":"Die Sitzung [session_expired]","stack":"Error: at x"}"#;
    for end in 0..=body.len() {
        let error = classify(418, JSON, &body[..end]);
        let want = if end > 36 {
            Kind::SessionExpired
        } else {
            Kind::BadRequest
        };
        assert_eq!(error.kind, want, "{end}");
    }
}

#[test]
fn texts_are_bounded_and_on_one_line() {
    let body = format!("{{\"error\":\"a\\nb\\u001b[2J{}\"}}", "x".repeat(9999));
    let error = classify(500, JSON, body.as_bytes());
    assert!(error.text.starts_with("a b [2Jxxx") && error.text.len() <= MAX_SHOWN);
    assert!(error.to_string().len() < 300 && !error.to_string().contains('\n'));
    let field = classify(
        400,
        JSON,
        br#"{"error_description":{"name":"is required","x":"y"}}"#,
    );
    assert_eq!(field.text, "is required");
    assert_eq!(field.to_string(), "the hub answers 400: \"is required\"");
    let deep = "[".repeat(100_000);
    assert_eq!(classify(500, JSON, deep.as_bytes()).code, None);
    let huge = vec![b'x'; 10 * MAX_ERROR_BODY];
    assert_eq!(classify(500, None, &huge).text.len(), MAX_SHOWN);
}

#[test]
fn every_kind_has_one_line_with_a_cure() {
    for (status, code, cure) in [
        (401, "session_expired", "renew it"),
        (401, "not_logged_in", "log in again"),
        (401, "invalid_token", "API key"),
        (403, "missing_scopes", "scope"),
        (403, "subscription_inactive", "renew it at Athom"),
        (404, "not_found", "correct the configuration"),
        (500, "missing_api_method", "firmware"),
        (400, "invalid_json", "header profile"),
        (429, "too_many_requests", "wait"),
        (503, "", "wait"),
        (302, "", "check the address"),
    ] {
        let body = format!("{{\"error\":\"{code}\"}}");
        let line = classify(status, JSON, body.as_bytes()).to_string();
        assert!(
            line.contains(cure) && line.contains(&status.to_string()),
            "{line}"
        );
        assert!(!line.ends_with('.') && line.starts_with("the "), "{line}");
    }
}

#[test]
fn what_may_have_run_is_known() {
    let ran = |status, body: &str| classify(status, JSON, body.as_bytes()).may_have_run();
    assert!(ran(500, r#"{"error":"Device unreachable"}"#));
    for code in ["invalid_token", "session_expired", "too_many_requests"] {
        assert!(ran(500, &format!("{{\"error\":\"{code}\"}}")), "{code}");
    }
    assert!(ran(502, "") && ran(504, ""));
    assert!(!ran(500, r#"{"error":"missing_api_method"}"#));
    assert!(!ran(429, "") && !ran(401, "") && !ran(403, "") && !ran(404, "{}"));
}

#[test]
fn retry_after_takes_seconds_only() {
    for (value, want) in [
        ("5", Some(5)),
        (" 120 ", Some(120)),
        ("0", Some(0)),
        ("99999999999999999999999", Some(3600)),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("Sun, 01 Mar 2026 18:22:05 GMT", None),
    ] {
        assert_eq!(retry_after(value), want.map(Duration::from_secs), "{value}");
    }
}
