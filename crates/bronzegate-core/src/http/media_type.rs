//! The media type of a body.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// The content type without its parameters, in lower case; empty where there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The charset that the content type declares, in lower case; none where it is empty or absent.
pub(crate) fn charset(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_is_found_however_it_is_written() {
        for (content_type, expected) in [
            ("text/csv; charset=ISO-8859-1", Some("iso-8859-1")),
            ("application/json;Charset=\"UTF-8\"", Some("utf-8")),
            ("text/csv; header=present; CHARSET = latin1 ; x=1", Some("latin1")),
            ("text/csv; charset=", None),
            ("text/csv", None),
        ] {
            let headers = [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
            assert_eq!(charset(&headers).as_deref(), expected, "{content_type}");
        }
    }
}
