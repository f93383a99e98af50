// SPDX-License-Identifier: MIT OR Apache-2.0
//! What README shows is what the program takes (T18).

use homey_panel::config::Config;
use homey_panel::hw::line::protocol;

const README: &str = include_str!("../README.md");

fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let rest = README.split(fence.as_str()).skip(1);
    rest.map(|block| block.split("```").next().unwrap_or_default())
        .collect()
}

#[test]
fn every_configuration_in_readme_passes_the_check() {
    let configurations = blocks("toml");
    assert!(!configurations.is_empty());
    for text in configurations {
        match Config::parse("README.md", text) {
            Ok(config) => assert_eq!(config.warnings, [], "{text}"),
            Err(problems) => panic!("{problems:#?} in\n{text}"),
        }
    }
}

#[test]
fn the_demo_configuration_passes_the_check_without_warnings() {
    let hub = "[hub]\naddress = \"127.0.0.1\"\napi_key_file = \"/k\"\n[[panel]]\nname = \"demo\"\nkind = \"terminal\"\n";
    let text = format!("{hub}{}", include_str!("../scripts/lib/demo.toml"));
    let config = Config::parse("demo.toml", &text).expect("the demo's bindings are good");
    assert_eq!(config.warnings, []);
}

#[test]
fn every_message_to_us_in_readme_is_understood() {
    let cells = README
        .lines()
        .filter(|l| l.starts_with("| `{\""))
        .filter_map(|l| l.split('|').nth(1));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let to_us: Vec<&str> = quoted
        .filter(|m| {
            [
                "press", "release", "tap", "hold", "turn", "hello", "refresh",
            ]
            .iter()
            .any(|v| m.starts_with(&format!("{{\"{v}\"")))
        })
        .collect();
    assert_eq!(to_us.len(), 7, "{to_us:?}");
    for message in to_us {
        assert!(protocol::parse(message.as_bytes()).is_ok(), "{message}");
    }
}
