//! Credentials as settings: `auth`, and secrets beside it in parameters, headers and bodies.

use crate::credentials::{LiftError, Lifted, Place};
use crate::yaml::{Map, Yaml, one};

/// The setting `auth` that sends credentials again, and those that go beside it.
#[derive(Debug, Default)]
pub(crate) struct Sent<'a> {
    pub(crate) auth: Option<Map>,
    /// Each is a whole value: `{ secret: … }`.
    pub(crate) beside: Vec<&'a Lifted>,
}

/// How credentials are sent again.
///
/// # Errors
/// [`LiftError::Mixed`] where two of them need the setting.
pub(crate) fn sent(lifted: &[Lifted]) -> Result<Sent<'_>, LiftError> {
    let (in_body, others): (Vec<_>, Vec<_>) =
        lifted.iter().partition(|lifted| matches!(lifted.place, Place::Body(_)));
    if let Some(auth) = alone(&others) {
        return Ok(Sent { auth: Some(auth), beside: in_body });
    }
    // User and password, or what has text before it, need a setting of their own.
    let (own, mut beside): (Vec<_>, Vec<_>) = others.into_iter().partition(|lifted| match &lifted.place {
        Place::User | Place::Password => true,
        Place::Header { name, prefix } => !prefix.is_empty() || name.eq_ignore_ascii_case("authorization"),
        Place::Query(_) | Place::Body(_) => false,
    });
    beside.extend(in_body);
    let auth = alone(&own);
    if auth.is_none() && !own.is_empty() {
        let was: Vec<_> = own.iter().map(|lifted| lifted.was.as_str()).collect();
        return Err(LiftError::Mixed(was.join(" and ")));
    }
    Ok(Sent { auth, beside })
}

/// One setting for all of them; `None` where there is none.
fn alone(lifted: &[&Lifted]) -> Option<Map> {
    let secret = |lifted: &Lifted| one("secret", lifted.secret.as_str());
    let (first, rest) = lifted.split_first()?;
    let auth = match (&first.place, rest) {
        (Place::Header { name, prefix }, [])
            if name.eq_ignore_ascii_case("authorization") && prefix.eq_ignore_ascii_case("bearer ") =>
        {
            Map::new().with("type", "bearer").with("token", secret(first))
        }
        (Place::Header { name, prefix }, []) => {
            let mut auth =
                Map::new().with("type", "api_key").with("in", "header").with("name", name.as_str());
            if !prefix.is_empty() {
                auth.set("prefix", prefix.as_str());
            }
            auth.with("value", secret(first))
        }
        (Place::Query(name), []) => Map::new()
            .with("type", "api_key")
            .with("in", "query")
            .with("name", name.as_str())
            .with("value", secret(first)),
        (Place::User, []) => Map::new().with("type", "basic").with("username", secret(first)),
        (Place::User, [password]) if password.place == Place::Password => Map::new()
            .with("type", "basic")
            .with("username", secret(first))
            .with("password", secret(password)),
        _ => return several(lifted),
    };
    Some(auth)
}

/// Several headers at once; the only kind that has more than one place.
fn several(lifted: &[&Lifted]) -> Option<Map> {
    let mut headers = Map::new();
    for lifted_one in lifted {
        if let Place::Header { name, prefix } = &lifted_one.place {
            let mut value = Map::new().with("secret", lifted_one.secret.as_str());
            if !prefix.is_empty() {
                value.set("prefix", prefix.as_str());
            }
            headers.set(name.as_str(), value);
        } else {
            return None;
        }
    }
    Some(Map::new().with("type", "headers").with("headers", Yaml::Map(headers)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::lift;
    use crate::curl;

    #[test]
    fn what_does_not_fit_into_the_setting_goes_beside_it() {
        for (line, auth, beside) in [
            ("curl https://me:pw@a.example/x?api_key=abc", Some("basic"), vec!["acme-api-key"]),
            (
                "curl 'https://a.example/x?api_key=abc' -H 'X-Api-Key: b'",
                None,
                vec!["acme-api-key", "acme-api-key-2"],
            ),
            ("curl https://a.example/x -d '{\"auth\":{\"password\":\"p\"}}'", None, vec!["acme-password"]),
            (
                "curl https://a.example/x -H 'Authorization: Bearer t' -d 'token=u'",
                Some("bearer"),
                vec!["acme-token-2"],
            ),
        ] {
            let lift = lift("acme", curl::parse(line).unwrap()).unwrap();
            let sent = sent(&lift.lifted).unwrap();
            let kind = sent.auth.map(|auth| Yaml::Map(auth).to_value()["type"].clone());
            assert_eq!(kind, auth.map(Into::into), "{line}");
            let mut names: Vec<_> = sent.beside.iter().map(|lifted| lifted.secret.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, beside, "{line}");
        }
        let both =
            lift("acme", curl::parse("curl https://me:pw@a.example/x -H 'Authorization: Token t'").unwrap());
        assert!(sent(&both.unwrap().lifted).is_err());
    }
}
