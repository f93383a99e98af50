// SPDX-License-Identifier: MIT OR Apache-2.0
//! What lies in files beside the configuration: bearers and sessions. Their texts are never told, and what is written is read.

use homey_panel::homey::secret::Secret;
use homey_panel::homey::session::parse_session;

use super::input::assert_line;

pub fn run(bytes: &[u8]) {
    match parse_session(bytes) {
        Ok(session) => {
            let again = parse_session(session.emit().as_bytes());
            let cloud = session.cloud.as_ref();
            let tokens = cloud.map(|cloud| [&cloud.access, &cloud.refresh]);
            let mut tokens = tokens.into_iter().flatten().flatten();
            assert!(
                in_quotes(&session.token) || tokens.any(in_quotes) || again == Ok(session.clone())
            );
            assert_eq!(
                format!("{:?} {}", session.token, session.token),
                "<redacted> <redacted>"
            );
        }
        Err(error) => assert_line(&error.to_string()),
    }
    match Secret::parse(&String::from_utf8_lossy(bytes)) {
        Ok(secret) => {
            // Fit for a field line of a request, and the same when it is read from a file again.
            assert!(secret.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(!secret.expose().is_empty());
            if !in_quotes(&secret) {
                let line = format!("\u{feff} {}\r\n", secret.expose());
                assert_eq!(Secret::parse(&line).map(|again| again == secret), Ok(true));
            }
            secret.looks_like().complaint();
        }
        Err(error) => assert_line(&error.to_string()),
    }
}

/// Quotes inside of quotes, which no token has: each reading takes one pair off.
fn in_quotes(secret: &Secret) -> bool {
    let text = secret.expose();
    text.len() > 1 && text.starts_with('"') && text.ends_with('"')
}
