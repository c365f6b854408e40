//! The workspace: who may call, what it answers, and how it fails.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::answers::{JSON, failed, header, instead, parameter, refuse, state, unauthorised};
use super::fault::{Call, Fault};
use super::lakehouse::{Lakehouse, VOLUME};
use crate::azure::{Answer, Certificates, Server, reply};

/// A personal access token that the workspace knows from its start.
const PAT: &str = "dapi0123456789abcdef-2";
/// The service principal that the workspace knows.
const CLIENT: &str = "5a1f3c0e-9d0a-4c39-8d7e-7b2f3a1c4e5d";
const CLIENT_SECRET: &str = "dose0123 secret+of/the principal";
/// The scope that there is.
const SCOPE: &str = "bronze";
const WAREHOUSE: &str = "1a2b3c4d5e6f7a8b";

/// A running workspace.
pub struct PlayedDatabricks {
    server: Server,
    state: Arc<State>,
}

struct State {
    lakehouse: Lakehouse,
    faults: Mutex<VecDeque<(Call, Fault)>>,
    secrets: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Tokens that are good.
    tokens: Mutex<BTreeSet<String>>,
    issued: Mutex<u32>,
    calls: Mutex<Vec<(Call, String)>>,
    /// By id: the statement's body, and in how many looks it ends.
    running: Mutex<BTreeMap<String, (Value, u32)>>,
    /// What was carried out and is never answered.
    silent: Mutex<Vec<String>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}

impl PlayedDatabricks {
    /// Starts it over TLS.
    pub async fn start() -> Self {
        let state = Arc::new(State {
            lakehouse: Lakehouse::start().await,
            faults: Mutex::default(),
            secrets: Mutex::default(),
            tokens: Mutex::new([PAT.to_owned()].into()),
            issued: Mutex::default(),
            calls: Mutex::default(),
            running: Mutex::default(),
            silent: Mutex::default(),
        });
        let own = Arc::clone(&state);
        let server = Server::start(Some(Certificates::shared()), move |request| {
            let own = Arc::clone(&own);
            async move { own.answer(&request).await }
        });
        Self { server: server.await, state }
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        self.server.url()
    }

    /// Its tables.
    pub fn lakehouse(&self) -> &Lakehouse {
        &self.state.lakehouse
    }

    /// The variables of whoever has a personal access token.
    pub fn pat(&self) -> BTreeMap<String, String> {
        self.variables([("DATABRICKS_TOKEN", PAT)])
    }

    /// The variables of the service principal.
    pub fn principal(&self) -> BTreeMap<String, String> {
        self.variables([("DATABRICKS_CLIENT_ID", CLIENT), ("DATABRICKS_CLIENT_SECRET", CLIENT_SECRET)])
    }

