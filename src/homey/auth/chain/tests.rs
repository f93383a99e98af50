// SPDX-License-Identifier: MIT OR Apache-2.0

mod refusals;

use super::*;
use crate::homey::auth::{Site, Sort};
use crate::homey::profile::Profile;

const HUB: &str = "5f00aa11bb22cc33dd44ff66";
const T0: u64 = 1_772_352_000_000;

fn secret(text: &str) -> Secret {
    Secret::parse(text).unwrap()
}

fn client() -> Option<Client> {
    Some(Client {
        id: "aaaa".into(),
        secret: secret("s&s"),
        redirect: "http://localhost".into(),
    })
}

fn password(otp: &str) -> Way {
    Way::Password {
        email: "panel@example.org".into(),
        password: Password::parse("p&ss w").unwrap(),
        otp: otp.into(),
    }
}

fn stored(access_expires: u64, access: bool, refresh: bool) -> Way {
    let mut session = Session::given(Kind::OAuth, HUB, secret("old-token"));
    session.name = "Old".into();
    session.cloud = Some(Cloud {
        access: access.then(|| secret("acc0")),
        access_expires,
        refresh: refresh.then(|| secret("ref0")),
    });
    Way::Stored(Box::new(session))
}

fn local() -> Way {
    Way::Local {
        user: "pat\"".into(),
        password: Password::parse("w w").unwrap(),
        app: "homeypanel".into(),
    }
}

/// `METHOD target`, and the body where there is one.
fn call(ask: &Ask) -> String {
    let bytes = ask.bytes(&Profile::forum(), "h", "panel").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
    let site = match ask.site {
        Site::Accounts => "accounts",
        Site::Api => "api",
        Site::Hub => "hub",
    };
    format!("{site} {line} {body}").trim_end().to_owned()
}

fn answer(chain: &mut Chain, now: u64, reply: &str) -> Result<(), Fault> {
    let (head, body) = reply.split_once("\n\n").unwrap_or((reply, ""));
    let head = format!("HTTP/1.1 {}\r\n\r\n", head.replace('\n', "\r\n"));
    let (head, _) = ResponseHead::parse(head.as_bytes()).unwrap().unwrap();
    chain.answer(now, &head, body.as_bytes())
}

/// Runs a script of lines. `> call` is what has to be due, `< reply` answers it (`\n` for line breaks); `keep ACCESS REFRESH`,
/// `choose ID`, `reach ID` and `done KIND TOKEN` are what has to be due otherwise; `! words` is how it has to end.
fn play(way: Way, wanted: Option<&str>, script: &str) {
    let client = match way {
        Way::Local { .. } | Way::Given { .. } => None,
        _ => client(),
    };
    let mut chain = Chain::new(client, way, wanted.map(String::from), T0).unwrap();
    let mut now = T0;
    let mut last = Ok(());
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "!" {
            let fault = match &last {
                Err(fault) => Fault::clone(fault),
                Ok(()) => chain.due(now).map(drop).expect_err(line),
            };
            assert!(fault.to_string().contains(rest), "{line}: {fault}");
            last = Ok(());
            continue;
        }
        assert_eq!(last, Ok(()), "{line}");
        match word {
            "<" => {
                now += 1000;
                last = answer(&mut chain, now, &rest.replace("\\n", "\n"));
                continue;
            }
            "wait" => {
                now += rest.parse::<u64>().unwrap();
                continue;
            }
            "otp" => {
                chain.give_otp(rest);
                continue;
            }
            _ => {}
        }
        let mut after: Option<(&str, String)> = None;
        let due = match chain.due(now) {
            Ok(Due::Ask(ask)) => format!("> {}", call(&ask)),
            Ok(Due::Keep(cloud)) => {
                after = Some(("keep", String::new()));
                let text = |s: &Option<Secret>| s.as_ref().map_or("-", Secret::expose).to_owned();
                format!("keep {} {}", text(&cloud.access), text(&cloud.refresh))
            }
            Ok(Due::Choose(hubs)) => {
                after = Some(("choose", rest.to_owned()));
                assert!(hubs.len() > 1);
                line.to_owned()
            }
            Ok(Due::Reach { id, hub }) => {
                after = Some(("reach", rest.to_owned()));
                assert_eq!(hub.is_some(), id == HUB && line != "reach local", "{line}");
                line.to_owned()
            }
            Ok(Due::Done(session)) => {
                assert!(!session.hub.is_empty() && session.made.is_none_or(|made| made == now));
                format!("done {} {}", session.kind.word(), session.token.expose())
            }
            Err(fault) => panic!("{line}: {fault}"),
        };
        assert_eq!(due, line);
        match after {
            Some(("keep", _)) => chain.kept(),
            Some(("choose", id)) => last = chain.choose(&id),
            Some(("reach", id)) => chain.reached(&id),
            _ => {}
        }
    }
    assert_eq!(last, Ok(()), "a fault that the script does not expect");
}

