//! Credentials, lifted out of a request before anything is sent.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::looks_secret::{header_is_secret, is_page_token, is_token, name_is_secret, value_is_secret};
use crate::request::Request;

/// Headers of browsers, and those that the HTTP client sets: they say nothing about what is asked for.
const DROPPED: [&str; 18] = [
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "dnt",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "pragma",
    "priority",
    "referer",
    "te",
    "upgrade-insecure-requests",
    "user-agent",
    "x-requested-with",
];

/// Where a credential was, and goes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A header, and what stands before the credential there: `Bearer `.
    Header { name: String, prefix: String },
    /// A parameter of the query.
    Query(String),
    /// The user of basic authentication.
    User,
    /// The password of basic authentication.
    Password,
    /// A member of the body, or a field of the form.
    Body(Vec<String>),
}

/// A credential that was lifted: it is in the source file by name alone.
#[derive(Clone)]
pub struct Lifted {
    /// The secret's name in the vault.
    pub secret: String,
    /// Its value; `None` where the vault has it already.
    pub value: Option<SecretString>,
    /// Where it was, for people.
    pub was: String,
    pub(crate) place: Place,
}

impl std::fmt::Debug for Lifted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lifted")
            .field("secret", &self.secret)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// What is left of a request, and what was lifted out of it.
#[derive(Clone, Debug)]
pub(crate) struct Lift {
    pub(crate) request: Request,
    pub(crate) lifted: Vec<Lifted>,
    /// What was left out, and why.
    pub(crate) notes: Vec<String>,
}

/// Why a request is not taken. No text repeats a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LiftError {
    /// A credential where a source file has no place for one.
    #[error("{0} looks like a credential, and a source file has no place for one there")]
    NoPlace(String),
    /// Credentials in ways that do not go together.
    #[error(
        "the request has credentials in {0}, which one source cannot send together; leave out what the API does not need"
    )]
    Mixed(String),
}

/// Takes every credential out; what is in doubt is one.
///
/// # Errors
/// [`LiftError`] for a credential in a path, or in a list of the body.
pub(crate) fn lift(source: &str, mut request: Request) -> Result<Lift, LiftError> {
    let mut lift = Lift { lifted: Vec::new(), notes: Vec::new(), request: request.clone() };
    let user = request.user.take().or_else(|| userinfo(&request.url));
    let _ = request.url.set_username("");
    let _ = request.url.set_password(None);
    request.url.set_fragment(None);
    if let Some(user) = user {
        lift.basic(source, &user, "the user and password");
    }
    let headers = std::mem::take(&mut request.headers);
    for (name, value) in headers {
        lift.header(source, name, &value, &mut request);
    }
    lift.query(source, &mut request.url);
    if let Some(segment) = request.url.path_segments().into_iter().flatten().position(is_token) {
        return Err(LiftError::NoPlace(format!("part {} of the path", segment + 1)));
    }
    if let Some(body) = &mut request.body {
        lift.body(source, &mut body.value, &mut Vec::new())?;
    }
    lift.request = request;
    lift.named_apart();
    Ok(lift)
}

fn userinfo(url: &Url) -> Option<String> {
    let decoded = |text: &str| {
        url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    let user = decoded(url.username()).unwrap_or_default();
    let password = url.password().and_then(decoded).unwrap_or_default();
    (!user.is_empty() || !password.is_empty()).then(|| format!("{user}:{password}"))
}

/// Whether a member of a body is a credential.
fn is_credential(name: &str, value: &Value) -> bool {
    value.as_str().is_some_and(|text| is_token(text) || (name_is_secret(name) && !text.is_empty()))
}

fn holds_credential(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(name, value)| is_credential(name, value) || holds_credential(value))
        }
        Value::Array(items) => items.iter().any(holds_credential),
        _ => false,
    }
}

impl Lift {
    fn add(&mut self, secret: String, value: &str, was: String, place: Place) {
        self.lifted.push(Lifted { secret, value: Some(value.to_owned().into()), was, place });
    }

