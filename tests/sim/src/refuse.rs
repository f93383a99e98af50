// SPDX-License-Identifier: MIT OR Apache-2.0

//! Error replies (api.md 10, objects.md 12): a stable code, a text in the
//! household language with the code in brackets.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::args::Language;
use crate::state::Hub;

/// Code, status, texts in Dutch, English, German, French.
type Row = (&'static str, u16, [&'static str; 4]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("not_logged_in", 401, ["Je bent niet ingelogd", "You are not logged in", "Sie sind nicht angemeldet", "Vous n'êtes pas connecté"]),
    ("invalid_token", 401, ["Ongeldig token", "Invalid token", "Ungültiges Token", "Jeton non valide"]),
    ("session_expired", 401, ["Je sessie is verlopen", "Your session has expired", "Ihre Sitzung ist abgelaufen", "Votre session a expiré"]),
    ("not_found", 404, ["Niet gevonden", "Not found", "Nicht gefunden", "Introuvable"]),
    ("missing_api_method", 500, ["Ontbrekende API-methode", "Missing API method", "Fehlende API-Methode", "Méthode API manquante"]),
    // The typo is the real hub's.
    ("invalid_json", 400, ["Een unkown error has occured", "An unkown error has occured", "Ein unkown error has occured", "Une unkown error has occured"]),
    ("invalid_body", 400, ["data should NOT have additional properties", "data should NOT have additional properties", "data should NOT have additional properties", "data should NOT have additional properties"]),
    ("missing_value", 400, ["data should have required property 'value'", "data should have required property 'value'", "data should have required property 'value'", "data should have required property 'value'"]),
    ("capability_not_setable", 400, ["Deze eigenschap kan niet worden ingesteld", "This capability cannot be set", "Diese Eigenschaft ist nicht einstellbar", "Cette propriété n'est pas réglable"]),
    ("invalid_value_type", 400, ["Verkeerd type waarde", "Wrong type of value", "Falscher Werttyp", "Mauvais type de valeur"]),
    ("value_out_of_range", 400, ["Waarde buiten bereik", "Value out of range", "Wert außerhalb des Bereichs", "Valeur hors limites"]),
    ("invalid_enum_value", 400, ["Onbekende keuze", "Unknown choice", "Unbekannte Auswahl", "Choix inconnu"]),
    ("missing_homey_id", 400, ["Homey-ID ontbreekt", "Missing Homey ID", "Homey-ID fehlt", "Identifiant Homey manquant"]),
    ("invalid_homey_id", 404, ["Andere Homey", "Another Homey", "Anderes Homey", "Autre Homey"]),
    ("not_supported", 500, ["Niet ondersteund", "Not supported", "Nicht unterstützt", "Non pris en charge"]),
    ("flow_disabled", 400, ["Deze Flow is uitgeschakeld", "This Flow is disabled", "Dieser Flow ist deaktiviert", "Ce Flow est désactivé"]),
    ("flow_not_triggerable", 400, ["Deze Flow kan niet worden gestart", "This Flow cannot be started", "Dieser Flow kann nicht gestartet werden", "Ce Flow ne peut pas être démarré"]),
    ("flow_broken", 500, ["Deze Flow is kapot", "This Flow is broken", "Dieser Flow ist defekt", "Ce Flow est cassé"]),
];

impl Hub {
    /// The error reply for a code; codes not in the table become a plain 500.
    pub fn refuse(&self, code: &str) -> Response {
        // Three errors of the platform have no snake-case code (api.md 10).
        let plain = match code {
            "Missing Scopes" | "Invalid Session Type" => Some(403),
            _ => None,
        };
        if let Some(status) = plain {
            let body = json!({"code": status, "error": code, "error_description": code});
            return reply(status, &body.to_string());
        }
        let row = ROWS.iter().find(|r| r.0 == code);
        self.worded(row.map_or(500, |r| r.1), code)
    }

    /// The error reply for a code under a given status; a code that is not in
    /// the table is its own text.
    pub fn worded(&self, status: u16, code: &str) -> Response {
        let row = ROWS.iter().find(|r| r.0 == code);
        let language = match self.switches().language {
            Language::Nl => 0,
            Language::En => 1,
            Language::De => 2,
            Language::Fr => 3,
        };
        let text = row.map_or(code, |r| r.2[language]);
        let body = json!({
            "code": status, "error": code, "error_description": format!("{text} [{code}]"),
        });
        reply(status, &body.to_string())
    }

    /// The code for what this dialect does not have (api.md 10).
    pub fn unknown(&self) -> &'static str {
        match self.v2() {
            true => "missing_api_method",
            false => "not_found",
        }
    }

    /// A driver's failure: its free text, no stable code (api.md 10).
    pub fn driver_error(&self, text: &str) -> Response {
        let body = json!({"code": 500, "error": text, "error_description": text});
        reply(500, &body.to_string())
    }

    /// The licence refusal of ping and discovery (objects.md 12).
    pub fn licence_error(&self, text: &str) -> Response {
        reply(403, &json!({"error": text, "statusCode": 403}).to_string())
    }

    /// A route that does not exist: Express's HTML page outside the API, on V2
    /// a 500 inside it, on V3 a JSON 404 (api.md 10).
    pub fn no_route(&self, method: &str, path: &str) -> Response {
        if path.starts_with("/api/") {
            return self.refuse(self.unknown());
        }
        let path = path.replace('&', "&amp;").replace('<', "&lt;");
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <title>Error</title>\n</head>\n<body>\n<pre>Cannot {method} {path}</pre>\n\
             </body>\n</html>\n"
        );
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::NOT_FOUND, kind, html).into_response()
    }
}

/// A JSON reply of ready-made text.
pub fn reply(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, kind, body.to_owned()).into_response()
}
