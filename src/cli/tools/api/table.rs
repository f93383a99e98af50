// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of all operations, as `operations.txt` has it and build.rs packs it.
//!
//! One manager a line, its operations after it, words apart by one blank:
//!
//! ```text
//! = l2c logic                       a manager: the hubs that have it, and its segment of the path
//! l2c updateVariable PUT /variable/:id =name?:str =value?:str/num/bool @logic
//! │   │              │   │             │                               └ scopes, without homey., apart by commas
//! │   │              │   └ after /api/manager/SEGMENT; `:id` is a parameter
//! │   └ its name     │                 └ parameters; `?` after the name: optional
//! └ the hubs that have it so: l Homey Pro 2023 and later, 2 Homey Pro 2016-2019, c Homey Cloud
//! ```
//!
//! A parameter begins with where it goes: `?` query, `+` a member of the body, `=` a member of the body of an item, which
//! is the same on the wire, `*` the whole body. Its types are str, num, bool, obj, arr and any, with `/` between alternatives;
//! `obj{a:str,b?:arr}` says the members. A `!` word marks what Athom keeps to itself. An operation that differs between hubs
//! has a line for each form.

use flate2::{Decompress, FlushDecompress};

use crate::failure::Failure;

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/operations.deflate"));

const LEN: usize = match usize::from_str_radix(env!("OPERATIONS_LEN"), 10) {
    Ok(len) => len,
    Err(_) => 0,
};

/// A kind of hub, as the table tells them apart.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    Local,
    V2,
    Cloud,
}

impl Kind {
    /// Its word on the command line.
    pub const WORDS: [(&'static str, Kind); 3] = [
        ("local", Kind::Local),
        ("v2", Kind::V2),
        ("cloud", Kind::Cloud),
    ];

    fn letter(self) -> char {
        match self {
            Kind::Local => 'l',
            Kind::V2 => '2',
            Kind::Cloud => 'c',
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Local => "2023 and later",
            Kind::V2 => "2016-2019",
            Kind::Cloud => "Homey Cloud",
        }
    }
}

/// One form of one operation.
#[derive(Copy, Clone, Debug)]
pub struct Operation {
    hubs: &'static str,
    pub manager: &'static str,
    pub name: &'static str,
    pub method: &'static str,
    /// After the manager's segment; begins with `/`.
    pub path: &'static str,
    parameters: &'static str,
    /// Without `homey.`; empty where none is needed, or where no key can have one.
    pub scope: &'static str,
    pub private: bool,
}

/// Where a parameter goes.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Place {
    Path,
    Query,
    /// A member of the body.
    Member,
    /// It is the body.
    Whole,
}

/// One parameter of an operation, or one member of such a parameter.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub place: Place,
    pub name: &'static str,
    pub optional: bool,
    /// `str`, `num`, `bool`, `obj`, `arr`, `any`; several with `/` between them; `obj{…}` with members.
    pub kind: &'static str,
}

/// All lines.
#[derive(Copy, Clone)]
pub struct Table(&'static str);

impl Table {
    /// Unpacks the table; it stays until the program ends, so that names of scopes and methods live as long as calls need them.
    pub fn load() -> Result<Table, Failure> {
        let mut text = Vec::with_capacity(LEN);
        let mut inflate = Decompress::new(false);
        let done = inflate.decompress_vec(PACKED, &mut text, FlushDecompress::Finish);
        let text = String::from_utf8(text).ok();
        match (done, text) {
            (Ok(flate2::Status::StreamEnd), Some(text)) => Ok(Table(text.leak())),
            _ => Err(Failure::config(
                "api: the table in this program is damaged; install it again",
            )),
        }
    }

    /// All forms of all operations, manager by manager.
    pub fn operations(self) -> impl Iterator<Item = Operation> {
        let mut manager = "";
        self.0.lines().filter_map(move |line| {
            let (hubs, rest) = line.split_once(' ')?;
            if hubs == "=" {
                manager = rest.split_once(' ')?.1;
                return None;
            }
            operation(hubs, manager, rest)
        })
    }

    /// All managers, those without operations too.
    pub fn managers(self) -> impl Iterator<Item = &'static str> {
        let heads = self.0.lines().filter_map(|line| line.strip_prefix("= "));
        heads.filter_map(|head| Some(head.split_once(' ')?.1))
    }
}

fn operation(hubs: &'static str, manager: &'static str, rest: &'static str) -> Option<Operation> {
    let mut words = rest.splitn(4, ' ');
    let (name, method, path) = (words.next()?, words.next()?, words.next()?);
    let parameters = words.next().unwrap_or_default();
    let (parameters, scope) = match parameters.rfind('@') {
        Some(at) => parameters.split_at(at),
        None => (parameters, ""),
    };
    Some(Operation {
        hubs,
        manager,
        name,
        method,
        path,
        parameters,
        scope: scope.get(1..).unwrap_or_default(),
        private: parameters.split(' ').any(|word| word == "!"),
    })
}

