// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a panel may log while a soak runs: a line that nobody can explain is a broken promise.

/// Parts of lines, and why they are there.
const KNOWN: &[(&str, &str)] = &[
    ("connected to the hub at", "everything was read"),
    ("the hub speaks V3", "the dialect was learned"),
    ("refused; nothing listens there", "the ports were closed"),
    ("no answer within", "a stall outlasted a deadline"),
    ("the connection broke", "a connection was reset"),
    (
        "Connection reset by peer",
        "a connection was reset before it stood",
    ),
    (
        "the other side closed the connection",
        "a connection was closed",
    ),
    ("reply from", "a head that is none"),
    ("body from", "a body that is none"),
    ("the hub answers 401", "the bearer was refused once"),
    ("the hub answers 403", "the licence or a scope was missing"),
    ("the hub answers 429", "too many requests"),
    ("the hub answers 500", "a driver failed"),
    ("the hub answers 502", "a relay's page"),
    ("the hub answers 503", "the hub starts"),
    ("the hub answers 504", "a relay's page"),
    ("the reply (200) is not the hub's", "a login page"),
    ("the hub lists no devices yet", "the hub starts"),
    (
        "TLS to",
        "a handshake was cut, or showed another certificate",
    ),
    ("is not JSON", "JSON that was cut"),
    ("ends in the middle of its JSON", "JSON that was cut"),
    ("another hub answers", "another hub's id"),
    ("stopped;", "the end"),
];

/// The lines that none of them explains.
pub fn unexplained(log: &[String]) -> Vec<String> {
    let known = |line: &String| KNOWN.iter().any(|(part, _)| line.contains(part));
    log.iter().filter(|line| !known(line)).cloned().collect()
}
