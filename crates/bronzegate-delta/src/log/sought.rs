//! What is looked for in a log: whether a segment was appended.

use std::collections::HashSet;

/// One transaction and the files that it adds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sought {
    /// The table.
    pub(crate) table: String,
    /// Delta's `appId`.
    pub(crate) app: String,
    /// Its number.
    pub(crate) txn: i64,
    /// Paths of its files, relative to the table.
    pub(crate) paths: HashSet<String>,
}

/// A path as an action writes it: a URI, relative to the table (PROTOCOL.md, "Add File and Remove File").
pub(crate) fn encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/=+@$!*,".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// The path that a URI stands for. What is no encoding stands for itself.
pub(crate) fn decode(uri: &str) -> String {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let encoded = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = encoded.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| uri.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back_from_its_uri() {
        for path in
            ["shop/orders/ingest_date=2026-11-29/a-s0001-p00001-1f.parquet", "ä b%20c#?:", "100%", "%zz"]
        {
            assert_eq!(decode(&encode(path)), path, "{}", encode(path));
        }
        assert_eq!(encode("shop/a=1/x.parquet"), "shop/a=1/x.parquet");
        assert_eq!(decode("a%2"), "a%2");
    }
}
