//! From the line to a request.

use url::Url;

use super::flags::Flag;
use crate::request::{Body, Method, Request};

/// Why a curl line is not taken. No text repeats a value of the line, which may be a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurlError {
    /// It is not split into words as a shell would.
    #[error("the curl line has a quote that is not closed")]
    Quotes,
    /// It does not begin with `curl`.
    #[error("the line does not begin with `curl`")]
    NotCurl,
    /// Something that a shell would execute or replace.
    #[error(
        "the curl line holds {0}, which a shell would expand; nothing is expanded here: write the value itself"
    )]
    Expansion(&'static str),
    /// A flag that is not on the list.
    #[error("the flag `{0}` of curl is not supported; leave it out if it does not change what is asked for")]
    Flag(String),
    /// A flag without its value.
    #[error("the flag `{0}` of curl needs a value")]
    NoValue(String),
    /// A body or cookie that is in a file.
    #[error("the flag `{0}` reads a file (@…), which is not done here; write the body itself")]
    File(String),
    /// Not exactly one URL.
    #[error("the curl line has {0} URLs; give it one")]
    Urls(usize),
    /// A URL that is none.
    #[error("the URL of the curl line is not one: {0}")]
    Url(String),
    /// A method other than GET and POST.
    #[error("the method `{0}` is not supported: a source reads with GET or POST")]
    Method(String),
    /// A header without a colon.
    #[error("header {0} of the curl line is not `Name: value`")]
    Header(usize),
    /// A body that is neither JSON nor a form.
    #[error("the body of the curl line is neither JSON nor a form ({0})")]
    Body(String),
}

/// Reads a curl line. Words are split as a shell splits them, and nothing is expanded.
///
/// # Errors
/// [`CurlError`], which repeats no value of the line.
pub fn parse(line: &str) -> Result<Request, CurlError> {
    let mut words = words(line)?.into_iter();
    if words.next().as_deref() != Some("curl") {
        return Err(CurlError::NotCurl);
    }
    let mut draft = Draft::default();
    while let Some(word) = words.next() {
        for (name, flag, value) in split_flag(&word)? {
            let value = match value {
                None if flag.takes_value() => Some(words.next().ok_or(CurlError::NoValue(name.clone()))?),
                value => value,
            };
            draft.take(&name, flag, value.unwrap_or_default())?;
        }
        if !word.starts_with('-') || word == "-" {
            draft.urls.push(word);
        }
    }
    draft.finish()
}

/// The words; a line that ends with a backslash goes on.
fn words(line: &str) -> Result<Vec<String>, CurlError> {
    let joined = line.replace("\\\r\n", " ").replace("\\\n", " ");
    let plain = ansi_quotes(&joined);
    refuse_expansions(&plain)?;
    shlex::split(&plain).ok_or(CurlError::Quotes)
}