    /// The variables of the workspace, and these.
    pub fn variables<const N: usize>(&self, more: [(&str, &str); N]) -> BTreeMap<String, String> {
        let own = [
            ("DATABRICKS_HOST", self.url().as_str()),
            ("DATABRICKS_WAREHOUSE_ID", WAREHOUSE),
            ("BRONZEGATE_DATABRICKS_FILES", VOLUME),
        ];
        own.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Puts a secret into the scope `bronze`.
    pub fn put_secret(&self, key: &str, value: &[u8]) {
        held(&self.state.secrets).insert(key.to_owned(), value.to_owned());
    }

    /// Makes a token good that others have given out.
    pub fn trust(&self, token: &str) {
        held(&self.state.tokens).insert(token.to_owned());
    }

    /// Makes every token bad that is good by now.
    pub fn revoke_tokens(&self) {
        held(&self.state.tokens).clear();
    }

    /// What happens to the next calls of these kinds, in order.
    pub fn fail(&self, faults: impl IntoIterator<Item = (Call, Fault)>) {
        held(&self.state.faults).extend(faults);
    }

    /// The faults that have not happened.
    pub fn faults_left(&self) -> usize {
        held(&self.state.faults).len()
    }

    /// Whether something was carried out that is never answered.
    pub fn is_silent(&self) -> bool {
        !held(&self.state.silent).is_empty()
    }

    /// What was asked for of a kind, in order: a statement's text, a secret's name, a path.
    pub fn calls(&self, kind: Call) -> Vec<String> {
        held(&self.state.calls)
            .iter()
            .filter(|(call, _)| *call == kind)
            .map(|(_, what)| what.clone())
            .collect()
    }
}

impl State {
    async fn answer(&self, request: &Request<Bytes>) -> Answer {
        let url = Url::parse("https://workspace/").and_then(|url| url.join(&request.uri().to_string()));
        let url = url.expect("a request has a path");
        let path: Vec<String> = url
            .path_segments()
            .into_iter()
            .flatten()
            .map(|segment| {
                form_urlencoded::parse(segment.replace('+', "%2B").as_bytes())
                    .map(|(name, _)| name.into_owned())
                    .collect()
            })
            .collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (call, what) = match (request.method(), &path[..]) {
            (&Method::POST, ["oidc", "v1", "token"]) => (Call::Token, String::new()),
            (&Method::GET, ["api", "2.0", "secrets", "get"]) => (Call::Secret, parameter(&url, "key")),
            (&Method::POST, ["api", "2.0", "sql", "statements"]) => {
                let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
                (Call::Submit, body["statement"].as_str().unwrap_or_default().to_owned())
            }
            (&Method::GET, ["api", "2.0", "sql", "statements", id]) => (Call::Poll, (*id).to_owned()),
            (&Method::GET, ["api", "2.1", "unity-catalog", kind, name]) => {
                (Call::Catalog, format!("{kind}/{name}"))
            }
            _ => return refuse(404, "ENDPOINT_NOT_FOUND", "No API found"),
        };
        held(&self.calls).push((call, what.clone()));
        let fault = self.next_fault(call);
        if let Some(answer) = fault.as_ref().and_then(instead) {
            return answer;
        }
        let answer = if call == Call::Token {
            self.token(request)
        } else if self.is_known(request.headers()) {
            self.carry_out(call, &what, &url, request.body(), fault.as_ref()).await
        } else {
            unauthorised(request.headers())
        };
        match fault {
            Some(Fault::Unanswered) => Answer::HangUp,
            Some(Fault::Silent) => {
                held(&self.silent).push(what);
                std::future::pending().await
            }
            _ => answer,
        }
    }

    fn next_fault(&self, call: Call) -> Option<Fault> {
        let mut faults = held(&self.faults);
        let at = faults.iter().position(|(of, _)| *of == call)?;
        faults.remove(at).map(|(_, fault)| fault)
    }

    async fn carry_out(
        &self,
        call: Call,
        what: &str,
        url: &Url,
        body: &[u8],
        fault: Option<&Fault>,
    ) -> Answer {
        match call {
            Call::Token => refuse(404, "ENDPOINT_NOT_FOUND", "No API found"),
            Call::Secret => self.secret(&parameter(url, "scope"), what),
            Call::Submit => self.submit(body, fault).await,
            Call::Poll => self.poll(what).await,
            Call::Catalog => self.catalog(what).await,
        }
    }

    /// OAuth machine-to-machine: the client credentials grant, with the client's secret in the header.
    fn token(&self, request: &Request<Bytes>) -> Answer {
        let form: BTreeMap<String, String> = form_urlencoded::parse(request.body()).into_owned().collect();
        let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
        let is_right = form.get("grant_type").is_some_and(|grant| grant == "client_credentials")
            && form.get("scope").is_some_and(|scope| scope == "all-apis");
        if !is_right || header(request.headers()) != Some(&expected) {
            let body =
                json!({ "error": "invalid_client", "error_description": "Client authentication failed" });
            return reply(401, JSON, body.to_string());
        }
        let mut issued = held(&self.issued);
        *issued += 1;
        let token = format!("eyJraWQiOiJkYXRhYnJpY2tzIn0.token-{issued}");
        self.trust(&token);
        let body =
            json!({ "access_token": token, "scope": "all-apis", "token_type": "Bearer", "expires_in": 3600 });
        reply(200, JSON, body.to_string())
    }

