//! The wide shape: some 8 KB of flat members, built here because nobody should read it as text.

use super::template::Template;
use std::fmt::Write;

/// Members beside `id` and `updatedAt`.
const MEMBERS: usize = 180;

/// What the members hold, in turn.
const VALUES: [&str; 12] = [
    "\"$word$ and $word$\"",
    "$int$",
    "null",
    "$long$",
    "\"\\u00e9t\\u00e9 2026 \\\"$word$\\\"\"",
    "$bool$",
    "[1,[2,[\"$word$\",null]],{\"k\":$int$}]",
    "$money$",
    "\"https:\\/\\/example.com\\/$hex$\"",
    "{\"value\":$big$,\"unit\":\"µm\",\"ok\":$bool$}",
    "$maybe$",
    "6.02214076e23",
];

/// Builds the variant that starts `offset` places into the list of values.
pub(super) fn variant(offset: usize) -> Template {
    let mut text = String::from("{\"id\":$id$,\"exact\":$long$,\"unit\":1.10,\"zero\":-0.0");
    for n in 0..MEMBERS {
        let value = VALUES[(n * 5 + offset * 7 + n / 12) % VALUES.len()];
        write!(text, ",\"custom_field_{n:03}\":{value}").expect("writing to a String cannot fail");
    }
    text.push_str(",\"emoji\":\"🦀\",\"nothing\":null,\"updatedAt\":\"$time$\"}");
    Template::parse(&text)
}
