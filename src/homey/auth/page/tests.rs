// SPDX-License-Identifier: MIT OR Apache-2.0

use super::*;

fn head(lines: &str) -> ResponseHead {
    let text = format!("HTTP/1.1 302 Found\r\n{lines}\r\n");
    ResponseHead::parse(text.as_bytes()).unwrap().unwrap().0
}

#[test]
fn the_hidden_input_is_found_by_name_in_any_spelling() {
    for (page, want) in [
        (
            r#"<input type="hidden" name="_csrf" value="AbCd-1_2">"#,
            Some("AbCd-1_2"),
        ),
        (
            r#"<form><INPUT value='x' NAME='other'/><input value=abc name=_csrf></form>"#,
            Some("abc"),
        ),
        (
            "<input\n\ttype=hidden\n\tname = \"_csrf\"\n\tvalue = 'a b'\n/>",
            Some("a b"),
        ),
        (
            r#"<input disabled name="_csrf" value="a&amp;b&#43;c&#x2F;d&quot;&nope;&">"#,
            Some("a&b+c/d\"&nope;&"),
        ),
        (r#"<!-- name="_csrf" --><p name="_csrf" value="no">"#, None),
        (r#"<input name="_csrf" value="">"#, None),
        (r#"<input name="_csrf">"#, None),
        (r#"<input name="_csrf" value="cut"#, None),
        (r#"<inputs name="_csrf" value="x">"#, None),
        (r#"<input name="_csrf2" value="x"> _csrf value="y""#, None),
        ("<input name", None),
        ("<", None),
        ("", None),
    ] {
        assert_eq!(hidden_input(page, "_csrf").as_deref(), want, "{page}");
    }
    let long = format!("<input name=_csrf value=\"{}\">", "a".repeat(MAX_VALUE + 1));
    assert_eq!(hidden_input(&long, "_csrf"), None);
}

#[test]
fn the_hubs_of_a_form_are_its_resources() {
    let page = r#"<input type=checkbox name=resource value="resource.homey.5f00aa11"><option value='resource.homey.5f00bb22'>
        <input value="resource.homey.5f00aa11"><input value="resource.homey."><input value="resource.homey.a/b"><input value="homey.x">"#;
    assert_eq!(resources(page), ["5f00aa11", "5f00bb22"]);
}

#[test]
fn a_cookie_is_found_by_name_wherever_it_stands() {
    let lines = "Set-Cookie: sid=1; Path=/\r\nset-cookie: _csrf=first; Path=/; HttpOnly\r\nSET-COOKIE: _csrf2=no\r\nSet-Cookie:  _csrf = a=b-%2F ; Secure\r\n";
    assert_eq!(cookie(&head(lines), "_csrf").as_deref(), Some("a=b-%2F"));
    assert_eq!(cookie(&head(lines), "sid").as_deref(), Some("1"));
    for line in [
        "X: _csrf=1\r\n",
        "Set-Cookie: _csrf\r\n",
        "Set-Cookie: _csrf=\r\n",
        "Set-Cookie: _csrf=a b\r\n",
        "Set-Cookie: x=_csrf=1\r\n",
        "Set-Cookie: _csrf=\u{e9}\r\n",
        "",
    ] {
        assert_eq!(cookie(&head(line), "_csrf"), None, "{line}");
    }
}

#[test]
fn the_code_comes_from_the_location_by_name_or_from_the_body() {
    let code =
        |lines: &str, body: &str| redirect_of(&head(lines), body).and_then(|found| found.code);
    for (lines, body, want) in [
        ("Location: http://localhost?code=0123\r\n", "", Some("0123")),
        (
            "LOCATION: http://localhost/?state=code%3D9&code=01%2023#x\r\n",
            "",
            Some("01 23"),
        ),
        ("location: app://x?xcode=1&code=2\r\n", "?code=3", Some("2")),
        (
            "Location: http://localhost?error=access_denied\r\n",
            "?code=3",
            None,
        ),
        (
            "",
            "Found. Redirecting to http://localhost?code=abc",
            Some("abc"),
        ),
        (
            "",
            "<a href=\"http://localhost?state=s&amp;code=abc&amp;x=1\">",
            Some("abc"),
        ),
        ("", "<a href='http://localhost/?code=abc'>", Some("abc")),
        ("", "your code=abc", None),
        ("", "?code=", None),
        ("", "", None),
    ] {
        assert_eq!(code(lines, body).as_deref(), want, "{lines} {body}");
    }
    let state = redirected("http://localhost:8484/callback?code=a&state=b");
    assert_eq!(
        (state.code.as_deref(), state.state.as_deref()),
        (Some("a"), Some("b"))
    );
    let bare = redirected(" code=a&state=b \n");
    assert_eq!(
        bare.code.as_deref(),
        Some("a"),
        "the query alone is taken too"
    );
    let denied = redirected("http://localhost?error=access_denied");
    assert_eq!(denied.error.as_deref(), Some("access_denied"));
}

/// Pages and lines put together at random from what means something: no input panics, and what is found has its bounds.
#[test]
fn random_pages_are_taken_without_complaint() {
    const PARTS: [&str; 32] = [
        "<input name=_csrf value=",
        "<input value=1 name=",
        "<input ",
        "<INPUT",
        "<",
        ">",
        "/>",
        "name",
        "value",
        "=",
        "\"",
        "'",
        "_csrf",
        " ",
        "\n",
        "&amp;",
        "&#",
        "&#x110000;",
        "&#0;",
        ";",
        "&",
        "?code=",
        "&code=",
        "%",
        "%4",
        "\u{e9}",
        "\u{1F511}",
        "resource.homey.",
        "5f00",
        "Location: ",
        "#",
        "a",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut found = 0;
    for _ in 0..20_000 {
        let mut page = String::new();
        for _ in 0..24 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            page.push_str(PARTS[(seed % 32) as usize]);
        }
        found += usize::from(hidden_input(&page, "_csrf").is_some());
        assert!(resources(&page).iter().all(|id| !id.is_empty()));
        redirected(&page);
        redirect_of(&head(""), &page);
    }
    assert!(found > 0, "a run that never finds anything proves little");
}
