//! Whether a value looks like a credential. In doubt it does.

/// Parts of names that credentials have.
const NAMES: [&str; 18] = [
    "auth",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "secret",
    "password",
    "passwd",
    "session",
    "cookie",
    "signature",
    "credential",
    "csrf",
    "xsrf",
    "jwt",
    "private",
    "access_key",
    "accesskey",
];
/// Whole names that credentials have.
const WHOLE_NAMES: [&str; 9] = ["key", "sig", "pass", "pwd", "sid", "appid", "app_id", "code", "hapikey"];
/// Parts of names that say where a page begins, although they may hold `token`.
const PAGE_NAMES: [&str; 8] = [
    "pagetoken",
    "page_token",
    "nexttoken",
    "next_token",
    "continuationtoken",
    "continuation_token",
    "skiptoken",
    "synctoken",
];
/// How known tokens begin.
const PREFIXES: [&str; 18] = [
    "sk_",
    "pk_",
    "rk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "shpat_",
    "pat-",
    "pat_",
    "secret_",
    "ntn_",
    "AKIA",
    "AIza",
];
/// From this length on a text of letters and digits is taken for random.
const RANDOM: usize = 20;

/// Whether a name is one of a credential.
pub(crate) fn name_is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    !is_page_token(name)
        && (NAMES.iter().any(|part| lower.contains(part)) || WHOLE_NAMES.contains(&lower.as_str()))
}

/// Headers that say how to talk, and hold no credential whatever they are named after.
const PLAIN_HEADERS: [&str; 12] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "from",
    "origin",
    "prefer",
    "referer",
    "user-agent",
    "x-requested-with",
];
/// From this length on a header of letters and digits may be a credential.
const SHORT_RANDOM: usize = 8;

/// Whether a header is a credential. In doubt it is: of names that are not known, a key and a value of letters and digits
/// are taken for one.
pub(crate) fn header_is_secret(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if name_is_secret(&lower) || value_is_secret(value) {
        return true;
    }
    if PLAIN_HEADERS.contains(&lower.as_str()) || lower.contains("version") {
        return false;
    }
    let has_key = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == "key");
    has_key || has_letters_and_digits(value.trim())
}

/// Whether a value is one word with both letters and digits, and no date.
fn has_letters_and_digits(value: &str) -> bool {
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    value.len() >= SHORT_RANDOM
        && letters > 1
        && digits > 1
        && !value.contains([' ', '/', ':'])
        && !is_uuid(value)
}

/// Whether a name is that of a page's place.
pub(crate) fn is_page_token(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace(['$', '-'], "");
    PAGE_NAMES.iter().any(|part| lower.contains(part))
}

/// Whether a value is surely a credential: a JWT, or begins like a known token.
pub(crate) fn is_token(value: &str) -> bool {
    let jwt = value.starts_with("eyJ") && value.split('.').count() >= 3;
    // Telegram puts its token into the path: bot123456:AA…
    let bot = value.strip_prefix("bot").and_then(|rest| rest.split_once(':'));
    let bot = bot.is_some_and(|(id, rest)| {
        rest.len() > 20 && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
    });
    jwt || bot || (value.len() >= 16 && PREFIXES.iter().any(|prefix| value.starts_with(prefix)))
}

/// Whether a value may be a credential by its looks alone: long, of letters and digits in no order, not a date, a word, a
/// UUID or a list of words.
pub(crate) fn value_is_secret(value: &str) -> bool {
    if is_token(value) {
        return true;
    }
    let value = value.trim();
    let longest =
        value.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::len).max().unwrap_or(0);
    longest >= RANDOM && !value.contains(' ') && is_random(value) && !is_uuid(value)
}

/// UUIDs name things; as a credential they have a name that says so.
fn is_uuid(value: &str) -> bool {
    let hexadecimal = value.bytes().filter(|byte| *byte != b'-').all(|byte| byte.is_ascii_hexdigit());
    hexadecimal && value.bytes().filter(|byte| *byte != b'-').count() == 32
}

/// Entropy of at least 3 bits a letter, and both letters and digits or both cases.
fn is_random(value: &str) -> bool {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = value.len() as f64;
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|p| -p * p.log2())
        .sum();
    let has = |test: fn(&u8) -> bool| value.bytes().any(|byte| test(&byte));
    let mixed = [has(u8::is_ascii_digit), has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase)];
    entropy >= 3.0 && mixed.into_iter().filter(|kind| *kind).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_doubt_a_value_is_a_secret() {
        for value in [
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
            "ghp_abcdefghij1234567890",
            "4f9d8c7b6a5e4d3c2b1a0f9e8d7c6b5a4f3e",
            "aB3dE5gH7jK9mN1pQ3sT5vX7",
        ] {
            assert!(value_is_secret(value), "{value}");
        }
        for value in [
            "2022-06-28",
            "application/vnd.github+json",
            "email,firstname,lastname,lastmodifieddate",
            "updated_at",
            "1000",
            "00000000-0000-0000-0000-000000000000",
            "Mozilla/5.0 (X11; Linux x86_64)",
        ] {
            assert!(!value_is_secret(value), "{value}");
        }
    }

    #[test]
    fn a_header_of_a_name_that_is_not_known_is_a_secret_in_doubt() {
        for (name, value) in [
            ("X-Courier-Key", "k-7281-aa"),
            ("X-Courier-Key", "hello"),
            ("App-Key", "12345678"),
            ("X-Client", "a1b2c3d4e5"),
            ("X-Access", "u7-Rk29x-00"),
        ] {
            assert!(header_is_secret(name, value), "{name}: {value}");
        }
        for (name, value) in [
            ("Accept", "application/vnd.api+json;version=2"),
            ("X-Api-Version", "2024-01-v10"),
            ("X-Tenant", "acme"),
            ("X-Account", "1234567890"),
            ("If-Modified-Since", "Sun, 22 Nov 2026 17:00:00 GMT"),
            ("X-Since", "2026-11-22T17:00:00Z"),
            ("X-Requested-With", "XMLHttpRequest2"),
        ] {
            assert!(!header_is_secret(name, value), "{name}: {value}");
        }
    }

    #[test]
    fn names_of_credentials_are_known_and_those_of_pages_are_none() {
        for name in [
            "Authorization",
            "X-Api-Key",
            "api_key",
            "access_token",
            "X-Shopify-Access-Token",
            "key",
            "Cookie",
            "sig",
        ] {
            assert!(name_is_secret(name), "{name}");
        }
        for name in [
            "pageToken",
            "nextPageToken",
            "next_token",
            "$skiptoken",
            "limit",
            "Accept",
            "keyword",
            "Notion-Version",
        ] {
            assert!(!name_is_secret(name), "{name}");
        }
    }
}
