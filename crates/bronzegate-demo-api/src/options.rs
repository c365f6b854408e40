//! What a server is started with.

use crate::{fault::Fault, stream::Stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Configures a server; in JSON every member may be left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Decides the content of every record, and the outcome of chance rules.
    pub seed: u64,
    /// The streams.
    pub streams: Vec<Stream>,
    /// How long every list request waits before it is answered.
    #[serde(with = "crate::duration")]
    pub latency: Duration,
    /// Whether to compress bodies for clients that accept it.
    pub gzip: bool,
    /// The loopback port; 0 takes a free one.
    pub port: u16,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// What the server accepts.
    pub credentials: Credentials,
    /// Where access tokens are issued.
    pub token_path: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            streams: Vec::new(),
            latency: Duration::ZERO,
            gzip: false,
            port: 0,
            faults: Vec::new(),
            credentials: Credentials::default(),
            token_path: "/oauth/token".to_owned(),
        }
    }
}

/// Holds the secrets the server accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Credentials {
    /// For `Authorization: Bearer` and `X-Shopify-Access-Token`.
    pub token: String,
    /// For basic authentication.
    pub username: String,
    /// For basic authentication.
    pub password: String,
    /// For `X-Api-Key`, the query parameter `api_key`, and `DD-API-KEY`.
    pub api_key: String,
    /// For `DD-APPLICATION-KEY`.
    pub application_key: String,
    /// For `/oauth/token`.
    pub client_id: String,
    /// For `/oauth/token`.
    pub client_secret: String,
    /// For `/oauth/token` with `grant_type=refresh_token`; each use replaces it, and it works once
    /// unless `refresh_grace` says otherwise.
    pub refresh_token: String,
    /// Whether a refresh token works for ever and none comes with an access token.
    pub refresh_stays: bool,
    /// Whether a refresh token that was replaced goes on working, as within a vendor's period of grace.
    pub refresh_grace: bool,
    /// For `/oauth/token` with an assertion: the service account's public key, in PEM.
    pub assertion_key: String,
    /// The scope that must be asked for; any, or none, if absent.
    pub scope: Option<String>,
    /// The issuer of assertions.
    pub assertion_issuer: String,
    /// The audience of assertions; the token endpoint's own URL if absent.
    pub assertion_audience: Option<String>,
    /// The `instance_url` that comes with an access token, and the only place where that is then good;
    /// the server's own if absent.
    pub instance_url: Option<String>,
    /// How long an issued access token is valid.
    #[serde(with = "crate::duration")]
    pub token_lifetime: Duration,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            token: "demo-token".into(),
            username: "demo-user".into(),
            password: "demo-password".into(),
            api_key: "demo-api-key".into(),
            application_key: "demo-application-key".into(),
            client_id: "demo-client".into(),
            client_secret: "demo-client-secret".into(),
            refresh_token: "demo-refresh-token".into(),
            refresh_stays: false,
            refresh_grace: false,
            assertion_key: String::new(),
            scope: None,
            assertion_issuer: "demo-account".into(),
            assertion_audience: None,
            instance_url: None,
            token_lifetime: Duration::from_hours(1),
        }
    }
}

impl Credentials {
    /// The same identities with other secrets, different for every `generation`.
    pub(crate) fn rotated(&self, generation: u64) -> Self {
        let next = |secret: &str| {
            let root = secret.split_once("-rotated-").map_or(secret, |(root, _)| root);
            format!("{root}-rotated-{generation}")
        };
        Self {
            token: next(&self.token),
            password: next(&self.password),
            api_key: next(&self.api_key),
            application_key: next(&self.application_key),
            client_secret: next(&self.client_secret),
            refresh_token: next(&self.refresh_token),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_json_and_refuse_unknown_members() {
        let options: Options = serde_json::from_str(
            r#"{"seed":3,"latency":"20ms","credentials":{"token":"t","token_lifetime":"5s"}}"#,
        )
        .unwrap();
        assert_eq!(options.latency, Duration::from_millis(20));
        assert_eq!(options.credentials.token_lifetime, Duration::from_secs(5));
        let written = serde_json::to_string(&options).unwrap();
        let again: Options = serde_json::from_str(&written).unwrap();
        assert_eq!(again.credentials, options.credentials);
        let error = serde_json::from_str::<Options>(r#"{"sed":3}"#).unwrap_err().to_string();
        assert!(error.starts_with("unknown field `sed`"), "{error}");
    }

    #[test]
    fn rotation_changes_every_secret_and_no_identity() {
        let old = Credentials::default();
        let new = old.rotated(1).rotated(2);
        assert_eq!(new.token, "demo-token-rotated-2");
        assert_ne!(new.client_secret, old.client_secret);
        assert_eq!((&new.client_id, &new.username), (&old.client_id, &old.username));
    }
}
