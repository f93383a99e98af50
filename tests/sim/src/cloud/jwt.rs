// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tokens that look like the account's JWTs. The real delegation tokens are
//! signed with RS512, of which every hub has the public half; here everybody
//! who may check one holds the same text instead, and the signature is as long
//! as the real one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use super::USER;
use crate::clock::now_ms;
use crate::dice::Dice;

/// Bytes of a signature by an RSA key of 2048 bits.
const SIGNATURE: usize = 256;

fn coded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signature(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, key.as_bytes());
    let mut bytes = Vec::new();
    for n in 0..SIGNATURE / 64 {
        let mark = hmac::sign(&key, format!("{n}{text}").as_bytes());
        bytes.extend_from_slice(mark.as_ref());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The account's own, of the password login: nobody but the book checks it.
pub fn account(dice: &mut Dice) -> String {
    let claims = json!({"user": USER, "jti": dice.hex(24), "iat": now_ms() / 1000});
    let head = json!({"alg": "HS256", "typ": "JWT"});
    let text = format!("{}.{}", coded(&head), coded(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, dice.hex(32).as_bytes());
    let mark = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mark))
}

/// A delegation token that ends after `ttl_ms`.
pub fn delegation(key: &str, dice: &mut Dice, ttl_ms: i64) -> String {
    let (now, end) = (now_ms(), now_ms().saturating_add(ttl_ms));
    let claims = json!({
        "iss": "https://api.athom.com", "aud": "homey", "sub": USER, "jti": dice.hex(24),
        "iat": now.div_euclid(1000), "exp": end.div_euclid(1000),
        // The simulator's own, so that it ends to the millisecond.
        "exp_ms": end,
    });
    let head = json!({"alg": "RS512", "typ": "JWT"});
    let text = format!("{}.{}", coded(&head), coded(&claims));
    let mark = signature(key, &text);
    format!("{text}.{mark}")
}

/// The claims of a delegation token, or a reason of the cloud's `refuse`.
pub fn check(key: &str, token: &str) -> Result<Value, &'static str> {
    let (text, mark) = token.rsplit_once('.').ok_or("delegation_bad")?;
    let claims = text.split_once('.').map(|parts| parts.1);
    if signature(key, text) != mark {
        return Err("delegation_bad");
    }
    let claims = claims.and_then(|c| URL_SAFE_NO_PAD.decode(c).ok());
    let claims = claims.and_then(|c| serde_json::from_slice::<Value>(&c).ok());
    let claims = claims.ok_or("delegation_bad")?;
    match claims["exp_ms"].as_i64() {
        Some(end) if end > now_ms() => Ok(claims),
        _ => Err("delegation_expired"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_untouched_token_of_the_same_key_in_its_time_is_good() {
        let mut dice = Dice::new(1);
        let token = delegation("key", &mut dice, 60_000);
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts[0], "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9");
        // 256 bytes, as RS512 with 2048 bits has.
        assert_eq!((parts.len(), parts[2].len()), (3, 342));
        assert_eq!(
            check("key", &token).map(|c| c["aud"].clone()),
            Ok(json!("homey"))
        );
        let other = delegation("key", &mut dice, 60_000);
        let mixed = format!(
            "{}.{}",
            parts[..2].join("."),
            other.rsplit('.').next().unwrap_or("")
        );
        let late = delegation("key", &mut dice, -1);
        for (key, token, reason) in [
            ("other", token.as_str(), "delegation_bad"),
            ("key", mixed.as_str(), "delegation_bad"),
            ("key", &token[..token.len() - 1], "delegation_bad"),
            ("key", "", "delegation_bad"),
            ("key", "a.b.c", "delegation_bad"),
            ("key", late.as_str(), "delegation_expired"),
        ] {
            assert_eq!(check(key, token), Err(reason), "{key} {token}");
        }
    }
}