    fn basic(&mut self, source: &str, text: &str, was: &str) {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        self.add(format!("{source}-user"), user, format!("{was} (the user)"), Place::User);
        if !password.is_empty() {
            self.add(
                format!("{source}-password"),
                password,
                format!("{was} (the password)"),
                Place::Password,
            );
        }
    }

    fn header(&mut self, source: &str, name: String, value: &str, request: &mut Request) {
        let lower = name.to_ascii_lowercase();
        if lower == "authorization" {
            return self.authorization(source, name, value);
        }
        if DROPPED.contains(&lower.as_str()) || lower.starts_with("sec-") {
            return;
        }
        if header_is_secret(&lower, value) {
            let short = lower.strip_prefix("x-").unwrap_or(&lower);
            let own = short.strip_prefix(&format!("{source}-")).unwrap_or(short);
            let was = format!("the header `{name}`");
            let secret = format!("{source}-{}", secret_name(own));
            return self.add(secret, value, was, Place::Header { name, prefix: String::new() });
        }
        if lower == "accept" && (value.contains("*/*") || value == "application/json") {
            return;
        }
        request.headers.push((name, value.to_owned()));
    }

    fn authorization(&mut self, source: &str, name: String, value: &str) {
        let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
        if scheme.eq_ignore_ascii_case("basic")
            && let Some(text) =
                BASE64_STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        {
            return self.basic(source, &text, "the header `Authorization`");
        }
        let prefix = if scheme.is_empty() { String::new() } else { format!("{scheme} ") };
        let was = "the header `Authorization`".to_owned();
        self.add(format!("{source}-token"), rest.trim(), was, Place::Header { name, prefix });
    }

    fn query(&mut self, source: &str, url: &mut Url) {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut kept = Vec::new();
        for (name, value) in pairs {
            if is_page_token(&name) {
                self.notes.push(format!("the parameter `{name}` named a page in the middle; it is left out, so that the first comes first"));
            } else if name_is_secret(&name) || value_is_secret(&value) {
                let was = format!("the parameter `{name}`");
                self.add(format!("{source}-{}", secret_name(&name)), &value, was, Place::Query(name));
            } else {
                kept.push((name, value));
            }
        }
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }

