//! Text that may be shown: URLs without their query values, messages without secrets.

use std::fmt;
use std::sync::RwLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// A URL as it may be shown: no user information, no fragment, and of the query only the names.
#[derive(Clone, Copy)]
pub struct SafeUrl<'a>(pub &'a Url);

impl fmt::Display for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        for (nth, (name, _)) in url.query_pairs().enumerate() {
            write!(f, "{}{name}=…", if nth == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text from outside as a terminal may show it: what moves its cursor or colours it, or turns the direction
/// of writing, becomes a space; line breaks stay.
pub fn visible(text: &str) -> String {
    let is_unseen = |char: char| {
        char.is_control() && char != '\n' || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|char| if is_unseen(char) { ' ' } else { char }).collect()
}

/// The same on one line, and at most so many characters of it.
pub fn printable(text: &str, longest: usize) -> String {
    let line = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Takes the secrets a run has used out of text that came from outside.
///
/// An API may repeat a credential in its error message; such text passes through here before
/// it reaches an error, a report or a log.
#[derive(Default)]
pub struct Scrubber {
    known: RwLock<Vec<SecretString>>,
}

/// Shorter texts than this are not looked for: they would blank out ordinary words.
pub(crate) const SHORTEST_SECRET: usize = 4;

impl Scrubber {
    /// Remembers a secret, and the forms in which it travels: percent-encoded, base64, and inside of
    /// a JSON string.
    pub fn learn(&self, secret: &SecretString) {
        let forms = forms(secret.expose_secret());
        let mut known = self.known.write().expect("no holder of this lock panics");
        for form in forms {
            if form.len() >= SHORTEST_SECRET && !known.iter().any(|seen| seen.expose_secret() == form) {
                known.push(form.into());
            }
        }
        known.sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
    }

    /// The text with every known secret replaced by `[secret]`.
    pub fn scrub(&self, text: &str) -> String {
        let known = self.known.read().expect("no holder of this lock panics");
        known.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), "[secret]"))
    }

    /// Whether a text that is about to be saved holds a known secret.
    pub fn finds_in(&self, text: &str) -> bool {
        let known = self.known.read().expect("no holder of this lock panics");
        let mut known = known.iter().map(SecretString::expose_secret);
        known.any(|secret| secret.len() >= SHORTEST_FOUND && text.contains(secret))
    }
}

/// A text that holds a shorter one than this is not said to hold a secret: it may be an ordinary word.
const SHORTEST_FOUND: usize = 8;

/// A secret as it may stand in a text: itself and its encodings.
fn forms(secret: &str) -> [String; 9] {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    [
        lower_case_escapes(&form),
        lower_case_escapes(&percent),
        form,
        percent,
        STANDARD.encode(secret),
        URL_SAFE.encode(secret),
        // Some libraries escape the slash too (RFC 8259, section 7, allows it).
        json.replace('/', "\\/"),
        json,
        secret.to_owned(),
    ]
}

/// `%2F` as `%2f`, which means the same (RFC 3986, section 2.1).
fn lower_case_escapes(text: &str) -> String {
    let mut digits = 0;
    let lower = |char: char| {
        let is_digit = digits > 0;
        digits = if char == '%' { 2 } else { usize::saturating_sub(digits, 1) };
        if is_digit { char.to_ascii_lowercase() } else { char }
    };
    text.chars().map(lower).collect()
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safe_url_shows_names_and_no_values() {
        let url =
            Url::parse("https://user:pass@api.example.com:8443/v1/items?api_key=k-123&limit=5#frag").unwrap();
        assert_eq!(SafeUrl(&url).to_string(), "https://api.example.com:8443/v1/items?api_key=…&limit=…");
    }

    #[test]
    fn printable_text_is_one_short_line_that_moves_no_cursor() {
        assert_eq!(printable(" \x1b[31mred\x07\r\n\u{9b}2J\u{202e}x ", 99), "[31mred 2J x");
        assert_eq!(printable("größer", 3), "grö…");
        assert_eq!(printable("", 3), "");
    }

    #[test]
    fn scrubs_a_secret_in_each_form_it_travels_in() {
        let scrubber = Scrubber::default();
        scrubber.learn(&"pa ss/word".to_owned().into());
        let text = format!(
            "bad: pa ss/word, pa+ss%2Fword, pa%20ss%2fword, pa ss\\/word, {}, {}",
            STANDARD.encode("pa ss/word"),
            URL_SAFE.encode("pa ss/word")
        );
        assert_eq!(scrubber.scrub(&text), "bad: [secret], [secret], [secret], [secret], [secret], [secret]");
        scrubber.learn(&"back\\slash \"quoted\"".to_owned().into());
        let text = serde_json::json!({ "error": "no back\\slash \"quoted\" here" }).to_string();
        assert_eq!(scrubber.scrub(&text), r#"{"error":"no [secret] here"}"#);
    }

    #[test]
    fn leaves_text_alone_that_only_resembles_a_short_secret() {
        let scrubber = Scrubber::default();
        scrubber.learn(&"a".to_owned().into());
        assert_eq!(scrubber.scrub("a cat"), "a cat");
    }
}
