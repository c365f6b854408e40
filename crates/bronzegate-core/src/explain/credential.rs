//! What authentication adds to a request, with the names of secrets in place of their values.

use url::Url;

use crate::config::{Auth, HeaderKey, KeyPlace, SecretRef, TextOrSecret};

/// What is added to a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// Headers, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// A query parameter.
    pub(super) query: Option<(String, String)>,
}

/// A secret by its name.
pub(super) fn named(secret: &SecretRef) -> String {
    match &secret.field {
        None => format!("{{secret: {}}}", secret.secret),
        Some(field) => format!("{{secret: {}, field: {field}}}", secret.secret),
    }
}

/// What is added to each request.
pub(super) fn added(auth: &Auth) -> Added {
    let authorization =
        |value: String| Added { headers: vec![("authorization".to_owned(), value)], query: None };
    let token_of = |url: &Url| authorization(format!("Bearer <a token of {url}>"));
    match auth {
        Auth::None => Added::default(),
        Auth::Bearer { token } => authorization(format!("Bearer {}", named(token))),
        Auth::Basic { username, password } => {
            let password = password.as_ref().map(named).unwrap_or_default();
            authorization(format!("Basic {}:{password} (in base64)", text_or_name(username)))
        }
        Auth::ApiKey { place, value, prefix } => put(place, prefix.as_deref(), &named(value)),
        Auth::Headers { headers } => Added {
            headers: headers.iter().map(|key| (key.name.clone(), header(key))).collect(),
            query: None,
        },
        Auth::OAuth2ClientCredentials(settings) => token_of(&settings.client.token_url),
        Auth::OAuth2RefreshToken(settings) => token_of(&settings.client.token_url),
        Auth::JwtBearer(settings) => token_of(&settings.token_url),
        Auth::Login(settings) => {
            put(&settings.place, settings.prefix.as_deref(), "<what the login has given>")
        }
        Auth::OAuth1(settings) => {
            let key = text_or_name(&settings.consumer_key);
            authorization(format!("OAuth <a signature of {key} with {}>", named(&settings.consumer_secret)))
        }
        Auth::AwsSigV4(settings) => authorization(format!(
            "AWS4-HMAC-SHA256 <a signature for {} in {} with the platform's identity>",
            settings.service, settings.region
        )),
    }
}

fn put(place: &KeyPlace, prefix: Option<&str>, value: &str) -> Added {
    let value = format!("{}{value}", prefix.unwrap_or_default());
    match place {
        KeyPlace::Header(name) => Added { headers: vec![(name.clone(), value)], query: None },
        KeyPlace::Query(name) => Added { headers: Vec::new(), query: Some((name.clone(), value)) },
        KeyPlace::Cookies(names) => {
            let cookies: Vec<_> = names.iter().map(|name| format!("{name}={value}")).collect();
            Added { headers: vec![("cookie".to_owned(), cookies.join("; "))], query: None }
        }
    }
}

fn header(key: &HeaderKey) -> String {
    format!("{}{}", key.prefix.as_deref().unwrap_or_default(), text_or_name(&key.value))
}

fn text_or_name(value: &TextOrSecret) -> String {
    match value {
        TextOrSecret::Text(text) => text.clone(),
        TextOrSecret::Secret(secret) => named(secret),
    }
}