impl Operation {
    /// Whether hubs of this kind have this form.
    pub fn is_on(&self, kind: Kind) -> bool {
        self.hubs.contains(kind.letter())
    }

    /// The hubs that have this form, for people.
    pub fn hubs(&self) -> String {
        let on = Kind::WORDS.iter().filter(|(_, kind)| self.is_on(*kind));
        let names: Vec<&str> = on.map(|(_, kind)| kind.name()).collect();
        if names.len() == Kind::WORDS.len() {
            return "all".into();
        }
        names.join(", ")
    }

    /// The scopes as keys have them; empty where there is none.
    pub fn scopes(&self) -> String {
        let scopes = self.scope.split(',').filter(|scope| !scope.is_empty());
        let full: Vec<String> = scopes.map(|scope| format!("homey.{scope}")).collect();
        full.join(", ")
    }

    /// Its parameters: those of the path first.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter> {
        let of_path = self.path.split('/').filter_map(|part| {
            Some(Parameter {
                place: Place::Path,
                name: part.strip_prefix(':')?,
                optional: false,
                kind: "str",
            })
        });
        of_path.chain(self.parameters.split(' ').filter_map(|word| {
            let place = match word.as_bytes().first()? {
                b'?' => Place::Query,
                b'*' => Place::Whole,
                b'+' | b'=' => Place::Member,
                _ => return None,
            };
            parameter(place, word.get(1..)?)
        }))
    }

    /// The parameters as the list shows them.
    pub fn shown(&self) -> String {
        let one = |p: Parameter| {
            let mark = match p.place {
                Place::Path => ":",
                Place::Query => "?",
                Place::Member | Place::Whole => "",
            };
            let optional = if p.optional { "?" } else { "" };
            format!("{mark}{}{optional}:{}", p.name, p.kind.replace('/', "|"))
        };
        let all: Vec<String> = self.parameters().map(one).collect();
        all.join(" ")
    }

    /// Whether it takes something away that a second thought may want back: every DELETE, and what by its name deletes,
    /// resets, switches off, flashes, restarts or reboots, installs other software, runs commands below the API, or gives the
    /// hub away.
    pub fn destroys(&self) -> bool {
        const NAMES: [&str; 19] = [
            "apidisable",
            "apireset",
            "delete",
            "disable",
            "erase",
            "execute",
            "flash",
            "grant",
            "install",
            "reboot",
            "reset",
            "restart",
            "revoke",
            "run",
            "setactivedataset",
            "swap",
            "uninstall",
            "unset",
            "updateregion",
        ];
        // These run what the household made or a card of an app, as pressing a button does.
        const HARMLESS: [&str; 4] = [
            "runFlowCardAction",
            "runFlowCardCondition",
            "runGC",
            "disableDummyEnergyReports",
        ];
        let name = self.name.to_ascii_lowercase();
        self.method == "DELETE"
            || NAMES.iter().any(|start| name.starts_with(start)) && !HARMLESS.contains(&self.name)
    }

    /// The login calls and the ping are for those who have no bearer yet (`operations.md` 2 rule 4).
    pub fn needs_bearer(&self) -> bool {
        !matches!(self.name, "login" | "loginLocal" | "ping")
    }
}

/// `name?:kind`
fn parameter(place: Place, word: &'static str) -> Option<Parameter> {
    let (name, kind) = word.split_once(':')?;
    Some(Parameter {
        place,
        name: name.trim_end_matches('?'),
        optional: name.ends_with('?'),
        kind,
    })
}

