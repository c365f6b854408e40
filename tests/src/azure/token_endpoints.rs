//! Who gives out tokens: Entra ID's token endpoint, and the managed identity endpoint of App Service
//! and Functions, on one server each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bronzegate_core::clock::{Clock as _, SystemClock};
use bytes::Bytes;
use http::Request;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::certificates::Certificates;
use super::server::{Answer, Server, reply};

/// The value that the managed identity endpoint asks for in `X-IDENTITY-HEADER`.
pub const MANAGED_HEADER: &str = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";

/// The tenant, application and secret that Entra ID knows here.
const TENANT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
const CLIENT: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";
const SECRET: &str = "s3cr3t~of+the application";

/// A request for a token that was answered with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The resource it is for, such as `https://storage.azure.com`.
    pub resource: String,
    /// The client id in it.
    pub client_id: Option<String>,
    /// The kind: `client_secret`, `client_assertion` or `managed`.
    pub kind: &'static str,
}

/// Entra ID and the managed identity endpoint.
pub struct TokenEndpoints {
    entra: Server,
    managed: Server,
    state: Arc<State>,
}

struct State {
    /// How long tokens are valid, in seconds.
    lifetime: Mutex<i64>,
    given: Mutex<Vec<TokenRequest>>,
    newest: Mutex<String>,
}

impl TokenEndpoints {
    /// Starts both; tokens are valid for an hour.
    pub async fn start() -> Self {
        let state =
            Arc::new(State { lifetime: Mutex::new(3600), given: Mutex::default(), newest: Mutex::default() });
        let own = Arc::clone(&state);
        let entra = Server::start(Some(Certificates::shared()), move |request| {
            let answer = own.entra(&request);
            async { answer }
        });
        let own = Arc::clone(&state);
        let managed = Server::start(None, move |request| {
            let answer = own.managed(&request);
            async { answer }
        });
        Self { entra: entra.await, managed: managed.await, state }
    }

    /// Makes tokens valid for so many seconds from now on.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn set_lifetime(&self, seconds: i64) {
        *self.state.lifetime.lock().expect("no holder of this lock panics") = seconds;
    }

    /// The tokens that were given out.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn given(&self) -> Vec<TokenRequest> {
        self.state.given.lock().expect("no holder of this lock panics").clone()
    }

    /// The token that was given out last.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn newest(&self) -> String {
        self.state.newest.lock().expect("no holder of this lock panics").clone()
    }

    /// A token for storage, for what tests do besides the product.
    pub fn storage_token() -> String {
        sign("https://storage.azure.com", 3600, 0)
    }

    /// The environment of an application with a secret.
    pub fn client_secret(&self) -> BTreeMap<String, String> {
        self.application([("AZURE_CLIENT_SECRET", SECRET)])
    }

    /// The environment of a workload with a token file.
    pub fn workload(&self, token_file: &str) -> BTreeMap<String, String> {
        self.application([("AZURE_FEDERATED_TOKEN_FILE", token_file)])
    }

    /// The environment of a function app.
    pub fn function_app(&self) -> BTreeMap<String, String> {
        let endpoint = self.managed.url().join("msi/token").expect("it is a path");
        [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", MANAGED_HEADER)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    fn application<const N: usize>(&self, more: [(&str, &str); N]) -> BTreeMap<String, String> {
        let common = [
            ("AZURE_AUTHORITY_HOST", self.entra.url().as_str()),
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", CLIENT),
        ];
        common.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

impl State {
    /// `POST /<tenant>/oauth2/v2.0/token`, the client credentials grant of the Microsoft identity platform.
    fn entra(&self, request: &Request<Bytes>) -> Answer {
        let form: BTreeMap<String, String> = form_urlencoded::parse(request.body()).into_owned().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let right_place = request.uri().path() == format!("/{TENANT}/oauth2/v2.0/token");
        if !right_place || field("grant_type") != "client_credentials" || field("client_id") != CLIENT {
            return refuse("AADSTS700016: no such application", 700_016);
        }
        let kind = match (field("client_secret"), field("client_assertion")) {
            (SECRET, "") => "client_secret",
            ("", "federated-token") => "client_assertion",
            _ => return refuse("AADSTS7000215: Invalid client secret provided.", 7_000_215),
        };
        let token = self.token(field("scope").trim_end_matches("/.default"), Some(CLIENT), kind);
        let lifetime = self.lifetime();
        let answer = json!({
            "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token,
        });
        reply(200, "application/json; charset=utf-8", answer.to_string())
    }

    /// `GET ?api-version=2019-08-01&resource=…[&client_id=…]` with the header of the app.
    fn managed(&self, request: &Request<Bytes>) -> Answer {
        let url = Url::parse(&format!("http://app{}", request.uri())).expect("a request has a path");
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let header = request.headers().get("x-identity-header").is_some_and(|value| value == MANAGED_HEADER);
        if !header {
            return reply(
                401,
                "application/json",
                r#"{"statusCode":401,"message":"wrong X-IDENTITY-HEADER"}"#,
            );
        }
        let known = url.path() == "/msi/token" && query.get("api-version").is_some_and(|v| v == "2019-08-01");
        let Some(resource) = query.get("resource").filter(|_| known) else {
            return reply(400, "application/json", r#"{"statusCode":400,"message":"no such API"}"#);
        };
        let client_id = query.get("client_id").cloned();
        let token = self.token(resource, client_id.as_deref(), "managed");
        let answer = json!({
            "access_token": token,
            "client_id": client_id,
            "expires_on": (now() + self.lifetime()).to_string(),
            "not_before": now().to_string(),
            "resource": resource,
            "token_type": "Bearer",
        });
        reply(200, "application/json; charset=utf-8", answer.to_string())
    }

    fn lifetime(&self) -> i64 {
        *self.lifetime.lock().expect("no holder of this lock panics")
    }

    fn token(&self, resource: &str, client_id: Option<&str>, kind: &'static str) -> String {
        let mut given = self.given.lock().expect("no holder of this lock panics");
        let (resource, client_id) = (resource.to_owned(), client_id.map(str::to_owned));
        given.push(TokenRequest { resource: resource.clone(), client_id, kind });
        let token = sign(&resource, self.lifetime(), given.len());
        self.newest.lock().expect("no holder of this lock panics").clone_from(&token);
        token
    }
}

/// A token as Azurite checks it: issuer, audience and times, but no signature. No two numbers make
/// the same token, so that a renewed one can be told.
fn sign(resource: &str, lifetime: i64, number: usize) -> String {
    let claims = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{TENANT}/"),
        "iat": now(), "nbf": now() - 5, "exp": now() + lifetime,
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    [header.to_string(), claims.to_string(), format!("signature {number}")]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".")
}

fn refuse(description: &str, code: u32) -> Answer {
    let answer =
        json!({ "error": "invalid_client", "error_description": description, "error_codes": [code] });
    reply(401, "application/json; charset=utf-8", answer.to_string())
}

fn now() -> i64 {
    SystemClock::default().now().as_second()
}
