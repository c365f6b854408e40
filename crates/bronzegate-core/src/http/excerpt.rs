//! What an API says of a refusal, as far as it may be shown.

use http::HeaderMap;
use serde_json::Value;

use super::media_type::media_type;
use crate::redact::printable;

/// The most that is shown of a body.
const LONGEST: usize = 300;

/// The beginning of an error's body, if it is JSON or plain text; `scrub` takes the secrets out, before
/// anything is cut.
///
/// An API may repeat in its error what it was sent. In JSON a secret may be spelled with escapes that nobody
/// knows, so the text is written anew first.
pub(crate) fn excerpt(headers: &HeaderMap, body: &[u8], scrub: impl Fn(&str) -> String) -> Option<String> {
    let media_type = media_type(headers);
    let is_shown = media_type.is_empty() || media_type == "text/plain" || media_type.contains("json");
    let text = std::str::from_utf8(body).ok().filter(|text| is_shown && !text.trim().is_empty())?;
    let text = match serde_json::from_str::<Value>(text) {
        Ok(json) => json.to_string(),
        Err(_) if text.contains("\\u") => return None,
        Err(_) => text.to_owned(),
    };
    Some(printable(&scrub(&text), LONGEST))
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;
    use crate::redact::Scrubber;

    fn shown(content_type: &str, body: &str) -> Option<String> {
        let scrubber = Scrubber::default();
        scrubber.learn(&"to+ken".to_owned().into());
        let headers = [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
        excerpt(&headers, body.as_bytes(), |text| scrubber.scrub(text))
    }

    #[test]
    fn json_and_plain_text_are_shown_without_secrets_however_they_are_spelled() {
        let json = "application/problem+json; charset=utf-8";
        assert_eq!(shown(json, "{ \"e\":\n \"no to+ken\" }").as_deref(), Some(r#"{"e":"no [secret]"}"#));
        assert_eq!(shown(json, r#"{"e":"to\u002Bken"}"#).as_deref(), Some(r#"{"e":"[secret]"}"#));
        assert_eq!(shown(json, r#"{"e":"to\u002Bken""#), None, "no JSON, and who knows what it spells");
        assert_eq!(shown("text/plain", "to+ken\x1b[2J is\r\n bad").as_deref(), Some("[secret] [2J is bad"));
        for (content_type, body) in [("text/html", "<p>no</p>"), ("image/png", "png"), ("text/plain", " \n")]
        {
            assert_eq!(shown(content_type, body), None, "{content_type}");
        }
    }

    #[test]
    fn a_long_body_is_cut_behind_its_secrets() {
        let body = format!("{}to+ken{}", "x".repeat(LONGEST - 3), "y".repeat(LONGEST));
        let text = shown("text/plain", &body).unwrap();
        assert_eq!(text, format!("{}[se…", "x".repeat(LONGEST - 3)));
    }
}
