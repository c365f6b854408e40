//! Checks what a request proves.

use super::{call::Call, oauth::Vault};
use crate::stream::{Auth, Stream};
use std::time::Instant;

/// Whether the request has the credentials that the stream demands.
pub(crate) fn admits(stream: &Stream, call: &Call, vault: &Vault, now: Instant) -> bool {
    let known = vault.credentials();
    let auth = stream.auth;
    if let Some((name, prefix)) = stream.quirks.credential_header.as_ref().filter(|_| auth != Auth::None) {
        let given = call.header(name).and_then(|text| text.strip_prefix(prefix.as_str()));
        return given.is_some_and(|given| match auth {
            Auth::OAuth2 | Auth::Session => vault.is_valid(given, now),
            Auth::Bearer => given == known.token,
            _ => given == known.api_key,
        });
    }
    let header = |name, secret: &str| call.header(name) == Some(secret);
    match auth {
        Auth::None => true,
        Auth::Bearer => call.bearer() == Some(&known.token),
        Auth::Basic => {
            call.basic().is_some_and(|(user, password)| user == known.username && password == known.password)
        }
        Auth::ApiKeyHeader => header("x-api-key", &known.api_key),
        Auth::ApiKeyQuery => {
            call.query().iter().any(|(name, value)| name == "api_key" && *value == known.api_key)
        }
        Auth::TwoHeaders => {
            header("dd-api-key", &known.api_key) && header("dd-application-key", &known.application_key)
        }
        Auth::OAuth2 => {
            vault.is_instance(call.host()) && call.bearer().is_some_and(|token| vault.is_valid(token, now))
        }
        Auth::Session => {
            let query = call.query().iter().find(|(name, _)| name == "sid").map(|(_, value)| value.as_str());
            let token = call.header("x-session").or(query);
            vault.is_instance(call.host()) && token.is_some_and(|token| vault.is_valid(token, now))
        }
        Auth::ShopifyToken => header("x-shopify-access-token", &known.token),
        Auth::KeyAsUser => call.basic().is_some_and(|(user, _)| user == known.api_key),
        Auth::KeyAsPassword => call.basic().is_some_and(|(_, password)| password == known.api_key),
        Auth::AuthorizationApiKey => {
            call.header("authorization").and_then(|value| value.strip_prefix("ApiKey "))
                == Some(&known.api_key)
        }
        Auth::KeyArgument => call.argument("key") == Some(&known.api_key),
        Auth::OAuth1 => call.header("authorization").is_some_and(|value| {
            let has = |name, text: &str| value.contains(&format!("{name}=\"{text}\""));
            value.starts_with("OAuth ")
                && has("oauth_consumer_key", &known.client_id)
                && has("oauth_token", &known.token)
        }),
    }
}

/// The `WWW-Authenticate` of a refusal.
pub(crate) fn challenge(auth: Auth) -> &'static str {
    match auth {
        Auth::Basic | Auth::KeyAsUser | Auth::KeyAsPassword => "Basic realm=\"demo\"",
        Auth::AuthorizationApiKey => "ApiKey",
        Auth::OAuth1 => "OAuth",
        Auth::OAuth2 => "Bearer error=\"invalid_token\"",
        _ => "Bearer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, options::Credentials, record::Shape, stream::Style};
    use base64::{Engine, prelude::BASE64_STANDARD};

    fn admitted(auth: Auth, target: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = http::Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let call = Call::new(parts, bytes::Bytes::new(), "here");
        let vault = Vault::new(Credentials::default());
        let stream = Stream::new("any", Style::Single, Shape::Small, 1).auth(auth);
        admits(&stream, &call, &vault, clock::now())
    }

    #[test]
    fn each_kind_takes_its_own_proof_only() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("demo-user:demo-password"));
        let user = format!("Basic {}", BASE64_STANDARD.encode("demo-api-key:"));
        let password = format!("Basic {}", BASE64_STANDARD.encode("any:demo-api-key"));
        let both = [("dd-api-key", "demo-api-key"), ("dd-application-key", "demo-application-key")];
        let bearer = [("authorization", "Bearer demo-token")];
        for (auth, target, headers) in [
            (Auth::None, "/", &[][..]),
            (Auth::Bearer, "/", &bearer),
            (Auth::Basic, "/", &[("authorization", &*basic)]),
            (Auth::ApiKeyHeader, "/", &[("x-api-key", "demo-api-key")]),
            (Auth::ApiKeyQuery, "/?api_key=demo-api-key", &[]),
            (Auth::KeyArgument, "/?key=demo-api-key", &[]),
            (Auth::TwoHeaders, "/", &both),
            (Auth::ShopifyToken, "/", &[("x-shopify-access-token", "demo-token")]),
            (Auth::KeyAsUser, "/", &[("authorization", &*user)]),
            (Auth::KeyAsPassword, "/", &[("authorization", &*password)]),
            (Auth::AuthorizationApiKey, "/", &[("authorization", "ApiKey demo-api-key")]),
        ] {
            assert!(admitted(auth, target, headers), "{auth:?}");
        }
        assert!(!admitted(Auth::Bearer, "/", &[("authorization", "Bearer other")]));
        assert!(!admitted(Auth::Bearer, "/", &[]));
        assert!(!admitted(Auth::TwoHeaders, "/", &both[..1]));
        assert!(!admitted(Auth::ApiKeyQuery, "/?api_key=x", &bearer));
        assert!(!admitted(Auth::OAuth2, "/", &bearer));
        assert!(!admitted(Auth::KeyAsUser, "/", &[("authorization", &*password)]));
        assert!(!admitted(Auth::AuthorizationApiKey, "/", &bearer));
    }
}
