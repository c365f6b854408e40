//! Links to other pages.

use super::envelope::Scene;
use url::{Url, form_urlencoded};

/// Writes an absolute link to the same list with these parameters set. All others of the request
/// stay, credentials in the query included, as real APIs do it.
pub(crate) fn href(scene: &Scene<'_>, set: &[(&str, String)]) -> String {
    let path = path_and_query(scene, set);
    format!("http://{}{path}", scene.call.host())
}

/// Writes the path and query of [`href`].
pub(crate) fn path_and_query(scene: &Scene<'_>, set: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in scene.call.query() {
        let repeated = scene.stream.quirks.repeats_token.as_ref() == Some(name);
        if !repeated && !set.iter().any(|(set, _)| set == name) {
            query.append_pair(name, value);
        }
    }
    let token = scene.stream.quirks.repeats_token.as_deref().zip(scene.call.bearer());
    let token = token.map(|(name, token)| (name, token.to_owned()));
    for (name, value) in set.iter().chain(&token) {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    // OData writes its parameters with a plain dollar sign.
    let query = query.finish().replace("%24", "$");
    format!("{}?{query}", scene.stream.path)
}

/// Moves a path to another origin; a URL that has a path of its own stays as it is.
pub(crate) fn moved(to: &str, path_and_query: &str) -> String {
    match Url::parse(to) {
        Ok(url) if url.path() == "/" && url.query().is_none() => {
            format!("{}{path_and_query}", to.trim_end_matches('/'))
        }
        _ => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_takes_the_path_along_and_a_url_does_not() {
        assert_eq!(moved("http://other:1", "/a?b=1"), "http://other:1/a?b=1");
        assert_eq!(moved("http://other:1/", "/a?b=1"), "http://other:1/a?b=1");
        assert_eq!(moved("http://other:1/x", "/a?b=1"), "http://other:1/x");
        assert_eq!(moved("/login", "/a"), "/login");
    }
}
