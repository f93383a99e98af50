// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the words that were typed to the parameters of one form of an operation.

use serde_json::Value;

use crate::cli::Common;
use crate::cli::desk::Desk;
use crate::failure::{Exit, Failure};

use super::args::{Args, data, hint};
use super::table::{Kind, Operation, Parameter, Place};
use super::{send, values};

/// Parameters that hold a secret; they do not belong on a command line, which everybody on the machine can read.
const SECRETS: [&str; 6] = [
    "inviteToken",
    "jwt",
    "password",
    "secret",
    "tlvHex",
    "token",
];

/// Operations of whose parameters every one is a secret, whatever it is called.
const SECRET_OPERATIONS: [&str; 1] = ["setOptionPinCode"];

fn is_secret(form: &Operation, p: &Parameter) -> bool {
    SECRETS.contains(&p.name) || SECRET_OPERATIONS.contains(&form.name)
}

/// Checks everything that can be checked here, then asks the hub.
pub fn call(args: &Args, common: &mut Common, forms: &[Operation]) -> Result<(), Failure> {
    let [first, ..] = forms else {
        return Ok(());
    };
    let takes = |name: &str| forms.iter().any(|f| f.parameters().any(|p| is(&p, name)));
    for (_, file) in args
        .named
        .iter()
        .filter(|(name, _)| name == "config" && !takes(name))
    {
        common.config = Some(file.into());
    }
    let (form, mut desk) = match (forms, args.hub) {
        (_, Some(kind)) => (form_on(forms, kind)?, None),
        ([only], None) => (only, None),
        _ => {
            let mut desk = Desk::open(common)?;
            let kind = send::kind_of(&mut desk)?;
            (form_on(forms, kind)?, Some(desk))
        }
    };
    let wrong = |why: String| {
        Failure::usage_plain(format!(
            "api: {why}; homey-panel api {} {} --help shows what it takes",
            first.manager, first.name
        ))
    };
    let parameters: Vec<Parameter> = form.parameters().collect();
    let (given, whole) = sort_out(args, form, &parameters).map_err(wrong)?;
    require(&parameters, &given, whole.is_some()).map_err(wrong)?;
    if let Some(whole) = &whole {
        check_whole(form, &parameters, whole).map_err(|why| wrong(format!("--data: {why}")))?;
    }
    let filled = values::fill(form, &given, whole.as_ref()).map_err(wrong)?;
    if form.destroys() && !args.yes {
        return Err(Failure::usage_plain(format!(
            "api: {} {} may take away what nobody can bring back; --yes does it",
            form.manager, form.name
        )));
    }
    let desk = match &mut desk {
        Some(desk) => desk,
        none => none.insert(Desk::open(common)?),
    };
    send::send(desk, form, &filled)
}

fn form_on(forms: &[Operation], kind: Kind) -> Result<&Operation, Failure> {
    forms.iter().find(|form| form.is_on(kind)).ok_or_else(|| {
        let [first, ..] = forms else {
            return Failure::usage("api: no operation");
        };
        let hubs: Vec<String> = forms.iter().map(Operation::hubs).collect();
        Failure::new(
            Exit::Failed,
            format!(
                "api: this hub ({}) has no {} {}; hubs that have it: {}",
                kind.name(),
                first.manager,
                first.name,
                hubs.join(", ")
            ),
        )
    })
}

/// Whether this parameter is meant: by its name, with or without capitals and dashes.
fn is(p: &Parameter, word: &str) -> bool {
    let bare = |text: &str| -> String {
        let kept = text.chars().filter(|c| !matches!(c, '-' | '_'));
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    p.name == word || bare(p.name) == bare(word)
}

type Given = (Vec<(Parameter, Value)>, Option<Value>);

/// Each word to its parameter, with its type; the whole body, where one was given.
fn sort_out(args: &Args, form: &Operation, all: &[Parameter]) -> Result<Given, String> {
    let mut given: Vec<(Parameter, Value)> = Vec::new();
    let mut whole = None;
    let mut put = |p: &Parameter, value: Value| {
        if given.iter().any(|(other, _)| other == p) {
            return Err(format!("{} is given twice", p.name));
        }
        given.push((*p, value));
        Ok(())
    };
    let mut of_path = all.iter().filter(|p| p.place == Place::Path);
    for word in args.words.iter().skip(2) {
        let p = of_path
            .next()
            .ok_or_else(|| format!("{word:?} is one word too many"))?;
        put(p, word.as_str().into())?;
    }
    let known = |name: &str| {
        let find = |p: &&Parameter| is(p, name);
        all.iter().find(find).ok_or_else(|| {
            let hint = hint(name, all.iter().map(|p| p.name));
            format!("{} {} takes no --{name}{hint}", form.manager, form.name)
        })
    };
    let has_secret = all.iter().any(|p| is_secret(form, p));
    let secret = || {
        "a secret must not stand on the command line: give the body with --data @FILE or --data -"
            .to_owned()
    };
    for (name, text) in &args.named {
        let p = match known(name) {
            Ok(p) => p,
            Err(_) if name == "config" => continue,
            Err(_) if name == "data" => {
                if !matches!(form.method, "POST" | "PUT") {
                    return Err(format!("a {} has no body", form.method));
                }
                if has_secret && text != "-" && !text.starts_with('@') {
                    return Err(secret());
                }
                let text = data(text).map_err(|f| f.message)?;
                // The error would quote nothing, but the place helps.
                let body = serde_json::from_str(&text);
                whole = Some(body.map_err(|e| format!("--data: no JSON: {e}"))?);
                continue;
            }
            Err(why) => return Err(why),
        };
        if is_secret(form, p) {
            return Err(secret());
        }
        let value = values::typed(p.kind, text).map_err(|why| format!("--{}: {why}", p.name))?;
        values::check(p, &value)?;
        put(p, value)?;
    }
    for (name, text) in &args.members {
        let p = known(name)?;
        if p.place == Place::Path {
            return Err(format!(
                "--json {name}: it is part of the path; give --{name}"
            ));
        }
        if is_secret(form, p) {
            return Err(secret());
        }
        let value = serde_json::from_str(text)
            .map_err(|e| format!("--json {name}: no JSON: {e}; a text stands in quotes"))?;
        values::check(p, &value)?;
        put(p, value)?;
    }
    let in_body = |(p, _): &(Parameter, Value)| matches!(p.place, Place::Member | Place::Whole);
    if whole.is_some() && given.iter().any(in_body) {
        return Err("--data is the whole body: it goes with no other member".into());
    }
    Ok((given, whole))
}

fn require(all: &[Parameter], given: &[(Parameter, Value)], whole: bool) -> Result<(), String> {
    let missing = all.iter().find(|p| {
        let in_body = matches!(p.place, Place::Member | Place::Whole);
        let there = whole && in_body || given.iter().any(|(other, _)| other == *p);
        !(p.optional || there)
    });
    match missing {
        Some(p) => Err(format!("--{} is missing", p.name)),
        None => Ok(()),
    }
}

fn check_whole(form: &Operation, all: &[Parameter], whole: &Value) -> Result<(), String> {
    if let Some(p) = all.iter().find(|p| p.place == Place::Whole) {
        return values::check(p, whole);
    }
    let members: Vec<Parameter> = all
        .iter()
        .filter(|p| p.place == Place::Member)
        .copied()
        .collect();
    match whole {
        // V2 takes a state along when it starts a flow, which its table does not say (`operations.md` 3).
        _ if members.is_empty() => Ok(()),
        Value::Object(given) => values::check_members(&members, given),
        _ => Err(format!("the body of {} is a JSON object", form.name)),
    }
}
