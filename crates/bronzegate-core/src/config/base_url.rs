//! `base_url` and `token_url`: https, or http for loopback only unless `allow_http: true`.

use url::{Host, Url};

use super::problem::{At, Draft, Report};

/// Checks a URL of the file. The value is not echoed when it may hold a password.
pub(super) fn check(text: &str, query: Query, allow_http: bool, at: &At, report: &Report) -> Option<Url> {
    let refuse = |what: &str, accepted: &str| {
        let draft = Draft::new(what).accepted(accepted);
        report.add(at, if text.contains('@') { draft } else { draft.value(text) });
        None
    };
    if text.contains("{{") {
        return refuse("cannot be a template", "the URL itself; templates belong in path and params");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("is not a URL", "one such as https://api.example.com");
    };
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return refuse("is not accepted", "an https URL such as https://api.example.com");
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') && has_authority_at(text)
    {
        return refuse(
            "a URL with user or password is refused",
            "the URL without them and the secret under auth",
        );
    }
    if url.fragment().is_some() || (query == Query::Refused && url.query().is_some()) {
        return refuse("has a query or fragment", "the URL without it; parameters belong in params");
    }
    if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        return refuse("sends credentials in clear text", "https, or allow_http: true beside base_url");
    }
    Some(url)
}

/// Whether a query may be part of the URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    Allowed,
    Refused,
}

/// The parser drops an empty `user:password@`; it is refused all the same.
fn has_authority_at(text: &str) -> bool {
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str, query: Query, allow_http: bool) -> Option<String> {
        let report = Report::new("x.yaml");
        let _ = check(text, query, allow_http, &At::default(), &report);
        let problems = report.into_problems();
        problems.as_slice().first().map(ToString::to_string)
    }

    #[test]
    fn https_everywhere_and_http_on_loopback() {
        for text in [
            "https://api.hubapi.com",
            "https://api.example.com:8443/v3/",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://[::1]:1/x",
        ] {
            assert_eq!(problem(text, Query::Refused, false), None, "{text}");
        }
        assert_eq!(problem("http://10.0.0.1", Query::Refused, true), None);
        assert_eq!(problem("https://login.example.com/token?p=b2c", Query::Allowed, false), None);
    }

    #[test]
    fn other_urls_are_refused_and_passwords_not_echoed() {
        for (text, part) in [
            ("http://api.example.com", "sends credentials in clear text"),
            ("http://localhost.example.com", "sends credentials in clear text"),
            ("ftp://example.com", "an https URL"),
            ("api.example.com", "is not a URL"),
            ("https://api.example.com?x=1", "query or fragment"),
            ("https://api.example.com#x", "query or fragment"),
            ("https://ann:hunter2@example.com", "user or password"),
            ("https://:@example.com", "user or password"),
            ("https://{{ vars.host }}", "cannot be a template"),
        ] {
            let message = problem(text, Query::Refused, false).unwrap();
            assert!(message.contains(part), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
