//! Values that are not known before an answer, and secrets: what stands in a request in their place, and how that is
//! shown.

use super::credential::{Added, added, named};
use super::explanation::ShownRequest;
use crate::config::Stream;
use crate::http::ApiRequest;

/// What stands in requests for values that an answer says first.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    labels: Vec<String>,
}

impl Unknown {
    /// What stands for a value: text that paths, queries, headers and JSON leave as it is.
    pub(super) fn stands_for(&mut self, label: String) -> String {
        self.labels.push(label);
        mark(self.labels.len() - 1)
    }

    /// A request with what is meant in place of what stands for it. `followed` says where its whole URL is found.
    pub(super) fn show(&self, stream: &Stream, request: &ApiRequest, followed: Option<&str>) -> ShownRequest {
        let Added { headers: of_auth, query } = added(&stream.auth);
        let mut url =
            followed.map_or_else(|| self.meant(stream, request.url.as_str()), |at| format!("<{at}>"));
        if let Some((name, value)) = query {
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}{name}={value}");
        }
        let content_type = request.body.as_ref().map(|content| {
            let kind = content.kind.media_type();
            ("content-type".to_owned(), kind.to_str().unwrap_or_default().to_owned())
        });
        let of_file = request.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), self.meant(stream, &value))
        });
        ShownRequest {
            method: request.method.as_str().to_owned(),
            url,
            headers: content_type.into_iter().chain(of_file).chain(of_auth).collect(),
            body: request
                .body
                .as_ref()
                .map(|content| self.meant(stream, &String::from_utf8_lossy(&content.bytes))),
        }
    }

    fn meant(&self, stream: &Stream, text: &str) -> String {
        let values = self.labels.iter().enumerate().map(|(nth, label)| (mark(nth), format!("<{label}>")));
        let secrets = stream.request_secrets().into_iter();
        let secrets = secrets.map(|secret| (secret.reference.placeholder(), named(&secret.reference)));
        values.chain(secrets).fold(text.to_owned(), |text, (stands, meant)| {
            let encoded: String = url::form_urlencoded::byte_serialize(stands.as_bytes()).collect();
            text.replace(&stands, &meant).replace(&encoded, &meant)
        })
    }
}

/// Letters, digits and `-` alone, and none is the beginning of another.
fn mark(nth: usize) -> String {
    format!("bronzegate-given-{nth:04}")
}
