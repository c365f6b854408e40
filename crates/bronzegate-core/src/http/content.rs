//! What a request carries: its bytes, and what they are.

use bytes::Bytes;
use http::HeaderValue;

/// The body of a request. Secrets stand in it as placeholders until it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestContent {
    /// What its bytes are.
    pub kind: ContentKind,
    /// Its bytes: UTF-8 text.
    pub bytes: Bytes,
}

/// What the bytes of a request are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Text.
    Text,
}

impl ContentKind {
    /// The content type, unless the source file names another.
    pub(crate) fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Text => "text/plain; charset=utf-8",
        })
    }

    /// A part of a value: of a JSON string, of a form's field, or of a text.
    fn written(self, part: &str) -> String {
        match self {
            Self::Json => {
                let quoted = serde_json::Value::from(part).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Form => url::form_urlencoded::byte_serialize(part.as_bytes()).collect(),
            Self::Text => part.to_owned(),
        }
    }
}

impl RequestContent {
    /// The bytes with the secrets in place of what stands for them, as values of this kind are written.
    pub(super) fn with<'s>(&self, secrets: impl Iterator<Item = (&'s str, &'s str)>) -> Bytes {
        let Ok(text) = std::str::from_utf8(&self.bytes) else { return self.bytes.clone() };
        let mut filled: Option<String> = None;
        for (placeholder, secret) in secrets {
            let held = filled.as_deref().unwrap_or(text);
            if held.contains(placeholder) {
                filled = Some(held.replace(placeholder, &self.kind.written(secret)));
            }
        }
        filled.map_or_else(|| self.bytes.clone(), Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_as_what_it_is_a_part_of() {
        let secrets = [("bronzegate-secret-a-0", "k\"1&=é"), ("bronzegate-secret-ab-1", "two")];
        for (kind, before, after) in [
            (
                ContentKind::Json,
                r#"{"key":"bronzegate-secret-a-0","n":["bronzegate-secret-ab-1"],"t":"x bronzegate-secret-a-0!"}"#,
                r#"{"key":"k\"1&=é","n":["two"],"t":"x k\"1&=é!"}"#,
            ),
            (
                ContentKind::Form,
                "key=bronzegate-secret-a-0&k=a-bronzegate-secret-ab-1&t=bronzegate-secret-ac",
                "key=k%221%26%3D%C3%A9&k=a-two&t=bronzegate-secret-ac",
            ),
            (ContentKind::Text, "<k>bronzegate-secret-a-0</k>", "<k>k\"1&=é</k>"),
            (ContentKind::Text, "nothing", "nothing"),
        ] {
            let content = RequestContent { kind, bytes: before.into() };
            assert_eq!(content.with(secrets.into_iter()), after, "{kind:?}");
        }
    }
}
