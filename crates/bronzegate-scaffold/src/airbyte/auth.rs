//! Authenticators. Whatever of the configuration stands in one is a secret, whatever the manifest's flag says.

use serde_json::Value;

use super::functions::BASE64;
use super::part::Part;
use super::refused::{Result, refuse};
use super::term::{Step, Term, shown};
use crate::place::Target;
use crate::tree::Node;
use crate::yaml::{Map, Yaml, one};

/// The setting `auth` of an authenticator; `None` where there is none.
pub(super) fn auth(part: &mut Part<'_>, node: Option<&Node>) -> Result<Option<Map>> {
    let Some(node) = node else { return Ok(None) };
    match node.kind() {
        "" | "NoAuth" => Ok(None),
        "BearerAuthenticator" => bearer(part, node).map(Some),
        "BasicHttpAuthenticator" => basic(part, node).map(Some),
        "ApiKeyAuthenticator" => api_key(part, node).map(Some),
        "OAuthAuthenticator" => super::oauth::oauth(part, node).map(Some),
        "SessionTokenAuthenticator" => super::login::session(part, node).map(Some),
        "SelectiveAuthenticator" => selected(part, node),
        "LegacySessionTokenAuthenticator" => super::login::legacy_session(part, node).map(Some),
        "JwtAuthenticator" => {
            refuse("JWT sent as a token", "a JWT of its own is sent with each request", node)
        }
        kind => {
            let what =
                format!("the authenticator is code of the connector ({kind}): give another with --auth");
            refuse("custom component", what, node)
        }
    }
}

pub(super) fn secret(part: &Part<'_>, place: &str) -> Yaml {
    one("secret", part.settings.secret(part.source, place))
}

/// A secret, or a constant that is stored as one.
pub(super) fn as_secret(
    part: &mut Part<'_>,
    term: &Term,
    what: &'static str,
    name: &str,
    at: &Node,
) -> Result<Yaml> {
    match term {
        Term::Secret(place) => Ok(secret(part, place)),
        Term::Known(value) => {
            let was = format!("{name} (the constant `{}`)", shown(value));
            Ok(one("secret", part.settings.made(part.source, name, &was)))
        }
        Term::Unknown(why) => refuse("expression in authentication", format!("{what}: {why}"), at),
        term => match recipe(term) {
            Some(recipe) => {
                part.note(format!("{what} is put together of several values: it is stored as one secret"));
                Ok(one("secret", part.settings.made(part.source, name, &recipe)))
            }
            None => {
                refuse("expression in authentication", format!("{what} depends on what only a run knows"), at)
            }
        },
    }
}

/// How a secret is put together of values of the configuration: `Token <user>:<password>`.
fn recipe(term: &Term) -> Option<String> {
    match term {
        Term::Known(value) => Some(shown(value)),
        Term::Secret(place) => Some(format!("<{place}>")),
        Term::Text(parts) => parts.iter().map(recipe).collect(),
        Term::Written(inner, format) if format == BASE64 => Some(format!("<base64 of {}>", recipe(inner)?)),
        _ => None,
    }
}

pub(super) fn text_or_secret(
    part: &mut Part<'_>,
    term: &Term,
    what: &'static str,
    at: &Node,
) -> Result<Yaml> {
    match term {
        Term::Secret(place) => Ok(secret(part, place)),
        Term::Known(value) => Ok(shown(value).into()),
        _ => as_secret(part, term, what, "value", at),
    }
}

fn bearer(part: &mut Part<'_>, node: &Node) -> Result<Map> {
    let token = node.get("api_token").map_or_else(Term::null, |token| part.secret_scope(node).value(token));
    Ok(Map::new().with("type", "bearer").with("token", as_secret(part, &token, "the token", "token", node)?))
}

fn basic(part: &mut Part<'_>, node: &Node) -> Result<Map> {
    let value = |part: &Part<'_>, key: &str| {
        node.get(key).map_or_else(Term::null, |value| part.secret_scope(node).value(value))
    };
    let (user, password) = (value(part, "username"), value(part, "password"));
    user_and_password(part, &user, &password, node)
}

fn user_and_password(part: &mut Part<'_>, user: &Term, password: &Term, at: &Node) -> Result<Map> {
    let user = text_or_secret(part, user, "the user", at)?;
    let mut map = Map::new().with("type", "basic").with("username", user);
    if !password.is_empty() {
        map.set("password", as_secret(part, password, "the password", "password", at)?);
    }
    Ok(map)
}

fn api_key(part: &mut Part<'_>, node: &Node) -> Result<Map> {
    let value = node
        .get("api_token")
        .map_or_else(Term::null, |token| part.secret_scope(node).raw(&token.text().unwrap_or_default()));
    let target = match (node.get("inject_into"), node.text_at("header")) {
        (Some(option), _) => part.target(option)?,
        (None, Some(header)) => {
            Target::Header(shown(&Part::known(part.scope(node).text(&header), "the name of a header", node)?))
        }
        (None, None) => Target::Header("Authorization".to_owned()),
    };
    key_at(part, &target, &value, node)
}