const QUERY: &str =
    "client_id=aaaa&redirect_uri=http%3A%2F%2Flocalhost&response_type=code&user_token=jwt";
const TOKENS: &str =
    r#"< 200 OK\n\n{"access_token":"acc1","expires_in":3660,"refresh_token":"ref1"}"#;
const LOGIN: &str =
    "> accounts POST /login email=panel%40example.org&password=p%26ss%20w&otptoken=";
const EXCHANGE: &str = "> api POST /oauth2/token client_id=aaaa&client_secret=s%26s&grant_type=authorization_code&code=c0de";
const REFRESH: &str = "> api POST /oauth2/token client_id=aaaa&client_secret=s%26s&grant_type=refresh_token&refresh_token=";

fn hubs() -> String {
    format!(
        r#"< 200 OK\n\n{{"homeys":[{{"id":"{HUB}","name":"Home","localUrlSecure":"https://192-168-1-20.homey.homeylocal.com"}}]}}"#
    )
}

/// From the tokens to the session.
fn tail(kind: &str) -> String {
    format!(
        "> api GET /user/me
         {}
         > api POST /delegation/token?audience=homey {{}}
         < 200 OK\\n\\n\"dele\"
         reach {HUB}
         > hub POST /api/manager/users/login {{\"token\":\"dele\"}}
         < 200 OK\\n\\n\"uuid:uuid:40hex\"
         > hub GET /api/manager/sessions/session/me
         < 200 OK\\n\\n{{\"createdAt\":\"2026-03-01T08:00:00.000Z\",\"expiresAt\":\"2026-03-02T08:00:00.000Z\"}}
         done {kind} uuid:uuid:40hex",
        hubs()
    )
}

fn to_code(authorise: &str) -> String {
    format!(
        "{LOGIN}\n< 200 OK\\n\\n{{\"token\":\"jwt\"}}\n> accounts GET /oauth2/authorise?{QUERY}\n{authorise}\n"
    )
}

#[test]
fn e_mail_and_password_lead_to_a_session_in_every_variant() {
    let tail = format!("{EXCHANGE}\n{TOKENS}\nkeep acc1 ref1\n{}", tail("password"));
    let found = "< 302 Found\\nLocation: http://localhost?code=c0de\\n\\nFound. Redirecting";
    play(password(""), None, &(to_code(found) + &tail));
    let body = "< 302 Found\\n\\nFound. Redirecting to http://localhost?code=c0de";
    play(password(""), None, &(to_code(body) + &tail));
    let form = format!(
        "< 200 OK\\nContent-Type: text/html\\nSet-Cookie: a=1\\nset-cookie: _csrf=coo; Path=/\\n\\n<form><input name=_csrf value=\"f&amp;rm\"><input name=resource value=resource.homey.{HUB}>"
    );
    let consent = format!(
        "> accounts POST /authorise?{QUERY} resource=resource.homey.{HUB}&_csrf=f%26rm&allow=Allow\n{found}\n"
    );
    play(password(""), None, &(to_code(&form) + &consent + &tail));
    // What a page says beside its form is no code.
    let talks = form.replace("<form>", "<p>See http://localhost?code=YOUR_CODE</p><form>");
    play(password(""), None, &(to_code(&talks) + &consent + &tail));
    // The form may not say which hubs; a hub that was asked for is enough.
    let bare = form.replace("<input name=resource", "<p ");
    play(
        password(""),
        Some(HUB),
        &(to_code(&bare) + &consent + &tail),
    );
    play(
        password(""),
        None,
        &(to_code(&bare) + "! set its id under [hub]"),
    );
    play(
        password(""),
        None,
        &(to_code(&form.replace("_csrf=coo", "x=coo")) + "! without its cookie"),
    );
    play(
        password(""),
        None,
        &(to_code(&form)
            + &consent.replace(found, "< 200 OK\\n\\n<form>")
            + "! neither a code nor a form"),
    );
}

#[test]
fn a_session_is_renewed_with_what_it_holds() {
    let renewed = format!("{REFRESH}ref0\n{TOKENS}\nkeep acc1 ref1\n{}", tail("oauth"));
    play(stored(T0 + 60_000, true, true), None, &renewed);
    play(stored(T0 + 3_600_000, false, true), None, &renewed);
    play(stored(T0 + 60_001, true, true), None, &tail("oauth"));
    // The cloud says no to the access token: refreshed once, then repeated.
    let refused = "> api GET /user/me\n< 401 No\\n\\n{\"error\":\"invalid_token\"}\n";
    play(
        stored(T0 + 3_600_000, true, true),
        None,
        &(refused.to_owned() + &renewed),
    );
    let twice = format!(
        "{refused}{REFRESH}ref0\n{TOKENS}\nkeep acc1 ref1\n{refused}! access token that it has just given"
    );
    play(stored(T0 + 3_600_000, true, true), None, &twice);
    let none = refused.to_owned() + "! does not take the access token";
    play(stored(T0 + 3_600_000, true, false), None, &none);
    // A list that does not come, or does not have the hub, does not stop a renewal.
    for list in [
        "500 No\\n\\nno",
        "200 OK\\n\\n{}",
        "200 OK\\n\\n{\"homeys\":[]}",
        "200 OK\\n\\n{\"homeys\":[{\"id\":\"other\",\"name\":\"Cabin\"}]}",
    ] {
        let away = tail("oauth")
            .replace(&hubs(), &format!("< {list}"))
            .replace(&format!("reach {HUB}"), "reach local");
        play(stored(T0 + 3_600_000, true, true), None, &away);
    }
    let nothing = |way| {
        Chain::new(client(), way, None, T0)
            .map(drop)
            .expect_err("nothing renews it")
    };
    assert_eq!(nothing(stored(T0, true, false)), Fault::Nothing);
    assert_eq!(
        nothing(stored(T0 + 3_600_000, false, false)),
        Fault::Nothing
    );
}

#[test]
fn a_code_is_good_for_thirty_seconds_and_a_hub_is_chosen_after_it_is_spent() {
    let code = || Way::Code(secret("c0de"));
    play(code(), None, "wait 30001\n! good for 30 s");
    let two = format!(
        r#"< 200 OK\n\n{{"homeys":[{{"id":"{HUB}","name":"Home"}},{{"id":"b","name":"home"}}]}}"#
    );
    let list = format!(
        "wait 30000\n{EXCHANGE}\n{TOKENS}\nkeep acc1 ref1\nwait 600000\n> api GET /user/me\n{two}\n"
    );
    let rest = tail("oauth")
        .split_once("> api POST /delegation")
        .unwrap()
        .1
        .to_owned();
    play(
        code(),
        None,
        &format!("{list}choose {HUB}\n> api POST /delegation{rest}"),
    );
    play(
        code(),
        None,
        &format!("{list}choose x\n! the account has no hub x; it has Home ({HUB}), home (b)"),
    );
    play(
        code(),
        Some("HOME"),
        &format!("{list}! the account has no hub HOME"),
    );
    play(
        code(),
        None,
        &format!("{list}choose b\n> api POST /delegation/token?audience=homey {{}}"),
    );
    play(
        code(),
        None,
        &list.replace(
            &two,
            "< 200 OK\\n\\n{\"homeys\":[]}\n! no hub on this account",
        ),
    );
}

#[test]
fn a_local_user_needs_no_cloud() {
    let login = "> hub POST /api/manager/users/login-local {\"username\":\"pat\\\"\",\"password\":\"w w\",\"clientId\":\"homey-panel\",\"clientName\":\"homeypanel\"}";
    for reply in ["\"tok\"", "{\"token\":\"tok\"}"] {
        let script = format!(
            "reach local\n{login}\n< 200 OK\\n\\n{reply}\n> hub GET /api/manager/sessions/session/me\n< 404 No\\n\\n{{}}\ndone local tok"
        );
        play(local(), None, &script);
    }
    play(
        local(),
        None,
        &format!("reach local\n{login}\n< 401 No\\n\\n{{}}\n! local user and password"),
    );
    play(
        local(),
        None,
        &format!(
            "reach local\n{login}\n< 404 No\\n\\n{{}}\n! logging in to the hub as a local user: the hub answers 404"
        ),
    );
}

#[test]
fn a_given_bearer_is_tried_and_nothing_else() {
    let given = |kind| Way::Given {
        kind,
        token: secret("tok"),
    };
    let script = |reply: &str, end: &str| {
        format!("reach local\n> hub GET /api/manager/sessions/session/me\n< {reply}\n{end}")
    };
    for (kind, reply, end) in [
        (Kind::Key, "200 OK\\n\\n{\"type\":\"PAT\"}", "done key tok"),
        (
            Kind::Bearer,
            "200 OK\\n\\n{\"type\":\"PAT\"}",
            "done key tok",
        ),
        (
            Kind::Bearer,
            "200 OK\\n\\n{\"type\":\"OAUTH\"}",
            "done bearer tok",
        ),
        (
            Kind::Key,
            "500 No\\n\\n{\"error\":\"missing_api_method\"}",
            "done key tok",
        ),
        (
            Kind::Key,
            "403 No\\n\\n{\"error\":\"missing_scopes\"}",
            "done key tok",
        ),
        (
            Kind::Key,
            "401 No\\n\\n{}",
            "! reading the hub session: the hub answers 401",
        ),
        (
            Kind::Key,
            "429 No\\n\\n",
            "! reading the hub session: the hub answers 429",
        ),
        (
            Kind::Bearer,
            "503 No\\n\\n<html>",
            "! reading the hub session: the hub answers 503",
        ),
    ] {
        play(given(kind), None, &script(reply, end));
    }
}

#[test]
fn a_second_factor_is_asked_for_once_and_goes_along() {
    let code = LOGIN.to_owned() + "123456";
    let wants = "< 401 No\\n\\n{\"error\":\"otp_required\"}";
    play(
        password(""),
        None,
        &format!(
            "{LOGIN}\n{wants}\n! second factor\notp 123456\n{code}\n{wants}\n! does not take this code"
        ),
    );
    play(
        password("123456"),
        None,
        &format!("{code}\n{wants}\n! does not take this code"),
    );
    play(
        password("123456"),
        None,
        &format!("{code}\n< 200 OK\\n\\n\"jwt\"\n> accounts GET /oauth2/authorise?{QUERY}"),
    );
}

#[test]
fn a_way_in_that_goes_in_circles_ends() {
    let mut chain = Chain::new(client(), password(""), None, T0).unwrap();
    for _ in 0..12 {
        assert!(matches!(chain.due(T0), Ok(Due::Ask(_))));
    }
    assert_eq!(chain.due(T0).map(drop), Err(Fault::Circles));
}