/// The members that `obj{…}` names; `None` where it names none.
pub fn members(kind: &'static str) -> Option<impl Iterator<Item = Parameter>> {
    let list = kind.strip_prefix("obj{")?.strip_suffix('}')?;
    Some(
        list.split(',')
            .filter_map(|word| parameter(Place::Member, word)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Operation> {
        Table::load().unwrap().operations().collect()
    }

    #[test]
    fn every_hub_has_its_managers_and_operations() {
        let table = Table::load().unwrap();
        for (kind, managers, operations) in [
            (Kind::Local, 50, 352),
            (Kind::V2, 38, 259),
            (Kind::Cloud, 41, 260),
        ] {
            let heads = table.0.lines().filter(|l| l.starts_with("= "));
            let on = |l: &&str| l.split(' ').nth(1).unwrap().contains(kind.letter());
            assert_eq!(heads.filter(on).count(), managers, "{kind:?}");
            let mut names: Vec<(&str, &str)> = all()
                .iter()
                .filter(|o| o.is_on(kind))
                .map(|o| (o.manager, o.name))
                .collect();
            assert_eq!(names.len(), operations, "{kind:?}");
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), operations, "{kind:?} twice");
        }
    }

    #[test]
    fn every_word_of_the_table_is_understood() {
        for o in all() {
            assert!(
                ["GET", "PUT", "POST", "DELETE"].contains(&o.method),
                "{o:?}"
            );
            assert!(o.path.starts_with('/'), "{o:?}");
            let words = o
                .parameters
                .split(' ')
                .filter(|w| !w.is_empty() && *w != "!");
            let of_path = o.path.matches(':').count();
            assert_eq!(o.parameters().count(), words.count() + of_path, "{o:?}");
            for p in o.parameters() {
                let base = p.kind.split('{').next().unwrap();
                for kind in base.split('/') {
                    let known = ["str", "num", "bool", "obj", "arr", "any"];
                    assert!(known.contains(&kind), "{o:?} {kind}");
                }
                let body = matches!(p.place, Place::Member | Place::Whole);
                assert!(!body || matches!(o.method, "PUT" | "POST"), "{o:?}");
            }
        }
    }

    #[test]
    fn rows_are_those_of_the_sheet() {
        for (manager, name, kind, want) in [
            (
                "alarms",
                "getAlarms",
                Kind::Local,
                "GET /alarm  @alarm.readonly",
            ),
            (
                "devices",
                "setCapabilityValue",
                Kind::V2,
                "PUT /device/:deviceId/capability/:capabilityId :deviceId:str :capabilityId:str value:str|num|bool opts?:obj transactionId?:str @device.control",
            ),
            (
                "dashboards",
                "getAppWidgetAutocomplete",
                Kind::Cloud,
                "GET /appwidget/:id/autocomplete :id:str ?settingId:str ?query:str ?settings?:obj @dashboard.readonly",
            ),
            (
                "energy",
                "resetReportDayCategories",
                Kind::Local,
                "PUT /report/day/reset/categories options:obj{date?:str,categories?:arr,deviceIds?:arr} @energy",
            ),
            (
                "apps",
                "uninstallApp",
                Kind::Local,
                "DELETE /app/:id :id:str @app",
            ),
            (
                "apps",
                "uninstallApp",
                Kind::V2,
                "DELETE /app/:id :id:str ?purgeSettings?:str @app",
            ),
            (
                "arp",
                "getState",
                Kind::Local,
                "GET /state  @system.readonly",
            ),
            (
                "i18n",
                "setOptionLanguage",
                Kind::Local,
                "PUT /option/language value:any @system",
            ),
            (
                "backup",
                "getOptionLastSuccessfulBackup",
                Kind::V2,
                "GET /option/lastSuccessfulBackup  @system",
            ),
            (
                "rf",
                "emulate",
                Kind::Local,
                "POST /:frequency/emulate :frequency:str data:arr @system",
            ),
            ("users", "login", Kind::V2, "POST /login token:str @"),
            (
                "mobile",
                "getSummary",
                Kind::V2,
                "GET /summary  @device.readonly,flow.readonly,user.readonly",
            ),
            ("system", "delete", Kind::Cloud, "POST /delete  @system"),
        ] {
            let found: Vec<Operation> = all()
                .into_iter()
                .filter(|o| (o.manager, o.name) == (manager, name) && o.is_on(kind))
                .collect();
            let [o] = found[..] else {
                panic!("{manager} {name}: {found:?}");
            };
            let row = format!("{} {} {} @{}", o.method, o.path, o.shown(), o.scope);
            assert_eq!(row, want);
        }
        let of = |name: &str| all().into_iter().find(|o| o.name == name);
        assert!(of("eraseNV").unwrap().private && !of("getAlarms").unwrap().private);
        assert!(of("getCapabilityValue").is_some_and(|o| !o.is_on(Kind::V2)));
    }

    #[test]
    fn what_destroys_is_known_by_name() {
        let mut asks: Vec<String> = all()
            .iter()
            .filter(|o| o.destroys() && o.method != "DELETE")
            .map(|o| format!("{}.{}", o.manager, o.name))
            .collect();
        asks.sort();
        asks.dedup();
        assert_eq!(asks, DESTROY);
    }

    const DESTROY: &[&str] = &[
        "apps.disableApp",
        "apps.installFromAppStore",
        "apps.restartApp",
        "ble.runCommand",
        "devkit.installApp",
        "devkit.runApp",
        "energy.resetReportDayCategories",
        "energydongle.installFirmwareUpdate",
        "energydongle.reboot",
        "energydongle.restartSettingsDiscovery",
        "experiments.disableExperiment",
        "matter.deleteFabric",
        "matter.installNodeAvailableFirmwareUpdate",
        "speech-output.installVoice",
        "system.delete",
        "system.disableWifi",
        "system.reboot",
        "system.rebootOTA",
        "system.rebootRecovery",
        "thread.apiDisable",
        "thread.apiReset",
        "thread.executeCommand",
        "thread.setActiveDataset",
        "updates.installUpdate",
        "updates.runHotfixJavaScript",
        "updates.runHotfixSQL",
        "updates.runHotfixShell",
        "users.grantInstallerAccess",
        "users.revokeInstallerAccess",
        "users.swapOwner",
        "users.swapOwnerInstaller",
        "zigbee.eraseNV",
        "zigbee.flashFirmware",
        "zigbee.runCommand",
        "zwave.runCommand",
        "zwave.updateRegion",
    ];
}
