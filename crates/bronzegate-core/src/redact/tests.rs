//! What is shown, and that no secret is, however it is written.

#![expect(clippy::format_collect, reason = "short texts, in tests")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use fastrand::Rng;
use url::Url;

use super::{SafeUrl, Scrubber, line, printable};

fn knowing(secret: &str) -> Scrubber {
    let scrubber = Scrubber::default();
    scrubber.learn(&secret.to_owned().into());
    scrubber
}

#[test]
fn a_safe_url_shows_names_and_no_values() {
    let url =
        Url::parse("https://user:pass@api.example.com:8443/v1/items?api_key=k-123&limit=5#frag").unwrap();
    assert_eq!(SafeUrl(&url).to_string(), "https://api.example.com:8443/v1/items?api_key=…&limit=…");
}

#[test]
fn a_safe_url_is_one_line_of_bounded_length() {
    let url = Url::parse("https://api.example.com/?a%0AERROR%1B[2Jb=1").unwrap();
    assert_eq!(SafeUrl(&url).to_string(), "https://api.example.com/?a ERROR [2Jb=…");
    let url = Url::parse(&format!("https://api.example.com/{}", "x".repeat(9_000))).unwrap();
    assert_eq!(SafeUrl(&url).to_string().chars().count(), 301);
}

#[test]
fn printable_text_is_one_short_line_that_moves_no_cursor() {
    assert_eq!(printable(" \x1b[31mred\x07\r\n\u{9b}2J\u{202e}x ", 99), "[31mred 2J x");
    assert_eq!(printable("größer", 3), "grö…");
    assert_eq!(printable("a b", 3), "a b");
    assert_eq!(printable("", 3), "");
    assert_eq!(line(&"y".repeat(400)), format!("{}…", "y".repeat(300)));
}