    fn trust(&self, token: &str) {
        held(&self.tokens).insert(token.to_owned());
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let token = header(headers).and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| held(&self.tokens).contains(token))
    }

    fn secret(&self, scope: &str, key: &str) -> Answer {
        if scope != SCOPE {
            let message = format!("Scope {scope} does not exist!");
            return refuse(404, "RESOURCE_DOES_NOT_EXIST", &message);
        }
        if let Some(value) = held(&self.secrets).get(key) {
            reply(200, JSON, json!({ "key": key, "value": STANDARD.encode(value) }).to_string())
        } else {
            let message = format!("Secret does not exist with scope: {scope} and key: {key}");
            refuse(404, "RESOURCE_DOES_NOT_EXIST", &message)
        }
    }

    async fn submit(&self, body: &[u8], fault: Option<&Fault>) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if body["warehouse_id"] != WAREHOUSE
            || body["format"] != "JSON_ARRAY"
            || body["disposition"] != "INLINE"
        {
            return refuse(400, "INVALID_PARAMETER_VALUE", "no such warehouse, format or disposition");
        }
        let id = format!("01ef-{}", held(&self.calls).len());
        match fault {
            Some(Fault::Slow(looks)) => {
                held(&self.running).insert(id.clone(), (body, *looks));
                state(&id, "PENDING")
            }
            Some(Fault::Failed(code, message, sql_state)) => failed(&id, code, message, *sql_state),
            Some(Fault::State(word)) => {
                self.run(&id, &body).await;
                state(&id, word)
            }
            _ => self.run(&id, &body).await,
        }
    }

    async fn poll(&self, id: &str) -> Answer {
        let body = {
            let mut running = held(&self.running);
            let Some((body, looks)) = running.get_mut(id) else {
                return refuse(404, "NOT_FOUND", "The statement was not found");
            };
            *looks = looks.saturating_sub(1);
            if *looks > 0 {
                return state(id, "RUNNING");
            }
            body.clone()
        };
        self.run(id, &body).await
    }

    async fn run(&self, id: &str, body: &Value) -> Answer {
        let question =
            json!({ "do": "statement", "statement": body["statement"], "parameters": body["parameters"] });
        let done = self.lakehouse.ask(&question).await;
        if let Some(error) = done.get("error") {
            let text = |name: &str| error[name].as_str();
            return failed(
                id,
                text("error_code").unwrap_or("UNKNOWN"),
                text("message").unwrap_or_default(),
                text("sql_state"),
            );
        }
        let columns: Vec<Value> = done["columns"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(position, name)| json!({ "name": name, "position": position, "type_text": "BIGINT" }))
            .collect();
        let body = json!({
            "statement_id": id,
            "status": { "state": "SUCCEEDED" },
            "manifest": { "format": "JSON_ARRAY", "schema": { "column_count": columns.len(), "columns": columns } },
            "result": { "chunk_index": 0, "data_array": done["rows"] },
        });
        reply(200, JSON, body.to_string())
    }

    async fn catalog(&self, what: &str) -> Answer {
        let (kind, name) = what.split_once('/').unwrap_or_default();
        let (found, code) = if kind == "tables" {
            let answer = self.lakehouse.ask(&json!({ "do": "table", "name": name })).await;
            (answer["table"].clone(), "TABLE_DOES_NOT_EXIST")
        } else {
            let answer = self.lakehouse.ask(&json!({ "do": "schema", "name": name })).await;
            let found =
                answer["is_there"].as_bool().unwrap_or_default().then(|| json!({ "full_name": name }));
            (found.unwrap_or_default(), "SCHEMA_DOES_NOT_EXIST")
        };
        if found.is_null() {
            return refuse(404, code, &format!("'{name}' does not exist."));
        }
        reply(200, JSON, found.to_string())
    }
}
