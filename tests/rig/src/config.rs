// SPDX-License-Identifier: MIT OR Apache-2.0
//! A configuration in the making: text only. It knows section heads, not what keys mean.

use std::path::Path;

use crate::Sim;

/// What will stand in the file.
#[derive(Clone, Debug)]
pub struct Config {
    hub: String,
    rest: String,
}

impl Config {
    /// The simulator over TLS, verified by its CA, its bearer in the file `key`, one line panel on stdio named `wall`,
    /// polled every 200 ms.
    pub fn of(sim: &Sim, key: &Path) -> Config {
        let config = Config {
            hub: String::new(),
            rest: "[[panel]]\nname = \"wall\"\nkind = \"line\"\nstdio = true\n".into(),
        };
        let (address, ca) = (sim.word("https_address"), sim.word("ca_file"));
        let key = key.display();
        config
            .hub(&format!(
                "address = \"{address}\"\napi_key_file = \"{key}\""
            ))
            .also(&format!("[trust]\nca_file = \"{ca}\""))
            .also("[poll]\ninterval_ms = 200\nidle_ms = 200")
    }

    /// What stands under `[hub]`.
    pub fn hub(mut self, lines: &str) -> Config {
        self.hub = lines.into();
        self
    }

    /// A further section. A section (not `[[...]]`) that is there already is replaced.
    pub fn also(mut self, section: &str) -> Config {
        let head = section.lines().next().unwrap_or_default();
        if !head.starts_with("[[") {
            if let Some(start) = self.rest.find(&format!("{head}\n")) {
                let end = self.rest[start + 1..]
                    .find("\n[")
                    .map_or(self.rest.len(), |end| start + 1 + end + 1);
                self.rest.replace_range(start..end, "");
            }
        }
        self.rest.push_str(section);
        self.rest.push('\n');
        self
    }

    /// A control: `gestures` as in the file.
    pub fn control(self, name: &str, gestures: &str) -> Config {
        self.also(&format!("[[control]]\nname = \"{name}\"\n{gestures}"))
    }

    /// A lamp for a capability of `Zone/Name`.
    pub fn lamp(self, name: &str, device: &str, capability: &str) -> Config {
        self.also(&format!(
            "[[output]]\nname = \"{name}\"\nshow = \"{device}\"\ncapability = \"{capability}\""
        ))
    }

    /// A button that toggles `device`, and its lamp, both called `name`.
    pub fn light(self, name: &str, device: &str) -> Config {
        self.control(name, &format!("press = {{ toggle = \"{device}\" }}"))
            .lamp(name, device, "onoff")
    }

    /// The file's text.
    pub fn text(&self) -> String {
        format!("[hub]\n{}\n{}", self.hub, self.rest)
    }
}
