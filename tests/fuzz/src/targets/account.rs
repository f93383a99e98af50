// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the cloud, or whoever answers in its place, may send on the way in: it ends within its requests, each fit to be
//! sent, in a session that reads back the same or in one line that says why not.

use homey_panel::homey::auth::{
    Chain, Client, Due, Fault, MAX_ASKS, Password, Way, hidden_input, redirected, resources,
};
use homey_panel::homey::profile::Profile;
use homey_panel::homey::secret::Secret;
use homey_panel::homey::session::{Cloud, Kind, Session, parse_session};
use homey_panel::http::ResponseHead;

use super::input::{Input, assert_line};

const NOW: u64 = 1_772_352_000_000;
const HUB: &str = "5f00aa11bb22cc33dd44ff66";

/// The replies stand one after another with a zero byte between them; the last byte says how it begins.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let way = input.last();
    page(&String::from_utf8_lossy(input.0));
    let mut replies = input.0.split(|byte| *byte == 0);
    let client = Client {
        id: "aaaa".into(),
        secret: secret("ssss"),
        redirect: "http://localhost".into(),
    };
    let wanted = (way & 8 != 0).then(|| HUB.to_owned());
    let Ok(mut chain) = Chain::new(Some(client), begin(way), wanted, NOW) else {
        return;
    };
    let profile = Profile::forum();
    // Of all that is due, decisions too; a way in has fewer.
    for _ in 0..40 {
        let ended =
            match chain.due(NOW) {
                Ok(Due::Ask(ask)) => {
                    let sent = ask.bytes(&profile, "api.example", "panel");
                    assert!(sent.is_ok_and(
                        |bytes| bytes.starts_with(b"POST /") || bytes.starts_with(b"GET /")
                    ));
                    answered(&mut chain, replies.next())
                }
                Ok(Due::Keep(_)) => {
                    chain.kept();
                    Ok(true)
                }
                Ok(Due::Choose(hubs)) => {
                    assert!((2..=64).contains(&hubs.len()));
                    let id = hubs[0].id.clone();
                    chain.choose(&id).map(|()| true)
                }
                Ok(Due::Reach { .. }) => {
                    chain.reached(HUB);
                    Ok(true)
                }
                Ok(Due::Done(session)) => {
                    let again = parse_session(session.emit().as_bytes());
                    assert!(
                        in_quotes(session) || again.as_ref() == Ok(session),
                        "{again:?}"
                    );
                    return;
                }
                Err(fault) => Err(fault),
            };
        match ended {
            Ok(true) => {}
            Ok(false) => return,
            Err(Fault::OtpNeeded) => chain.give_otp("123456"),
            Err(fault) => return assert_line(&fault.to_string()),
        }
        assert!(chain.asked() <= MAX_ASKS);
    }
    panic!("it never ends");
}

/// Takes in the next reply; `false`: there is none.
fn answered(chain: &mut Chain, reply: Option<&[u8]>) -> Result<bool, Fault> {
    let Some(reply) = reply else {
        return Ok(false);
    };
    let Ok(Some((head, length))) = ResponseHead::parse(reply) else {
        return Ok(false);
    };
    chain.answer(NOW, &head, &reply[length..]).map(|()| true)
}

fn begin(way: u8) -> Way {
    let password = || Password::parse("pppp").expect("a password");
    match way % 5 {
        0 => Way::Password {
            email: "e@example.org".into(),
            password: password(),
            otp: String::new(),
        },
        1 => Way::Code(secret("cccc")),
        2 => {
            let mut session = Session::given(Kind::OAuth, HUB, secret("tttt"));
            session.cloud = Some(Cloud {
                access: Some(secret("aaaa")),
                access_expires: if way & 16 == 0 { 0 } else { u64::MAX },
                refresh: Some(secret("rrrr")),
            });
            Way::Stored(Box::new(session))
        }
        3 => Way::Local {
            user: "u".into(),
            password: password(),
            app: "panel".into(),
        },
        _ => Way::Given {
            kind: Kind::Bearer,
            token: secret("tttt"),
        },
    }
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("a token")
}

fn page(text: &str) {
    assert!(hidden_input(text, "_csrf").is_none_or(|value| !value.is_empty()));
    let ids = resources(text);
    assert!(ids.len() <= 32 && ids.iter().all(|id| !id.is_empty()));
    let found = redirected(text);
    assert!(
        found
            .code
            .is_none_or(|code| !code.is_empty() && code.len() <= 4096)
    );
}

/// Quotes inside of quotes, which no token has: each reading takes one pair off.
fn in_quotes(session: &Session) -> bool {
    let cloud = session.cloud.as_ref();
    let more = cloud.map(|cloud| [&cloud.access, &cloud.refresh]);
    let mut all = more.into_iter().flatten().flatten().chain([&session.token]);
    all.any(|token| token.expose().starts_with('"'))
}
