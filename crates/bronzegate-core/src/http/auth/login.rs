//! Session tokens by a request of the source file.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::base;
use super::cookies::Cookies;
use super::credential::{header_name, header_value};
use super::endpoint::{Endpoint, TokenRequest};
use super::fault::{AuthFault, fatal};
use super::keys::Keys;
use super::token::{Token, shortened};
use crate::config::{self, Expires, KeyPlace, Login, LoginBody, LoginUrl, LoginValue};
use crate::http::append_path;
use crate::http::signals::reset_in;
use crate::secret::{Freshness, SecretError};

/// Logs in.
pub(super) async fn token(
    keys: &Keys,
    settings: &Login,
    freshness: Freshness,
    endpoint: &Endpoint,
) -> Result<Token, AuthFault> {
    let request = request(keys, settings, freshness, endpoint).await?;
    let expires = match &settings.expires {
        Some(Expires::At(address)) => Some(address),
        _ => None,
    };
    let from = settings.base_url_from.as_ref();
    let addresses = settings.token.iter().chain(expires).chain(from.map(|from| &from.at));
    let answer = endpoint.ask(request, addresses).await?;
    let (value, cookies) = match (&settings.token, &settings.place) {
        (Some(at), _) => {
            let found = answer.facts.look(at).and_then(|found| found.text());
            (SecretString::from(found.ok_or_else(|| answer.lacks(&format!("token at {at}")))?), None)
        }
        (None, KeyPlace::Cookies(names)) => {
            let cookies = Cookies::of(names, &answer.facts.headers);
            let cookies = cookies.map_err(|name| answer.lacks(&format!("cookie `{name}` (Set-Cookie)")))?;
            cookies.values().iter().for_each(|value| keys.learn(value));
            (SecretString::default(), Some(cookies))
        }
        (None, KeyPlace::Header(_) | KeyPlace::Query(_)) => return Err(fatal("the login names no token")),
    };
    keys.learn(&value);
    let lifetime = match &settings.expires {
        Some(Expires::After(life)) => Some(*life),
        Some(Expires::At(address)) => {
            let text = answer.facts.look(address).and_then(|found| found.text());
            let life = text.and_then(|text| reset_in(&text, None, endpoint.clock.now()));
            Some(life.ok_or_else(|| answer.lacks(&format!("time at {address}")))?)
        }
        None => None,
    };
    let base = from.map(|from| base::of(from, &answer, &endpoint.egress)).transpose()?;
    Ok(Token { value, cookies, lifetime: lifetime.map(shortened), base })
}

async fn request(
    keys: &Keys,
    settings: &Login,
    freshness: Freshness,
    endpoint: &Endpoint,
) -> Result<TokenRequest, AuthFault> {
    let url = match &settings.url {
        LoginUrl::Url(url) => url.clone(),
        LoginUrl::Path(path) => append_path(&endpoint.base_url, path)
            .ok_or_else(|| fatal(format!("`{path}` does not make a URL")))?,
    };
    let mut request = match &settings.body {
        // An empty body has a length, which some servers demand of a POST.
        LoginBody::Empty => {
            let body = (settings.method == config::Method::Post).then(|| String::new().into());
            TokenRequest { method: Method::GET, url, headers: HeaderMap::new(), body }
        }
        LoginBody::Form(fields) => {
            let mut form = Vec::new();
            for (name, value) in fields {
                form.push((name.clone(), keys.text(value, freshness).await?));
            }
            TokenRequest::form(&url, &form)
        }
        LoginBody::Json(value) => {
            let json = filled(keys, value, freshness).await?.to_string();
            let kind = HeaderValue::from_static("application/json");
            let headers = [(CONTENT_TYPE, kind)].into_iter().collect();
            TokenRequest { method: Method::POST, url, headers, body: Some(json.into()) }
        }
    };
    request.method = settings.method.into();
    for (name, value) in &settings.headers {
        let value = keys.text(value, freshness).await?;
        request.headers.insert(header_name(name)?, header_value(value.expose_secret())?);
    }
    Ok(request)
}

/// A body with the secrets in their places.
async fn filled(keys: &Keys, value: &LoginValue, freshness: Freshness) -> Result<Value, SecretError> {
    Ok(match value {
        LoginValue::Plain(value) => value.clone(),
        LoginValue::Secret(secret) => keys.secret(secret, freshness).await?.expose_secret().into(),
        LoginValue::List(items) => {
            let mut list = Vec::new();
            for item in items {
                list.push(Box::pin(filled(keys, item, freshness)).await?);
            }
            Value::Array(list)
        }
        LoginValue::Map(members) => {
            let mut map = Map::new();
            for (name, member) in members {
                map.insert(name.clone(), Box::pin(filled(keys, member, freshness)).await?);
            }
            Value::Object(map)
        }
    })
}
