// SPDX-License-Identifier: MIT OR Apache-2.0

//! ManagerFlow's folders (objects.md 5.4).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Shared;
use super::body::{Fields, list_of, one_of, text};
use crate::home::feed::What;
use crate::home::{Folder, Home};
use crate::shape::flow as shape;
use crate::state::Hub;

fn items(hub: &Hub) -> Vec<(String, Value)> {
    let home = hub.home();
    let folders = home.folders.iter().enumerate();
    folders
        .map(|(n, f)| (f.id.clone(), shape::folder(f, n + 1, hub.v2())))
        .collect()
}

/// `GET /flowfolder`.
pub async fn list(State(hub): Shared) -> Response {
    list_of(&hub, items(&hub))
}

/// `GET /flowfolder/:id`.
pub async fn one(State(hub): Shared, Path(id): Path<String>) -> Response {
    one_of(&hub, items(&hub), &id)
}

/// The folder with the members of the body; a folder cannot lie in itself.
fn changed(home: &Home, folder: &Folder, fields: &Fields) -> Option<Folder> {
    let mut next = folder.clone();
    for (key, value) in &fields.0 {
        match (key.as_str(), value) {
            ("name", value) => next.name = text(value)?,
            ("parent", Value::Null) => next.parent = None,
            ("parent", Value::String(parent)) => {
                let mut above = Some(parent.clone());
                for _ in 0..=home.folders.len() {
                    let Some(id) = above.take() else { break };
                    let found = home.folders.iter().find(|f| f.id == id)?;
                    if found.id == folder.id {
                        return None;
                    }
                    above.clone_from(&found.parent);
                }
                next.parent = Some(parent.clone());
            }
            _ => return None,
        }
    }
    Some(next)
}

/// `POST /flowfolder` with a name, perhaps in another.
pub async fn create(State(hub): Shared, fields: Fields) -> Response {
    let id = hub.dice().uuid();
    {
        let mut home = hub.home();
        let fresh = Folder {
            id: id.clone(),
            name: String::new(),
            parent: None,
        };
        match changed(&home, &fresh, &fields).filter(|f| !f.name.is_empty()) {
            Some(folder) => home.folders.push(folder),
            None => return hub.refuse("invalid_body"),
        }
        home.feed.item("flow", "flowfolder", What::Created, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `PUT /flowfolder/:id`.
pub async fn update(State(hub): Shared, Path(id): Path<String>, fields: Fields) -> Response {
    {
        let mut home = hub.home();
        let Some(at) = home.folders.iter().position(|f| f.id == id) else {
            return hub.refuse("not_found");
        };
        match changed(&home, &home.folders[at], &fields) {
            Some(folder) => home.folders[at] = folder,
            None => return hub.refuse("invalid_body"),
        }
        home.feed.item("flow", "flowfolder", What::Updated, &id);
    }
    one_of(&hub, items(&hub), &id)
}

/// `DELETE /flowfolder/:id`: one with flows or folders in it is refused.
pub async fn delete(State(hub): Shared, Path(id): Path<String>) -> Response {
    let mut home = hub.home();
    let Some(at) = home.folders.iter().position(|f| f.id == id) else {
        return hub.refuse("not_found");
    };
    let flows = home.flows.iter().any(|f| f.folder.as_ref() == Some(&id));
    let folders = home.folders.iter().any(|f| f.parent.as_ref() == Some(&id));
    if flows || folders {
        return hub.refuse("cannot_delete_has_flows");
    }
    home.folders.remove(at);
    home.feed.item("flow", "flowfolder", What::Deleted, &id);
    StatusCode::NO_CONTENT.into_response()
}