/// Refuses what a shell would execute or replace outside of single quotes.
fn refuse_expansions(line: &str) -> Result<(), CurlError> {
    let (mut single, mut double) = (false, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if !single => {
                letters.next();
            }
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '`' if !single => return Err(CurlError::Expansion("a backquote")),
            '$' if !single => match letters.peek() {
                Some('\'') if !double => {}
                Some('(') => return Err(CurlError::Expansion("`$(`")),
                Some(next) if *next == '{' || *next == '_' || next.is_ascii_alphabetic() => {
                    return Err(CurlError::Expansion("a variable (`$…`)"));
                }
                _ => {}
            },
            '|' | ';' | '<' | '>' if !single && !double => {
                return Err(CurlError::Expansion("a second command or a redirection"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Browsers quote bodies as `$'…'`, with the escapes of ANSI C: written as common quotes.
fn ansi_quotes(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let (mut single, mut double) = (false, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' if !single && !double && letters.peek() == Some(&'\'') => {
                letters.next();
                ansi_quoted(&mut letters, &mut text);
                continue;
            }
            '\\' if !single => {
                text.push(letter);
                text.extend(letters.next());
                continue;
            }
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            _ => {}
        }
        text.push(letter);
    }
    text
}

/// What follows `$'`, up to its end.
fn ansi_quoted(letters: &mut impl Iterator<Item = char>, text: &mut String) {
    text.push('\'');
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => break,
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                // A quote leaves the quotes, and comes back.
                Some('\'') => text.push_str("'\\''"),
                Some('u') => {
                    let digits: String = letters.by_ref().take(4).collect();
                    let letter = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    text.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some(other) => text.push(other),
                None => {}
            },
            letter => text.push(letter),
        }
    }
    text.push('\'');
}

type Flags = Vec<(String, Flag, Option<String>)>;

/// The flags of one word: `--header`, `--header=…`, `-H`, `-Hvalue`, `-sSL`.
fn split_flag(word: &str) -> Result<Flags, CurlError> {
    if !word.starts_with('-') || word == "-" {
        return Ok(Vec::new());
    }
    if word.starts_with("--") {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        let flag = Flag::of(name).ok_or_else(|| CurlError::Flag(name.to_owned()))?;
        return Ok(vec![(name.to_owned(), flag, value)]);
    }
    let mut flags = Vec::new();
    for (at, letter) in word.char_indices().skip(1) {
        let name = format!("-{letter}");
        let flag = Flag::of(&name).ok_or_else(|| CurlError::Flag(name.clone()))?;
        if flag.takes_value() {
            let value = &word[at + letter.len_utf8()..];
            flags.push((name, flag, (!value.is_empty()).then(|| value.to_owned())));
            break;
        }
        flags.push((name, flag, None));
    }
    Ok(flags)
}

#[derive(Default)]
struct Draft {
    urls: Vec<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    data: Vec<String>,
    user: Option<String>,
    is_get: bool,
}

impl Draft {
    fn take(&mut self, name: &str, flag: Flag, value: String) -> Result<(), CurlError> {
        let mut header = |name: &str, value: String| self.headers.push((name.to_owned(), value));
        match flag {
            Flag::Url => self.urls.push(value),
            Flag::Header => {
                let count = self.headers.len() + 1;
                // `Name;` sends a header without a value.
                let (name, value) = value
                    .split_once(':')
                    .or_else(|| value.strip_suffix(';').map(|name| (name, "")))
                    .ok_or(CurlError::Header(count))?;
                self.headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            Flag::Method => self.method = Some(value),
            Flag::Data if value.starts_with('@') && name != "--data-raw" => {
                return Err(CurlError::File(name.to_owned()));
            }
            Flag::DataUrlEncode => self.data.push(encoded(name, &value)?),
            Flag::Json if value.starts_with('@') => return Err(CurlError::File(name.to_owned())),
            Flag::Data | Flag::Json => self.data.push(value),
            Flag::Get => self.is_get = true,
            Flag::User => self.user = Some(value),
            Flag::Cookie if !value.contains('=') => return Err(CurlError::File(name.to_owned())),
            Flag::Cookie => header("Cookie", value),
            Flag::UserAgent => header("User-Agent", value),
            Flag::Referer => header("Referer", value),
            Flag::Bearer => header("Authorization", format!("Bearer {value}")),
            Flag::Ignored { .. } => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Request, CurlError> {
        let [url] = self.urls.as_slice() else { return Err(CurlError::Urls(self.urls.len())) };
        let url = if url.contains("://") { url.clone() } else { format!("https://{url}") };
        let mut url = Url::parse(&url).map_err(|error| CurlError::Url(error.to_string()))?;
        let has_data = !self.data.is_empty();
        let data = self.data.join("&");
        let method = match self.method.as_deref().map(str::to_ascii_uppercase).as_deref() {
            Some("GET") => Method::Get,
            Some("POST") => Method::Post,
            Some(_) => return Err(CurlError::Method(self.method.unwrap_or_default())),
            None if has_data && !self.is_get => Method::Post,
            None => Method::Get,
        };
        let mut body = None;
        if has_data && self.is_get {
            let query = [url.query().unwrap_or_default(), &data].join("&");
            url.set_query(Some(query.trim_start_matches('&')));
        } else if has_data {
            body = Some(Body::parse(&data).map_err(CurlError::Body)?);
        }
        Ok(Request { method, url, headers: self.headers, user: self.user, body })
    }
}

/// A part as curl encodes it: `name=value`, whose value alone is encoded.
fn encoded(name: &str, value: &str) -> Result<String, CurlError> {
    let (key, value) = match value.split_once('=') {
        Some((key, value)) => (key, value),
        None if value.contains('@') => return Err(CurlError::File(name.to_owned())),
        None => ("", value),
    };
    let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    Ok(if key.is_empty() { value } else { format!("{key}={value}") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_of_documentation_is_read() {
        let request = parse(
            "curl -sSL --request POST 'https://api.example.com/v1/search?x=1' \\\n  -H 'Notion-Version: 2022-06-28' \\\n \
             -u sk_test_1: --data '{\"a\": 1}'",
        )
        .unwrap();
        assert_eq!(
            (request.method, request.url.as_str()),
            (Method::Post, "https://api.example.com/v1/search?x=1")
        );
        assert_eq!(request.headers, [("Notion-Version".to_owned(), "2022-06-28".to_owned())]);
        assert_eq!(request.user.as_deref(), Some("sk_test_1:"));
        assert_eq!(request.body.unwrap().value, json!({"a": 1}));
    }

    #[test]
    fn data_with_get_goes_into_the_query() {
        let request = parse("curl -G api.example.com/a -d limit=2 --data-urlencode 'q=a b&c'").unwrap();
        assert_eq!(
            (request.method, request.url.as_str()),
            (Method::Get, "https://api.example.com/a?limit=2&q=a+b%26c")
        );
    }

    #[test]
    fn fields_of_several_flags_are_one_form_and_cookies_a_header() {
        let request =
            parse("curl https://a.example/b -d limit=100 --data-urlencode 'q=a b' -b 'sid=1; t=2'").unwrap();
        let body = request.body.unwrap();
        assert_eq!((request.method, body.is_form), (Method::Post, true));
        assert_eq!(body.value, json!({"limit": "100", "q": "a b"}));
        assert_eq!(request.headers, [("Cookie".to_owned(), "sid=1; t=2".to_owned())]);
    }

    #[test]
    fn a_browsers_quotes_are_unescaped() {
        let request = parse(r#"curl 'https://a.example/b' --data-raw $'{"q":"it\'s \u0021 $x"}'"#).unwrap();
        assert_eq!(request.body.unwrap().value, json!({"q": "it's ! $x"}));
    }

    #[test]
    fn what_a_shell_would_expand_or_is_not_known_is_refused_without_its_value() {
        for (line, refusal) in [
            ("curl https://a.example/$(id)", CurlError::Expansion("`$(`")),
            (
                "curl -H \"Authorization: Bearer $TOKEN\" https://a.example",
                CurlError::Expansion("a variable (`$…`)"),
            ),
            ("curl https://a.example/`id`", CurlError::Expansion("a backquote")),
            ("curl https://a.example | sh", CurlError::Expansion("a second command or a redirection")),
            ("curl --proxy http://p https://a.example", CurlError::Flag("--proxy".into())),
            ("curl -k https://a.example", CurlError::Flag("-k".into())),
            ("curl -d @secret.json https://a.example", CurlError::File("-d".into())),
            ("curl -b jar https://a.example", CurlError::File("-b".into())),
            ("curl https://a.example https://b.example", CurlError::Urls(2)),
            ("curl -X DELETE https://a.example", CurlError::Method("DELETE".into())),
            ("curl -H", CurlError::NoValue("-H".into())),
            ("wget https://a.example", CurlError::NotCurl),
            ("curl 'https://a.example", CurlError::Quotes),
            (
                "curl -d '<a/>' https://a.example",
                CurlError::Body("it begins with neither { nor [, and is no form".into()),
            ),
        ] {
            assert_eq!(parse(line).unwrap_err(), refusal, "{line}");
        }
    }
}
