//! The `Link` header (RFC 8288), read as servers write it.

use std::fmt::Write as _;

use http::HeaderMap;
use http::header::LINK;
use url::Url;

use super::found::Found;

/// A link's parameters, in its order.
type Parameters = Vec<(String, String)>;

/// The target of the link with this relation from the page at `url`. Where no header has it and one of them
/// cannot be read to its end, that one: the link may have been there.
pub(super) fn link(headers: &HeaderMap, rel: &str, url: &Url) -> Option<Found> {
    let mut unreadable = None;
    for value in headers.get_all(LINK) {
        let text = ascii(value.as_bytes());
        let (links, is_whole) = split(&text);
        let own = |parameters: &Parameters| relates(parameters, rel) && is_from(parameters, url);
        if let Some((target, _)) = links.iter().find(|(_, parameters)| own(parameters)) {
            return Some(Found::Text((*target).to_owned()));
        }
        if !is_whole {
            unreadable.get_or_insert(Found::Unreadable(text));
        }
    }
    unreadable
}

/// The first `rel` counts (section 3.3), and it may name several relations.
fn relates(parameters: &Parameters, rel: &str) -> bool {
    let rels = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("rel"));
    rels.is_some_and(|(_, rels)| rels.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(rel)))
}

/// Whether a link leads on from the page itself and not, by its `anchor`, from another resource (section 3.2).
/// An anchor without a query means the page too: servers leave out what a request has asked with.
fn is_from(parameters: &Parameters, url: &Url) -> bool {
    let Some((_, anchor)) = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("anchor")) else {
        return true;
    };
    let Ok(anchor) = url.join(anchor) else { return false };
    let place = |url: &Url| (url.origin(), url.path().to_owned());
    place(&anchor) == place(url)
        && anchor.fragment().is_none()
        && (anchor.query().is_none() || anchor.query() == url.query())
}

/// Bytes that are not ASCII as a URL carries them: percent-encoded, whatever their encoding is.
fn ascii(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Splits a header into targets and parameters, and tells whether nothing of it is left; commas and semicolons
/// inside of `<…>` and of quoted strings do not separate.
fn split(mut header: &str) -> (Vec<(&str, Parameters)>, bool) {
    let is_nothing = |text: &str| text.trim_matches([',', ' ', '\t']).is_empty();
    let (mut links, mut is_whole) = (Vec::new(), true);
    while let Some((before, rest)) = header.split_once('<') {
        is_whole &= is_nothing(before);
        let Some((target, rest)) = rest.split_once('>') else { return (links, false) };
        let (parameters, rest) = split_parameters(rest);
        links.push((target.trim(), parameters));
        let Some(rest) = rest else { return (links, false) };
        header = rest;
    }
    (links, is_whole && is_nothing(header))
}

/// A link's parameters and what stands after them; `None` where a quoted string does not end.
fn split_parameters(mut rest: &str) -> (Parameters, Option<&str>) {
    let mut parameters = Vec::new();
    while let Some(after) = rest.trim_start().strip_prefix(';') {
        let end = after.find(['=', ',', ';']).unwrap_or(after.len());
        let name = after[..end].trim();
        let Some(value) = after[end..].strip_prefix('=') else {
            rest = &after[end..];
            continue;
        };
        let value = value.trim_start();
        let (text, behind) = if let Some(quoted) = value.strip_prefix('"') {
            let Some((text, behind)) = unquoted(quoted) else { return (parameters, None) };
            (text, behind)
        } else if let Some((text, behind)) = value.strip_prefix('\'').and_then(|text| text.split_once('\'')) {
            // No quotes by the grammar, but some servers write them.
            (text.to_owned(), behind)
        } else {
            let (text, behind) = value.split_at(value.find([',', ';']).unwrap_or(value.len()));
            (text.to_owned(), behind)
        };
        parameters.push((name.to_owned(), text.trim().to_owned()));
        rest = behind;
    }
    (parameters, Some(rest))
}

/// The content of a quoted string whose first quote is taken off, and what stands after it (RFC 9110,
/// section 5.6.4).
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((content, &text[at + 1..])),
            '\\' => content.push(chars.next()?.1),
            char => content.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn next(headers: &[&[u8]]) -> Option<Found> {
        let values = headers.iter().map(|value| (LINK, HeaderValue::from_bytes(value).unwrap()));
        link(&values.collect(), "next", &"https://x/items?page=1".parse().unwrap())
    }

    #[test]
    fn a_link_from_another_resource_is_not_the_pages() {
        for (anchor, is_own) in [
            ("https://x/items?page=1", true),
            ("https://x/items", true),
            ("/items", true),
            ("", true),
            ("?page=1", true),
            ("https://x/items?page=7", false),
            ("https://x/orders", false),
            ("https://y/items", false),
            ("#notes", false),
            ("https://:bad", false),
        ] {
            let header = format!("<https://x/2>; rel=next; anchor=\"{anchor}\"");
            let found = next(&[header.as_bytes()]);
            assert_eq!(found.is_some(), is_own, "{anchor}");
            // The page's own comes after it.
            let header = format!("{header}, <https://x/3>; rel=next");
            let target = if is_own { "https://x/2" } else { "https://x/3" };
            assert_eq!(next(&[header.as_bytes()]), Some(Found::Text(target.to_owned())), "{anchor}");
        }
    }

    #[test]
    fn finds_a_link_by_its_relation() {
        for (header, target) in [
            (r#"<https://x/?page=2>; rel="next""#, Some("https://x/?page=2")),
            (
                r#"<https://x/1>; rel="prev", <https://x/3?a=1,2;3>; title="a, b; c"; rel=next"#,
                Some("https://x/3?a=1,2;3"),
            ),
            (r#"</rel>; rel="first next""#, Some("/rel")),
            ("<https://x/1>; rel='prev', <https://x/2>; title='a, b'; rel='next'", Some("https://x/2")),
            (
                r#"<https://x/1>; title="a \", <b>"; rel="prev", <https://x/2>; rel="next""#,
                Some("https://x/2"),
            ),
            ("<https://x/caf\u{e9}>; rel=next", Some("https://x/caf%C3%A9")),
            (r#"<https://x/9>; rel="last""#, None),
            ("", None),
            (" , ", None),
        ] {
            let found = next(&[header.as_bytes()]);
            assert_eq!(found, target.map(|target| Found::Text(target.to_owned())), "{header}");
        }
        let latin = next(&[b"<https://x/caf\xe9?page=2>; rel=next"]);
        assert_eq!(latin, Some(Found::Text("https://x/caf%E9?page=2".to_owned())));
    }

    #[test]
    fn a_header_that_cannot_be_read_may_have_had_the_link() {
        for header in [
            "garbage",
            "https://x/?page=2; rel=next",
            "<https://x/?page=2; rel=next",
            r#"<https://x/1>; rel="prev", https://x/2; rel="next""#,
            r#"<https://x/1>; title="open, <https://x/2>; rel=next"#,
        ] {
            assert_eq!(next(&[header.as_bytes()]), Some(Found::Unreadable(header.to_owned())));
            // Another header has it.
            let found = next(&[header.as_bytes(), b"<https://x/5>; rel=next"]);
            assert_eq!(found, Some(Found::Text("https://x/5".to_owned())), "{header}");
        }
    }
}
