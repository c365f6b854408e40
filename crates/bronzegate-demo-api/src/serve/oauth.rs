//! The `OAuth2` token endpoint (RFC 6749, sections 4.4 and 6; RFC 7523), the login, and the secrets they know.

use super::{assertion, call::Call, reply::Reply, stats::TokenStats};
use crate::{clock::Time, options::Credentials};
use http::{Method, StatusCode};
use serde_json::json;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use url::form_urlencoded;

/// The status and the error code of a refusal.
type Refused = (StatusCode, &'static str);

/// Holds the accepted secrets and the tokens issued.
#[derive(Debug)]
pub(crate) struct Vault {
    credentials: Credentials,
    time: Time,
    generation: u64,
    /// Access tokens and when they expire.
    tokens: HashMap<String, Instant>,
    /// Refresh tokens that were replaced.
    replaced: Vec<String>,
    stats: TokenStats,
}

impl Vault {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            time: Time::default(),
            generation: 0,
            tokens: HashMap::new(),
            replaced: Vec::new(),
            stats: TokenStats::default(),
        }
    }

    /// The same, on another clock.
    pub(crate) fn on(self, time: Time) -> Self {
        Self { time, ..self }
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn stats(&self) -> TokenStats {
        self.stats.clone()
    }

    /// Accepts other secrets from now on, and none of the tokens issued.
    pub(crate) fn rotate(&mut self) -> Credentials {
        self.generation += 1;
        self.credentials = self.credentials.rotated(self.generation);
        self.tokens.clear();
        self.credentials.clone()
    }

    pub(crate) fn replace(&mut self, credentials: Credentials) {
        self.credentials = credentials;
        self.tokens.clear();
    }

    pub(crate) fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    pub(crate) fn is_valid(&self, token: &str, now: Instant) -> bool {
        self.tokens.get(token).is_some_and(|end| now < *end)
    }

    /// Whether tokens are good for requests to this host.
    pub(crate) fn is_instance(&self, host: &str) -> bool {
        let instance = self.credentials.instance_url.as_deref();
        instance.is_none_or(|url| {
            url.split_once("//").is_some_and(|(_, rest)| rest.trim_end_matches('/') == host)
        })
    }

    /// Counts a request to the endpoint and returns its number, from 1.
    pub(crate) fn request(&mut self) -> u64 {
        self.stats.requests += 1;
        self.stats.requests
    }

    /// Answers a token request made at `now`.
    pub(crate) fn grant(&mut self, call: &Call, now: Instant) -> Reply {
        self.judge(call, now).unwrap_or_else(|(status, error)| {
            self.stats.refused += 1;
            let body = json!({"error": error, "error_description": "refused by the demo API"});
            let reply = Reply::value(status, &body);
            match status {
                StatusCode::UNAUTHORIZED => reply.with("www-authenticate", "Basic realm=\"demo\""),
                StatusCode::METHOD_NOT_ALLOWED => reply.with("allow", "POST"),
                _ => reply,
            }
        })
    }

    fn judge(&mut self, call: &Call, now: Instant) -> Result<Reply, Refused> {
        if call.method() != Method::POST {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "invalid_request"));
        }
        let form: HashMap<String, String> = form_urlencoded::parse(call.body()).into_owned().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
            let endpoint = format!("http://{}{}", call.host(), call.path());
            let (assertion, now_since_1970) = (field("assertion"), self.time.wall());
            return match assertion::check(assertion, &self.credentials, &endpoint, now_since_1970) {
                Ok(scope) if !self.grants(&scope) => Err((StatusCode::BAD_REQUEST, "invalid_scope")),
                Ok(scope) => Ok(self.issue(call, &scope, false, now)),
                Err(_) => Err((StatusCode::BAD_REQUEST, "invalid_grant")),
            };
        }
        if !field("client_assertion").is_empty() {
            self.knows(call, field("client_assertion"))?;
        } else if client(call, &form)
            != (self.credentials.client_id.clone(), self.credentials.client_secret.clone())
        {
            return Err((StatusCode::UNAUTHORIZED, "invalid_client"));
        }
        let refresh = match field("grant_type") {
            "client_credentials" if !self.grants(field("scope")) => {
                return Err((StatusCode::BAD_REQUEST, "invalid_scope"));
            }
            "client_credentials" => false,
            "refresh_token" if self.takes(field("refresh_token")) => true,
            "refresh_token" => return Err((StatusCode::BAD_REQUEST, "invalid_grant")),
            _ => return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type")),
        };
        Ok(self.issue(call, field("scope"), refresh, now))
    }

    /// Whether a client proves with a signed assertion who it is (RFC 7523, section 3).
    fn knows(&self, call: &Call, assertion: &str) -> Result<(), Refused> {
        let endpoint = format!("http://{}{}", call.host(), call.path());
        let signed = assertion::check(assertion, &self.credentials, &endpoint, self.time.wall());
        signed.map(drop).map_err(|_| (StatusCode::UNAUTHORIZED, "invalid_client"))
    }

    fn grants(&self, scope: &str) -> bool {
        self.credentials.scope.as_deref().is_none_or(|wanted| wanted == scope)
    }

    fn takes(&self, refresh_token: &str) -> bool {
        let graced = self.credentials.refresh_grace && self.replaced.iter().any(|old| old == refresh_token);
        graced || refresh_token == self.credentials.refresh_token
    }

    /// Answers a login made at `now`: user and password as JSON or form, the session's token in the body
    /// and in a header.
    pub(crate) fn login(&mut self, call: &Call, now: Instant) -> Reply {
        let form: HashMap<String, String> = form_urlencoded::parse(call.body()).into_owned().collect();
        let given =
            |name: &str| call.argument(name).or(form.get(name).map(String::as_str)).unwrap_or_default();
        let known = &self.credentials;
        if given("user") != known.username || given("password") != known.password {
            self.stats.refused += 1;
            return Reply::error(StatusCode::UNAUTHORIZED, "no such user or another password");
        }
        let (token, lifetime) = self.token(now);
        let here = self.instance(call);
        let session = json!({ "id": token, "expires_in": lifetime.as_secs() });
        Reply::value(StatusCode::OK, &json!({ "session": session, "rest_url": here }))
            .with("x-session-id", &token)
            .with("cache-control", "no-store")
    }

    /// A new token, and how long it is good.
    fn token(&mut self, now: Instant) -> (String, Duration) {
        self.stats.issued += 1;
        let token = format!("demo-access-{}-{}", self.generation, self.stats.issued);
        let lifetime = self.credentials.token_lifetime;
        self.tokens.insert(token.clone(), now + lifetime);
        (token, lifetime)
    }

    fn instance(&self, call: &Call) -> String {
        self.credentials.instance_url.clone().unwrap_or_else(|| format!("http://{}", call.host()))
    }

    fn issue(&mut self, call: &Call, scope: &str, refresh: bool, now: Instant) -> Reply {
        let (token, lifetime) = self.token(now);
        let here = self.instance(call);
        let mut body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetime.as_secs(),
            "instance_url": here,
        });
        if !scope.is_empty() {
            body["scope"] = scope.into();
        }
        if refresh && !self.credentials.refresh_stays {
            let root = self.credentials.refresh_token.split("-use-").next();
            let next = format!("{}-use-{}", root.unwrap_or_default(), self.stats.issued);
            body["refresh_token"] = next.as_str().into();
            self.replaced.push(std::mem::replace(&mut self.credentials.refresh_token, next));
        }
        Reply::value(StatusCode::OK, &body).with("cache-control", "no-store")
    }
}

