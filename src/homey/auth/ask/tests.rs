// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;

const HUB: &str = "5f00aa11bb22cc33dd44ff66";
const QUERY: &str =
    "client_id=aaaa&redirect_uri=http%3A%2F%2Flocalhost&response_type=code&user_token=jwt";

fn secret(text: &str) -> Secret {
    Secret::parse(text).unwrap()
}

#[test]
fn every_line_of_every_call_is_the_forums() {
    let lines = |ask: &Ask| {
        let bytes = ask
            .bytes(&Profile::forum(), "accounts.example:8443", "anyname")
            .unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let client = Client {
        id: "aaaa".into(),
        secret: secret("s&s"),
        redirect: "http://localhost".into(),
    };
    let common = "Host: accounts.example:8443\r\nAccept: application/json\r\nAccept-Language: en-us\r\nConnection: keep-alive\r\n\
                  Accept-Encoding: br, gzip, deflate\r\nOrigin: anyname://authorize\r\nReferer: anyname://authorize\r\nUser-Agent: Anyname/1.0\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let jwt = secret("jwt");
    let pass = Password::parse("p").unwrap();
    let hubs = [HUB.to_owned()];
    for (ask, first, rest) in [
        (Ask::login("e", &pass, ""), "POST /login", format!("{form}Content-Length: 28\r\n\r\nemail=e&password=p&otptoken=")),
        (Ask::authorise(&client, &jwt), &*format!("GET /oauth2/authorise?{QUERY}"), "\r\n".into()),
        (
            Ask::consent(&client, &jwt, &hubs, "f", "c"),
            &*format!("POST /authorise?{QUERY}"),
            format!("{form}Content-Length: 68\r\nCookie: _csrf=c\r\n\r\nresource=resource.homey.{HUB}&_csrf=f&allow=Allow"),
        ),
        (
            Ask::exchange(&client, &secret("c")),
            "POST /oauth2/token",
            format!("{form}Content-Length: 71\r\n\r\nclient_id=aaaa&client_secret=s%26s&grant_type=authorization_code&code=c"),
        ),
        (Ask::hubs(&jwt), "GET /user/me", "Authorization: Bearer jwt\r\n\r\n".into()),
        (
            Ask::delegation(&jwt),
            "POST /delegation/token?audience=homey",
            "Authorization: Bearer jwt\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".into(),
        ),
        (
            Ask::hub_login(HUB, &jwt),
            "POST /api/manager/users/login",
            format!("X-Homey-ID: {HUB}\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{{\"token\":\"jwt\"}}"),
        ),
        (
            Ask::session(HUB, &jwt),
            "GET /api/manager/sessions/session/me",
            format!("Authorization: Bearer jwt\r\nX-Homey-ID: {HUB}\r\n\r\n"),
        ),
    ] {
        assert_eq!(lines(&ask), format!("{first} HTTP/1.1\r\n{common}{rest}"));
    }
}

#[test]
fn the_consent_page_gets_everything_encoded() {
    assert_eq!(
        consent_url(
            "https://api.athom.com",
            "aa",
            "http://localhost:8484/callback",
            "s+t"
        ),
        "https://api.athom.com/oauth2/authorise?client_id=aa&redirect_uri=http%3A%2F%2Flocalhost%3A8484%2Fcallback&response_type=code&state=s%2Bt"
    );
}
