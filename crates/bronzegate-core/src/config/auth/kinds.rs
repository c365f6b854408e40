//! `auth`: how requests are authenticated. No value here is ever echoed in a message.
//!
//! ```yaml
//! auth: { type: bearer, token: { secret: hubspot-token } }
//! auth: { type: basic, username: { secret: freshdesk, field: key } }
//! auth: { type: api_key, in: header, name: Authorization, value: { secret: okta }, prefix: "SSWS " }
//! auth: { type: headers, headers: { DD-API-KEY: { secret: dd-api }, DD-APPLICATION-KEY: { secret: dd-app } } }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::address::header_name;
use super::base_url::{self, Query};
use super::problem::{At, Draft, Report};
use super::read::{Entries, Slot};
use super::secret_ref::{SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, text_or_secret};

/// How requests are authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer <token>` (RFC 6750).
    Bearer {
        /// The token.
        token: SecretRef,
    },
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// The user, or the key of APIs that take it as the user.
        username: TextOrSecret,
        /// The password; empty without it.
        password: Option<SecretRef>,
    },
    /// One key in a header or a query parameter.
    ApiKey {
        /// Where the key goes.
        place: ApiKeyPlace,
        /// The key.
        value: SecretRef,
        /// Text before the key, its space included: `"SSWS "`.
        prefix: Option<String>,
    },
    /// Several headers at once, names in lower case.
    Headers {
        /// Name and value of each.
        headers: Vec<(String, TextOrSecret)>,
    },
    /// A token fetched with the client's own credentials (RFC 6749 section 4.4).
    OAuth2ClientCredentials {
        /// The token endpoint.
        token_url: Url,
        /// The client's id.
        client_id: TextOrSecret,
        /// The client's secret.
        client_secret: SecretRef,
        /// The scopes asked for.
        scopes: Vec<String>,
        /// The audience asked for.
        audience: Option<String>,
        /// Further parameters of the token request.
        params: Vec<(String, String)>,
        /// Where the client's credentials go.
        client_auth: ClientAuth,
    },
}

/// Where an API key goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiKeyPlace {
    /// A header, in lower case.
    Header(String),
    /// A query parameter.
    Query(String),
}

/// Where the client's credentials go in a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// As `client_id` and `client_secret` of the form.
    #[default]
    Body,
    /// As HTTP Basic.
    Basic,
}

/// How requests are authenticated; secrets are named, never written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Auth", tag = "type")]
#[expect(clippy::large_enum_variant, reason = "a file holds a few, read once")]
pub(super) enum AuthSpec {
    /// No authentication.
    None {},
    /// A bearer token.
    Bearer {
        /// The token's secret.
        token: Slot<SecretSpec>,
    },
    /// User and password.
    Basic {
        /// The user, or the key of APIs that take it as the user.
        username: Slot<TextOrSecretSpec>,
        /// The password's secret; without it the password is empty.
        password: Option<Slot<SecretSpec>>,
    },
    /// One key in a header or query parameter.
    ApiKey {
        /// Where the key goes.
        r#in: Slot<In>,
        /// The name of the header or parameter.
        name: Slot<String>,
        /// The key's secret.
        value: Slot<SecretSpec>,
        /// Text before the key; it brings its own space.
        prefix: Option<Slot<String>>,
    },
    /// Several headers at once.
    Headers {
        /// Each header's value: text, or a secret.
        headers: Slot<Entries<TextOrSecretSpec>>,
    },
    /// A token fetched with the client's own credentials.
    #[serde(rename = "oauth2_client_credentials")]
    OAuth2ClientCredentials {
        /// The token endpoint; it receives the client's credentials only.
        token_url: Slot<String>,
        /// The client's id.
        client_id: Slot<TextOrSecretSpec>,
        /// The client's secret.
        client_secret: Slot<SecretSpec>,
        /// The scopes asked for.
        scopes: Option<Slot<Vec<Slot<String>>>>,
        /// The audience asked for.
        audience: Option<Slot<String>>,
        /// Further parameters of the token request.
        params: Option<Slot<Entries<String>>>,
        /// Where the client's credentials go; default body.
        client_auth: Option<Slot<ClientAuth>>,
    },
}

/// Where a key goes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum In {
    Header,
    Query,
}