/// A value at a place: with what stands before the secret there.
pub(super) fn key_at(part: &mut Part<'_>, target: &Target, value: &Term, at: &Node) -> Result<Map> {
    let place = match target {
        Target::Header(_) => "header",
        Target::Query(_) => "query",
        Target::Body(_) => return refuse("secret in a body", "a key goes into the body", at),
    };
    let (prefix, value) = match value {
        Term::Text(parts) => match parts.as_slice() {
            [Term::Known(prefix), Term::Written(inner, format)]
                if format == BASE64 && shown(prefix).trim().eq_ignore_ascii_case("basic") =>
            {
                if let Some(basic) = encoded(part, inner, at) {
                    return basic;
                }
                (None, value.clone())
            }
            [Term::Known(prefix), secret @ Term::Secret(_)] => (Some(shown(prefix)), secret.clone()),
            _ => (None, value.clone()),
        },
        value => (None, value.clone()),
    };
    let mut map = Map::new().with("type", "api_key").with("in", place).with("name", target.name());
    if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
        map.set("prefix", prefix);
    }
    Ok(map.with("value", as_secret(part, &value, "the key", "key", at)?))
}

/// The key of an authenticator that puts it into the request's body: its place, and the secret.
pub(super) fn key_in_body(part: &mut Part<'_>, node: Option<&Node>) -> Result<Option<(Vec<String>, Yaml)>> {
    let Some(node) = node.filter(|node| node.kind() == "ApiKeyAuthenticator") else { return Ok(None) };
    let option = node.get("inject_into");
    let in_body = |option: &&Node| option.text_at("inject_into").is_some_and(|at| at.starts_with("body"));
    let Some(Target::Body(path)) = option.filter(in_body).map(|option| part.target(option)).transpose()?
    else {
        return Ok(None);
    };
    let value = node.get("api_token").map_or_else(Term::null, |token| part.secret_scope(node).value(token));
    Ok(Some((path, as_secret(part, &value, "the key", "key", node)?)))
}

/// `Basic {{ (user ~ ':' ~ password) | base64encode }}`; `None` where it is put together otherwise.
fn encoded(part: &mut Part<'_>, inner: &Term, at: &Node) -> Option<Result<Map>> {
    let Term::Text(parts) = inner else { return None };
    let colon = |value: &Value| value.as_str().and_then(|text| text.strip_prefix(':')).map(str::to_owned);
    match parts.as_slice() {
        [user @ Term::Secret(_), Term::Known(rest)] if colon(rest).is_some() => {
            let password = Term::Known(colon(rest).unwrap_or_default().into());
            Some(user_and_password(part, user, &password, at))
        }
        [user @ Term::Secret(_), Term::Known(rest), password @ Term::Secret(_)] if rest == ":" => {
            Some(user_and_password(part, user, password, at))
        }
        [Term::Known(user), password @ Term::Secret(_)] if shown(user).ends_with(':') => {
            let user = Term::Known(shown(user).trim_end_matches(':').into());
            Some(user_and_password(part, &user, password, at))
        }
        _ => None,
    }
}

/// One of several, by a value of the configuration.
fn selected(part: &mut Part<'_>, node: &Node) -> Result<Option<Map>> {
    let path: Vec<_> = node
        .get("authenticator_selection_path")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::text)
        .map(Step::Name)
        .collect();
    let choices = node.get("authenticators").map(Node::entries).unwrap_or_default();
    let wanted = match part.settings.look_up(&path, false, false) {
        Term::Known(value) => shown(&value),
        _ => String::new(),
    };
    let of = choices.len();
    let mut all: Vec<_> = choices.iter().collect();
    // The one that is meant first; where nobody has said which, the first that can be said counts.
    all.sort_by_key(|(name, _)| *name != wanted);
    let most = if part.settings.is_chosen() { 1 } else { of };
    let mut refused = None;
    for (name, one) in all.into_iter().take(most) {
        match auth(part, Some(one)) {
            Ok(map) => {
                part.note(format!("authentication `{name}` of {of}: choose another with --choose"));
                return Ok(map);
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(refused) => Err(refused),
        None => refuse("authentication", "no authenticator is given", node),
    }
}

/// Several credentials as one setting: they go together where all are headers.
pub(super) fn together(mut all: Vec<Map>, at: &Node) -> Result<Option<Map>> {
    if all.len() < 2 {
        return Ok(all.pop());
    }
    let mut headers = Map::new();
    for one in &all {
        let text = |key: &str| match one.get(key) {
            Some(Yaml::Value(value)) => value.as_str().map(str::to_owned),
            _ => None,
        };
        let (name, prefix, secret) = match (text("type").as_deref(), text("in").as_deref()) {
            (Some("bearer"), _) => ("Authorization".to_owned(), "Bearer ".to_owned(), one.get("token")),
            (Some("api_key"), Some("header")) => {
                (text("name").unwrap_or_default(), text("prefix").unwrap_or_default(), one.get("value"))
            }
            _ => {
                return refuse(
                    "several secrets beside each other",
                    "two credentials, and not both are headers",
                    at,
                );
            }
        };
        let Some(Yaml::Map(secret)) = secret else { continue };
        let mut secret = secret.clone();
        if !prefix.is_empty() {
            secret.set("prefix", prefix);
        }
        headers.set(name, secret);
    }
    Ok(Some(Map::new().with("type", "headers").with("headers", headers)))
}