#[test]
fn scrubs_a_secret_in_each_form_it_travels_in_and_leaves_what_is_around_it() {
    let scrubber = knowing("pa ss/word");
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
fn leaves_text_alone_that_only_resembles_a_secret() {
    let scrubber = knowing("a");
    for secret in ["acme", "demo-password", "tok_live_0123456789abcdef", "correct horse battery staple"] {
        scrubber.learn(&secret.to_owned().into());
    }
    for text in [
        "a cat",
        "ACME is another",
        "username and password are wrong",
        "keys begin with tok_live_",
        "the battery of a horse",
        "größere Bücher, 日本語, %E6%97%A5, \\u65e5, &uuml;",
    ] {
        assert_eq!(scrubber.scrub(text), text);
        assert!(scrubber.is_clean(text) && !scrubber.finds_in(text), "{text}");
    }
}

#[test]
fn only_a_whole_secret_of_eight_bytes_keeps_a_state_from_being_saved() {
    let scrubber = knowing("0123456789abcdefghij");
    scrubber.learn(&"shorter".to_owned().into());
    assert!(!scrubber.finds_in("after-0123456789abcdef") && !scrubber.finds_in("shorter"));
    assert!(!scrubber.is_clean("after-0123456789abcdef") && !scrubber.is_clean("shorter"));
    assert!(scrubber.finds_in(&STANDARD.encode("{\"after\":\"0123456789abcdefghij\"}")));
}

/// A way of writing a text; whoever reads it can tell the text.
type Writing = (&'static str, fn(&str, &mut Rng) -> String);

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn each(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn some_escaped(text: &str, random: &mut Rng, write: fn(u8) -> String) -> String {
    let mut written = String::new();
    for char in text.chars() {
        if char.is_ascii() && (char == '%' || char == '&' || char == '\\' || random.bool()) {
            written.push_str(&write(char as u8));
        } else {
            written.push(char);
        }
    }
    written
}

/// The forms of issue 12, and more of their kinds.
const WRITINGS: [Writing; 24] = [
    ("as it is", |text, _| text.to_owned()),
    ("upper case", |text, _| text.to_uppercase()),
    ("mixed case", |text, random| {
        each(text, |char| if char == 'e' { "E".to_owned() } else { char.to_string() })
            + if random.bool() { "." } else { "" }
    }),
    ("form", |text, _| url::form_urlencoded::byte_serialize(text.as_bytes()).collect()),
    ("every byte in percent", |text, _| text.bytes().map(|byte| format!("%{byte:02X}")).collect()),
    ("some bytes in percent", |text, random| some_escaped(text, random, |byte| format!("%{byte:02x}"))),
    ("percent twice", |text, _| {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>().replace('%', "%25")
    }),
    ("JSON", |text, _| serde_json::Value::from(text).to_string()),
    ("JSON with escapes throughout", |text, _| {
        text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
    }),
    ("JSON with some escapes", |text, random| some_escaped(text, random, |byte| format!("\\u{byte:04X}"))),
    ("JSON within JSON", |text, _| {
        serde_json::json!({ "e": serde_json::json!({ "m": text }).to_string() }).to_string()
    }),
    ("JSON three deep", |text, _| {
        let inner = serde_json::Value::from(text).to_string();
        serde_json::Value::from(serde_json::Value::from(inner).to_string()).to_string()
    }),
    ("HTML by name", |text, _| {
        let named = text.replace('&', "&amp;").replace('<', "&lt;").replace('+', "&plus;");
        named.replace('"', "&quot;").replace('/', "&sol;").replace('=', "&equals;")
    }),
    ("HTML by number", |text, _| each(text, |char| format!("&#{};", u32::from(char)))),
    ("HTML in hexadecimal, twice", |text, _| {
        each(text, |char| format!("&#x{:x};", u32::from(char))).replace('&', "&amp;")
    }),
    ("base64", |text, _| STANDARD.encode(text)),
    ("base64 of user and password", |text, _| STANDARD_NO_PAD.encode(format!("u:{text}"))),
    ("base64 of a header", |text, _| URL_SAFE_NO_PAD.encode(format!("Bearer {text}"))),
    ("base64 in another case", |text, random| {
        STANDARD_NO_PAD.encode(format!("{}{text}:", &"u:x"[..random.usize(..3)])).to_lowercase()
    }),
    ("base64 in percent", |text, _| {
        let packed = STANDARD.encode(format!("api:{text}"));
        url::form_urlencoded::byte_serialize(packed.as_bytes()).collect()
    }),
    ("base64 of base64 of JSON", |text, _| {
        STANDARD.encode(format!("x{}", STANDARD.encode(serde_json::json!({ "t": text }).to_string())))
    }),
    ("hexadecimal", |text, _| hex(text)),
    ("upper-case hexadecimal after a digit", |text, _| format!("0{}", hex(text).to_uppercase())),
    ("cut short", |text, _| text.chars().take(text.chars().count().div_ceil(3) * 2 + 1).collect()),
];

fn secret(random: &mut Rng) -> String {
    const ALPHABETS: [&str; 4] = [
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=-_.~",
        "0123456789abcdef",
        "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~ éü",
    ];
    let alphabet: Vec<char> = random.choice(ALPHABETS).unwrap().chars().collect();
    let length = if random.bool() { random.usize(12..24) } else { random.usize(24..200) };
    let mut secret: String = (0..length).map(|_| *random.choice(&alphabet).unwrap()).collect();
    // A secret with white space around it is no secret.
    secret = secret.trim().to_owned();
    if secret.len() < 12 { format!("{secret}abcdefgh0123") } else { secret }
}

/// The whole property: whatever is written in whatever way, and perhaps in two, is found and not shown.
fn assert_found(random: &mut Rng) {
    let secret = secret(random);
    let scrubber = knowing(&secret);
    let (name, write) = random.choice(WRITINGS).unwrap();
    let written = write(&secret, random);
    let (outer, text) = match random.u8(..4) {
        0 => ("", written.clone()),
        1 => ("within JSON", serde_json::json!({ "detail": format!("x {written} y") }).to_string()),
        2 => ("in percent", url::form_urlencoded::byte_serialize(written.as_bytes()).collect()),
        _ => ("after words", format!("the key ({written}) is not known, größer")),
    };
    let shown = scrubber.scrub(&text);
    let told = format!("{name} {outer}: {secret} in {text}: {shown}");
    assert!(!scrubber.is_clean(&text), "{told}");
    assert!(scrubber.is_clean(&shown), "{told}");
    assert!(shown.contains("[secret]") || shown.contains("[withheld"), "{told}");
    assert!(!shown.contains(&written), "{told}");
    if name != "cut short" && name != "upper case" {
        assert!(scrubber.finds_in(&text), "{told}");
    }
}

#[test]
fn a_secret_is_found_in_every_form_and_what_is_left_is_clean() {
    let mut random = Rng::with_seed(12);
    for _ in 0..1_500 {
        assert_found(&mut random);
    }
}

/// Messages cut what comes from outside before all of them is scrubbed.
#[test]
fn what_a_cut_leaves_of_a_secret_is_not_shown() {
    let writings: [fn(&str) -> String; 5] = [
        str::to_owned,
        |text| text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        |text| text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        hex,
        |text| STANDARD.encode(text),
    ];
    for secret in ["tok-4711-abcdefgh", "q7_x!", "0123456789abcdef0123456789abcdef"] {
        let scrubber = knowing(secret);
        for write in writings {
            let (written, beginning) = (write(secret), write(&secret[..4]));
            let beginning = beginning.trim_end_matches('=');
            for longest in 11..=11 + written.chars().count() {
                let cut = line(&printable(&format!("the key is {written}, or not"), longest));
                for text in [cut.clone(), format!("no `{cut}` here"), format!("{cut} and {cut}")] {
                    let shown = scrubber.scrub(&text);
                    assert!(!shown.contains(beginning), "{secret}: {text}: {shown}");
                    assert_eq!(scrubber.is_clean(&text), shown == text, "{text}");
                    assert!(scrubber.is_clean(&shown), "{shown}");
                }
            }
        }
        let unrelated = format!("the key is {}…, -----BEGIN…", &secret[..3]);
        assert_eq!(scrubber.scrub(&unrelated), unrelated);
    }
}

#[test]
fn any_text_is_looked_through_without_harm_and_cleanly() {
    let mut random = Rng::with_seed(13);
    for _ in 0..600 {
        let secret = secret(&mut random);
        let scrubber = knowing(&secret);
        let pieces =
            ["%", "%2", "%25", "\\", "\\u", "\\ud83d", "\\u00", "&#", "&#x", "&amp", ";", "=", "é", "Zm9v"];
        let mut text = String::new();
        for _ in 0..random.usize(..60) {
            match random.u8(..5) {
                0 => text.push_str(&secret[secret.floor_char_boundary(random.usize(..secret.len()))..]),
                1 => text.push(random.char(..)),
                _ => text.push_str(random.choice(pieces).unwrap()),
            }
        }
        assert!(scrubber.is_clean(&scrubber.scrub(&text)), "{secret}: {text}");
    }
}

/// The work has a bound, and what lies beyond it is not shown.
#[test]
fn a_text_packed_too_deeply_is_withheld() {
    let scrubber = knowing("0123456789abcdef");
    let deep = (0..20).fold("%41".to_owned(), |text, _| text.replace('%', "%25"));
    assert_eq!(scrubber.scrub(&deep), "[withheld: it may hold a secret]");
    assert_eq!(knowing("unrelated-secret").scrub(&"word ".repeat(9_000)), "word ".repeat(9_000));
}

#[test]
fn the_newest_secrets_are_known_however_many_there_were() {
    let scrubber = Scrubber::default();
    let nth = |nth: usize| format!("access-token-number-{nth:05}-x{:x}", nth * 7_919);
    let fixed = "the-client-secret-of-it";
    for token in 0..2_000 {
        scrubber.learn(&fixed.to_owned().into());
        scrubber.learn(&nth(token).into());
    }
    assert!(!scrubber.is_clean(fixed) && scrubber.finds_in(&nth(1_999)) && scrubber.finds_in(&nth(1_600)));
    assert!(!scrubber.finds_in(&nth(3)), "memory is bounded");
}

#[test]
fn the_lines_around_a_key_are_no_secret_and_all_of_what_is_between_them_is() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNb";
    let line = body.lines().next().unwrap();
    for key in [
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
        format!(
            "-----BEGIN EC PRIVATE KEY-----\\n{}\\n-----END EC PRIVATE KEY-----",
            body.replace('\n', "\\n")
        ),
        format!("-----BEGIN PRIVATE KEY-----{body}"),
    ] {
        let scrubber = knowing(&key);
        let told = "the key begins with -----BEGIN EC PRIVATE KEY----- and no -----BEGIN PRIVATE KEY-----";
        assert_eq!(scrubber.scrub(told), told, "{key}");
        assert_eq!(
            scrubber.scrub(&format!("cannot read {line} of it")),
            "cannot read [secret] of it",
            "{key}"
        );
        assert!(scrubber.finds_in(&key) && !scrubber.is_clean(&key[..key.len() - 40]), "{key}");
    }
    assert!(!knowing("-----BEGIN of a password").is_clean("-----BEGIN of a password"));
}