impl AuthSpec {
    pub(super) fn resolve(&self, at: &At, allow_http: bool, report: &Report) -> Option<Auth> {
        match self {
            Self::None {} => Some(Auth::None),
            Self::Bearer { token } => Some(Auth::Bearer { token: secret(token)? }),
            Self::Basic { username, password } => Some(Auth::Basic {
                username: text_or_secret(username.get()?)?,
                password: match password {
                    Some(password) => Some(secret(password)?),
                    None => None,
                },
            }),
            Self::ApiKey { r#in, name, value, prefix } => {
                let place = key_place(r#in, name, report);
                let prefix = prefix.as_ref().and_then(|slot| header_text(slot, report));
                Some(Auth::ApiKey { place: place?, value: secret(value)?, prefix })
            }
            Self::Headers { headers } => self::headers(headers.get()?, at, report),
            Self::OAuth2ClientCredentials {
                token_url,
                client_id,
                client_secret,
                scopes,
                audience,
                params,
                client_auth,
            } => {
                let url = token_url.get()?;
                let url = base_url::check(url, Query::Allowed, allow_http, token_url.at(), report);
                Some(Auth::OAuth2ClientCredentials {
                    token_url: url?,
                    client_id: text_or_secret(client_id.get()?)?,
                    client_secret: secret(client_secret)?,
                    scopes: texts(scopes.as_ref()),
                    audience: audience.as_ref().and_then(Slot::cloned),
                    params: token_params(params.as_ref(), report),
                    client_auth: client_auth.as_ref().and_then(Slot::cloned).unwrap_or_default(),
                })
            }
        }
    }
}

impl Auth {
    /// Returns the secrets it needs.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::None => Vec::new(),
            Self::Bearer { token } => vec![token],
            Self::Basic { username, password } => named(username).into_iter().chain(password).collect(),
            Self::ApiKey { value, .. } => vec![value],
            Self::Headers { headers } => headers.iter().filter_map(|(_, value)| named(value)).collect(),
            Self::OAuth2ClientCredentials { client_id, client_secret, .. } => {
                named(client_id).into_iter().chain([client_secret]).collect()
            }
        }
    }
}

fn named(value: &TextOrSecret) -> Option<&SecretRef> {
    match value {
        TextOrSecret::Secret(secret) => Some(secret),
        TextOrSecret::Text(_) => None,
    }
}

fn secret(slot: &Slot<SecretSpec>) -> Option<SecretRef> {
    slot.get()?.resolve()
}

fn texts(slot: Option<&Slot<Vec<Slot<String>>>>) -> Vec<String> {
    slot.and_then(Slot::get).into_iter().flatten().filter_map(Slot::cloned).collect()
}

fn key_place(place: &Slot<In>, name: &Slot<String>, report: &Report) -> Option<ApiKeyPlace> {
    let text = name.get()?;
    match place.get()? {
        In::Header => header(text, name.at(), report).map(ApiKeyPlace::Header),
        In::Query if text.trim().is_empty() => {
            report.add(name.at(), Draft::refused("the name of a query parameter").value(text));
            None
        }
        In::Query => Some(ApiKeyPlace::Query(text.clone())),
    }
}

fn header_text(slot: &Slot<String>, report: &Report) -> Option<String> {
    let text = slot.get()?;
    if http::HeaderValue::from_str(text).is_err() {
        report.add(slot.at(), Draft::refused("text that a header can hold").value(text));
    }
    Some(text.clone())
}

fn header(text: &str, at: &At, report: &Report) -> Option<String> {
    let name = header_name(text);
    if name.is_none() {
        report.add(at, Draft::refused("a header's name such as X-Api-Key").value(text));
    }
    name
}

fn headers(entries: &Entries<TextOrSecretSpec>, at: &At, report: &Report) -> Option<Auth> {
    if entries.0.is_empty() {
        report.say(at, "headers names no header");
        return None;
    }
    let mut headers: Vec<(String, TextOrSecret)> = Vec::new();
    let mut whole = true;
    for (name, slot) in &entries.0 {
        let Some(name) = header_name(name) else {
            // What stands in a name's place may be a secret that slipped.
            let place = At { path: at.path.clone() + ".headers", ..slot.at().clone() };
            report.add(&place, Draft::refused("a header's name such as X-Api-Key").value(name));
            whole = false;
            continue;
        };
        if headers.iter().any(|(known, _)| *known == name) {
            report.say(slot.at(), "header given twice; upper and lower case are the same header");
        }
        match slot.get().and_then(text_or_secret) {
            Some(TextOrSecret::Text(text)) if http::HeaderValue::from_str(&text).is_err() => {
                report.add(slot.at(), Draft::refused("text that a header can hold").value(text));
                whole = false;
            }
            Some(value) => headers.push((name, value)),
            None => whole = false,
        }
    }
    whole.then_some(Auth::Headers { headers })
}

/// Parameters that other keys set, or that would carry a secret in clear.
const TAKEN: [(&str, &str); 6] = [
    ("grant_type", "it is client_credentials for this type"),
    ("client_id", "the key client_id sets it"),
    ("client_secret", "the key client_secret sets it"),
    ("scope", "the key scopes sets it"),
    ("audience", "the key audience sets it"),
    ("password", "a secret is not written into a source file"),
];

fn token_params(slot: Option<&Slot<Entries<String>>>, report: &Report) -> Vec<(String, String)> {
    let Some(entries) = slot.and_then(Slot::get) else {
        return Vec::new();
    };
    let mut params = Vec::new();
    for (name, slot) in &entries.0 {
        if let Some((_, why)) = TAKEN.iter().find(|(taken, _)| taken == name) {
            report.say(slot.at(), format!("cannot be given here: {why}"));
        }
        if let Some(value) = slot.cloned() {
            params.push((name.clone(), value));
        }
    }
    params
}
