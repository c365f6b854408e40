//! OAuth: a token that an endpoint gives out. What no kind of `auth` says is a request that logs in.

use super::auth::{as_secret, secret, text_or_secret};
use super::part::Part;
use super::refused::{Result, refuse};
use super::term::{Term, shown};
use crate::tree::Node;
use crate::yaml::{Map, Yaml, one};

/// The client's credentials.
struct Client {
    id: Term,
    secret: Term,
    refresh_token: Term,
}

pub(super) fn oauth(part: &mut Part<'_>, node: &Node) -> Result<Map> {
    let value = |part: &Part<'_>, key: &str| {
        node.get(key).map_or_else(Term::null, |value| part.secret_scope(node).value(value))
    };
    let plain = |part: &Part<'_>, key: &str| {
        node.get(key).map_or_else(Term::null, |value| part.scope(node).value(value))
    };
    if node.get("token_refresh_endpoint").is_none() {
        let token = value(part, "access_token_value");
        return Ok(Map::new()
            .with("type", "bearer")
            .with("token", as_secret(part, &token, "the access token", "access-token", node)?));
    }
    let url = plain(part, "token_refresh_endpoint");
    let url = shown(&Part::known(part.opened(url), "the token endpoint", node)?);
    let grant = Part::known(plain(part, "grant_type"), "the grant type", node)?;
    let grant = if grant.is_null() { "refresh_token".to_owned() } else { shown(&grant) };
    let client = Client {
        id: value(part, "client_id"),
        secret: value(part, "client_secret"),
        refresh_token: value(part, "refresh_token"),
    };
    let has_own_names = [
        ("access_token_name", "access_token"),
        ("client_id_name", "client_id"),
        ("client_secret_name", "client_secret"),
        ("grant_type_name", "grant_type"),
        ("refresh_token_name", "refresh_token"),
    ]
    .iter()
    .any(|(key, usual)| node.text_at(key).is_some_and(|name| name != *usual));
    let kind = match grant.as_str() {
        "password" => return as_login(part, node, &url, &grant, &client),
        "client_credentials" if has_own_names => return as_login(part, node, &url, &grant, &client),
        _ if has_own_names => {
            return refuse("token request", "the token endpoint calls its fields otherwise", node);
        }
        "refresh_token" => "oauth2_refresh_token",
        "client_credentials" => "oauth2_client_credentials",
        other => return refuse("OAuth grant type", format!("the grant type is `{other}`"), node),
    };
    let mut map = Map::new().with("type", kind).with("token_url", url);
    map.set("client_id", text_or_secret(part, &client.id, "the client's id", node)?);
    if !client.secret.is_empty() {
        map.set(
            "client_secret",
            as_secret(part, &client.secret, "the client's secret", "client-secret", node)?,
        );
    }
    if kind == "oauth2_refresh_token" {
        let token = as_secret(part, &client.refresh_token, "the refresh token", "refresh-token", node)?;
        map.set("refresh_token", token);
    }
    token_request(part, node, &mut map)?;
    Ok(map)
}

/// What a token request says by itself.
const OWN: [&str; 4] = ["grant_type", "client_id", "client_secret", "refresh_token"];

/// What else a token request says: scopes, parameters, and how the client authenticates.
fn token_request(part: &mut Part<'_>, node: &Node, map: &mut Map) -> Result<()> {
    if let Some(scopes) = node.get("scopes").filter(|scopes| !scopes.items().is_empty()) {
        let scopes = scopes.items().iter().map(|scope| {
            Ok(Yaml::from(shown(&Part::known(part.scope(node).value(scope), "a scope", node)?)))
        });
        map.set("scopes", scopes.collect::<Result<Vec<_>>>()?);
    }
    let mut extra = Map::new();
    for (name, value) in node.get("refresh_request_body").map(Node::entries).unwrap_or_default() {
        // What is sent anyway wins, as in the manifest.
        if OWN.contains(&name.as_str()) {
            continue;
        }
        let value = part.scope(node).value(value);
        let value = shown(&Part::known(part.opened(value), "a parameter of the token request", node)?);
        if name == "scope" {
            let scopes = value.split_whitespace().map(Yaml::from);
            map.set("scopes", scopes.collect::<Vec<_>>());
        } else {
            extra.set(name.as_str(), value);
        }
    }
    if !extra.is_empty() {
        map.set("params", extra);
    }
    for (name, _) in node.get("refresh_request_headers").map(Node::entries).unwrap_or_default() {
        match name.to_ascii_lowercase().as_str() {
            "authorization" => {
                map.set("client_auth", "basic");
            }
            "content-type" | "accept" => {}
            _ => {
                let what = format!("the token request has the header `{name}`");
                return refuse("header of a token request", what, node);
            }
        }
    }
    Ok(())
}

/// A token request as a login: its form may hold any secret under any name.
fn as_login(part: &mut Part<'_>, node: &Node, url: &str, grant: &str, client: &Client) -> Result<Map> {
    let name = |key: &str, usual: &str| node.text_at(key).unwrap_or_else(|| usual.to_owned());
    let mut form = Map::new().with(name("grant_type_name", "grant_type").as_str(), grant);
    let headers = node.get("refresh_request_headers").map(Node::entries).unwrap_or_default();
    if headers.iter().any(|(name, _)| !name.eq_ignore_ascii_case("content-type")) {
        return refuse("header of a token request", "the token request has headers of its own", node);
    }
    let fields = [
        (name("client_id_name", "client_id"), &client.id),
        (name("client_secret_name", "client_secret"), &client.secret),
    ];
    for (name, term) in fields.into_iter().filter(|(_, term)| !term.is_empty()) {
        form.set(name.as_str(), text_or_secret(part, term, "the client's credentials", node)?);
    }
    for (name, value) in node.get("refresh_request_body").map(Node::entries).unwrap_or_default() {
        if form.get(name).is_none() {
            let term = part.secret_scope(node).value(value);
            let value = match &term {
                Term::Secret(place) => secret(part, place),
                term => text_or_secret(part, term, "a field of the token request", node)?,
            };
            form.set(name.as_str(), value);
        }
    }
    part.rewrite("the token request is a login");
    let token = name("access_token_name", "access_token");
    Ok(Map::new()
        .with("type", "login")
        .with("request", Map::new().with("url", url).with("form", form))
        .with("token", one("body", crate::place::written(&[token])))
        .with("send", Map::new().with("header", "Authorization").with("prefix", "Bearer "))
        .with("expires", one("body", crate::place::written(&[name("expires_in_name", "expires_in")]))))
}