/// Client id and secret, from basic authentication (whose parts are form-encoded) or the body.
fn client(call: &Call, form: &HashMap<String, String>) -> (String, String) {
    let decoded = |text: String| {
        form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(name, _)| name.into_owned())
    };
    if let Some((id, secret)) = call.basic() {
        return (decoded(id), decoded(secret));
    }
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    (field("client_id"), field("client_secret"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, serve::reply::Content};
    use serde_json::Value;

    fn ask(vault: &mut Vault, body: &'static str, now: Instant) -> (u16, Value) {
        let (parts, ()) = http::Request::post("/oauth/token").body(()).unwrap().into_parts();
        let reply = vault.grant(&Call::new(parts, body.into(), "here:1"), now);
        let Content::Bytes(bytes) = reply.content else { panic!("a token is no page") };
        (reply.status.as_u16(), serde_json::from_slice(&bytes).unwrap())
    }

    const RIGHT: &str =
        "grant_type=client_credentials&client_id=demo-client&client_secret=demo-client-secret";

    #[test]
    fn tokens_expire_and_die_with_the_secret() {
        let now = clock::now();
        let mut vault = Vault::new(Credentials::default());
        let (status, body) = ask(&mut vault, RIGHT, now);
        assert_eq!((status, &body["expires_in"]), (200, &3_600.into()));
        assert_eq!(body["instance_url"], "http://here:1");
        let token = body["access_token"].as_str().unwrap();
        assert!(vault.is_valid(token, now + Duration::from_secs(3_599)));
        assert!(!vault.is_valid(token, now + Duration::from_hours(1)));
        vault.rotate();
        assert!(!vault.is_valid(token, now));
        let (status, body) = ask(&mut vault, RIGHT, now);
        assert_eq!((status, &body["error"]), (401, &"invalid_client".into()));
        assert_eq!(vault.stats().refused, 1);
    }

    #[test]
    fn another_scope_is_refused_where_one_is_demanded() {
        let credentials = Credentials { scope: Some("read".to_owned()), ..Credentials::default() };
        let mut vault = Vault::new(credentials);
        let (status, body) = ask(&mut vault, RIGHT, clock::now());
        assert_eq!((status, &body["error"]), (400, &"invalid_scope".into()));
        let body =
            "grant_type=client_credentials&client_id=demo-client&client_secret=demo-client-secret&scope=read";
        assert_eq!(ask(&mut vault, body, clock::now()).0, 200);
    }

    #[test]
    fn a_refresh_token_works_once() {
        let now = clock::now();
        let mut vault = Vault::new(Credentials::default());
        let body = "grant_type=refresh_token&refresh_token=demo-refresh-token\
                    &client_id=demo-client&client_secret=demo-client-secret";
        let (status, first) = ask(&mut vault, body, now);
        assert_eq!(status, 200);
        assert_eq!(first["refresh_token"], "demo-refresh-token-use-1");
        assert_eq!(ask(&mut vault, body, now).0, 400);
    }

    #[test]
    fn within_its_grace_a_replaced_refresh_token_works_again() {
        let now = clock::now();
        let mut vault = Vault::new(Credentials { refresh_grace: true, ..Credentials::default() });
        let body = "grant_type=refresh_token&refresh_token=demo-refresh-token\
                    &client_id=demo-client&client_secret=demo-client-secret";
        assert_eq!((ask(&mut vault, body, now).0, ask(&mut vault, body, now).0), (200, 200));
    }
}
