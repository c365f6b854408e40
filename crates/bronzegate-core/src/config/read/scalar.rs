//! What a plain YAML scalar means: the core schema of YAML 1.2 (section 10.3.2), so `no` and
//! `on` are text.

/// The value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

/// Reads a plain (unquoted) scalar.
pub(super) fn plain(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ => number(text).unwrap_or(Scalar::Text(text)),
    }
}

fn number(text: &str) -> Option<Scalar<'_>> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Scalar::Unsigned);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Scalar::Unsigned);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = text.strip_prefix('+').unwrap_or(text);
        return whole
            .parse()
            .map(Scalar::Unsigned)
            .or_else(|_| whole.parse().map(Scalar::Signed))
            .or_else(|_| whole.parse().map(Scalar::Float))
            .ok();
    }
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !unsigned.chars().all(digits) || !unsigned.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let float = text.parse().ok().filter(|float: &f64| float.is_finite());
    float.map(Scalar::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, want) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("true", Scalar::Bool(true)),
            ("no", Scalar::Text("no")),
            ("on", Scalar::Text("on")),
            ("5", Scalar::Unsigned(5)),
            ("-5", Scalar::Signed(-5)),
            ("+5", Scalar::Unsigned(5)),
            ("0x1F", Scalar::Unsigned(31)),
            ("0o17", Scalar::Unsigned(15)),
            ("1.10", Scalar::Float(1.1)),
            (".5", Scalar::Float(0.5)),
            ("1e3", Scalar::Float(1000.0)),
            ("1.2.3", Scalar::Text("1.2.3")),
            ("2024-01-01", Scalar::Text("2024-01-01")),
            (".", Scalar::Text(".")),
            ("-", Scalar::Text("-")),
            ("inf", Scalar::Text("inf")),
            ("1e999", Scalar::Text("1e999")),
            ("1h", Scalar::Text("1h")),
        ] {
            assert_eq!(plain(text), want, "{text:?}");
        }
    }
}
