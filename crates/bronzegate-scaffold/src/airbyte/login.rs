//! Sessions: a request logs in, and its answer holds the token.

use super::auth::{as_secret, text_or_secret};
use super::part::{Part, length};
use super::refused::{Result, refuse};
use super::resolve::PARAMETERS;
use super::term::{Term, joined_texts, shown};
use crate::place::{Target, written};
use crate::tree::Node;
use crate::yaml::{Map, Yaml, one};

/// A login by a request of the manifest's own.
pub(super) fn session(part: &mut Part<'_>, node: &Node) -> Result<Map> {
    let Some(login) = node.get("login_requester") else {
        return refuse("login", "there is no login request", node);
    };
    let mut request = Map::new().with("url", url(part, login)?);
    if let Some(method) = login.text_at("http_method").filter(|method| method != "POST") {
        request.set("method", method);
    }
    for (key, word) in
        [("request_body_json", "body"), ("request_body_data", "form"), ("request_headers", "headers")]
    {
        let members = members(part, login, key)?;
        if !members.is_empty() {
            request.set(word, members);
        }
    }
    if let Some((name, value)) = own_header(part, login)? {
        let mut headers = match request.get("headers") {
            Some(Yaml::Map(headers)) => headers.clone(),
            _ => Map::new(),
        };
        headers.set(name, value);
        request.set("headers", headers);
    }
    let path: Vec<_> = node
        .get("session_token_path")
        .map(|path| path.items().iter().filter_map(Node::text).collect())
        .unwrap_or_default();
    let mut map =
        Map::new().with("type", "login").with("request", request).with("token", one("body", written(&path)));
    let sent = node.get("request_authentication");
    match sent.map(Node::kind) {
        Some("Bearer") | None => {
            map.set("send", Map::new().with("header", "Authorization").with("prefix", "Bearer "));
        }
        _ => {
            let option = sent.and_then(|sent| sent.get("inject_into"));
            let Some(option) = option else {
                return refuse("login", "the session's token goes to an unknown place", node);
            };
            map.set("send", part.target(option)?.yaml());
        }
    }
    if let Some(expires) = node.text_at("expiration_duration").as_deref().and_then(length).map(in_days) {
        map.set("expires", expires);
    }
    Ok(map)
}

/// A length without weeks, months and years: how long a token is used has none.
fn in_days(length: String) -> String {
    let days = [("mo", 30), ("w", 7), ("y", 365)].iter().find_map(|(word, days)| {
        length.strip_suffix(word)?.parse::<u64>().ok().map(|count| count.saturating_mul(*days))
    });
    days.map_or(length, |days| format!("{days}d"))
}

/// Where the login goes.
fn url(part: &Part<'_>, login: &Node) -> Result<String> {
    let base = login.get("url").or_else(|| login.get("url_base"));
    let base = base.map_or_else(Term::null, |base| part.scope(login).value(base));
    let path = login.get("path").map_or_else(Term::null, |path| part.scope(login).value(path));
    let base = shown(&Part::known(base, "the address of the login", login)?);
    let path = shown(&Part::known(path, "the path of the login", login)?);
    let Some(base) = part.settings.with_scheme(&base) else {
        return refuse("address", format!("the address `{base}` of the login has no scheme"), login);
    };
    Ok(if path.is_empty() {
        base
    } else {
        format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
    })
}

/// The headers, or the members of the body, of a login.
fn members(part: &mut Part<'_>, login: &Node, key: &str) -> Result<Map> {
    let mut members = Map::new();
    let Some(values) = login.get(key) else { return Ok(members) };
    if values.str().is_some() {
        return refuse("login", "the body of the login is one text", values);
    }
    for (name, value) in values.entries().iter().filter(|(name, _)| name != PARAMETERS) {
        let term = part.secret_scope(login).value(value);
        members.set(name.as_str(), text_or_secret(part, &term, "a value of the login", login)?);
    }
    Ok(members)
}

/// The header that the login itself authenticates with.
fn own_header(part: &mut Part<'_>, login: &Node) -> Result<Option<(String, Yaml)>> {
    let Some(own) = login.get("authenticator") else { return Ok(None) };
    let value = |part: &Part<'_>, key: &str| {
        own.get(key).map_or_else(Term::null, |value| part.secret_scope(own).value(value))
    };
    let (name, term) = match own.kind() {
        "" | "NoAuth" => return Ok(None),
        "BearerAuthenticator" => {
            ("Authorization".to_owned(), joined_texts("Bearer ", value(part, "api_token")))
        }
        "BasicHttpAuthenticator" => {
            let (user, password) = (value(part, "username"), value(part, "password"));
            let both = Term::Text(vec![user, Term::Known(":".into()), password]);
            let encoded = Term::Written(Box::new(both), super::functions::BASE64.to_owned());
            ("Authorization".to_owned(), joined_texts("Basic ", encoded))
        }
        "ApiKeyAuthenticator" => {
            match own.get("inject_into").map(|option| part.target(option)).transpose()? {
                Some(Target::Header(name)) => (name, value(part, "api_token")),
                None => (own.text_at("header").unwrap_or_default(), value(part, "api_token")),
                Some(_) => {
                    return refuse("login with authentication", "the login's key is in no header", login);
                }
            }
        }
        kind => {
            let what = format!("the login request has an authenticator of its own ({kind})");
            return refuse("login with authentication", what, login);
        }
    };
    let secret = as_secret(part, &term, "the login's own credential", &format!("login-{name}"), login)?;
    Ok(Some((name, secret)))
}

/// A login by user and password, or a session's token that is given.
pub(super) fn legacy_session(part: &mut Part<'_>, node: &Node) -> Result<Map> {
    let secret = |part: &Part<'_>, key: &str| {
        node.get(key).map_or_else(Term::null, |value| part.secret_scope(node).value(value))
    };
    let plain = |part: &Part<'_>, key: &'static str| {
        let term = node.get(key).map_or_else(Term::null, |value| part.scope(node).value(value));
        Part::known(term, key, node).map(|value| shown(&value))
    };
    let (user, password) = (secret(part, "username"), secret(part, "password"));
    let (base, path) = (part.base.clone().unwrap_or_default(), plain(part, "login_url")?);
    if user.is_empty() || password.is_empty() || !base.contains("://") {
        return refuse("login", "the login has no user, no password, or no address", node);
    }
    let body = Map::new()
        .with("username", text_or_secret(part, &user, "the user", node)?)
        .with("password", as_secret(part, &password, "the password", "password", node)?);
    part.note("a session's token that is given (session_token) is not used: each run logs in");
    Ok(Map::new()
        .with("type", "login")
        .with("request", Map::new().with("url", format!("{base}{path}")).with("body", body))
        .with("token", one("body", written(&[plain(part, "session_token_response_key")?])))
        .with("send", one("header", plain(part, "header")?)))
}
