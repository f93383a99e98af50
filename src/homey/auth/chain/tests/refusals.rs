// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said when the cloud or the hub says no.

use super::*;

#[test]
fn every_refusal_has_its_words_and_its_sort() {
    use Sort::{Away, Configuration, Credentials};
    let token = to_code("< 302 F\\nLocation: http://localhost?code=c0de") + EXCHANGE + "\n";
    let login = format!("{LOGIN}\n");
    let authorise = to_code("").trim_end().to_owned() + "\n";
    let delegation = format!(
        "{token}{TOKENS}\nkeep acc1 ref1\n> api GET /user/me\n{}\n> api POST /delegation/token?audience=homey {{}}\n",
        hubs()
    );
    let hub = format!(
        "{delegation}< 200 OK\\n\\n\"dele\"\nreach {HUB}\n> hub POST /api/manager/users/login {{\"token\":\"dele\"}}\n"
    );
    let session =
        format!("{hub}< 200 OK\\n\\n\"fresh\"\n> hub GET /api/manager/sessions/session/me\n");
    for (before, reply, words, sort) in [
        (
            &login,
            "401 No\\n\\n{}",
            "does not take this e-mail and password",
            Credentials,
        ),
        (
            &login,
            "401 No\\nContent-Type: text/html\\n\\n<html>",
            "does not take this e-mail and password",
            Credentials,
        ),
        (
            &login,
            "403 No\\nContent-Type: text/html\\n\\n<html>",
            "logging in to the account: the cloud answers 403: something else answers",
            Away,
        ),
        (&login, "408 No\\n\\n{}", "the cloud answers 408", Away),
        (
            &login,
            "401 No\\n\\n{\"error\":\"otp_required\"}",
            "the code of its second factor",
            Credentials,
        ),
        (
            &login,
            "429 No\\n\\nToo many requests",
            "wants fewer requests",
            Away,
        ),
        (
            &login,
            "404 No\\nContent-Type: text/html\\n\\n<html>Cannot POST",
            "something else answers",
            Away,
        ),
        (&login, "502 No\\n\\n<html>", "it is not well", Away),
        (&login, "200 OK\\n\\n<html>", "the reply has no token", Away),
        (
            &authorise,
            "400 No\\n\\n{\"error\":\"invalid_client\"}",
            "does not know this client (invalid_client)",
            Configuration,
        ),
        (
            &authorise,
            "302 F\\nLocation: http://localhost?error=access_denied",
            "says access_denied",
            Credentials,
        ),
        (
            &authorise,
            "302 F\\nLocation: /login",
            "a place without a code",
            Away,
        ),
        (
            &authorise,
            "401 No\\n\\n{\"message\":\"jwt\"}",
            "asking the account for a code: the cloud answers 401: \"jwt\"",
            Credentials,
        ),
        (
            &token,
            "400 No\\n\\n{\"error\":\"invalid_grant\"}",
            "good for 30 s and once",
            Credentials,
        ),
        (
            &token,
            "401 No\\n\\n{\"error\":\"invalid_client\"}",
            "does not know this client",
            Configuration,
        ),
        (
            &token,
            "403 No\\nContent-Type: text/html\\n\\n<html>",
            "exchanging the code for tokens: the cloud answers 403: something else answers",
            Away,
        ),
        (
            &token,
            "400 No\\n\\n<html>",
            "exchanging the code for tokens: the cloud answers 400: something else answers",
            Away,
        ),
        (
            &delegation,
            "403 No\\n\\n<html>",
            "asking for a token for the hub: the cloud answers 403: something else answers",
            Away,
        ),
        (
            &delegation,
            "401 No\\n\\n<html>",
            "asking for a token for the hub: the cloud answers 401: something else answers",
            Away,
        ),
        (
            &token,
            "200 OK\\n\\n{}",
            "the reply has no access token",
            Away,
        ),
        (
            &delegation,
            "403 No\\n\\n{\"error\":\"missing_scopes\"}",
            "lacks a scope",
            Credentials,
        ),
        (
            &delegation,
            "401 No\\n\\n{\"error\":\"other_thing\"}",
            "asking for a token for the hub: the cloud",
            Credentials,
        ),
        (&delegation, "200 OK\\n\\n{}", "the reply is no token", Away),
        (
            &hub,
            "401 No\\n\\n{}",
            "logging in to the hub: the hub answers 401 to what it has just been given",
            Away,
        ),
        (
            &session,
            "401 No\\n\\n{\"error\":\"session_expired\"}",
            "reading the hub session: the hub answers 401 to what it has just been given",
            Away,
        ),
        (&hub, "503 No\\n\\n", "offline or restarting", Away),
        (
            &hub,
            "200 OK\\n\\n\"a b\"",
            "the hub's reply is no token",
            Away,
        ),
    ] {
        play(password(""), None, &format!("{before}< {reply}\n! {words}"));
        // The same once more for the sort of it.
        let mut chain = Chain::new(client(), password(""), None, T0).unwrap();
        let mut result = Ok(());
        for line in format!("{before}< {reply}").lines() {
            match line.trim().split_once(' ') {
                Some(("<", reply)) => result = answer(&mut chain, T0, &reply.replace("\\n", "\n")),
                Some(("keep", _)) => chain.kept(),
                Some(("reach", id)) => chain.reached(id),
                _ => drop(chain.due(T0)),
            }
        }
        assert_eq!(result.expect_err(words).sort(), sort, "{words}");
    }
}
