//! Key Vault, played: the secrets API with its challenge, its errors and its throttling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::certificates::Certificates;
use super::server::{Answer, Server, reply};

const JSON: &str = "application/json; charset=utf-8";

/// The version of what a vault starts with.
const FIRST: &str = "4387e9f3d6e14c459867679a90fd0f79";

/// What a vault holds under a name.
#[derive(Clone, Debug)]
pub enum Held {
    /// A secret; a new value is a new version.
    Value(&'static str),
    /// A secret that the identity may read and not write.
    ReadOnly(&'static str),
    /// A secret of which somebody else makes the second version right after whoever writes first.
    Overtaken(&'static str, &'static str),
    /// A secret whose newest version is disabled.
    Disabled,
    /// A secret past its expiry date.
    Expired(&'static str),
    /// The identity may not read it: the inner code of the error.
    Forbidden(&'static str),
    /// The vault answers 503 for so many calls, then gives the value.
    Away(u32, &'static str),
    /// The vault is throttled for so many calls, then gives the value.
    Throttled(u32, &'static str),
}

/// A running vault.
pub struct KeyVault {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    held: Mutex<BTreeMap<&'static str, Held>>,
    /// Names that were asked for with a token.
    reads: Mutex<Vec<String>>,
    challenges: Mutex<u32>,
    /// The newest value of names that were written.
    newest: Mutex<BTreeMap<String, (String, u32)>>,
    /// The bodies of requests that wrote.
    writes: Mutex<Vec<Value>>,
}

impl KeyVault {
    /// Starts a vault that holds this.
    pub async fn start<const N: usize>(held: [(&'static str, Held); N]) -> Self {
        let state = Arc::new(State { held: Mutex::new(held.into()), ..State::default() });
        let own = Arc::clone(&state);
        let server = Server::start(Some(Certificates::shared()), move |request| {
            let answer = own.answer(&request);
            async { answer }
        });
        Self { server: server.await, state }
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        self.server.url()
    }

    /// Puts something under a name.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn hold(&self, name: &'static str, held: Held) {
        self.state.held.lock().expect("no holder of this lock panics").insert(name, held);
    }

    /// How often a name was asked for with a token.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn reads(&self, name: &str) -> usize {
        let reads = self.state.reads.lock().expect("no holder of this lock panics");
        reads.iter().filter(|read| *read == name).count()
    }

    /// The bodies of the requests that have written.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn writes(&self) -> Vec<Value> {
        self.state.writes.lock().expect("no holder of this lock panics").clone()
    }

    /// How often a request without a token was challenged.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn challenges(&self) -> u32 {
        *self.state.challenges.lock().expect("no holder of this lock panics")
    }
}

impl State {
    /// `GET /secrets/<name>[/<version>]?api-version=…`, and `PUT` with a new value.
    fn answer(&self, request: &Request<Bytes>) -> Answer {
        let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if !token.is_some_and(|token| token.starts_with("Bearer ")) {
            *self.challenges.lock().expect("no holder of this lock panics") += 1;
            return challenge();
        }
        let api_version = request.uri().query().is_some_and(|query| query.contains("api-version="));
        let path = request.uri().path();
        let name = path.strip_prefix("/secrets/").map(|name| name.trim_end_matches('/'));
        let Some(name) = name.filter(|_| api_version) else {
            return error(400, "BadParameter", None, "no such API");
        };
        if request.method() == Method::PUT {
            return self.write(name, request.body());
        }
        self.reads.lock().expect("no holder of this lock panics").push(name.to_owned());
        let mut held = self.held.lock().expect("no holder of this lock panics");
        let forbidden = |inner, message: &str| error(403, "Forbidden", Some(inner), message);
        match held.get_mut(name) {
            None => {
                let message = format!("A secret with (name/id) {name} was not found in this key vault.");
                error(404, "SecretNotFound", None, &message)
            }
            Some(
                Held::Value(value)
                | Held::ReadOnly(value)
                | Held::Overtaken(value, _)
                | Held::Away(0, value)
                | Held::Throttled(0, value),
            ) => {
                let newest = self.newest.lock().expect("no holder of this lock panics");
                match newest.get(name) {
                    Some((value, version)) => secret(name, value, &format!("{version:032x}"), None),
                    None => secret(name, value, FIRST, None),
                }
            }
            Some(Held::Expired(value)) => secret(name, value, FIRST, Some(1_600_000_000)),
            Some(Held::Disabled) => {
                forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret.")
            }
            Some(Held::Forbidden(inner)) => forbidden(inner, "Caller is not authorized to perform action."),
            Some(Held::Away(left, _)) => {
                *left -= 1;
                error(503, "ServiceUnavailable", None, "The service is unavailable.")
            }
            Some(Held::Throttled(left, _)) => {
                *left -= 1;
                let mut answer = error(
                    429,
                    "Throttled",
                    None,
                    "Request was not processed because too many requests were received.",
                );
                if let Answer::Reply(response) = &mut answer {
                    response.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
                }
                answer
            }
        }
    }
}

impl State {
    fn write(&self, name: &str, body: &Bytes) -> Answer {
        let held = self.held.lock().expect("no holder of this lock panics").get(name).cloned();
        if !matches!(held, Some(Held::Value(_) | Held::Overtaken(..))) {
            return error(
                403,
                "Forbidden",
                Some("ForbiddenByRbac"),
                "Caller is not authorized to perform action.",
            );
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let value = body["value"].as_str().unwrap_or_default().to_owned();
        let mut writes = self.writes.lock().expect("no holder of this lock panics");
        writes.push(body);
        let version = 2 * writes.len() as u32;
        let answer = secret(name, &value, &format!("{version:032x}"), None);
        let newest = match held {
            Some(Held::Overtaken(_, rival)) => (rival.to_owned(), version + 1),
            _ => (value, version),
        };
        self.newest.lock().expect("no holder of this lock panics").insert(name.to_owned(), newest);
        answer
    }
}

fn challenge() -> Answer {
    let mut response = Response::new(Bytes::from_static(b"{}"));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let challenge = r#"Bearer authorization="https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a", resource="https://vault.azure.net""#;
    response.headers_mut().insert("www-authenticate", HeaderValue::from_static(challenge));
    Answer::Reply(response)
}

fn secret(name: &str, value: &str, version: &str, expires: Option<i64>) -> Answer {
    let mut attributes = json!({ "enabled": true, "created": 1_500_000_000, "updated": 1_500_000_000 });
    if let Some(expires) = expires {
        attributes["exp"] = expires.into();
    }
    let id = format!("https://acme.vault.azure.net/secrets/{name}/{version}");
    let body = json!({ "value": value, "id": id, "attributes": attributes, "contentType": "text", "tags": { "owner": "data" } });
    reply(200, JSON, body.to_string())
}

fn error(status: u16, code: &str, inner: Option<&str>, message: &str) -> Answer {
    let mut error = json!({ "code": code, "message": message });
    if let Some(inner) = inner {
        error["innererror"] = json!({ "code": inner });
    }
    let mut answer = reply(status, JSON, Value::from_iter([("error", error)]).to_string());
    if let Answer::Reply(response) = &mut answer {
        response.headers_mut().insert("x-ms-request-id", HeaderValue::from_static("played-vault"));
    }
    answer
}
