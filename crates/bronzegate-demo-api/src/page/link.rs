//! How a page names others: by cursors and by links.

use super::{
    cursor::Mark,
    plan::Plan,
    scene::Scene,
    scheme::{AGAIN, Scheme},
};
use url::{Url, form_urlencoded};

impl Scene<'_> {
    /// The next cursor as the style writes it, or the foreign URL a fault put instead.
    pub(crate) fn cursor(&self, plan: &Plan) -> Option<String> {
        let mark = self.next(plan)?;
        let Scheme::Cursor { codec, .. } = Scheme::of(self.stream) else {
            return None;
        };
        Some(match &plan.elsewhere {
            Some(url) => url.clone(),
            None => codec.encode(mark),
        })
    }

    /// What the next cursor stands for, where one is named.
    pub(crate) fn next(&self, plan: &Plan) -> Option<Mark> {
        let end = Mark { position: plan.first + plan.count, salt: 0 };
        if self.stream.quirks.keeps_place {
            return plan.next.map(|mark| Mark { position: 0, salt: mark.salt });
        }
        plan.next.or_else(|| self.stream.quirks.names_next_at_end.then_some(end))
    }

    /// The path and query of the page at `mark`.
    fn target(&self, plan: &Plan, mark: Mark) -> Vec<(&str, String)> {
        match Scheme::of(self.stream) {
            Scheme::Cursor { cursor, size, codec } => {
                vec![(size, plan.limit.to_string()), (cursor, codec.encode(mark))]
            }
            Scheme::Numbered { page, size, first } => {
                let again = Some(mark.salt).filter(|salt| *salt > 0);
                vec![
                    (size, plan.limit.to_string()),
                    (page, (mark.position / plan.limit + first).to_string()),
                    (AGAIN, again.map(|n| n.to_string()).unwrap_or_default()),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// The absolute link to the page at `mark`.
    pub(crate) fn link(&self, plan: &Plan, mark: Mark) -> String {
        self.href(&self.target(plan, mark))
    }

    /// The link to the next page: absolute unless the stream says otherwise, moved by a fault.
    pub(crate) fn next_link(&self, plan: &Plan) -> Option<String> {
        let target = self.target(plan, self.next(plan)?);
        Some(match &plan.elsewhere {
            Some(url) => moved(url, &self.path_and_query(&target)),
            None if self.stream.relative_links => self.path_and_query(&target),
            None => self.href(&target),
        })
    }

    /// Writes an absolute link to the same list with these parameters set. All others of the request
    /// stay, credentials in the query included, as real APIs do it.
    fn href(&self, set: &[(&str, String)]) -> String {
        let path = self.path_and_query(set);
        format!("http://{}{path}", self.call.host())
    }

    /// Writes the path and query of [`href`](Self::href).
    fn path_and_query(&self, set: &[(&str, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.call.query() {
            let repeated = self.stream.quirks.repeats_token.as_ref() == Some(name);
            if !repeated && !set.iter().any(|(set, _)| set == name) {
                query.append_pair(name, value);
            }
        }
        let token = self.stream.quirks.repeats_token.as_deref().zip(self.call.bearer());
        let token = token.map(|(name, token)| (name, token.to_owned()));
        for (name, value) in set.iter().chain(&token) {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        // OData writes its parameters with a plain dollar sign.
        let query = query.finish().replace("%24", "$");
        let template = self.stream.quirks.templated_links.as_deref().unwrap_or_default();
        format!("{}?{query}{template}", self.call.path())
    }
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
