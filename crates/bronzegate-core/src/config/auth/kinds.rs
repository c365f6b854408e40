//! The kinds of authentication, and which of them a file asks for.

use schemars::JsonSchema;
use serde::Deserialize;

use super::base_url_from::BaseUrlFrom;
use super::fixed::{self, HeaderKey, HeaderValueSpec, In, KeyPlace};
use super::jwt_bearer::{JwtBearer, JwtBearerSpec};
use super::login::{Login, LoginSpec};
use super::oauth2::{ClientCredentials, ClientCredentialsSpec, RefreshToken, RefreshTokenSpec};
use super::signed::{AwsSigV4, AwsSigV4Spec, OAuth1, OAuth1Spec};
use crate::config::problem::{At, Report};
use crate::config::read::{Entries, Slot};
use crate::config::secret_ref::{
    SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, secret, text_or_secret,
};

/// How requests are authenticated.
#[derive(Clone, Debug, PartialEq)]
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
        place: KeyPlace,
        /// The key.
        value: SecretRef,
        /// Text before the key, its space included: `"SSWS "`.
        prefix: Option<String>,
    },
    /// Several headers at once.
    Headers {
        /// Each of them.
        headers: Vec<HeaderKey>,
    },
    /// A token fetched with the client's own credentials (RFC 6749 section 4.4).
    OAuth2ClientCredentials(Box<ClientCredentials>),
    /// A token fetched with a refresh token (RFC 6749 section 6), which may be replaced at each use.
    OAuth2RefreshToken(Box<RefreshToken>),
    /// A token fetched with a signed assertion (RFC 7523).
    JwtBearer(Box<JwtBearer>),
    /// A session's token, fetched by a request of the file.
    Login(Box<Login>),
    /// Each request is signed (RFC 5849).
    OAuth1(Box<OAuth1>),
    /// Each request is signed with the platform's identity.
    AwsSigV4(AwsSigV4),
}

/// How requests are authenticated; secrets are named, never written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Auth", tag = "type")]
#[expect(clippy::large_enum_variant, reason = "a file holds a few, read once")]
pub(in crate::config) enum AuthSpec {
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
        /// Each header's value: text, or a secret, which may have a `prefix`.
        headers: Slot<Entries<HeaderValueSpec>>,
    },
    /// A token fetched with the client's own credentials.
    #[serde(rename = "oauth2_client_credentials")]
    OAuth2ClientCredentials(ClientCredentialsSpec),
    /// A token fetched with a refresh token.
    #[serde(rename = "oauth2_refresh_token")]
    OAuth2RefreshToken(RefreshTokenSpec),
    /// A token fetched with a signed assertion: a service account.
    JwtBearer(JwtBearerSpec),
    /// A session's token, fetched by a request.
    Login(LoginSpec),
    /// `OAuth` 1.0a: each request is signed.
    #[serde(rename = "oauth1")]
    OAuth1(OAuth1Spec),
    /// AWS Signature Version 4: each request is signed with the platform's own identity.
    #[serde(rename = "aws_sigv4")]
    AwsSigV4(AwsSigV4Spec),
}

impl AuthSpec {
    pub(in crate::config) fn resolve(&self, at: &At, allow_http: bool, report: &Report) -> Option<Auth> {
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
                let place = fixed::place(*r#in.get()?, name, report);
                let prefix = prefix.as_ref().and_then(|slot| fixed::header_text(slot, report));
                Some(Auth::ApiKey { place: place?, value: secret(value)?, prefix })
            }
            Self::Headers { headers } => {
                let entries = headers.get()?;
                if entries.0.is_empty() {
                    report.say(at, "headers names no header");
                    return None;
                }
                Some(Auth::Headers { headers: fixed::header_keys(entries, at, report)? })
            }
            Self::OAuth2ClientCredentials(spec) => {
                spec.resolve(at, allow_http, report).map(Box::new).map(Auth::OAuth2ClientCredentials)
            }
            Self::OAuth2RefreshToken(spec) => {
                spec.resolve(allow_http, report).map(Box::new).map(Auth::OAuth2RefreshToken)
            }
            Self::JwtBearer(spec) => spec.resolve(allow_http, report).map(Box::new).map(Auth::JwtBearer),
            Self::Login(spec) => spec.resolve(at, allow_http, report).map(Box::new).map(Auth::Login),
            Self::OAuth1(spec) => spec.resolve(report).map(Box::new).map(Auth::OAuth1),
            Self::AwsSigV4(spec) => spec.resolve(report).map(Auth::AwsSigV4),
        }
    }
}

impl Auth {
    /// Returns the secrets it needs.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::None | Self::AwsSigV4(_) => Vec::new(),
            Self::OAuth1(settings) => settings.secrets(),
            Self::Bearer { token } => vec![token],
            Self::Basic { username, password } => username.secret().into_iter().chain(password).collect(),
            Self::ApiKey { value, .. } => vec![value],
            Self::Headers { headers } => headers.iter().filter_map(|key| key.value.secret()).collect(),
            Self::OAuth2ClientCredentials(settings) => settings.secrets().collect(),
            Self::OAuth2RefreshToken(settings) => {
                settings.client.secrets().chain([&settings.refresh_token]).collect()
            }
            Self::JwtBearer(settings) => settings.secrets(),
            Self::Login(settings) => settings.secrets(),
        }
    }

    /// Where the API's base URL comes from, if it comes with the token.
    pub fn base_url_from(&self) -> Option<&BaseUrlFrom> {
        match self {
            Self::OAuth2ClientCredentials(settings) => settings.base_url_from.as_ref(),
            Self::OAuth2RefreshToken(settings) => settings.base_url_from.as_ref(),
            Self::JwtBearer(settings) => settings.base_url_from.as_ref(),
            Self::Login(settings) => settings.base_url_from.as_ref(),
            Self::None
            | Self::Bearer { .. }
            | Self::Basic { .. }
            | Self::ApiKey { .. }
            | Self::Headers { .. }
            | Self::OAuth1(_)
            | Self::AwsSigV4(_) => None,
        }
    }

    /// The query parameter that carries the credential, if one does.
    pub fn query_parameter(&self) -> Option<&str> {
        match self.place()? {
            KeyPlace::Query(name) => Some(name),
            KeyPlace::Header(_) | KeyPlace::Cookies(_) => None,
        }
    }

    /// The headers that it sets, in lower case.
    pub fn header_names(&self) -> Vec<&str> {
        match (self, self.place()) {
            (Self::Headers { headers }, _) => headers.iter().map(|key| key.name.as_str()).collect(),
            (_, Some(KeyPlace::Header(name))) => vec![name],
            (_, Some(KeyPlace::Cookies(_))) => vec!["cookie"],
            (Self::AwsSigV4(_), _) => vec!["authorization", "x-amz-date", "x-amz-security-token"],
            (Self::None, _) | (_, Some(KeyPlace::Query(_))) => Vec::new(),
            _ => vec!["authorization"],
        }
    }

    /// Where the file says the credential goes, for the kinds that let it say so.
    fn place(&self) -> Option<&KeyPlace> {
        match self {
            Self::ApiKey { place, .. } => Some(place),
            Self::Login(settings) => Some(&settings.place),
            _ => None,
        }
    }
}