    /// Takes credentials out of a body. A list has no place for one by name.
    fn body(&mut self, source: &str, value: &mut Value, path: &mut Vec<String>) -> Result<(), LiftError> {
        match value {
            Value::Object(members) => {
                let names: Vec<String> = members.keys().cloned().collect();
                for name in names {
                    path.push(name.clone());
                    match members.get_mut(&name) {
                        Some(inner) if is_credential(&name, inner) => {
                            let text = inner.as_str().unwrap_or_default().to_owned();
                            members.remove(&name);
                            let was = format!("member `{}` of the body", path.join("."));
                            let secret = format!("{source}-{}", secret_name(&name));
                            self.add(secret, &text, was, Place::Body(path.clone()));
                        }
                        Some(inner) => self.body(source, inner, path)?,
                        None => {}
                    }
                    path.pop();
                }
                Ok(())
            }
            Value::Array(items) => {
                let holds = |item: &Value| item.as_str().is_some_and(is_token) || holds_credential(item);
                if items.iter().any(holds) {
                    let place = format!("an element of `{}` in the body", path.join("."));
                    return Err(LiftError::NoPlace(place));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Two secrets of one name would be one.
    fn named_apart(&mut self) {
        for at in 1..self.lifted.len() {
            let same = |lifted: &[Lifted], name: &str| lifted[..at].iter().any(|other| other.secret == name);
            let mut name = self.lifted[at].secret.clone();
            let mut number = 2;
            while same(&self.lifted, &name) {
                name = format!("{}-{number}", self.lifted[at].secret);
                number += 1;
            }
            self.lifted[at].secret = name;
        }
    }
}

/// A name of a secret: lower-case letters, digits and hyphens.
pub(crate) fn secret_name(text: &str) -> String {
    let mut name = String::new();
    let mut last_lower = false;
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            if letter.is_ascii_uppercase() && last_lower {
                name.push('-');
            }
            last_lower = letter.is_ascii_lowercase();
            name.push(letter.to_ascii_lowercase());
        } else {
            last_lower = false;
            if !name.ends_with('-') && !name.is_empty() {
                name.push('-');
            }
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "key".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::curl;
    use crate::sent::sent;
    use crate::yaml::Yaml;

    fn lifted(line: &str) -> (String, Vec<(String, String)>, String) {
        let lift = lift("acme", curl::parse(line).unwrap()).unwrap();
        let secrets = lift.lifted.iter();
        let secrets = secrets.map(|lifted| {
            let value = lifted.value.as_ref().map(|value| value.expose_secret().to_owned());
            (lifted.secret.clone(), value.unwrap_or_default())
        });
        let secrets = secrets.collect();
        let auth = sent(&lift.lifted).unwrap().auth.map(|auth| Yaml::Map(auth).to_value().to_string());
        (lift.request.url.to_string(), secrets, auth.unwrap_or_default())
    }

    #[test]
    fn every_credential_leaves_the_request() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (line, secrets, auth) in [
            (
                "curl https://a.example/x -H 'Authorization: Bearer abc'",
                vec![pair("acme-token", "abc")],
                r#"{"type":"bearer","token":{"secret":"acme-token"}}"#,
            ),
            (
                "curl https://a.example/x -H 'authorization: Token token=abc'",
                vec![pair("acme-token", "token=abc")],
                r#"{"type":"api_key","in":"header","name":"authorization","prefix":"Token ","value":{"secret":"acme-token"}}"#,
            ),
            (
                "curl https://a.example/x -u sk_1:",
                vec![pair("acme-user", "sk_1")],
                r#"{"type":"basic","username":{"secret":"acme-user"}}"#,
            ),
            (
                "curl https://a.example/x -H 'Authorization: Basic dTpwOnE='",
                vec![pair("acme-user", "u"), pair("acme-password", "p:q")],
                r#"{"type":"basic","username":{"secret":"acme-user"},"password":{"secret":"acme-password"}}"#,
            ),
            (
                "curl 'https://u%40x:p@a.example/x'",
                vec![pair("acme-user", "u@x"), pair("acme-password", "p")],
                r#"{"type":"basic","username":{"secret":"acme-user"},"password":{"secret":"acme-password"}}"#,
            ),
            (
                "curl 'https://a.example/x?api_key=k'",
                vec![pair("acme-api-key", "k")],
                r#"{"type":"api_key","in":"query","name":"api_key","value":{"secret":"acme-api-key"}}"#,
            ),
            (
                "curl https://a.example/x -H 'DD-API-KEY: a' -H 'DD-APPLICATION-KEY: aB3dE5gH7jK9mN1pQ3sT5vX7'",
                vec![
                    pair("acme-dd-api-key", "a"),
                    pair("acme-dd-application-key", "aB3dE5gH7jK9mN1pQ3sT5vX7"),
                ],
                r#"{"type":"headers","headers":{"DD-API-KEY":{"secret":"acme-dd-api-key"},"DD-APPLICATION-KEY":{"secret":"acme-dd-application-key"}}}"#,
            ),
            (
                "curl https://a.example/x -b 'sid=1'",
                vec![pair("acme-cookie", "sid=1")],
                r#"{"type":"api_key","in":"header","name":"Cookie","value":{"secret":"acme-cookie"}}"#,
            ),
        ] {
            let found = lifted(line);
            assert_eq!((found.1, found.2.as_str()), (secrets, auth), "{line}");
            assert_eq!(found.0, "https://a.example/x", "{line}");
        }
    }

    #[test]
    fn a_credential_without_a_place_is_refused_and_not_repeated() {
        for line in [
            "curl https://a.example/bot123:abcdefghijklmnopqrstuvwxyz/x",
            "curl https://a.example/x -d '{\"auth\":[{\"password\":\"abcdefp\"}]}'",
        ] {
            let refusal = lift("acme", curl::parse(line).unwrap()).unwrap_err().to_string();
            assert!(
                refusal.ends_with("has no place for one there") && !refusal.contains("abcdef"),
                "{refusal}"
            );
        }
    }
}
