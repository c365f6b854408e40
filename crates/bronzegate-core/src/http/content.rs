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
}

impl RequestContent {
    /// The bytes with a secret in the place of each value that is its placeholder, and nothing else. JSON and forms
    /// say where a value ends; a text has no secrets.
    pub(super) fn with<'s>(&self, secrets: impl Iterator<Item = (&'s str, &'s str)>) -> Bytes {
        let Ok(text) = std::str::from_utf8(&self.bytes) else { return self.bytes.clone() };
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let mut filled: Option<String> = None;
        for (placeholder, secret) in secrets {
            let held = filled.as_deref().unwrap_or(text);
            match self.kind {
                ContentKind::Json => {
                    let quoted = format!("\"{placeholder}\"");
                    if held.contains(&quoted) {
                        filled = Some(held.replace(&quoted, &serde_json::Value::from(secret).to_string()));
                    }
                }
                ContentKind::Form => {
                    let (wanted, value) = (encoded(placeholder), encoded(secret));
                    let fields = held.split('&').map(|field| match field.split_once('=') {
                        Some((name, found)) if found == wanted => format!("{name}={value}"),
                        _ => field.to_owned(),
                    });
                    filled = Some(fields.collect::<Vec<_>>().join("&"));
                }
                ContentKind::Text => {}
            }
        }
        filled.map_or_else(|| self.bytes.clone(), Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_takes_the_place_of_a_value_that_is_its_placeholder_and_of_no_part_of_one() {
        let secrets = [("bronzegate-secret-a", "k\"1&="), ("bronzegate-secret-ab", "two")];
        for (kind, before, after) in [
            (
                ContentKind::Json,
                r#"{"key":"bronzegate-secret-a","n":["bronzegate-secret-ab"],"t":"x bronzegate-secret-a"}"#,
                r#"{"key":"k\"1&=","n":["two"],"t":"x bronzegate-secret-a"}"#,
            ),
            (
                ContentKind::Form,
                "key=bronzegate-secret-a&k=bronzegate-secret-ab&t=bronzegate-secret-ac&bronzegate-secret-a=1",
                "key=k%221%26%3D&k=two&t=bronzegate-secret-ac&bronzegate-secret-a=1",
            ),
            (ContentKind::Text, "bronzegate-secret-a", "bronzegate-secret-a"),
        ] {
            let content = RequestContent { kind, bytes: before.into() };
            assert_eq!(content.with(secrets.into_iter()), after, "{kind:?}");
        }
    }
}
