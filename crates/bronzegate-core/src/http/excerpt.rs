//! What an API says of a refusal, as far as it may be shown.

use http::HeaderMap;
use serde_json::Value;

use super::media_type::media_type;
use crate::redact::{Scrubber, line};

/// The most of a body that is looked at, in bytes: more than a line has.
const LONGEST: usize = 4 << 10;

/// What is shown of a body that repeats a secret.
const WITHHELD: &str = "[its text repeats a secret, and is withheld]";

/// The beginning of an error's body, if it is JSON or plain text.
///
/// An API may repeat in its error what it was sent, in ways that nobody knows: a text that holds anything of a
/// secret is not shown at all. JSON is written again first, without its escapes.
pub(crate) fn excerpt(headers: &HeaderMap, body: &[u8], scrubber: &Scrubber) -> Option<String> {
    let media_type = media_type(headers);
    let is_shown = media_type.is_empty() || media_type == "text/plain" || media_type.contains("json");
    let text = std::str::from_utf8(body).ok().filter(|text| is_shown && !text.trim().is_empty())?;
    let text = match serde_json::from_str::<Value>(text) {
        Ok(json) => json.to_string(),
        Err(_) if text.contains("\\u") => return None,
        Err(_) => text.to_owned(),
    };
    let start = text.floor_char_boundary(LONGEST);
    let cut = if start < text.len() { format!("{}…", &text[..start]) } else { text };
    let shown = line(&cut);
    let is_clean = scrubber.is_clean(&cut) && scrubber.is_clean(&shown);
    Some(if is_clean { shown } else { WITHHELD.to_owned() })
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;

    fn shown(content_type: &str, body: &str) -> Option<String> {
        let scrubber = Scrubber::default();
        scrubber.learn(&"to+ken".to_owned().into());
        let headers = [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
        excerpt(&headers, body.as_bytes(), &scrubber)
    }

    #[test]
    fn json_and_plain_text_are_shown_on_one_line() {
        let json = "application/problem+json; charset=utf-8";
        assert_eq!(shown(json, "{ \"e\":\n \"no token\" }").as_deref(), Some(r#"{"e":"no token"}"#));
        assert_eq!(shown("text/plain", "x\x1b[2J is\r\n bad").as_deref(), Some("x [2J is bad"));
        for (content_type, body) in [("text/html", "<p>no</p>"), ("image/png", "png"), ("text/plain", " \n")]
        {
            assert_eq!(shown(content_type, body), None, "{content_type}");
        }
        let long = shown("text/plain", &"y".repeat(9_000)).unwrap();
        assert_eq!(long, format!("{}…", "y".repeat(300)));
    }

    #[test]
    fn a_body_that_repeats_a_secret_is_withheld_however_it_is_spelled() {
        let json = "application/json";
        for (content_type, body) in [
            (json, r#"{"e":"no to+ken"}"#),
            (json, r#"{"e":"to\u002Bken"}"#),
            (json, r#"{"e":{"\u0074o+ken":1}}"#),
            ("text/plain", "to%2Bken is bad"),
            ("text/plain", "see dG8ra2Vu"),
        ] {
            assert_eq!(shown(content_type, body).as_deref(), Some(WITHHELD), "{body}");
        }
        for cut in [format!("{} to+ken", "y".repeat(294)), format!("x{}to+ken", " ".repeat((4 << 10) - 6))] {
            assert_eq!(shown("text/plain", &cut).as_deref(), Some(WITHHELD), "{cut}");
        }
        assert_eq!(shown(json, r#"{"e":"to\u002Bken""#), None, "no JSON, and who knows what it spells");
    }
}
