//! The API's base URL, as a token's answer names it.

use url::Url;

use super::endpoint::Answer;
use super::fault::TokenError;
use crate::config::BaseUrlFrom;
use crate::http::egress::{Egress, EgressError, host_and_port, is_loopback_host};

/// The base URL of an answer.
///
/// Whoever gives out the token may say where it is used, if that was said over https (or on
/// loopback, where nobody listens in). What it names is held to `hosts`, to https and to public addresses
/// like any other URL.
pub(super) fn of(from: &BaseUrlFrom, answer: &Answer, egress: &Egress) -> Result<Url, TokenError> {
    let asked = &answer.facts.url;
    if asked.scheme() != "https" && !is_loopback_host(asked) {
        return Err(TokenError::Egress(EgressError::Unproven(host_and_port(asked))));
    }
    let text = answer.facts.look(&from.at).and_then(|found| found.text());
    let text = text.ok_or_else(|| answer.lacks(&format!("base URL at {}", from.at)))?;
    let url = Url::parse(&text).ok().filter(is_base);
    let url = url.ok_or_else(|| answer.lacks(&format!("URL of an API at {}", from.at)))?;
    if !from.lets(&url) {
        return Err(TokenError::Egress(EgressError::NotABase(host_and_port(&url))));
    }
    egress.permit_address(&url).map_err(TokenError::Egress)?;
    Ok(url)
}

fn is_base(url: &Url) -> bool {
    let bare = url.query().is_none() && url.fragment().is_none();
    matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && bare
        && url.username().is_empty()
        && url.password().is_none()
}

/// A URL below `base_url`, put below the base of a token instead.
pub(in crate::http) fn rebased(url: &Url, base_url: &Url, base: &Url) -> Option<Url> {
    let rest = url.as_str().strip_prefix(base_url.as_str().trim_end_matches('/'))?;
    Url::parse(&format!("{}{rest}", base.as_str().trim_end_matches('/'))).ok()
}

/// A URL with the scheme, host and port of another.
pub(in crate::http) fn with_origin(url: &Url, of: &Url) -> Url {
    let mut moved = of.clone();
    moved.set_path(url.path());
    moved.set_query(url.query());
    moved.set_fragment(url.fragment());
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_keeps_its_path_behind_the_new_base() {
        for (url, base_url, base, expected) in [
            (
                "https://login.example/v60/query?q=a%20b",
                "https://login.example",
                "https://acme.example",
                "https://acme.example/v60/query?q=a%20b",
            ),
            (
                "https://login.example/api/items",
                "https://login.example/api/",
                "https://r9.example/rest/e1/",
                "https://r9.example/rest/e1/items",
            ),
            (
                "https://login.example?q=1",
                "https://login.example",
                "https://acme.example:8443",
                "https://acme.example:8443/?q=1",
            ),
        ] {
            let [url, base_url, base] = [url, base_url, base].map(|text| Url::parse(text).unwrap());
            assert_eq!(rebased(&url, &base_url, &base).unwrap().as_str(), expected);
        }
    }
}
