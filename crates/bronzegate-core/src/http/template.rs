//! URL templates (RFC 6570), expanded without variables: links such as `/items?page=2{&sort}` are good as they
//! are for whoever wants none of what the template offers.

use std::borrow::Cow;

/// The text with its expressions taken out, each of which stands for nothing (section 3.2.1). Braces that hold
/// no expression stay.
pub(crate) fn expanded(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let (expression, behind) = (&rest[open + 1..open + length], &rest[open + length + 1..]);
        if is_expression(expression) {
            out.push_str(&rest[..open]);
            rest = behind;
        } else {
            out.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
        }
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// An operator and names, each with a modifier (sections 2.2 to 2.4).
fn is_expression(text: &str) -> bool {
    let names = text.strip_prefix(['+', '#', '.', '/', ';', '?', '&']).unwrap_or(text);
    names.split(',').all(|name| {
        let name = name.strip_suffix('*').unwrap_or(name);
        let name = match name.split_once(':') {
            Some((name, length)) if (1..=4).contains(&length.len()) && is_number(length) => name,
            _ => name,
        };
        !is_number(name) && !name.is_empty() && name.bytes().all(is_of_name)
    })
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_stand_for_nothing_and_other_braces_for_themselves() {
        for (template, url) in [
            ("https://x/items?page=1&size=5{&sort}", "https://x/items?page=1&size=5"),
            ("/items{?page,size,sort*}", "/items"),
            ("/items{/id}{?q:30,lang}{#top}", "/items"),
            ("/{lang}/items{;v}", "//items"),
            ("/items?a={b.c}&d=%7Be%7D", "/items?a=&d=%7Be%7D"),
            ("/items?page=2", "/items?page=2"),
            (r#"/items?filter={"a":1}&page=2"#, r#"/items?filter={"a":1}&page=2"#),
            ("/items/{12}{}{&}{a b}", "/items/{12}{}{&}{a b}"),
            ("/items?x={a{&b}", "/items?x={a"),
            ("/items{?page", "/items{?page"),
        ] {
            assert_eq!(expanded(template), url, "{template}");
        }
    }
}
